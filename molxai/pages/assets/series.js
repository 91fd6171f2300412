// What a set of inputs says together: counts, the spread of the outputs, and which fragments carry relevance across it.
"use strict";

(() => {
  const { html, svg, signed } = molxai;
  const BINS = 24, WIDTH = 360, HEIGHT = 110;
  const MIXED = "Rows explain different classes, so their fragments have no mean: explain one class in every row.";
  const MOST = 40; // fragments that are listed

  /**
   * Fragments over all molecules: [{name, molecules, count, mean, sd, low, high, example}], by what they carry in all.
   * The example is the molecule whose occurrence is nearest to the mean, as in `molxai fragments`.
   */
  molxai.series = (views, method, scheme) => {
    const found = new Map();
    for (const view of views.filter((one) => one.fragments && one.methods[method]))
      for (const part of molxai.parts(view, method, scheme)) {
        if (!found.has(part.name)) found.set(part.name, []);
        found.get(part.name).push({ view, relevance: part.relevance });
      }
    return [...found].map(([name, all]) => summary(name, all)).sort((a, b) => Math.abs(b.mean * b.count) - Math.abs(a.mean * a.count));
  };

  function summary(name, all) {
    const values = all.map((one) => one.relevance);
    const mean = molxai.sum(values) / values.length;
    const squares = molxai.sum(values.map((value) => (value - mean) ** 2));
    const example = all.reduce((best, one) => (Math.abs(one.relevance - mean) < Math.abs(best.relevance - mean) ? one : best));
    const molecules = new Set(all.map((one) => one.view)).size;
    const sd = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
    return { name, molecules, count: values.length, mean, sd, low: Math.min(...values), high: Math.max(...values), example: example.view };
  }

  /** Fill an element with the table of fragments. */
  molxai.seriesTable = (container, settings) => {
    const { state } = settings;
    if (new Set(settings.views.filter((view) => view.methods).map((view) => view.target)).size > 1) {
      container.replaceChildren(html("p", { class: "hint" }, MIXED));
      return;
    }
    const palette = settings.palettes[state.palette];
    const rows = molxai.series(settings.views, state.method, state.scheme);
    const limit = rows.reduce((most, row) => Math.max(most, Math.abs(row.mean)), settings.methods[state.method].in_unit ? settings.smallest_scale : 0) || 1;
    const titles = ["fragment", "mean", "sd", "molecules", "times", "lowest", "highest", "example"];
    const line = (row) =>
      html(
        "tr",
        {},
        html("th", { scope: "row" }, row.name),
        html("td", { style: `background: ${molxai.colour(row.mean, limit, palette)}; color: #000` }, signed(row.mean)),
        html("td", {}, row.sd === null ? "–" : row.sd.toFixed(3)),
        ...[row.molecules, row.count].map((value) => html("td", {}, String(value))),
        ...[row.low, row.high].map((value) => html("td", {}, signed(value))),
        html("td", {}, html("button", { type: "button", class: "link", onclick: () => settings.open(row.example) }, html("bdi", {}, molxai.shortened(row.example.id, 24)))),
      );
    const head = html("tr", {}, ...titles.map((title) => html("th", { scope: "col" }, title)));
    const more = rows.length > MOST ? html("p", { class: "hint" }, `and ${rows.length - MOST} rarer or weaker ones, in the CSV`) : null;
    const save = () => molxai.save(molxai.csv([titles, ...rows.map((row) => [row.name, row.mean, row.sd, row.molecules, row.count, row.low, row.high, row.example.id])]), "text/csv", "fragments.csv");
    container.replaceChildren(
      html("div", { class: "wide" }, html("table", { class: "series" }, html("thead", {}, head), html("tbody", {}, ...rows.slice(0, MOST).map(line)))),
      ...(more ? [more] : []),
      html("p", { class: "buttons" }, html("button", { type: "button", onclick: save }, "CSV of the fragments")),
    );
  };

  /** How the outputs are spread: a histogram of logits or values. */
  molxai.histogram = (views) => {
    const read = views.filter((view) => view.methods);
    const values = read.map((view) => (view.probability === null ? view.prediction : view.logit));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const counts = new Array(BINS).fill(0);
    values.forEach((value) => counts[Math.min(BINS - 1, Math.floor(((value - low) / (high - low || 1)) * BINS))]++);
    const most = Math.max(...counts);
    const bars = counts.map((count, bin) => {
      const height = (count / most) * (HEIGHT - 30);
      return svg("rect", { x: (bin * WIDTH) / BINS + 1, y: HEIGHT - 20 - height, width: WIDTH / BINS - 2, height });
    });
    const tick = (x, text, anchor) => svg("text", { x, y: HEIGHT - 5, "text-anchor": anchor }, text);
    const unit = read[0].probability === null ? read[0].unit : "logit";
    const said = `${unit} of ${values.length} inputs, from ${signed(low)} to ${signed(high)}`;
    return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "histogram", role: "img", "aria-label": said }, ...bars, tick(0, signed(low), "start"), tick(WIDTH / 2, `${unit}; the tallest bar is ${most}`, "middle"), tick(WIDTH, signed(high), "end"));
  };

  /** Of a method, how many inputs it adds up for, and the largest gap as a share of the output. */
  molxai.conservation = (views, method) => {
    const read = views.filter((view) => view.methods && view.methods[method]);
    const share = (view) => Math.abs(view.methods[method].gap) / Math.max(Math.abs(view.logit), 1e-3);
    return { adds: read.filter((view) => molxai.addsUp(view, method)).length, of: read.length, worst: Math.max(0, ...read.map(share)) };
  };
})();
