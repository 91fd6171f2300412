// Relevance as colour: white at zero, one colour for the explained class and another against it. A
// method without a sign has one colour, and white is its least relevance.
"use strict";

(() => {
  const BEFORE_NUMBER = /(?<!,) (?=[+−]?\d)/g;
  const ROUNDING = 1e-5; // by this share equal values may differ

  const channels = (hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));

  const isSigned = (low) => low === null || low === undefined;

  /** How much of its full colour a value has, 0 to 1. */
  function opacity(value, { limit, low }) {
    const share = isSigned(low) ? Math.abs(value) / limit : (value - low) / (limit - low);
    return Math.min(Math.max(share, 0), 1);
  }

  function full(value, { low, palette }) {
    if (!isSigned(low)) return palette.unsigned;
    return value > 0 ? palette.towards : palette.against;
  }

  /**
   * The colour of a value on white, full at ± `limit`; a palette's colours are written #rrggbb.
   * `low` is the value in no colour, of a method without a sign.
   */
  molxai.colour = (value, limit, palette, low = null) => {
    const scale = { limit, palette, low };
    const share = opacity(value, scale);
    const end = channels(full(value, scale));
    const mixed = end.map((channel) => Math.round((1 - share) * 255 + share * channel));
    return `rgb(${mixed.join(",")})`;
  };

  /**
   * The same as a full colour that lets through what is behind: of { limit, low, palette }.
   * A hundred steps are more than the eye sees, and few enough for a browser, which keeps every
   * style that it has met: with ten thousand a long table gets slow as it is scrolled.
   */
  molxai.ink = (value, look) => {
    const share = Number(opacity(value, look).toFixed(2));
    return { colour: full(value, look), opacity: share };
  };

  /** A scale's ends and what is between them, from left to right: [share, colour, opacity]. */
  molxai.stops = ({ low, palette }) => {
    if (!isSigned(low)) {
      return [
        [0, palette.unsigned, 0],
        [1, palette.unsigned, 1],
      ];
    }
    return [
      [0, palette.against, 1],
      [0.5, palette.against, 0],
      [0.5, palette.towards, 0],
      [1, palette.towards, 1],
    ];
  };

  /** The values at the left end, in the middle and at the right end of a scale. */
  molxai.ticks = ({ limit, low }) => {
    const first = isSigned(low) ? -limit : low;
    return [first, isSigned(low) ? 0 : (low + limit) / 2, limit];
  };

  /** The ends of the scales of all views by method, as far as they are known. */
  function commonOf(settings) {
    settings.common = settings.common || { limits: {}, lows: {} };
    return settings.common;
  }

  /**
   * The magnitude in full colour.
   * `scale` is "own" (the view's), "common" (the largest of all views), or a number.
   */
  molxai.limit = (view, method, scale, settings) => {
    if (typeof scale === "number") return scale;
    if (scale === "own") return view.methods[method].limit;
    const { limits } = commonOf(settings);
    if (!(method in limits)) {
      const own = settings.views.map((one) => one.methods?.[method]?.limit ?? 0);
      limits[method] = own.reduce((most, limit) => Math.max(most, limit));
    }
    return limits[method];
  };

  /** The value in no colour on such a scale, of a method without a sign; null of others. */
  molxai.low = (view, method, scale, settings) => {
    const { low } = view.methods[method];
    if (isSigned(low)) return null;
    if (typeof scale === "number") return 0;
    if (scale === "own") return low;
    const { lows } = commonOf(settings);
    if (!(method in lows)) {
      const values = settings.views.flatMap((one) => one.methods?.[method]?.relevance ?? []);
      const least = values.reduce((lowest, value) => Math.min(lowest, value), Infinity);
      const limit = molxai.limit(view, method, scale, settings);
      lows[method] = limit - least > ROUNDING * limit ? least : 0;
    }
    return lows[method];
  };

  /** A relevance in words, as this method's are written: without a plus if it has no sign. */
  molxai.amount = (value, { decimals, low }) =>
    isSigned(low) ? molxai.signed(value, decimals) : value.toFixed(decimals);

  /** All nodes, the most positive first. */
  molxai.ranked = (relevance) =>
    relevance.map((_, node) => node).sort((a, b) => relevance[b] - relevance[a]);

  /** The largest nodes by name, with their numbers. */
  molxai.largest = (view, method) => {
    const made = view.methods[method];
    const named = made.largest.map(
      (node) => `${molxai.nodeInLine(view, node)} ${molxai.amount(made.relevance[node], made)}`,
    );
    return named.join(", ");
  };

  /** The same for the eye: no line is broken between a node and its number. */
  molxai.unbroken = (largest) => largest.replaceAll(BEFORE_NUMBER, "\u00a0");
})();
