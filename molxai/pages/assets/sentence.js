// The picture of a text: every word on its colour. The browser breaks the lines, in the text's own
// direction of writing; the picture to keep has the words where the browser put them.
"use strict";

(() => {
  const { html, svg } = molxai;
  const SIZE = 16; // of the letters that are kept, as in the style sheet
  const LONGEST = 40; // letters of a word that is kept: it stands in one line
  const UNPRINTABLE = /\p{Cc}|\p{Cs}/gu; // an SVG must not hold them

  /** A paragraph; `look.letters`, if it is given, are as many as are shown. */
  molxai.sentence = ({ words, spaced }, made, look, tip) => {
    const shown = countOf(words, look.letters ?? Infinity);
    const inline = words.slice(0, shown).flatMap((text, node) => {
      const background = molxai.colour(made.relevance[node], look.limit, look.palette, look.low);
      const own = { style: `background: ${background}`, "data-node": node, title: tip(node) };
      return [spaced[node] ? " " : "", html("span", { class: "word", ...own }, text)];
    });
    const rest = shown < words.length ? " …" : "";
    return html("p", { class: "picture sentence", dir: "auto" }, ...inline, rest);
  };

  /** How many of the words have so many letters together. */
  function countOf(words, letters) {
    let total = 0;
    for (const [count, text] of words.entries()) {
      if (total > letters) return count;
      total += text.length;
    }
    return words.length;
  }

  /** Mark these words, and no others; a single one is brought into sight. */
  molxai.markWords = (paragraph, nodes) => {
    const words = [...paragraph.querySelectorAll(".word")];
    words.forEach((word, node) => word.classList.toggle("marked", nodes.includes(node)));
    if (nodes.length === 1) words[nodes[0]].scrollIntoView({ block: "nearest" });
  };

  /** A paragraph as SVG of that width. */
  molxai.keptSentence = (paragraph, width) => {
    const words = [...paragraph.querySelectorAll(".word")];
    for (const word of words) {
      const text = word.textContent.replace(UNPRINTABLE, "\ufffd");
      word.textContent = molxai.shortened(text, LONGEST);
    }
    paragraph.classList.add("kept");
    paragraph.style.width = `${width}px`;
    document.body.append(paragraph); // only what is in a page has places
    const { left, top, height } = paragraph.getBoundingClientRect();
    const { direction } = getComputedStyle(paragraph);
    const placed = words.map((word) => placedWord(word, left, top));
    paragraph.remove();
    const frame = { viewBox: `0 0 ${width} ${Math.ceil(height)}`, direction };
    return svg("svg", { ...frame, "font-size": SIZE, "text-anchor": "middle" }, ...placed);
  };

  function placedWord(word, left, top) {
    const box = word.getBoundingClientRect();
    const corner = { x: box.x - left, y: box.y - top };
    const size = { width: box.width, height: box.height, rx: 3 };
    const middle = { x: corner.x + box.width / 2, y: corner.y + box.height / 2 + 0.36 * SIZE };
    return svg(
      "g",
      {},
      svg("rect", { ...corner, ...size, fill: word.style.backgroundColor }),
      svg("text", middle, word.textContent),
    );
  }
})();
