// The picture of one input under one method: a molecule's atoms and bonds, a digit's superpixels,
// or a text's words, in colour.
"use strict";

(() => {
  const { svg } = molxai;
  const DISC = 9.2; // radius behind an atom: neighbouring discs just leave a gap
  const BAND = 5; // width behind a bond, over the discs
  const BOND_DECIMALS = 4; // a bond usually has a hundredth of a logit
  const REACH = 12; // radius within which the pointer finds an atom

  /**
   * An SVG of the input, without a frame; of a text a paragraph.
   * look: { limit, palette, numbers, letters, onnode(node or null) }; `onnode` is called when the
   * pointer or the arrow keys reach a node.
   */
  molxai.picture = (view, method, look) => {
    const made = view.methods[method];
    const tip = (node) => {
      if (look.onnode) return null; // the page follows the pointer, in place of the browser's tips
      return `${molxai.nodeInLine(view, node)} ${molxai.amount(made.relevance[node], made)}`;
    };
    const drawn = draw(view, made, look, tip);
    drawn.setAttribute("role", view.sentence ? "group" : "img"); // words can be read aloud
    drawn.setAttribute("aria-label", description(view, method));
    if (look.onnode) follow(drawn, made.relevance.length, look.onnode);
    return drawn;
  };

  function draw(view, made, look, tip) {
    if (view.sentence) return molxai.sentence(view.sentence, made, look, tip);
    const titled = (node) => tip(node) && svg("title", {}, tip(node));
    if (view.molecule) return molecule(view.molecule, made, look, titled);
    return digit(view.digit, made, look, titled);
  }

  function description(view, method) {
    const { title } = molxai.kind(view);
    const name = molxai.shortened(view.id, 60);
    return `${title} ${name}, ${method}: largest ${molxai.largestParts(view, method)}`;
  }

  const position = (drawing, node) => [drawing.atoms[2 * node], drawing.atoms[2 * node + 1]];

  function molecule(drawing, made, look, tip) {
    const [width, height] = drawing.size;
    const nodes = made.relevance.map((_, node) => node);
    const uncertain = (made.uncertain || []).map((node) => hatch(...position(drawing, node)));
    const hatches = uncertain.map((d) => svg("path", { d, class: "hatch" }));
    const lines = {
      stroke: "#000",
      "stroke-width": 0.7,
      fill: "none",
      opacity: 0.35,
      "pointer-events": "none",
    };
    const ink = { stroke: "#000", "stroke-linecap": "round", "pointer-events": "none" };
    const font = {
      "pointer-events": "none",
      "text-anchor": "middle",
      "font-family": "Arial, Helvetica, sans-serif",
      fill: "#000",
    };
    return svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, class: "picture molecule" },
      svg("g", {}, ...discs(drawing, made.relevance, look, tip)),
      svg("g", {}, ...bands(drawing, made, look)),
      svg("g", lines, ...hatches),
      svg("g", ink, ...strokes(drawing)),
      svg("g", font, ...drawing.labels.map(letter)),
      svg(
        "g",
        { ...font, fill: "#555" },
        ...(look.numbers ? nodes.map((node) => number(drawing, node)) : []),
      ),
      svg("g", {}, ...(look.onnode ? nodes.map((node) => target(drawing, node)) : [])),
    );
  }

  /** Behind each bond a band in its colour, if the method gives bonds relevance. */
  function bands(drawing, made, look) {
    return (made.bonds || []).map((value, bond) => {
      const [a, b] = drawing.bonds.slice(2 * bond, 2 * bond + 2);
      const [x1, y1] = position(drawing, a);
      const [x2, y2] = position(drawing, b);
      const ink = molxai.ink(value, { limit: made.bond_limit, palette: look.palette });
      const line = { stroke: ink.colour, "stroke-opacity": ink.opacity, "stroke-width": BAND };
      const tip = svg("title", {}, `bond ${a}–${b} ${molxai.signed(value, BOND_DECIMALS)}`);
      return svg("line", { x1, y1, x2, y2, ...line }, tip);
    });
  }

  /** A colour that hides nothing where there is no relevance. */
  function fillOf(value, look) {
    const { colour, opacity } = molxai.ink(value, look);
    return { fill: colour, "fill-opacity": opacity };
  }

  /** Behind each atom a disc in its colour. */
  function discs(drawing, relevance, look, tip) {
    return relevance.map((value, node) => {
      const [cx, cy] = position(drawing, node);
      const fill = fillOf(value, look);
      return svg("circle", { cx, cy, r: DISC, ...fill, class: `atom-${node}` }, tip(node));
    });
  }

  const strokes = (drawing) => [
    svg("path", { d: drawing.lines, fill: "none", "stroke-width": 1.5 }),
    svg("path", { d: drawing.thin, fill: "none", "stroke-width": 0.9 }),
    svg("path", { d: drawing.solid, fill: "#000", stroke: "none" }),
  ];

  const letter = ([text, x, y, size]) =>
    svg("text", { x, y: y + 0.36 * size, "font-size": size }, text);

  function number(drawing, node) {
    const [x, y] = position(drawing, node);
    return svg("text", { x: x + 8, y: y - 7, "font-size": 7 }, String(node));
  }

  /** What the pointer finds of an atom. */
  function target(drawing, node) {
    const [cx, cy] = position(drawing, node);
    return svg("circle", {
      cx,
      cy,
      r: REACH,
      class: "target",
      "data-node": node,
      fill: "transparent",
    });
  }

  /** Diagonal lines within a disc. */
  function hatch(x, y) {
    const turn = Math.SQRT1_2;
    return [-6, -3, 0, 3, 6]
      .map((off) => {
        const half = Math.sqrt(DISC * DISC - off * off);
        const mx = x + off * turn;
        const my = y + off * turn;
        return `M${mx - half * turn} ${my + half * turn}L${mx + half * turn} ${my - half * turn}`;
      })
      .join("");
  }

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function digit(drawing, made, look, tip) {
    const { side } = drawing;
    const image = bytes(drawing.image);
    const segments = bytes(drawing.segments);
    const areas = made.relevance.map((value, node) => {
      const fill = fillOf(value, look);
      const path = { d: area(segments, side, node), ...fill, "shape-rendering": "crispEdges" };
      return svg("path", { ...path, class: `segment-${node}`, "data-node": node }, tip(node));
    });
    const doubts = (made.uncertain || []).map((node) => dots(segments, side, node)).join("");
    const line = { fill: "none", stroke: "#000", "pointer-events": "none" };
    return svg(
      "svg",
      {
        viewBox: `0 0 ${side} ${side}`,
        width: 10 * side,
        height: 10 * side,
        class: "picture digit",
      },
      ...areas,
      svg("path", { ...line, d: borders(segments, side), stroke: "#bbb", "stroke-width": 0.05 }),
      svg("path", { ...line, d: doubts, "stroke-width": 0.12, opacity: 0.55, class: "hatch" }),
      svg("path", { ...line, d: outline(image, side), "stroke-width": 0.2 }),
    );
  }

  /** The pixels of a segment, a rectangle for each run of a row. */
  function area(segments, side, node) {
    let path = "";
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const start = column;
        while (column < side && segments[row * side + column] === node) column++;
        if (column > start) path += `M${start} ${row}h${column - start}v1h${start - column}z`;
      }
    }
    return path;
  }

  /** A line on every pixel side that separates two segments. */
  function borders(segments, side) {
    let path = "";
    segments.forEach((segment, pixel) => {
      const column = pixel % side;
      const row = Math.floor(pixel / side);
      const isLast = column + 1 === side;
      const isLowest = row + 1 === side;
      if (!isLast && segments[pixel + 1] !== segment) path += `M${column + 1} ${row}v1`;
      if (!isLowest && segments[pixel + side] !== segment) path += `M${column} ${row + 1}h1`;
    });
    return path;
  }

  /** A short diagonal in each pixel of a segment. */
  function dots(segments, side, node) {
    let path = "";
    segments.forEach((segment, pixel) => {
      if (segment === node) path += `M${pixel % side} ${Math.floor(pixel / side) + 1}l1 -1`;
    });
    return path;
  }

  const LEVEL = 127.5; // half of the grey values
  const CORNERS = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];

  /** The line where the grey value is half, by marching squares between the pixels' middles. */
  function outline(image, side) {
    let path = "";
    for (let row = 0; row + 1 < side; row++) {
      for (let column = 0; column + 1 < side; column++) {
        const grey = CORNERS.map(([x, y]) => image[(row + y) * side + column + x]);
        const ends = crossings(grey).map(([x, y]) => [column + 0.5 + x, row + 0.5 + y]);
        for (let i = 0; i + 1 < ends.length; i += 2) {
          path += `M${ends[i].join(" ")}L${ends[i + 1].join(" ")}`;
        }
      }
    }
    return path;
  }

  /** Where the grey value is half on the sides of a square, from the values at its corners. */
  function crossings(grey) {
    const ends = [];
    CORNERS.forEach(([x, y], i) => {
      const next = (i + 1) % CORNERS.length;
      const isBright = grey[i] > LEVEL;
      if (isBright === grey[next] > LEVEL) return;
      const share = (LEVEL - grey[i]) / (grey[next] - grey[i]);
      const [u, v] = CORNERS[next];
      ends.push([x + share * (u - x), y + share * (v - y)]);
    });
    return ends;
  }

  /** The original picture in grey. */
  molxai.original = (drawing) => {
    const { side } = drawing;
    const pixels = Array.from(bytes(drawing.image), (grey, pixel) => {
      if (!grey) return null;
      const ink = 255 - grey;
      const square = { x: pixel % side, y: Math.floor(pixel / side), width: 1.02, height: 1.02 };
      return svg("rect", { ...square, fill: `rgb(${ink},${ink},${ink})` });
    });
    const frame = {
      viewBox: `0 0 ${side} ${side}`,
      width: 10 * side,
      height: 10 * side,
      class: "picture digit",
      role: "img",
      "aria-label": "the picture",
    };
    return svg("svg", frame, ...pixels);
  };

  function follow(drawn, nodes, onnode) {
    let current = -1;
    const choose = (node) => {
      if (node === current) return;
      current = node;
      onnode(node < 0 ? null : node);
    };
    const under = (event) => Number(event.target.getAttribute("data-node") ?? -1);
    drawn.setAttribute("tabindex", "0");
    drawn.addEventListener("pointermove", (event) => choose(under(event)));
    drawn.addEventListener("pointerdown", (event) => choose(under(event)));
    drawn.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && choose(-1));
    drawn.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      choose((Math.max(current, step > 0 ? -1 : 0) + step + nodes) % nodes);
    });
  }

  /** Mark these nodes of a picture, and no others. */
  molxai.mark = (drawn, view, nodes) => {
    if (view.sentence) {
      molxai.markWords(drawn, nodes);
      return;
    }
    drawn.querySelectorAll(".marked").forEach((old) => old.remove());
    const mark = (node) => (view.molecule ? ring(view.molecule, node) : shade(drawn, node));
    drawn.append(...nodes.map(mark));
  };

  function ring(drawing, node) {
    const [cx, cy] = position(drawing, node);
    const line = { fill: "none", stroke: "#000", "stroke-width": 1.5 };
    return svg("circle", { cx, cy, r: REACH, ...line, class: "marked", "pointer-events": "none" });
  }

  function shade(drawn, node) {
    const d = drawn.querySelector(`.segment-${node}`).getAttribute("d");
    const fill = { fill: "#000", opacity: 0.35 };
    return svg("path", { d, ...fill, class: "marked", "pointer-events": "none" });
  }
})();
