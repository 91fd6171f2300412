// Sentences about an explanation. Python makes them; here they get the method, the palette, or the
// node pointed at.
"use strict";

(() => {
  const { signed } = molxai;
  const SMALLEST = 5e-4; // a smaller share of a feature would be written as 0.000
  const MOST = 4; // features that are named

  /** What is explained, how sure the model is, by which model and method. */
  molxai.predictionLine = (view, method) => `${view.explained} · ${method}`;

  /** What the parts sum to, and whether that is the output. */
  molxai.ledgerLine = (view, method, settings) => {
    const { ledger, adds_up, in_unit } = view.methods[method];
    if (!in_unit) return `${ledger}.`;
    return `${ledger} · ${settings.verdicts[adds_up]}`;
  };

  /** What distances, bonds and offsets say, if the method gives them relevance. */
  molxai.structureLines = (view, method) => {
    const { structure, bond_colours } = view.methods[method];
    return [structure, bond_colours].filter(Boolean);
  };

  /** What the colours say. */
  molxai.colourLine = (view, method, palette) => {
    const [towards, against] = palette.words;
    const { colours } = view.methods[method];
    return colours.replace("{towards}", towards).replace("{against}", against);
  };

  /** A node's relevance and the input features that it came through, the largest first. */
  molxai.nodeLine = (view, method, node) => {
    const made = view.methods[method];
    const { relevance, sd, features } = made;
    const kind = view.digit ? "superpixel " : "";
    const spread = sd ? ` ± ${sd[node].toFixed(made.decimals)}` : "";
    const through = shares(features || {}, node, made);
    const split = through.length ? ` (${through.join(", ")})` : "";
    const amount = molxai.amount(relevance[node], made);
    return `${kind}${molxai.nodeInLine(view, node)}: ${amount}${spread}${split}`;
  };

  function shares(features, node, { relevance, decimals }) {
    const split = Object.entries(features).map(([name, values]) => [name, values[node]]);
    const largest = split
      .filter(([, value]) => Math.abs(value) >= SMALLEST)
      .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const named = largest.slice(0, MOST);
    const through = named.map(([name, value]) => `${name} ${signed(value, decimals)}`);
    if (largest.length > MOST) {
      const others = relevance[node] - molxai.sum(named.map(([, value]) => value));
      through.push(`others ${signed(others, decimals)}`);
    }
    return through;
  }
})();
