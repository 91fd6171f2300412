// How the outputs are spread: all of them as outlines, those that a filter leaves as bars, and the
// chosen ones hatched within.
"use strict";

(() => {
  const { svg, signed } = molxai;
  const WIDTH = 360;
  const HEIGHT = 120;
  const EDGE = 30; // of the height, for the line below the bars

  /** How many of some views are in each bin of { counts, low, high }, as `summary.py` counts. */
  molxai.binned = (views, { counts, low, high }) => {
    const bins = new Array(counts.length).fill(0);
    const width = high - low || 1;
    for (const view of views) {
      if (!view.methods) continue;
      const value = view.probability === null ? view.prediction : view.logit;
      const place = Math.floor(((value - low) / width) * bins.length);
      bins[Math.max(0, Math.min(place, bins.length - 1))] += 1;
    }
    return bins;
  };

  /** The picture; spread is { counts, low, high, unit } of all rows. */
  molxai.histogram = (spread, shown, chosen) => {
    const { counts, low, high, unit } = spread;
    const most = Math.max(...counts, 1);
    const step = WIDTH / counts.length;
    const bar = (kind, inset) => (count, bin) => {
      const height = (count / most) * (HEIGHT - EDGE);
      const place = { x: bin * step + inset, y: HEIGHT - 20 - height };
      return svg("rect", { class: kind, ...place, width: step - 2 * inset, height });
    };
    const shownCounts = molxai.binned(shown, spread);
    const chosenCounts = molxai.binned(chosen, spread);
    const tick = (x, text, anchor) =>
      svg("text", { x, y: HEIGHT - 5, "text-anchor": anchor }, text);
    const total = molxai.sum(counts);
    const some = molxai.sum(shownCounts);
    const inputs = some === total ? `${total} inputs` : `${some} of ${total} inputs`;
    const marked = molxai.sum(chosenCounts);
    const more = marked ? `, ${marked} of them chosen` : "";
    const frame = {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: "histogram",
      role: "img",
      "aria-label": `${unit} of ${inputs}${more}, from ${signed(low)} to ${signed(high)}`,
    };
    return svg(
      "svg",
      frame,
      svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT - 20, y2: HEIGHT - 20 }),
      ...counts.map(bar("all", 1)),
      ...shownCounts.map(bar("shown", 1)),
      ...(marked ? chosenCounts.map(bar("chosen", 4)) : []),
      tick(0, signed(low), "start"),
      tick(WIDTH / 2, `${unit} (highest bar: ${most})`, "middle"),
      tick(WIDTH, signed(high), "end"),
    );
  };
})();
