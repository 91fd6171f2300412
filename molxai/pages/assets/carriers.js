// The fragments that carry relevance across the rows that are shown, by the definition of
// `molxai/pages/series.py`: the server sums all rows, and the page those that a filter leaves.
"use strict";

(() => {
  const DIGITS = 6; // significant ones, as the server writes
  const SPREAD_DIGITS = 5;
  const NONE = "No row shown has fragments.";

  const DECIMALS = 3; // after the point, of a relevance
  const MOST_DECIMALS = 9;
  const NOTHING = { rows: [], limit: 1, low: null, decimals: DECIMALS };

  const decimals = (limit) =>
    Math.min(Math.max(DECIMALS, DECIMALS - 1 - Math.floor(Math.log10(limit))), MOST_DECIMALS);

  const rounded = (value, digits = DIGITS) => Number(value.toPrecision(digits));

  /**
   * The table of fragments of some views, as `seriesTable` takes it: { rows, limit, low, decimals,
   * note }. settings: `smallest_scale`, `mixed` (the note if rows have no mean), `in_unit` and
   * `signed` of each method.
   */
  molxai.carriers = (views, method, scheme, settings) => {
    const targets = new Set(views.filter((view) => view.methods).map((view) => view.target));
    if (targets.size > 1) return { ...NOTHING, note: settings.mixed };
    const summaries = [...occurrences(views, method, scheme)].map(summary);
    if (!summaries.length) return { ...NOTHING, note: NONE };
    summaries.sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
    const means = summaries.map((carrier) => carrier.mean);
    const largest = means.reduce((most, mean) => Math.max(most, Math.abs(mean)), 0);
    const limit = settings.in_unit[method]
      ? Math.max(largest, settings.smallest_scale)
      : largest || 1;
    const lowest = least(means);
    const low = settings.signed[method] ? null : rounded(lowest < limit ? lowest : 0);
    const rows = summaries.map(cells);
    return { rows, limit: rounded(limit), low, decimals: decimals(limit), note: "" };
  };

  /** By name, the relevance of each occurrence and the row that has it. */
  function occurrences(views, method, scheme) {
    const found = new Map();
    for (const view of views) {
      const sums = view.methods?.[method]?.sums;
      for (const [name, part] of (sums && view.fragments?.[scheme]) || []) {
        if (!found.has(name)) found.set(name, []);
        found.get(name).push([sums[part], view.row]);
      }
    }
    return found;
  }

  function summary([name, members]) {
    const values = members.map(([value]) => value);
    const mean = molxai.sum(values) / values.length;
    const distances = values.map((value) => Math.abs(value - mean));
    const nearest = distances.indexOf(least(distances));
    const squares = molxai.sum(distances.map((distance) => distance * distance));
    return {
      name,
      mean,
      size: Math.abs(mean * values.length),
      molecules: new Set(members.map(([, row]) => row)).size,
      times: values.length,
      sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null,
      low: least(values),
      high: -least(values.map((value) => -value)),
      example: members[nearest][1],
    };
  }

  const least = (values) => values.reduce((low, value) => Math.min(low, value), Infinity);

  function cells({ name, molecules, times, mean, sd, low, high, example }) {
    const spread = sd === null ? null : rounded(sd, SPREAD_DIGITS);
    return [name, molecules, times, rounded(mean), spread, rounded(low), rounded(high), example];
  }
})();
