// Making elements. Text goes in as text, never as markup: names and SMILES of strangers cannot run here.
"use strict";
globalThis.molxai = globalThis.molxai || {};

(() => {
  const SVG = "http://www.w3.org/2000/svg";

  function filled(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "style") node.style.cssText = value; // as an attribute the workbench's policy refuses it
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
  }

  /** An HTML element; attributes that begin with "on" are listeners. */
  molxai.html = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);

  /** An SVG element. */
  molxai.svg = (name, attributes, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

  /** A relevance or logit with its sign; three significant digits where it is small. */
  molxai.signed = (value) => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    const text = size >= 0.0995 || size === 0 ? size.toFixed(3) : size.toPrecision(3);
    return (value < 0 ? "−" : "+") + (size < 1e-4 && size > 0 ? size.toExponential(1) : text);
  };

  /** A number in four digits, text as it is, nothing for null. */
  molxai.plain = (value) => {
    if (value === null || value === undefined) return "";
    return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
  };

  /** At most so many characters, counted as a reader does. */
  molxai.shortened = (text, length) => {
    const letters = Array.from(text);
    return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : text;
  };

  /** Sum without the rounding of long sums (Neumaier). */
  molxai.sum = (values) => {
    let total = 0, lost = 0;
    for (const value of values) {
      const next = total + value;
      lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
      total = next;
    }
    return total + lost;
  };
})();
