// Relevance as colour: white at zero, one colour for the explained class and another against it.
"use strict";

(() => {
  const channels = (hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));

  /** The colour of a value, full at ± `limit`; `towards` and `against` are written #rrggbb. */
  molxai.colour = (value, limit, palette) => {
    const share = Math.min(Math.abs(value) / limit, 1);
    const end = channels(value > 0 ? palette.towards : palette.against);
    const mixed = end.map((channel) => Math.round((1 - share) * 255 + share * channel));
    return `rgb(${mixed.join(",")})`;
  };

  /**
   * The magnitude in full colour.
   * `scale` is "own" (the view's), "common" (the largest of all views), or a number.
   */
  molxai.limit = (view, method, scale, settings) => {
    if (typeof scale === "number") return scale;
    if (scale === "own") return view.methods[method].limit;
    settings.common = settings.common || {};
    if (!(method in settings.common)) {
      const limits = settings.views.map((one) => one.methods?.[method]?.limit ?? 0);
      settings.common[method] = limits.reduce((most, limit) => Math.max(most, limit));
    }
    return settings.common[method];
  };

  /** All nodes, the most positive first. */
  molxai.ranked = (relevance) =>
    relevance.map((_, node) => node).sort((a, b) => relevance[b] - relevance[a]);

  /** The largest nodes by name, with their numbers. */
  molxai.largest = (view, method) => {
    const { relevance, largest } = view.methods[method];
    const named = largest.map(
      (node) => `${molxai.nodeInLine(view, node)} ${molxai.signed(relevance[node])}`,
    );
    return named.join(", ");
  };
})();
