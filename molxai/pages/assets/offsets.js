// The relevance of offsets between two superpixels, as a map around the one that listens.
"use strict";

(() => {
  const { svg } = molxai;
  const FARTHEST = 20; // pixels to which the open outer bins are drawn
  const SIZE = 150; // of the map on the page

  /** The map of a method that gives offsets relevance; null for others. */
  molxai.offsets = (made, palette) => {
    if (!made.offsets) return null;
    const { edges, relevance, limit } = made.offsets;
    const bounds = [-FARTHEST, ...edges, FARTHEST];
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
      return svg("rect", cell, svg("title", {}, molxai.signed(value)));
    });
    const width = 2 * FARTHEST;
    return svg(
      "svg",
      {
        viewBox: `${-FARTHEST} ${-FARTHEST} ${width} ${width}`,
        width: SIZE,
        height: SIZE,
        role: "img",
        "aria-label": "Relevance of the offset from a superpixel to one that it listens to",
        style: "border: 1px solid #bbb",
      },
      ...cells,
      svg("path", { d: "M-1 0h2M0 -1v2", stroke: "#000", "stroke-width": 0.3, fill: "none" }),
    );
  };
})();
