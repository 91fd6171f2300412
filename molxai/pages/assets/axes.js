// Axes of a plot: round ticks, and what a value is on the screen.
"use strict";

(() => {
  const TICKS = 6; // about so many

  /** A step of 1, 2 or 5 times a power of ten. */
  function roundStep(span) {
    const rough = span / TICKS;
    const power = 10 ** Math.floor(Math.log10(rough));
    const factor = [1, 2, 5, 10].find((size) => size * power >= rough);
    return factor * power;
  }

  /** An axis for values: its ends, its ticks, and how many decimals they need. */
  molxai.axis = (values) => {
    let low = Infinity;
    let high = -Infinity;
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (low > high) return { low: 0, high: 1, ticks: [0, 1], decimals: 0 };
    const span = high - low || Math.abs(high) || 1;
    const step = roundStep(span);
    const first = Math.floor((low - 0.02 * span) / step);
    const last = Math.ceil((high + 0.02 * span) / step);
    const ticks = Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return { low: ticks[0], high: ticks[ticks.length - 1], ticks, decimals };
  };

  /** A tick as text, with a true minus sign. */
  molxai.tickText = (value, { decimals }) => {
    const text = Math.abs(value) >= 1e6 ? value.toExponential(1) : value.toFixed(decimals);
    return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
  };
})();
