// A small table that its heads sort, for lists about the whole series.
"use strict";

(() => {
  const { html, signed } = molxai;
  const MOST = 40; // rows that are shown at first

  /** A cell of a relevance or a difference, with its sign, in colour if there is a scale. */
  molxai.signedCell = (value, scale) => {
    if (!scale || value === null) return html("td", {}, signed(value));
    const background = molxai.colour(value, scale.limit, scale.palette, scale.low);
    const text = "decimals" in scale ? molxai.amount(value, scale) : signed(value);
    return html("td", { style: `background: ${background}; color: #000` }, text);
  };

  /**
   * A table of `rows`: each has `values`, one for each title, by which it is sorted, and `cells()`,
   * the elements that are shown, which are made when the row is. A head sorts by its column, the
   * largest number first. Only the first rows are shown, until a button shows all.
   */
  molxai.sortedTable = (titles, rows, name) => {
    const order = [...rows];
    const body = html("tbody", {});
    const more = html("button", { type: "button", onclick: () => show(order.length) });
    let shown = MOST;

    function show(count) {
      shown = count;
      const lines = order.slice(0, shown).map((row) => html("tr", {}, ...row.cells()));
      body.replaceChildren(...lines);
      more.hidden = order.length <= shown;
      more.textContent = `Show all ${order.length}`;
    }

    function sort(place) {
      const head = heads[place];
      const isNumber = order.some((row) => typeof row.values[place] === "number");
      const before = head.getAttribute("aria-sort");
      const upwards = before ? before === "descending" : !isNumber;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", upwards ? "ascending" : "descending");
      order.sort((a, b) => molxai.compare(a.values[place], b.values[place], upwards));
      show(shown);
    }

    /** A head; a column without values, such as one of pictures, is not sorted by. */
    function headOf(title, place) {
      const isSorted = rows.some((row) => row.values[place] !== undefined);
      const button = html("button", { type: "button", onclick: () => sort(place) }, title);
      return html("th", { scope: "col" }, isSorted ? button : title);
    }

    const heads = titles.map(headOf);
    show(MOST);
    const head = html("thead", {}, html("tr", {}, ...heads));
    const frame = { class: "wide", tabindex: "0", role: "region", "aria-label": name };
    const table = html("table", { class: "series" }, head, body);
    return html("div", {}, html("div", frame, table), more);
  };
})();
