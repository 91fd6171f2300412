// The additive bar: fragment by fragment from zero, or from the base value, to the logit, with what
// the token and the biases add. Parts in a unit of their own have bars from zero, and no logit.
"use strict";

(() => {
  const { html, svg } = molxai;
  const ROW = 22;
  const LINE = 13; // height of each further line of a label
  const LINES = 3; // of a label at most
  const NUMBER = 62; // width of the numbers' column
  const LABEL = 190; // that of the labels at most
  const LABEL_SHARE = 0.4; // and in a narrow page
  const USUAL = 560; // width until the page has given the bars theirs
  const BESIDE = 8; // between a label and the bars
  const NAMED = 3; // parts that are named to those who do not see the picture
  const pen = document.createElement("canvas").getContext("2d");
  const MOST = 14; // bars; the smallest others are one bar together

  /** Parts of a view under a method and a scheme: [{name, nodes, relevance}], the largest first. */
  function partsOf(view, method, scheme) {
    const { sums, signs } = view.methods[method];
    const parts = view.fragments
      ? view.fragments[scheme].map(([name, part]) => ({
          name,
          nodes: view.parts[part],
          relevance: sums[part],
        }))
      : signs.map(([name, nodes, relevance]) => ({ name, nodes, relevance }));
    return parts.sort((a, b) => Math.abs(b.relevance) - Math.abs(a.relevance));
  }

  /** The three largest parts of a molecule, or the largest nodes of what has no fragments. */
  molxai.largestParts = (view, method) => {
    if (!view.fragments) return molxai.largest(view, method);
    const made = view.methods[method];
    const parts = partsOf(view, method, Object.keys(view.fragments)[0]).slice(0, NAMED);
    const named = parts.map(({ name, relevance }) => `${name} ${molxai.amount(relevance, made)}`);
    return named.join(", ");
  };

  /** The steps from zero to the logit: parts, and what is beyond the nodes. */
  molxai.steps = (view, method, scheme) => {
    const parts = partsOf(view, method, scheme);
    const few =
      parts.length <= MOST ? parts : [...parts.slice(0, MOST - 1), rest(parts.slice(MOST - 1))];
    const { beyond } = view.methods[method];
    return [...few, ...beyond.map(([name, relevance]) => ({ name, nodes: [], relevance }))];
  };

  function rest(parts) {
    const relevance = molxai.sum(parts.map((part) => part.relevance));
    const nodes = parts.flatMap((part) => part.nodes);
    return { name: `${parts.length} smaller parts`, nodes, relevance };
  }

  /** The bars as an SVG; pointing at one calls `look.onpart` with its nodes. */
  molxai.waterfall = (view, method, scheme, look) => {
    const base = view.methods[method].base ?? 0;
    const all = molxai.steps(view, method, scheme);
    const steps = base ? all.filter((step) => step.name !== look.biases) : all;
    const made = view.methods[method];
    const { in_unit } = made;
    const starts = startsOf(steps, base, in_unit);
    const ends = steps.map((step, row) => starts[row] + step.relevance);
    const places = [...starts, ...ends, ...(in_unit ? [base, view.logit] : [0])];
    const low = Math.min(...places);
    const high = Math.max(...places);
    const names = [...steps.map((step) => step.name), ...totalNames(view, base, in_unit, look)];
    const start = base ? `the ${look.biases} ${molxai.signed(base)}` : "zero";
    const bars = steps.map((step) => `${step.name} ${amount(step, made)}`).join(", ");
    const way = in_unit ? `From ${start} to ${molxai.signed(view.logit)}` : "Parts";
    const frame = { class: "waterfall", role: "img", "aria-label": `${way}: ${bars}` };
    const picture = svg("svg", frame);
    const draw = (width) => {
      const label = Math.min(LABEL, LABEL_SHARE * width);
      const size = { label, number: NUMBER, bars: width - label - NUMBER };
      const x = (value) => size.label + ((value - low) / (high - low || 1)) * size.bars;
      const { rows, height } = stacked(names, label - BESIDE);
      picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
      picture.replaceChildren(
        svg("line", { x1: x(base), x2: x(base), y1: 0, y2: height, class: "zero" }),
        ...steps.map((step, at) => bar(step, starts[at], ends[at], rows[at], x, size, look, made)),
        ...(in_unit ? [total(view, base, rows.slice(steps.length), x, size, made)] : []),
      );
    };
    draw(USUAL);
    // In units of the page's pixels, so that letters have one size in a page of any width.
    const observer = new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width) draw(contentRect.width);
    });
    observer.observe(picture);
    return picture;
  };

  /** Where each bar begins: where the one before ends, or at zero if they lead nowhere. */
  function startsOf(steps, base, inUnit) {
    let end = base;
    return steps.map(({ relevance }) => {
      const start = inUnit ? end : 0;
      end += relevance;
      return start;
    });
  }

  /** What the rows below the parts are called: the output, and the base value if there is one. */
  function totalNames(view, base, inUnit, look) {
    if (!inUnit) return [];
    const output = view.probability === null ? "= value" : "= logit";
    return base ? [output, `${look.biases} (start)`] : [output];
  }

  /** Where the rows stand and the lines of their names, and the height of them all. */
  function stacked(names, room) {
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    let height = 0;
    const rows = names.map((name) => {
      const row = { top: height, lines: wrapped(name, room) };
      height += ROW + LINE * (row.lines.length - 1);
      return row;
    });
    return { rows, height: height + 6 };
  }

  const isFitting = (text, room) => pen.measureText(text).width <= room;

  /** The name in lines that fit the labels' column; only a word wider than it is divided. */
  function wrapped(name, room) {
    const lines = [];
    let line = "";
    for (const word of name.split(" ")) {
      const longer = line ? `${line} ${word}` : word;
      if (isFitting(longer, room)) {
        line = longer;
      } else {
        const pieces = divided(word, room);
        lines.push(...(line ? [line] : []), ...pieces.slice(0, -1));
        line = pieces.at(-1);
      }
    }
    lines.push(line);
    return lines.length > LINES ? [...lines.slice(0, LINES - 1), `${lines[LINES - 1]} …`] : lines;
  }

  /** A word in pieces that fit, each but the last with a hyphen. */
  function divided(word, room) {
    const pieces = [];
    let rest = Array.from(word);
    while (!isFitting(rest.join(""), room)) {
      let count = rest.length - 1;
      while (count > 1 && !isFitting(`${rest.slice(0, count).join("")}-`, room)) count--;
      pieces.push(`${rest.slice(0, count).join("")}-`);
      rest = rest.slice(count);
    }
    return [...pieces, rest.join("")];
  }

  /** The output's own bar, and the base value from which the bars start. */
  function total(view, base, [output, start], x, size, { decimals }) {
    const right = size.label + size.bars + size.number;
    const left = size.label - BESIDE;
    const [from, to] = [x(base), x(view.logit)];
    const rectangle = {
      x: Math.min(from, to),
      y: output.top + 7,
      width: Math.abs(to - from),
      height: 10,
      class: "total",
    };
    return svg(
      "g",
      {},
      svg("rect", rectangle),
      ...(base ? labels(left, start) : []),
      base ? label(right, start.top, molxai.signed(base, decimals)) : null,
      ...labels(left, output),
      label(right, output.top, molxai.signed(view.logit, decimals)),
    );
  }

  const label = (x, top, text) => svg("text", { x, y: top + 16, "text-anchor": "end" }, text);

  /** The lines of a row's name. */
  const labels = (x, { top, lines }) => lines.map((line, at) => label(x, top + LINE * at, line));

  /** Without a sign parts have the method's colour. */
  function fillOf(step, { low, palette }) {
    if (low !== null) return palette.unsigned;
    return step.relevance > 0 ? palette.towards : palette.against;
  }

  /** A part's relevance in words, or the number of what is beyond the parts. */
  const amount = ({ nodes, relevance }, made) =>
    nodes.length ? molxai.amount(relevance, made) : molxai.signed(relevance, made.decimals);

  function bar(step, from, to, row, x, size, look, made) {
    const whole = size.label + size.bars + size.number;
    const { top } = row;
    const height = ROW + LINE * (row.lines.length - 1);
    const left = Math.min(x(from), x(to));
    const width = Math.max(Math.abs(x(to) - x(from)), 1);
    const fill = fillOf(step, look);
    const pointing = {
      class: "step",
      onpointerenter: () => look.onpart(step.nodes),
      onpointerleave: () => look.onpart([]),
    };
    return svg(
      "g",
      pointing,
      svg("rect", { x: 0, y: top, width: whole, height, fill: "transparent" }),
      svg("rect", { x: left, y: top + 5, width, height: ROW - 9, fill }),
      made.in_unit
        ? svg("line", { x1: x(to), x2: x(to), y1: top + 5, y2: top + height + 5, class: "link" })
        : null,
      ...labels(size.label - BESIDE, row),
      label(whole, top, amount(step, made)),
      svg("title", {}, step.name),
    );
  }

  /** The same as a table, for those who read rather than look. */
  molxai.partsTable = (view, method, scheme) => {
    const made = view.methods[method];
    const line = (name, text) =>
      html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, text));
    const rows = molxai
      .steps(view, method, scheme)
      .map((step) => line(step.name, amount(step, made)));
    const head = html(
      "tr",
      {},
      html("th", { scope: "col" }, "part"),
      html("th", { scope: "col" }, "relevance"),
    );
    const sum = made.in_unit ? line("sum", molxai.signed(view.logit, made.decimals)) : null;
    const body = html("tbody", {}, ...rows, sum);
    return html("table", { class: "parts" }, html("thead", {}, head), body);
  };
})();
