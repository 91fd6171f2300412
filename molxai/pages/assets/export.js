// What leaves the page: one picture as SVG or PNG, a table as CSV.
"use strict";

(() => {
  const { html, svg } = molxai;
  const WIDTH = 640, PAD = 16, HEAD = 50, FOOT = 74;
  const FONT = "Arial, Helvetica, sans-serif";

  /** A picture to keep: title and prediction above, drawing, colour bar with numbers and the ledger below. */
  molxai.framed = (view, method, look, settings) => {
    const inner = molxai.picture(view, method, { ...look, onnode: null });
    const [, , width, height] = inner.getAttribute("viewBox").split(" ").map(Number);
    const scale = Math.min((WIDTH - 2 * PAD) / width, 420 / height, view.molecule ? 2.2 : 20);
    const high = Math.round(height * scale);
    for (const [name, value] of Object.entries({ x: (WIDTH - width * scale) / 2, y: HEAD, width: width * scale, height: high })) inner.setAttribute(name, value);
    const text = (y, size, words, weight = "normal") => svg("text", { x: PAD, y, "font-size": size, "font-weight": weight }, molxai.shortened(words, Math.round(1130 / size)));
    const whole = HEAD + high + FOOT;
    return svg(
      "svg",
      { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${whole}`, width: WIDTH, height: whole, "font-family": FONT },
      svg("rect", { width: WIDTH, height: whole, fill: "#fff" }),
      text(22, 14, view.id, "bold"),
      text(40, 11, molxai.predictionLine(view, method, settings)),
      inner,
      svg("g", { transform: `translate(${PAD} ${HEAD + high + 12})` }, ...bar(look)),
      text(HEAD + high + 48, 11, molxai.ledgerLine(view, method, look.biases)),
      text(HEAD + high + 64, 10, molxai.colourLine(view, look)),
    );
  };

  function bar(look) {
    const id = `bar-${Math.random().toString(36).slice(2)}`; // several pictures may come to stand in one document
    const stops = [[0, look.palette.against], [0.5, "#ffffff"], [1, look.palette.towards]];
    const gradient = svg("linearGradient", { id }, ...stops.map(([offset, colour]) => svg("stop", { offset, "stop-color": colour })));
    const ticks = [-1, 0, 1].map((share) =>
      svg("text", { x: 150 + 150 * share, y: 22, "font-size": 10, "text-anchor": "middle" }, share ? molxai.signed(share * look.limit) : "0"),
    );
    const words = svg("text", { x: 330, y: 9, "font-size": 10 }, `relevance (${look.unit})`);
    return [svg("defs", {}, gradient), svg("rect", { width: 300, height: 10, fill: `url(#${id})`, stroke: "#888", "stroke-width": 0.5 }), ...ticks, words];
  }

  /** Markup of an SVG element as a file's content. */
  molxai.markup = (element) => new XMLSerializer().serializeToString(element);

  /** Hand the user a file. */
  molxai.save = (content, type, name) => {
    const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    const link = html("a", { href: address, download: molxai.fileName(name) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };

  /** A file name without anything that a file system could mistake. */
  molxai.fileName = (name) => {
    const [, stem, ending] = /^(.*?)(\.[a-z]+)$/s.exec(name);
    return (stem.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "molxai") + ending;
  };

  molxai.saveSvg = (element, name) => molxai.save(molxai.markup(element), "image/svg+xml", name);

  /** A PNG of three times the SVG's size. */
  molxai.savePng = (element, name) => {
    const picture = new Image();
    picture.addEventListener("load", () => {
      const canvas = html("canvas", { width: 3 * picture.width, height: 3 * picture.height });
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => molxai.save(blob, "image/png", name), "image/png");
    });
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(molxai.markup(element))}`;
  };

  /** Rows of cells as CSV; text that a spreadsheet would take for a formula is kept from it by an apostrophe. */
  molxai.csv = (rows) => {
    const cell = (value) => {
      let text = value === null || value === undefined ? "" : String(value);
      if (typeof value === "string" && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text))) text = `'${text}`;
      return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  };
})();
