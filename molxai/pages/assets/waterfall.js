// The additive bar: fragment by fragment from zero, or from the base value, to the logit, with what the token and the biases add.
"use strict";

(() => {
  const { html, svg } = molxai;
  const ROW = 22;
  const WIDE = { label: 190, bars: 300, number: 64, letters: 30 };
  const NARROW = { label: 118, bars: 130, number: 54, letters: 19 }; // on a telephone letters keep their size
  const MOST = 14; // steps; the smallest others are one step together

  /** Parts of an input under a method: [{name, nodes, relevance}], the largest first; superpixels are one part for each sign. */
  molxai.parts = (view, method, scheme) => {
    const { relevance } = view.methods[method];
    const sum = (nodes) => molxai.sum(nodes.map((node) => relevance[node]));
    const known = view.fragments ? view.fragments[scheme] : bySign(relevance);
    const parts = known.map(([name, nodes]) => ({ name, nodes, relevance: sum(nodes) }));
    return parts.sort((a, b) => Math.abs(b.relevance) - Math.abs(a.relevance));
  };

  function bySign(relevance) {
    const nodes = relevance.map((_, node) => node);
    const [towards, against] = [nodes.filter((node) => relevance[node] > 0), nodes.filter((node) => relevance[node] < 0)];
    return [[`${towards.length} for it`, towards], [`${against.length} against it`, against]];
  }

  /** The steps from zero to the logit: parts, token, biases (by the name that the model has for them), and what is not accounted for, where they are not nothing. */
  molxai.steps = (view, method, scheme, biases) => {
    const made = view.methods[method];
    const parts = molxai.parts(view, method, scheme);
    const few = parts.length <= MOST ? parts : [...parts.slice(0, MOST - 1), rest(parts.slice(MOST - 1))];
    const others = [["graph token", made.token], [biases, made.bias], ["not accounted for", made.gap]];
    const shown = others.filter(([name, value]) => Math.abs(value) > (name === "not accounted for" ? 5e-4 : 0));
    return [...few, ...shown.map(([name, value]) => ({ name, nodes: [], relevance: value }))];
  };

  function rest(parts) {
    const relevance = molxai.sum(parts.map((part) => part.relevance));
    return { name: `${parts.length} smaller parts`, nodes: parts.flatMap((part) => part.nodes), relevance };
  }

  /** Where the bars begin: at what is the same for every input, which as a bar would dwarf them; at zero where there is no such. */
  molxai.base = (view, method, biases) => (biases === "base value" ? view.methods[method].bias : 0);

  /** The bars as an SVG; pointing at one calls `onpart` with its nodes. */
  molxai.waterfall = (view, method, scheme, look) => {
    const all = molxai.steps(view, method, scheme, look.biases);
    const base = molxai.base(view, method, look.biases);
    const steps = all.filter((step) => !(base && step.name === look.biases));
    const ends = steps.reduce((sums, step) => [...sums, sums.at(-1) + step.relevance], [base]);
    const [low, high] = [Math.min(...ends, view.logit), Math.max(...ends, view.logit)];
    const size = matchMedia("(max-width: 720px)").matches ? NARROW : WIDE;
    const whole = size.label + size.bars + size.number;
    const x = (value) => size.label + ((value - low) / (high - low || 1)) * size.bars;
    const height = ROW * (steps.length + (base ? 2 : 1)) + 6;
    const rows = steps.map((step, i) => bar(step, ends[i], ends[i + 1], i, x, size, look));
    const total = svg(
      "g",
      {},
      svg("rect", { x: Math.min(x(base), x(view.logit)), y: ROW * steps.length + 7, width: Math.abs(x(view.logit) - x(base)), height: 10, class: "total" }),
      base ? label(size.label - 8, steps.length + 1, `${look.biases}, the line`, "end") : null,
      base ? label(whole, steps.length + 1, molxai.signed(base), "end") : null,
      label(size.label - 8, steps.length, `= ${view.probability === null ? "value" : "logit"}`, "end"),
      label(whole, steps.length, molxai.signed(view.logit), "end"),
    );
    const zero = svg("line", { x1: x(base), x2: x(base), y1: 0, y2: height, class: "zero" });
    const said = steps.map((step) => `${step.name} ${molxai.signed(step.relevance)}`).join(", ");
    const told = `From ${base ? `the ${look.biases} ${molxai.signed(base)}` : "zero"} to ${molxai.signed(view.logit)}: ${said}`;
    return svg("svg", { viewBox: `0 0 ${whole} ${height}`, class: "waterfall", role: "img", "aria-label": told }, zero, ...rows, total);
  };

  const label = (x, row, text, anchor) => svg("text", { x, y: ROW * row + 16, "text-anchor": anchor }, text);

  function bar(step, from, to, row, x, size, look) {
    const whole = size.label + size.bars + size.number;
    const [left, width] = [Math.min(x(from), x(to)), Math.max(Math.abs(x(to) - x(from)), 1)];
    const fill = step.relevance > 0 ? look.palette.towards : look.palette.against;
    const group = svg(
      "g",
      { class: "step", onpointerenter: () => look.onpart(step.nodes), onpointerleave: () => look.onpart([]) },
      svg("rect", { x: 0, y: ROW * row, width: whole, height: ROW, fill: "transparent" }),
      svg("rect", { x: left, y: ROW * row + 5, width, height: ROW - 9, fill }),
      svg("line", { x1: x(to), x2: x(to), y1: ROW * row + 5, y2: ROW * (row + 1) + 5, class: "link" }),
      label(size.label - 8, row, molxai.shortened(step.name, size.letters), "end"),
      label(whole, row, molxai.signed(step.relevance), "end"),
    );
    group.append(svg("title", {}, step.name));
    return group;
  }

  /** The same as a table, for those who read rather than look. */
  molxai.partsTable = (view, method, scheme, look) => {
    const line = (name, value) => html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, molxai.signed(value)));
    const rows = molxai.steps(view, method, scheme, look.biases).map((step) => line(step.name, step.relevance));
    const head = html("tr", {}, html("th", { scope: "col" }, "part"), html("th", { scope: "col" }, "relevance"));
    const logit = line("sum", view.logit);
    return html("table", { class: "parts" }, html("thead", {}, head), html("tbody", {}, ...rows, logit));
  };
})();
