// The relevance of offsets between two superpixels, as a map around the one that listens.
"use strict";

(() => {
  const { svg } = molxai;
  const SIZE = 150; // of the map on the page
  const DECIMALS = 4; // an offset usually has a hundredth of a logit

  /** The map of a method that gives offsets relevance; null for others. */
  molxai.offsets = (made, palette) => {
    if (!made.offsets) return null;
    const { bounds, relevance, limit } = made.offsets;
    const bins = bounds.length - 1;
    const cells = relevance.map((value, place) => {
      const row = Math.floor(place / bins);
      const column = place % bins;
      const cell = {
        x: bounds[column],
        y: bounds[row],
        width: bounds[column + 1] - bounds[column],
        height: bounds[row + 1] - bounds[row],
        fill: molxai.colour(value, limit, palette),
      };
      return svg("rect", cell, svg("title", {}, molxai.signed(value, DECIMALS)));
    });
    const first = bounds[0];
    const width = bounds[bins] - first;
    return svg(
      "svg",
      {
        viewBox: `${first} ${first} ${width} ${width}`,
        width: SIZE,
        height: SIZE,
        role: "img",
        "aria-label": "Relevance of the offset from a superpixel to one that it attends to",
        style: "border: 1px solid #bbb",
      },
      ...cells,
      svg("path", { d: "M-1 0h2M0 -1v2", stroke: "#000", "stroke-width": 0.3, fill: "none" }),
    );
  };
})();
