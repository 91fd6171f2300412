// The R groups of a core, position by position, and how two of them combine.
"use strict";

(() => {
  const { html } = molxai;
  const DECIMALS = 3; // after the point, of a relevance
  const HYDROGEN =
    "H: no substituent. Its relevance is 0, because hydrogens count with the atom of the core.";

  /**
   * Fill an element with the R groups of `table`, as `rgroups.py` makes it. `ask(x, y)` gets the
   * table with the map of two positions, if it does not hold all.
   */
  molxai.rgroups = (container, table, settings, ask) => {
    if (table.note) {
      container.replaceChildren(html("p", { class: "hint" }, table.note));
      return;
    }
    const chosen = html("div", { class: "members", role: "status" });
    const choose = (rows, words) => showRows(chosen, rows, words, settings);
    const positions = table.positions.map((position) =>
      html(
        "details",
        { open: table.usual.includes(position.label) },
        html("summary", {}, `${position.label}: ${molxai.counted(position.groups.length, "group")}`),
        groupTable(position, table, settings, choose),
      ),
    );
    container.replaceChildren(
      html("p", {}, picture({ ...table, smiles: "the core" }, settings)),
      html("p", { class: "hint" }, html("bdi", {}, table.says)),
      html("p", { class: "hint" }, HYDROGEN),
      ...positions,
      molxai.heatMap(table, settings, choose, ask),
      chosen,
    );
  };

  /** The scale of a method's relevances; without a sign the one in no colour is `low`. */
  molxai.relevanceScale = (table, method) => ({
    limit: table.limits.relevance[method],
    low: table.lows?.[method] ?? null,
    decimals: table.decimals?.[method] ?? DECIMALS,
  });

  function groupTable(position, table, settings, choose) {
    const { method } = settings.state;
    const palette = settings.palettes[settings.state.palette];
    const scale = { ...molxai.relevanceScale(table, method), palette };
    const known = table.measured ? ["mean measured", "mean error"] : [];
    const means = ["mean relevance", `mean ${table.total}`, ...known];
    const titles = ["group", "picture", "molecules", ...means];
    const rows = position.groups.map((group) => {
      const relevance = group.relevance[method] ?? null;
      const onclick = () => choose(group.rows, `${position.label} = ${group.smiles}`);
      const name = html("bdi", {}, molxai.shortened(group.smiles, 40));
      const link = () => html("button", { type: "button", class: "link", onclick }, name);
      const { prediction, measured, error, rows: having } = group;
      const mean = (value) => html("td", {}, molxai.decimal(value) || "–");
      const cells = () => [
        html("th", { scope: "row" }, link()),
        html("td", { class: "cutouts" }, picture(group, settings)),
        html("td", {}, String(having.length)),
        molxai.signedCell(relevance, scale),
        table.signed ? molxai.signedCell(prediction) : mean(prediction),
        ...(table.measured ? [mean(measured), molxai.signedCell(error)] : []),
      ];
      const numbers = [having.length, relevance, prediction, measured, error];
      return { values: [group.smiles, undefined, ...numbers].slice(0, titles.length), cells };
    });
    return molxai.sortedTable(titles, rows, `groups at ${position.label}`);
  }

  /** A group cut out of the drawing of its example; a hydrogen has none. */
  function picture(group, settings) {
    const [row, atoms] = group.example;
    const view = settings.views.find((each) => each.row === row);
    return atoms.length && view ? molxai.cutOut(view, atoms, `picture of ${group.smiles}`) : null;
  }

  /** The molecules of a group or of a cell of the map, to open; the table shows them, too. */
  function showRows(place, rows, words, settings) {
    settings.filterByRows?.(rows, words);
    const wanted = new Set(rows);
    const views = settings.views.filter((view) => wanted.has(view.row));
    const link = (view) => {
      const id = html("bdi", {}, molxai.shortened(view.id, 40));
      const onclick = () => settings.open(view);
      return html("button", { type: "button", class: "link", onclick }, id);
    };
    const links = views.flatMap((view) => [link(view), " "]);
    place.replaceChildren(html("p", {}, html("bdi", {}, words), ": ", ...links));
  }
})();
