// Which fragments carry relevance across a set of inputs.
"use strict";

(() => {
  const { html, signed } = molxai;
  const MOST = 40; // fragments that are listed
  const TITLES = ["fragment", "mean", "sd", "molecules", "times", "lowest", "highest", "example"];

  /** Fill an element with a table of fragments: { rows, limit, note }, as `series.py` makes it. */
  molxai.seriesTable = (container, table, settings) => {
    if (table.note) {
      container.replaceChildren(html("p", { class: "hint" }, table.note));
      return;
    }
    const palette = settings.palettes[settings.state.palette];
    const byRow = new Map(settings.views.map((view) => [view.row, view]));
    const line = (row) => carrierRow(row, byRow, table.limit, palette, settings.open);
    const head = html("tr", {}, ...TITLES.map((title) => html("th", { scope: "col" }, title)));
    const body = html("tbody", {}, ...table.rows.slice(0, MOST).map(line));
    const left = table.rows.length - MOST;
    const more = `and ${left} rarer or weaker ones, in the CSV`;
    const save = () => molxai.save(molxai.csv(csvRows(table, byRow)), "text/csv", "fragments.csv");
    container.replaceChildren(
      html(
        "div",
        { class: "wide" },
        html("table", { class: "series" }, html("thead", {}, head), body),
      ),
      ...(left > 0 ? [html("p", { class: "hint" }, more)] : []),
      html(
        "p",
        { class: "buttons" },
        html("button", { type: "button", onclick: save }, "CSV of the fragments"),
      ),
    );
  };

  function carrierRow(row, byRow, limit, palette, open) {
    const [name, molecules, times, mean, sd, low, high, number] = row;
    const example = byRow.get(number);
    const background = molxai.colour(mean, limit, palette);
    const id = html("bdi", {}, molxai.shortened(example.id, 24));
    const link = html(
      "button",
      { type: "button", class: "link", onclick: () => open(example) },
      id,
    );
    return html(
      "tr",
      {},
      html("th", { scope: "row" }, name),
      html("td", { style: `background: ${background}; color: #000` }, signed(mean)),
      html("td", {}, sd === null ? "–" : sd.toFixed(3)),
      html("td", {}, String(molecules)),
      html("td", {}, String(times)),
      html("td", {}, signed(low)),
      html("td", {}, signed(high)),
      html("td", {}, link),
    );
  }

  function csvRows(table, byRow) {
    const rows = table.rows.map(([name, molecules, times, mean, sd, low, high, number]) => {
      return [name, mean, sd, molecules, times, low, high, byRow.get(number).id];
    });
    return [TITLES, ...rows];
  }
})();
