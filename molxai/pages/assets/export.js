// What leaves the page: one picture in a frame as SVG, a table as CSV.
"use strict";

(() => {
  const { html, svg } = molxai;
  const WIDTH = 640;
  const PAD = 16;
  const HEAD = 50;
  const FOOT = 74; // and more if the last line is broken
  const LINE = 12; // of the last lines
  const ANCHORS = ["start", "middle", "end"]; // of the numbers below the bar
  const HIGHEST = 420; // of a molecule or a digit
  const LETTERS = 1130; // of a line at a font size of 1
  const SMALLEST = 9; // size of letters to which a long ledger shrinks
  const FONT = "Arial, Helvetica, sans-serif";

  /** A picture to keep: title and prediction above it, colour bar with numbers and ledger below. */
  molxai.framed = (view, method, look, settings) => {
    const inner = drawing(view, method, look);
    const high = view.sentence ? place(inner, 1, Infinity) : place(inner, view.molecule ? 2.2 : 20);
    const below = HEAD + high;
    const reading = broken(molxai.colourLine(view, method, look.palette), LETTERS / 10);
    const height = below + FOOT + LINE * (reading.length - 1);
    const ledger = molxai.ledgerLine(view, method, settings);
    const small = Math.max(SMALLEST, Math.min(11, LETTERS / ledger.length));
    const frame = {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: WIDTH,
      height,
      "font-family": FONT,
    };
    return svg(
      "svg",
      frame,
      svg("rect", { width: WIDTH, height, fill: "#fff" }),
      text(22, 14, view.id, "bold"),
      text(40, 11, molxai.predictionLine(view, method)),
      inner,
      svg(
        "g",
        { transform: `translate(${PAD} ${below + 12})` },
        ...bar(look, view.methods[method]),
      ),
      text(below + 48, small, ledger),
      ...reading.map((line, row) => text(below + 64 + LINE * row, 10, line)),
    );
  };

  /** Words in lines of at most so many letters. */
  function broken(words, letters) {
    const lines = [""];
    for (const word of words.split(" ")) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (longer.length > letters && lines.at(-1)) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }

  /** The picture as SVG, whatever the page shows. */
  function drawing(view, method, look) {
    const picture = molxai.picture(view, method, { ...look, onnode: null });
    return view.sentence ? molxai.keptSentence(picture, WIDTH - 2 * PAD) : picture;
  }

  /** Put a drawing in the middle below the head, enlarged at most so much; returns its height. */
  function place(drawing, most, highest = HIGHEST) {
    const [, , width, height] = drawing.getAttribute("viewBox").split(" ").map(Number);
    const scale = Math.min((WIDTH - 2 * PAD) / width, highest / height, most);
    const high = Math.round(height * scale);
    drawing.setAttribute("x", (WIDTH - width * scale) / 2);
    drawing.setAttribute("y", HEAD);
    drawing.setAttribute("width", width * scale);
    drawing.setAttribute("height", high);
    return high;
  }

  function text(y, size, words, weight = "normal") {
    const line = molxai.shortened(words, Math.round(LETTERS / size));
    return svg("text", { x: PAD, y, "font-size": size, "font-weight": weight }, line);
  }

  /** The colour bar with its ends and its unit. */
  function bar(look, made) {
    // Several pictures may stand in one document.
    const id = `bar-${Math.random().toString(36).slice(2)}`;
    const colours = molxai
      .stops(look)
      .map(([offset, colour, opacity]) =>
        svg("stop", { offset, "stop-color": colour, "stop-opacity": opacity }),
      );
    const ticks = molxai.ticks(look).map((value, place) => {
      const number = value ? molxai.amount(value, { ...made, low: look.low }) : "0";
      return svg(
        "text",
        { x: 150 * place, y: 22, "font-size": 10, "text-anchor": ANCHORS[place] },
        number,
      );
    });
    const ramp = {
      width: 300,
      height: 10,
      fill: `url(#${id})`,
      stroke: "#888",
      "stroke-width": 0.5,
    };
    return [
      svg("defs", {}, svg("linearGradient", { id }, ...colours)),
      svg("rect", ramp),
      ...ticks,
      svg("text", { x: 330, y: 9, "font-size": 10 }, `relevance (${made.unit})`),
    ];
  }

  /** Markup of an SVG element as a file's content. */
  molxai.markup = (element) => new XMLSerializer().serializeToString(element);

  /** Hand the user a file. */
  molxai.save = (content, type, name) => {
    const blob = content instanceof Blob ? content : new Blob([content], { type });
    const address = URL.createObjectURL(blob);
    const link = html("a", { href: address, download: molxai.fileName(name) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };

  /** A file name without anything that a file system could mistake. */
  molxai.fileName = (name) => {
    const [, stem, ending] = /^(.*?)((?:\.json)?\.[a-z]+)$/s.exec(name);
    const safe = stem.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "");
    return (safe.slice(0, 60) || "molxai") + ending;
  };

  molxai.saveSvg = (element, name) => molxai.save(molxai.markup(element), "image/svg+xml", name);

  /** Whether a spreadsheet would take a text for a formula. */
  const isFormula = (value) =>
    typeof value === "string" && Number.isNaN(Number(value)) && /^[=+\-@\t\r]/.test(value);

  /** A cell of a CSV file; an apostrophe keeps spreadsheets from taking text for a formula. */
  function cell(value) {
    const text = value === null || value === undefined ? "" : String(value);
    const content = isFormula(value) ? `'${text}` : text;
    return /[",\n\r]/.test(content) ? `"${content.replaceAll('"', '""')}"` : content;
  }

  /** What is to be said of cells that do not stand in a CSV file as they are; else nothing. */
  molxai.csvNote = (rows) => {
    const count = rows.flat().filter(isFormula).length;
    if (!count) return "";
    const cells = count === 1 ? "1 cell begins" : `${count} cells begin`;
    return `${cells} with =, +, - or @: an apostrophe stands before, or a spreadsheet computes it.`;
  };

  /** Rows of cells as CSV. */
  molxai.csv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
})();
