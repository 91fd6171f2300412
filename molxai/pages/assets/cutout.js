// Some atoms of a molecule, cut out of its drawing.
"use strict";

(() => {
  const { svg } = molxai;
  const AROUND = 6; // units of the drawing around all that is drawn
  const NEAR = 8; // units from an atom within which letters are its own
  const LARGEST = 1.4; // times the drawing's own size
  const WIDTH = 110; // in pixels, at most
  const HEIGHT = 76;
  const PATHS = {
    lines: { fill: "none", "stroke-width": 1.5 },
    thin: { fill: "none", "stroke-width": 0.9 },
    solid: { fill: "#000", stroke: "none" },
  };

  const position = (drawing, atom) => [drawing.atoms[2 * atom], drawing.atoms[2 * atom + 1]];

  /** Distance of a point to the line between two others. */
  function distance([x, y], [x1, y1], [x2, y2]) {
    const across = x2 - x1;
    const along = y2 - y1;
    const square = across * across + along * along || 1;
    const share = Math.min(1, Math.max(0, ((x - x1) * across + (y - y1) * along) / square));
    return Math.hypot(x - x1 - share * across, y - y1 - share * along);
  }

  /** The place in a list with the smallest value. */
  function placeOfLeast(values) {
    let least = 0;
    values.forEach((value, place) => {
      if (value < values[least]) least = place;
    });
    return least;
  }

  /** The middle of a piece of a path. */
  function middle(piece) {
    const numbers = piece.match(/-?[\d.]+/g).map(Number);
    const xs = numbers.filter((_, place) => place % 2 === 0);
    const ys = numbers.filter((_, place) => place % 2 === 1);
    return [molxai.sum(xs) / xs.length, molxai.sum(ys) / ys.length];
  }

  /** Both atoms of each bond, and where they are. */
  function bondsOf(drawing) {
    const bonds = [];
    for (let place = 0; place < drawing.bonds.length; place += 2) {
      const ends = drawing.bonds.slice(place, place + 2);
      bonds.push({ ends, points: ends.map((atom) => position(drawing, atom)) });
    }
    return bonds;
  }

  /** Which pieces of a path belong to bonds that pass a test. */
  function chosen(path, bonds, test) {
    if (!bonds.length) return "";
    const pieces = path.match(/M[^M]*/g) || [];
    const kept = pieces.filter((piece) => {
      const at = middle(piece);
      const far = bonds.map(({ points }) => distance(at, ...points));
      return test(bonds[placeOfLeast(far)].ends);
    });
    return kept.join("");
  }

  const strokes = (drawing, bonds, test) =>
    Object.entries(PATHS).map(([kind, look]) =>
      svg("path", { ...look, d: chosen(drawing[kind], bonds, test) }),
    );

  /** The letters that stand at atoms that pass a test: text, x and y of their middle, size. */
  function lettersOf(drawing, isCut) {
    const places = Array.from({ length: drawing.atoms.length / 2 }, (_, i) => position(drawing, i));
    return drawing.labels.filter(([, x, y]) =>
      isCut(placeOfLeast(places.map(([ax, ay]) => Math.hypot(ax - x, ay - y)))),
    );
  }

  const letter = ([text, x, y, size]) =>
    svg("text", { x, y: y + 0.36 * size, "font-size": size }, text);

  /** Left, top, width and height of what holds all points and letters. */
  function box(points, letters) {
    const corners = letters.flatMap(([text, x, y, size]) => [
      [x - 0.4 * size * text.length, y - size / 2],
      [x + 0.4 * size * text.length, y + size / 2],
    ]);
    const xs = [...points, ...corners].map(([x]) => x);
    const ys = [...points, ...corners].map(([, y]) => y);
    const left = Math.min(...xs) - AROUND;
    const top = Math.min(...ys) - AROUND;
    return [left, top, Math.max(...xs) + AROUND - left, Math.max(...ys) + AROUND - top];
  }

  /** A dot for an atom that neither letters nor bonds show, such as a methyl. */
  function dots(drawing, atoms, bonds, letters) {
    const bare = atoms.filter((atom) => {
      const [x, y] = position(drawing, atom);
      const hasLetters = letters.some(([, lx, ly]) => Math.hypot(lx - x, ly - y) < NEAR);
      return !hasLetters && !bonds.some(({ ends }) => ends.includes(atom));
    });
    return bare.map((atom) => {
      const [cx, cy] = position(drawing, atom);
      return svg("circle", { cx, cy, r: 2.2, stroke: "none" });
    });
  }

  /** A picture of these atoms alone; the bonds that leave them are grey. `title` is read aloud. */
  molxai.cutOut = (view, atoms, title) => {
    const drawing = view.molecule;
    const cut = new Set(atoms);
    const bonds = bondsOf(drawing);
    const inside = (ends) => ends.every((atom) => cut.has(atom));
    const leaving = (ends) => ends.some((atom) => cut.has(atom)) && !inside(ends);
    const own = bonds.filter((bond) => inside(bond.ends));
    const ends = bonds.filter((bond) => leaving(bond.ends)).flatMap((bond) => bond.points);
    const points = [...atoms.map((atom) => position(drawing, atom)), ...ends];
    const letters = lettersOf(drawing, (atom) => cut.has(atom));
    const [left, top, width, height] = box(points, letters);
    const scale = Math.min(LARGEST, WIDTH / width, HEIGHT / height);
    const ink = { stroke: "#000", "stroke-linecap": "round" };
    const font = { "text-anchor": "middle", "font-family": "Arial, Helvetica, sans-serif" };
    const frame = {
      viewBox: `${left} ${top} ${width} ${height}`,
      width: scale * width,
      height: scale * height,
      class: "cutout",
      role: "img",
      "aria-label": title,
    };
    return svg(
      "svg",
      frame,
      svg("g", { ...ink, opacity: 0.3 }, ...strokes(drawing, bonds, leaving)),
      svg("g", ink, ...strokes(drawing, bonds, inside)),
      svg("g", ink, ...dots(drawing, atoms, own, letters)),
      svg("g", { ...font, fill: "#000" }, ...letters.map(letter)),
    );
  };
})();
