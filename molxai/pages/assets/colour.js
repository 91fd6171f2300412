// Relevance as colour: white at zero, one colour for the explained class, another against it, full at ± a limit.
"use strict";

(() => {
  const channels = (hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));

  /** The colour of a value; `palette` has `towards` and `against`, as #rrggbb. */
  molxai.colour = (value, limit, palette) => {
    const share = Math.min(Math.abs(value) / limit, 1);
    const end = channels(value > 0 ? palette.towards : palette.against);
    const mixed = end.map((channel) => Math.round((1 - share) * 255 + share * channel));
    return `rgb(${mixed.join(",")})`;
  };

  const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  /**
   * The magnitude in full colour.
   * `scale` is "own" (the input's largest), "common" (the largest of all inputs), or a number; `smallest` keeps a map of
   * almost nothing pale, and holds for methods in the unit of the output only.
   */
  molxai.limit = (view, method, scale, settings) => {
    if (typeof scale === "number") return scale;
    const smallest = settings.methods[method].in_unit ? settings.smallest_scale : 0;
    if (scale === "own") return Math.max(largest(view.methods[method].relevance), smallest) || 1;
    const known = (settings.common = settings.common || {});
    if (!(method in known)) {
      const all = settings.views.filter((one) => one.methods && one.methods[method]);
      known[method] = Math.max(largest(all.map((one) => largest(one.methods[method].relevance))), smallest) || 1;
    }
    return known[method];
  };

  /** Name of an atom (element and number) or number of a superpixel. */
  molxai.nodeName = (view, node) => (view.symbols ? view.symbols[node] + node : String(node));

  /** All nodes, the highest first, or by `size` the largest. */
  molxai.ranked = (relevance, size = (value) => value) =>
    relevance.map((_, node) => node).sort((a, b) => size(relevance[b]) - size(relevance[a]));

  /** The three largest nodes by name, with their numbers. */
  molxai.largest = (view, method) => {
    const { relevance } = view.methods[method];
    const named = molxai.ranked(relevance, Math.abs).slice(0, 3);
    return named.map((node) => `${molxai.nodeName(view, node)} ${molxai.signed(relevance[node])}`).join(", ");
  };

  /** Whether the members of an ensemble disagree about a node more than its relevance is large. */
  molxai.uncertain = (made, node) => Boolean(made.sd) && made.sd[node] > Math.abs(made.relevance[node]);
})();
