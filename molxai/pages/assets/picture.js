// The picture of one input under one method: a molecule's atoms and bonds, or a digit's superpixels, in colour.
"use strict";

(() => {
  const { svg } = molxai;
  const DISC = 9.2; // radius behind an atom: neighbouring discs just leave a gap
  const BAND = 8; // width behind a bond
  const REACH = 12; // radius within which the pointer finds an atom

  /**
   * An SVG of the input, without a frame.
   * look: { limit, palette, numbers, onnode(node or null) }; pointing at a node or moving to it by the arrow keys calls `onnode`.
   */
  molxai.picture = (view, method, look) => {
    const made = view.methods[method];
    // Where nobody follows the pointer, in tables and exports, the browser's own tips say the numbers.
    const tip = (node) => (look.onnode ? null : svg("title", {}, `${molxai.nodeName(view, node)} ${molxai.signed(made.relevance[node])}`));
    const drawn = view.molecule ? molecule(view.molecule, made, look, tip) : digit(view.digit, made, look, tip);
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", description(view, method));
    if (look.onnode) follow(drawn, made.relevance.length, look.onnode);
    return drawn;
  };

  function description(view, method) {
    return `${view.molecule ? "Molecule" : "Digit"} ${molxai.shortened(view.id, 60)}, ${method}: largest ${molxai.largest(view, method)}`;
  }

  function molecule(drawing, made, look, tip) {
    const [width, height] = drawing.size;
    const place = (node) => [drawing.atoms[2 * node], drawing.atoms[2 * node + 1]];
    const { relevance } = made;
    const bands = [], discs = [], hatches = [], targets = [], numbers = [];
    for (let i = 0; i < drawing.bonds.length; i += 2) {
      const [a, b] = [drawing.bonds[i], drawing.bonds[i + 1]];
      const [[x1, y1], [x2, y2]] = [place(a), place(b)];
      const stroke = molxai.colour((relevance[a] + relevance[b]) / 2, look.limit, look.palette);
      bands.push(svg("line", { x1, y1, x2, y2, stroke, "stroke-width": BAND }));
    }
    relevance.forEach((value, node) => {
      const [cx, cy] = place(node);
      discs.push(svg("circle", { cx, cy, r: DISC, fill: molxai.colour(value, look.limit, look.palette), class: `atom-${node}` }, tip(node)));
      if (molxai.uncertain(made, node)) hatches.push(svg("path", { d: hatch(cx, cy), class: "hatch" }));
      if (look.numbers) numbers.push(svg("text", { x: cx + 8, y: cy - 7, "font-size": 7 }, String(node)));
      if (look.onnode) targets.push(svg("circle", { cx, cy, r: REACH, class: "target", "data-node": node, fill: "transparent" }));
    });
    const ink = [
      svg("path", { d: drawing.lines, fill: "none", "stroke-width": 1.5 }),
      svg("path", { d: drawing.thin, fill: "none", "stroke-width": 0.9 }),
      svg("path", { d: drawing.solid, fill: "#000", stroke: "none" }),
    ];
    const labels = drawing.labels.map(([text, x, y, size]) => svg("text", { x, y: y + 0.36 * size, "font-size": size }, text));
    const font = { "pointer-events": "none", "text-anchor": "middle", "font-family": "Arial, Helvetica, sans-serif", fill: "#000" };
    return svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, class: "picture molecule" },
      ...[bands, discs].map((group) => svg("g", {}, ...group)),
      svg("g", { stroke: "#000", "stroke-width": 0.7, fill: "none", opacity: 0.35, "pointer-events": "none" }, ...hatches),
      svg("g", { stroke: "#000", "stroke-linecap": "round", "pointer-events": "none" }, ...ink),
      svg("g", font, ...labels),
      svg("g", { ...font, fill: "#555" }, ...numbers),
      svg("g", {}, ...targets),
    );
  }

  /** Diagonal lines within a disc. */
  function hatch(x, y) {
    const turn = Math.SQRT1_2;
    return [-6, -3, 0, 3, 6]
      .map((off) => {
        const half = Math.sqrt(DISC * DISC - off * off);
        const [mx, my] = [x + off * turn, y + off * turn];
        return `M${mx - half * turn} ${my + half * turn}L${mx + half * turn} ${my - half * turn}`;
      })
      .join("");
  }

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function digit(drawing, made, look, tip) {
    const { side } = drawing;
    const [image, segments] = [bytes(drawing.image), bytes(drawing.segments)];
    const areas = made.relevance.map((value, node) => {
      const d = area(segments, side, node);
      const fill = molxai.colour(value, look.limit, look.palette);
      return svg("path", { d, fill, "shape-rendering": "crispEdges", class: `segment-${node}`, "data-node": node }, tip(node));
    });
    const doubts = made.relevance.map((_, node) => (molxai.uncertain(made, node) ? dots(segments, side, node) : ""));
    return svg(
      "svg",
      { viewBox: `0 0 ${side} ${side}`, width: 10 * side, height: 10 * side, class: "picture digit" },
      ...areas,
      svg("path", { d: borders(segments, side), stroke: "#bbb", "stroke-width": 0.05, "pointer-events": "none" }),
      svg("path", { d: doubts.join(""), stroke: "#000", "stroke-width": 0.12, opacity: 0.55, class: "hatch", "pointer-events": "none" }),
      svg("path", { d: outline(image, side), fill: "none", stroke: "#000", "stroke-width": 0.2, "pointer-events": "none" }),
    );
  }

  /** The pixels of a segment, a rectangle for each run of a row. */
  function area(segments, side, node) {
    let path = "";
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const start = column;
        while (column < side && segments[row * side + column] === node) column++;
        if (column > start) path += `M${start} ${row}h${column - start}v1h${start - column}z`;
      }
    return path;
  }

  /** A line on every pixel side that separates two segments. */
  function borders(segments, side) {
    let path = "";
    segments.forEach((one, pixel) => {
      const [column, row] = [pixel % side, Math.floor(pixel / side)];
      if (column + 1 < side && segments[pixel + 1] !== one) path += `M${column + 1} ${row}v1`;
      if (row + 1 < side && segments[pixel + side] !== one) path += `M${column} ${row + 1}h1`;
    });
    return path;
  }

  /** A short diagonal in each pixel of a segment. */
  function dots(segments, side, node) {
    let path = "";
    segments.forEach((one, pixel) => {
      if (one === node) path += `M${pixel % side} ${Math.floor(pixel / side) + 1}l1 -1`;
    });
    return path;
  }

  /** The line where the grey value is half, by marching squares between the pixels' middles. */
  function outline(image, side) {
    const level = 127.5;
    let path = "";
    for (let row = 0; row + 1 < side; row++)
      for (let column = 0; column + 1 < side; column++) {
        const corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
        const grey = corners.map(([x, y]) => image[(row + y) * side + column + x]);
        const ends = [];
        corners.forEach(([x, y], i) => {
          const j = (i + 1) % 4;
          if (grey[i] > level === grey[j] > level) return;
          const share = (level - grey[i]) / (grey[j] - grey[i]);
          const [u, v] = corners[j];
          ends.push([column + 0.5 + x + share * (u - x), row + 0.5 + y + share * (v - y)]);
        });
        for (let i = 0; i + 1 < ends.length; i += 2) path += `M${ends[i].join(" ")}L${ends[i + 1].join(" ")}`;
      }
    return path;
  }

  /** The original picture in grey. */
  molxai.original = (drawing) => {
    const { side } = drawing;
    const pixels = Array.from(bytes(drawing.image), (grey, pixel) =>
      grey ? svg("rect", { x: pixel % side, y: Math.floor(pixel / side), width: 1.02, height: 1.02, fill: `rgb(${255 - grey},${255 - grey},${255 - grey})` }) : null,
    );
    return svg("svg", { viewBox: `0 0 ${side} ${side}`, width: 10 * side, height: 10 * side, class: "picture digit", role: "img", "aria-label": "the picture" }, ...pixels);
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
    drawn.querySelectorAll(".marked").forEach((old) => old.remove());
    drawn.append(...nodes.map((node) => (view.molecule ? ring(view.molecule, node) : shade(drawn, node))));
  };

  function ring(drawing, node) {
    const [cx, cy] = [drawing.atoms[2 * node], drawing.atoms[2 * node + 1]];
    return svg("circle", { cx, cy, r: REACH, fill: "none", stroke: "#000", "stroke-width": 1.5, class: "marked", "pointer-events": "none" });
  }

  function shade(drawn, node) {
    const d = drawn.querySelector(`.segment-${node}`).getAttribute("d");
    return svg("path", { d, fill: "#000", opacity: 0.35, class: "marked", "pointer-events": "none" });
  }
})();
