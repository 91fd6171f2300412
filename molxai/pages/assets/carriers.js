// The fragments that carry relevance across the rows that are shown, by the definition of
// `molxai/pages/series.py`: the server sums all rows, and the page those that a filter leaves.
"use strict";

(() => {
  const DIGITS = 6; // significant ones, as the server writes
  const SPREAD_DIGITS = 5;
  const NONE = "No row that is shown has fragments.";

  const rounded = (value, digits = DIGITS) => Number(value.toPrecision(digits));

  /**
   * The table of fragments of some views, as `seriesTable` takes it: { rows, limit, note }.
   * settings: `smallest_scale`, `mixed` (the note if rows have no mean), `in_unit` of each method.
   */
  molxai.carriers = (views, method, scheme, settings) => {
    const targets = new Set(views.filter((view) => view.methods).map((view) => view.target));
    if (targets.size > 1) return { rows: [], limit: 1, note: settings.mixed };
    const summaries = [...occurrences(views, method, scheme)].map(summary);
    if (!summaries.length) return { rows: [], limit: 1, note: NONE };
    summaries.sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
    const means = summaries.map((carrier) => Math.abs(carrier.mean));
    const largest = means.reduce((most, mean) => Math.max(most, mean), 0);
    const limit = settings.in_unit[method]
      ? Math.max(largest, settings.smallest_scale)
      : largest || 1;
    return { rows: summaries.map(cells), limit: rounded(limit), note: "" };
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
