// What an input is (a molecule, a digit or a text), and what its nodes are called.
"use strict";

(() => {
  const KINDS = {
    molecule: { title: "Molecule", article: "an", node: "atom" },
    digit: { title: "Digit", article: "a", node: "superpixel" },
    sentence: { title: "Text", article: "a", node: "word" },
  };
  const LONGEST = 30; // letters of a word in a line
  const TURNS = /[\u202a-\u202e\u2066-\u2069]/g; // characters that turn the direction of writing

  /** The kind of a view that was explained. */
  molxai.kind = (view) => KINDS[Object.keys(KINDS).find((key) => view[key])];

  /** An atom's element and number, a superpixel's number, or a word as it stands in the text. */
  molxai.nodeName = (view, node) => {
    if (view.sentence) return view.sentence.words[node];
    return view.symbols ? view.symbols[node] + node : String(node);
  };

  /** The same within a line: a word, which may be any text, turns nothing but itself. */
  molxai.nodeInLine = (view, node) => {
    const name = molxai.nodeName(view, node);
    if (!view.sentence) return name;
    return `“\u2068${molxai.shortened(name.replace(TURNS, ""), LONGEST)}\u2069”`;
  };

  /** A line without the marks that `nodeInLine` sets around words. */
  molxai.unmarked = (line) => line.replace(TURNS, "");
})();
