// How the groups at two positions combine: a table with a colour for each pair.
"use strict";

(() => {
  const { html, signed } = molxai;
  const MOST = 14; // groups of a position that are shown

  /** The map of `table`, as `rgroups.py` makes it, with choices of both positions and the value. */
  molxai.heatMap = (table, settings, choose, ask) => {
    const labels = table.positions.map((position) => position.label);
    if (labels.length < 2) return html("p", { class: "hint" }, "A map needs two positions.");
    const shown = { x: table.usual[0], y: table.usual[1], value: "prediction", table };
    const place = html("div", {});
    const note = html("p", { class: "hint", role: "status" });
    let newest = 0; // the number of the last question, whose answer is shown

    async function fill() {
      const mine = ++newest;
      const words = shown.x === shown.y ? "Choose two different positions." : "";
      note.textContent = words;
      try {
        if (!words && !find(shown) && ask) {
          const answer = await ask(shown.x, shown.y);
          if (mine !== newest) return;
          shown.table = answer;
        }
      } catch (error) {
        if (mine !== newest) return;
        note.textContent = error.message;
      }
      const map = find(shown);
      place.replaceChildren(...(map ? [grid(map, shown, settings, choose)] : []));
    }

    const select = (key, values) => {
      const onchange = (event) => {
        shown[key] = event.target.value;
        fill();
      };
      const option = ([value, text]) =>
        html("option", { value, selected: value === shown[key] }, text);
      return html("select", { "data-key": key, onchange }, ...values.map(option));
    };
    const positions = labels.map((label) => [label, label]);
    const values = [
      ["prediction", `mean ${table.total}`],
      ["relevance", "mean relevance of both groups"],
    ];
    fill();
    return html(
      "section",
      { class: "heatmap" },
      html("h3", {}, "Two positions together"),
      html(
        "p",
        { class: "toolbar-line" },
        html("label", {}, "Columns ", select("x", positions)),
        html("label", {}, " Rows ", select("y", positions)),
        html("label", {}, " Value ", select("value", values)),
      ),
      note,
      place,
    );
  };

  /** The map of the two positions, whichever of them is across. */
  function find({ x, y, table }) {
    for (const map of table.maps) {
      if (map.x === x && map.y === y) return map;
      if (map.x === y && map.y === x) {
        const cells = map.cells.map(([across, along, ...rest]) => [along, across, ...rest]);
        return { x, y, cells };
      }
    }
    return null;
  }

  function grid(map, shown, settings, choose) {
    const groupsOf = (label) =>
      shown.table.positions.find((position) => position.label === label).groups;
    const across = groupsOf(map.x);
    const along = groupsOf(map.y);
    const cells = new Map(map.cells.map((cell) => [`${cell[0]} ${cell[1]}`, cell]));
    const name = (group) => html("bdi", {}, molxai.shortened(group.smiles, 24));
    const first = html("th", { scope: "col" }, `${map.y} \\ ${map.x}`);
    const heads = across.slice(0, MOST).map((group) => html("th", { scope: "col" }, name(group)));
    const line = (group, row) =>
      html(
        "tr",
        {},
        html("th", { scope: "row" }, name(group)),
        ...across.slice(0, MOST).map((other, column) => {
          const words = `${map.x} = ${other.smiles}, ${map.y} = ${group.smiles}`;
          const having = new Set(other.rows);
          const rows = group.rows.filter((number) => having.has(number));
          const cell = cells.get(`${column} ${row}`);
          return cellOf(cell, shown, settings, () => choose(rows, words), words);
        }),
      );
    const head = html("thead", {}, html("tr", {}, first, ...heads));
    const body = html("tbody", {}, ...along.slice(0, MOST).map(line));
    const most = Math.max(across.length, along.length);
    const more = most > MOST ? `The ${MOST} most frequent groups of each position. ` : "";
    const hint = "A cell has the mean and the number of molecules; – means that none has both.";
    const frame = { class: "wide", tabindex: "0", role: "region", "aria-label": "pairs of groups" };
    return html(
      "div",
      {},
      html("div", frame, html("table", { class: "pairs" }, head, body)),
      html("p", { class: "hint" }, more + hint),
    );
  }

  function cellOf(cell, { value, table }, settings, onclick, words) {
    if (!cell) return html("td", { class: "none", title: `no molecule has ${words}` }, "–");
    const [, , count, prediction, relevance] = cell;
    const { method, palette } = settings.state;
    const isRelevance = value === "relevance";
    const number = isRelevance ? (relevance[method] ?? null) : prediction;
    if (number === null) return html("td", { class: "none" }, "–");
    const scale = molxai.relevanceScale(table, method);
    const { limit, low } = isRelevance ? scale : { limit: table.limits.prediction, low: null };
    const distance = isRelevance ? number : number - table.centre;
    const background = molxai.colour(distance, limit, settings.palettes[palette], low);
    const write = table.signed ? signed : molxai.plain;
    const text = isRelevance ? molxai.amount(number, scale) : write(number);
    const label = `${words}: ${text}, ${count} ${count === 1 ? "molecule" : "molecules"}`;
    const button = html(
      "button",
      { type: "button", class: "link", onclick, "aria-label": label, title: label },
      text,
      html("small", {}, ` ${count}`),
    );
    return html("td", { style: `background: ${background}` }, button);
  }
})();
