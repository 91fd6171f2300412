// What is said of an explanation, in sentences.
"use strict";

(() => {
  const { signed } = molxai;

  /** The explained class, after the name of the endpoint where the model has several. */
  molxai.target = (view) => (view.endpoint ? `${view.endpoint}: ${view.target}` : view.target);

  /** What is explained, how sure the model is, by which model and method. */
  molxai.predictionLine = (view, method, settings) => {
    const by = `${settings.model} · ${method}`;
    const spread = view.logit_sd === null ? "" : ` ± ${view.logit_sd.toFixed(3)}`;
    if (view.probability === null) return `Explained: ${view.endpoint || "the predicted value"}, ${view.prediction.toFixed(3)}${spread} ${view.unit} · ${by}`;
    const said = view.target === view.prediction ? "as predicted" : `the prediction is ${view.prediction}`;
    return `Explained: ${molxai.target(view)} (${said}) · probability ${view.probability.toFixed(3)} · logit ${signed(view.logit)}${spread} · ${by}`;
  };

  /** Whether what a method gives its nodes, the token and the biases sums to the logit. */
  molxai.addsUp = (view, method) => {
    const made = view.methods[method];
    const size = made.relevance.reduce((sum, value) => sum + Math.abs(value), Math.abs(view.logit));
    return Math.abs(made.gap) <= 1e-4 * size;
  };

  /** What the parts sum to, and what is missing. */
  molxai.ledgerLine = (view, method, biases) => {
    const made = view.methods[method];
    const nodes = view.molecule ? "atoms" : "superpixels";
    const parts = `${nodes} ${signed(molxai.sum(made.relevance))}, graph token ${signed(made.token)}, ${biases} ${signed(made.bias)}`;
    const missing = molxai.addsUp(view, method) ? "adds up to the output" : `${signed(made.gap)} not accounted for: does not add up`;
    return `Sum: ${parts} = ${signed(view.logit - made.gap)} · ${missing}`;
  };

  /** What relevances are counted in. */
  molxai.unit = (view, method, settings) => (settings.methods[method].in_unit ? view.unit : "the method's own unit");

  /** What the colours say; look: { palette, unit }. */
  molxai.colourLine = (view, { palette, unit }) => {
    const [towards, against] = palette.words;
    const upper = towards[0].toUpperCase() + towards.slice(1);
    if (view.probability === null) return `${upper} raises the value, ${against} lowers it.`;
    return `${upper} speaks for ${molxai.target(view)}, ${against} against it; the model's evidence, in ${unit === view.unit ? `${unit} units` : unit}.`;
  };

  /** A node's relevance and the input features that it came through, the largest first. */
  molxai.nodeLine = (view, method, node) => {
    const made = view.methods[method];
    const spread = made.sd ? ` ± ${made.sd[node].toFixed(3)}` : "";
    const split = Object.entries(made.features || {}).map(([name, values]) => [name, values[node]]);
    const largest = split.filter(([, value]) => Math.abs(value) >= 5e-4).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const through = largest.slice(0, 4).map(([name, value]) => `${name} ${signed(value)}`);
    if (largest.length > 4) through.push(`others ${signed(made.relevance[node] - molxai.sum(largest.slice(0, 4).map(([, value]) => value)))}`);
    const kind = view.molecule ? "" : "superpixel ";
    return `${kind}${molxai.nodeName(view, node)}: ${signed(made.relevance[node])}${spread}${through.length ? ` (${through.join(", ")})` : ""}`;
  };
})();
