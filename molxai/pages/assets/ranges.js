// Numbers of rows in few letters, such as 1-5,9: what an address holds of them.
"use strict";

(() => {
  const RANGES = /^\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*$/;

  /** Ranges [first, last] in order, those that touch as one. */
  molxai.mergedRanges = (ranges) => {
    const merged = [];
    for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
      const before = merged.at(-1);
      if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
      else merged.push([first, last]);
    }
    return merged;
  };

  /** The ranges of some numbers. */
  molxai.rangesOf = (numbers) =>
    molxai.mergedRanges([...numbers].map((number) => [number, number]));

  /** Ranges as text. */
  molxai.rangesText = (ranges) =>
    ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(",");

  /** Ranges that a text holds; none if it is no such text, for it may come from anybody. */
  molxai.readRanges = (text) => {
    if (!RANGES.test(text || "")) return [];
    const ranges = text.split(",").map((range) => range.split("-").map(Number));
    const ends = ranges.map(([first, last = first]) => [first, last]);
    return molxai.mergedRanges(ends.filter(([first, last]) => first <= last));
  };

  /** Whether a number is in merged ranges, found by halves: there may be thousands. */
  molxai.isInRanges = (ranges, number) => {
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranges[middle][1] < number) low = middle + 1;
      else high = middle;
    }
    return low < ranges.length && ranges[low][0] <= number;
  };
})();
