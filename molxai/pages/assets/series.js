// Which fragments carry relevance across a set of inputs.
"use strict";

(() => {
  const { html, signed } = molxai;
  const NUMBERS = ["mean", "sd", "molecules", "times", "lowest", "highest", "example"];
  const TITLES = ["fragment", "picture", ...NUMBERS];

  /** Fill an element with a table of fragments: { rows, limit, note }, as `series.py` makes it. */
  molxai.seriesTable = (container, table, settings) => {
    if (table.note) {
      container.replaceChildren(html("p", { class: "hint" }, table.note));
      return;
    }
    const byRow = new Map(settings.views.map((view) => [view.row, view]));
    // The server may know rows that the page does not have yet.
    const there = table.rows.filter((row) => byRow.has(row.at(-1)));
    const rows = there.map((row) => carrierRow(row, byRow, table, settings));
    const save = () => molxai.save(molxai.csv(csvRows(there, byRow)), "text/csv", "fragments.csv");
    container.replaceChildren(
      molxai.sortedTable(TITLES, rows, "fragments"),
      html(
        "p",
        { class: "buttons" },
        html("button", { type: "button", onclick: save }, "CSV of the fragments"),
      ),
    );
  };

  function carrierRow(row, byRow, table, settings) {
    const [name, molecules, times, mean, sd, low, high, number] = row;
    const example = byRow.get(number);
    const { state } = settings;
    const scale = { ...table, palette: settings.palettes[state.palette] };
    const filter = () => settings.filterByFragment?.(state.scheme, name);
    const link = (text, onclick, title) =>
      html("button", { type: "button", class: "link", onclick, title }, html("bdi", {}, text));
    const cell = (content) => html("td", {}, content);
    const cells = () => [
      html("th", { scope: "row" }, link(name, filter, "Show the molecules that have it")),
      html("td", { class: "cutouts" }, picture(example, name, mean, state)),
      molxai.signedCell(mean, scale),
      cell(sd === null ? "–" : sd.toFixed(table.decimals)),
      cell(String(molecules)),
      cell(String(times)),
      cell(molxai.amount(low, table)),
      cell(molxai.amount(high, table)),
      cell(link(molxai.shortened(example.id, 24), () => settings.open(example))),
    ];
    const values = [name, undefined, mean, sd, molecules, times, low, high, example.id];
    return { values, cells };
  }

  /** The fragment of the example: of several, the one that is nearest to the mean. */
  function picture(view, name, mean, state) {
    const { sums } = view.methods[state.method];
    const places = view.fragments[state.scheme].filter(([part]) => part === name);
    const distance = ([, place]) => Math.abs(sums[place] - mean);
    const [[, nearest]] = places.sort((a, b) => distance(a) - distance(b));
    return molxai.cutOut(view, view.parts[nearest], `picture of ${name}`);
  }

  function csvRows(carriers, byRow) {
    const rows = carriers.map(([name, molecules, times, mean, sd, low, high, number]) => {
      return [name, mean, sd, molecules, times, low, high, byRow.get(number).id];
    });
    return [["fragment", ...NUMBERS], ...rows];
  }
})();
