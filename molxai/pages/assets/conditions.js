// Single conditions of the filters: what they mean, and how an address holds them.
"use strict";

(() => {
  /** Whether a molecule has a fragment, { scheme, name }. */
  molxai.hasFragment = (view, { scheme, name }) =>
    Object.hasOwn(view.fragments ?? {}, scheme) &&
    view.fragments[scheme].some(([part]) => part === name);

  /** Whether a value is in a range, whose ends may be missing. */
  molxai.isWithin = (value, [low, high]) => {
    if (low === null && high === null) return true;
    return typeof value === "number" && value >= (low ?? -Infinity) && value <= (high ?? Infinity);
  };

  /** A range such as 1..2, 1.. or ..2; null if it is none. */
  molxai.rangeOf = (text) => {
    const ends = text.split("..");
    if (ends.length !== 2) return null;
    const limits = ends.map((end) => (end.trim() === "" ? null : Number(end)));
    return limits.some(Number.isNaN) ? null : limits;
  };

  /** A fragment such as rings:pyridine; null if it is none. */
  molxai.fragmentOf = (text) => {
    const at = (text || "").indexOf(":");
    return at > 0 ? { scheme: text.slice(0, at), name: text.slice(at + 1) } : null;
  };

  /** Ranges of rows and what they have, such as 1-3,5:R2 = F; null if it is no group. */
  molxai.groupOf = (text) => {
    const at = (text || "").indexOf(":");
    const ranges = at > 0 ? molxai.readRanges(text.slice(0, at)) : [];
    return ranges.length ? { ranges, words: text.slice(at + 1) } : null;
  };
})();
