// Making elements. Text goes in as text, never as markup: names and SMILES of strangers cannot run
// here.
"use strict";
globalThis.molxai = globalThis.molxai || {};

(() => {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) set(node, name, value);
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
  }

  function set(node, name, value) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else if (name === "style") {
      node.style.cssText = value; // as an attribute the workbench's policy refuses it
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value);
    }
  }

  /** An HTML element; attributes that begin with "on" are listeners. */
  molxai.html = (name, attributes, ...children) =>
    fill(document.createElement(name), attributes, children);

  /** An SVG element. */
  molxai.svg = (name, attributes, ...children) =>
    fill(document.createElementNS(SVG, name), attributes, children);

  /** Act when Enter is pressed in a field; with Shift it begins a line there. */
  molxai.onEnter = (field, act) =>
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      act();
    });

  /** A relevance or logit with its sign; what rounds to nothing has a plus. */
  molxai.signed = (value, decimals = 3) => {
    if (value === null || value === undefined) return "–";
    const digits = Math.abs(value).toFixed(decimals);
    return (value < 0 && Number(digits) > 0 ? "−" : "+") + digits;
  };

  /** How many of what: 1 row, 2 rows. */
  molxai.counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  /** A number in four digits, text as it is, nothing for null. */
  molxai.plain = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value !== "number") return String(value);
    return molxai.trueMinus(String(Number(value.toPrecision(4))));
  };

  /** A number in three decimals, nothing for null. */
  molxai.decimal = (value) =>
    value === null || value === undefined ? "" : molxai.trueMinus(value.toFixed(3));

  /** The text with minus signs in place of hyphens if it is a number; any other as it is. */
  molxai.trueMinus = (text) =>
    text.trim() && Number.isFinite(Number(text)) ? text.replaceAll("-", "−") : text;

  /** At most so many characters, counted as a reader does. */
  molxai.shortened = (text, length) => {
    const letters = Array.from(text);
    return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : text;
  };

  /** Sum without the rounding of long sums (Neumaier). */
  molxai.sum = (values) => {
    let total = 0;
    let lost = 0;
    for (const value of values) {
      const next = total + value;
      const isLarger = Math.abs(total) >= Math.abs(value);
      lost += isLarger ? total - next + value : value - next + total;
      total = next;
    }
    return total + lost;
  };
})();
