// Axes of a plot: round ticks, what a value is on the screen, and how they are drawn.
"use strict";

(() => {
  const TICKS = 6; // about so many
  const HEIGHT = 400; // pixels
  const EDGES = { left: 64, right: 14, top: 12, bottom: 46 };
  const FONT = "12px system-ui, sans-serif";

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

  /** Where values are on the canvas. */
  molxai.plotFrame = (width, axes) => {
    const { left, right, top, bottom } = EDGES;
    const across = width - left - right;
    const up = HEIGHT - top - bottom;
    const share = (value, { low, high }) => (value - low) / (high - low);
    return {
      height: HEIGHT,
      left,
      top,
      right: left + across,
      bottom: top + up,
      x: (value) => left + share(value, axes.x) * across,
      y: (value) => top + (1 - share(value, axes.y)) * up,
    };
  };

  /** The colours of the page, light or dark. */
  molxai.inks = (element) => {
    const style = getComputedStyle(element);
    const names = ["ink", "soft", "line", "accent"];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`)]));
  };

  /** Ticks, lines and titles of both axes. */
  molxai.drawAxes = (pen, frame, axes, ink, [across, up]) => {
    pen.font = FONT;
    pen.strokeStyle = ink.line;
    pen.fillStyle = ink.ink;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const tick of axes.x.ticks) {
      pen.moveTo(frame.x(tick), frame.top);
      pen.lineTo(frame.x(tick), frame.bottom);
      pen.fillText(molxai.tickText(tick, axes.x), frame.x(tick), frame.bottom + 6);
    }
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of axes.y.ticks) {
      pen.moveTo(frame.left, frame.y(tick));
      pen.lineTo(frame.right, frame.y(tick));
      pen.fillText(molxai.tickText(tick, axes.y), frame.left - 6, frame.y(tick));
    }
    pen.stroke();
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    const middle = (frame.left + frame.right) / 2;
    pen.fillText(molxai.shortened(across ?? "", 60), middle, frame.height - 4);
    pen.save();
    pen.translate(4, (frame.top + frame.bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textBaseline = "top";
    pen.fillText(molxai.shortened(up ?? "", 50), 0, 0);
    pen.restore();
  };

  /** The line of equal values. */
  molxai.drawEqual = (pen, frame, axes, ink) => {
    const { low, high } = axes.x;
    pen.strokeStyle = ink.soft;
    pen.setLineDash([5, 4]);
    pen.beginPath();
    pen.moveTo(frame.x(low), frame.y(low));
    pen.lineTo(frame.x(high), frame.y(high));
    pen.stroke();
    pen.setLineDash([]);
  };
})();
