// What a set of inputs says together: the spread of the outputs, and which fragments carry
// relevance across it.
"use strict";

(() => {
  const { html, svg, signed } = molxai;
  const WIDTH = 360;
  const HEIGHT = 110;
  const EDGE = 30; // of the height, for the line below the bars
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
        { class: "wide", tabindex: "0", role: "region", "aria-label": "Fragments across the table" },
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

  /** How the outputs are spread, from { counts, low, high, unit }. */
  molxai.histogram = ({ counts, low, high, unit }) => {
    const most = Math.max(...counts);
    const step = WIDTH / counts.length;
    const bars = counts.map((count, bin) => {
      const height = (count / most) * (HEIGHT - EDGE);
      return svg("rect", { x: bin * step + 1, y: HEIGHT - 20 - height, width: step - 2, height });
    });
    const tick = (x, text, anchor) =>
      svg("text", { x, y: HEIGHT - 5, "text-anchor": anchor }, text);
    const total = molxai.sum(counts);
    const description = `${unit} of ${total} inputs, from ${signed(low)} to ${signed(high)}`;
    const frame = {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: "histogram",
      role: "img",
      "aria-label": description,
    };
    return svg(
      "svg",
      frame,
      ...bars,
      tick(0, signed(low), "start"),
      tick(WIDTH / 2, `${unit}; the tallest bar is ${most}`, "middle"),
      tick(WIDTH, signed(high), "end"),
    );
  };
})();
