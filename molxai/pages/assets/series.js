// What a set of inputs says together: the spread of the outputs, and which fragments carry
// relevance across it.
"use strict";

(() => {
  const { html, svg, signed } = molxai;
  const WIDTH = 360;
  const HEIGHT = 110;
  const EDGE = 30; // of the height, for the line below the bars
  const NUMBERS = ["mean", "sd", "molecules", "times", "lowest", "highest", "example"];
  const TITLES = ["fragment", "picture", ...NUMBERS];

  /** Fill an element with a table of fragments: { rows, limit, note }, as `series.py` makes it. */
  molxai.seriesTable = (container, table, settings) => {
    if (table.note) {
      container.replaceChildren(html("p", { class: "hint" }, table.note));
      return;
    }
    const byRow = new Map(settings.views.map((view) => [view.row, view]));
    const rows = table.rows.map((row) => carrierRow(row, byRow, table, settings));
    const save = () => molxai.save(molxai.csv(csvRows(table, byRow)), "text/csv", "fragments.csv");
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

  function csvRows(table, byRow) {
    const rows = table.rows.map(([name, molecules, times, mean, sd, low, high, number]) => {
      return [name, mean, sd, molecules, times, low, high, byRow.get(number).id];
    });
    return [["fragment", ...NUMBERS], ...rows];
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
