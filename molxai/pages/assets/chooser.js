// Which columns a table has, and in which order: a list with a box and two arrows for each.
"use strict";

(() => {
  const { html } = molxai;
  const MANY = 20; // columns from which on they can be searched
  const HINT = "A narrow table shows prediction, measured value and error first.";

  const STAYING = ["picture and id", "also the next column", "also the next 2", "also the next 3"];

  /** Columns after the id that may stay. */
  molxai.MOST_FROZEN = STAYING.length - 1;

  /**
   * The panel to choose columns in.
   * settings: `columns()` that there are, `shown()`, keys of those that are shown in their order,
   * `choose(keys)`, called with others, and `reset()`; `frozen()`, how many columns after the id
   * stay when the table is scrolled sideways, and `freeze(count)`, at most `molxai.MOST_FROZEN`.
   * Returns the element `panel`, and `fill()`, to be called when it is opened.
   */
  molxai.chooser = (settings) => {
    const list = html("ul", { class: "columns" });
    const search = html("input", { type: "search", id: "column-search", oninput: sift });
    const label = html("label", {}, "Find a column ", search);
    const reset = html("button", { type: "button", onclick: usual }, "Reset");
    const frozen = html("select", { id: "frozen", onchange: freeze }, ...STAYING.map(option));
    const hint = html("p", { class: "hint" }, HINT);
    const panel = html(
      "div",
      { class: "panel", id: "column-panel", hidden: true },
      html("p", { class: "buttons" }, label, reset),
      html("p", { class: "freezing" }, html("label", {}, "What stays when scrolled ", frozen)),
      list,
      hint,
    );

    function fill() {
      const columns = settings.columns();
      const shown = settings.shown();
      const byKey = new Map(columns.map((column) => [column.key, column]));
      const hidden = columns.filter((column) => !shown.includes(column.key));
      const inOrder = [...shown.map((key) => byKey.get(key)), ...hidden];
      label.hidden = columns.length < MANY;
      frozen.value = settings.frozen();
      list.replaceChildren(...inOrder.map((column) => line(column, shown)));
      sift();
    }

    function line(column, shown) {
      const { key, title } = column;
      const place = shown.indexOf(key);
      const isShown = place >= 0;
      const isFixed = key === "id";
      const toggle = () =>
        choose(isShown ? shown.filter((name) => name !== key) : [...shown, key], key);
      const box = { type: "checkbox", checked: isShown, disabled: isFixed, onchange: toggle };
      const arrow = (sign, words, by) => {
        const to = place + by;
        const disabled = isFixed || !isShown || to < 1 || to >= shown.length; // the id stays first
        const move = () => choose(moved(shown, place, to), key, by);
        const attributes = { type: "button", disabled, onclick: move, "data-by": by };
        return html("button", { ...attributes, "aria-label": `move ${title} ${words}` }, sign);
      };
      return html(
        "li",
        { "data-key": key },
        html("label", {}, html("input", box), " ", html("bdi", {}, title)),
        arrow("↑", "to the left", -1),
        arrow("↓", "to the right", 1),
      );
    }

    /** Other columns; the control that was used keeps the focus. */
    function choose(keys, key, by = 0) {
      settings.choose(keys);
      fill();
      const row = list.querySelector(`[data-key="${CSS.escape(key)}"]`);
      const button = by ? row.querySelector(`[data-by="${by}"]`) : null;
      (button && !button.disabled ? button : row.querySelector("input")).focus();
    }

    function freeze() {
      settings.freeze(Number(frozen.value));
    }

    function usual() {
      settings.reset();
      fill();
    }

    function sift() {
      const words = search.value.trim().toLowerCase();
      for (const row of list.children) {
        row.hidden = words !== "" && !row.textContent.toLowerCase().includes(words);
      }
    }

    return { panel, fill };
  };

  const option = (words, count) => html("option", { value: count }, words);

  function moved(keys, from, to) {
    const order = keys.filter((_, place) => place !== from);
    order.splice(to, 0, keys[from]);
    return order;
  }
})();
