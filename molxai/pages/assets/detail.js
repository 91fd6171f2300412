// The large view of one input: what the model says, the picture to point at, the additive bar, atoms, and all methods.
"use strict";

(() => {
  const { html, signed } = molxai;

  /**
   * Fill an element with the large view.
   * state: { method, scale, palette (a name), scheme, numbers }; changes made in here are written to it and told by `state.changed()`.
   */
  molxai.detail = (container, view, settings, state) => {
    container.replaceChildren();
    if (view.error) {
      container.append(html("h2", {}, view.id), html("p", { class: "error" }, view.error), html("p", { class: "input" }, view.input));
      return;
    }
    const palette = settings.palettes[state.palette];
    const method = state.method in view.methods ? state.method : Object.keys(view.methods)[0];
    const look = { limit: molxai.limit(view, method, state.scale, settings), palette, numbers: state.numbers, biases: settings.biases, unit: molxai.unit(view, method, settings) };
    const said = html("p", { class: "readout", role: "status" }, hint(view));
    const atoms = atomTable(view, method, look);
    const drawn = molxai.picture(view, method, { ...look, onnode: (node) => point(node === null ? [] : [node]) });
    if (view.molecule) drawn.style.width = `min(100%, ${LARGEST * view.molecule.size[0]}px)`;
    const point = (nodes) => {
      said.textContent = nodes.length === 1 ? molxai.nodeLine(view, method, nodes[0]) : hint(view);
      molxai.mark(drawn, view, nodes);
      atoms.querySelectorAll("tr.marked").forEach((row) => row.classList.remove("marked"));
      nodes.forEach((node) => atoms.querySelector(`tr[data-node="${node}"]`).classList.add("marked"));
    };
    const keep = () => molxai.framed(view, method, look, settings);
    container.append(
      heading(view, method, settings),
      html("div", { class: "panels" }, html("section", { class: "large" }, drawn, legend(look, view), said, exports(view, method, keep)), explained(view, method, look, state, point)),
      sideBySide(view, state, settings),
      html("details", { class: "atoms" }, html("summary", {}, view.molecule ? "All atoms" : "All superpixels"), atoms),
    );
  };

  const LARGEST = 2.6; // times the drawing's own size: ethanol need not fill the page

  const hint = (view) => `Point at ${view.molecule ? "an atom" : "a superpixel"}, or press the arrow keys in the picture, to read its relevance.`;

  function heading(view, method, settings) {
    const facts = [molxai.predictionLine(view, method, settings)];
    if (view.label) facts.push(`Measured: ${view.label}.`);
    if (view.similarity !== undefined && view.similarity !== null) facts.push(near(view.similarity));
    const notes = (view.notes || []).map((note) => html("li", {}, note));
    return html(
      "header",
      {},
      html("h2", {}, html("bdi", {}, molxai.shortened(view.id, 120))),
      html("p", { class: "input" }, html("bdi", {}, molxai.shortened(view.input, 400))),
      ...facts.map((fact) => html("p", {}, fact)),
      notes.length ? html("ul", { class: "notes" }, ...notes) : null,
    );
  }

  const near = (similarity) =>
    `Nearest molecule that the model learnt from: similarity ${similarity.toFixed(2)}` + (similarity < 0.3 ? ", far away: a guess." : ".");

  function legend(look, view) {
    const ramp = `linear-gradient(to right, ${look.palette.against}, #fff, ${look.palette.towards})`;
    const ends = [-look.limit, 0, look.limit].map((value) => html("span", {}, value ? signed(value) : "0"));
    return html(
      "figure",
      { class: "legend" },
      html("div", { class: "ramp", style: `background: ${ramp}` }),
      html("div", { class: "ticks" }, ...ends),
      html("figcaption", {}, molxai.colourLine(view, look) + (Object.values(view.methods)[0].sd ? " Hatched: the ensemble's members disagree." : "")),
    );
  }

  function exports(view, method, keep) {
    const button = (text, onclick) => html("button", { type: "button", onclick }, text);
    const name = `${view.id}-${method}`;
    const rows = () => [["node", "relevance"], ...view.methods[method].relevance.map((value, node) => [molxai.nodeName(view, node), value])];
    return html(
      "p",
      { class: "buttons" },
      button("SVG", () => molxai.saveSvg(keep(), `${name}.svg`)),
      button("PNG", () => molxai.savePng(keep(), `${name}.png`)),
      button("CSV", () => molxai.save(molxai.csv(rows()), "text/csv", `${name}.csv`)),
    );
  }

  function explained(view, method, look, state, point) {
    const schemes = Object.keys(view.fragments || {});
    const place = html("div", {});
    const fill = () => {
      place.replaceChildren(molxai.waterfall(view, method, state.scheme, { ...look, onpart: point }));
      place.append(html("details", {}, html("summary", {}, "As a table"), molxai.partsTable(view, method, state.scheme, look)));
    };
    const change = (event) => {
      state.scheme = event.target.value;
      fill();
    };
    const options = schemes.map((name) => html("option", { value: name, selected: name === state.scheme }, name));
    const choice = schemes.length ? html("label", {}, "Parts: ", html("select", { class: "scheme", onchange: change }, ...options)) : null;
    fill();
    const what = view.probability === null ? "the value" : "the logit";
    const from = molxai.base(view, method, look.biases) ? `the ${look.biases}` : "zero";
    const title = molxai.addsUp(view, method) ? `From ${from} to ${what}` : `Parts, which do not add up to ${what}`;
    return html("section", { class: "additive" }, html("h3", {}, title), choice, place, html("p", { class: "ledger" }, molxai.ledgerLine(view, method, look.biases)));
  }

  function sideBySide(view, state, settings) {
    const figures = Object.keys(view.methods).map((method) => {
      const own = { limit: molxai.limit(view, method, "own", settings), palette: settings.palettes[state.palette] };
      const ledger = molxai.addsUp(view, method) ? "adds up" : "does not add up";
      const choose = () => {
        state.method = method;
        state.changed();
      };
      const caption = html("figcaption", {}, html("button", { type: "button", class: "link", onclick: choose }, method), `: full colour ±${Number(own.limit.toPrecision(2))}, ${ledger}; most: ${most(view, method)}`);
      return html("figure", { class: "method" }, molxai.picture(view, method, own), caption);
    });
    const original = view.digit ? [html("figure", { class: "method" }, molxai.original(view.digit), html("figcaption", {}, "the picture"))] : [];
    return html("section", {}, html("h3", {}, "Methods side by side"), html("p", { class: "hint" }, "Each on its own scale: methods differ in unit and size."), html("div", { class: "methods" }, ...original, ...figures));
  }

  /** The three most relevant nodes by name. */
  function most(view, method) {
    const order = molxai.ranked(view.methods[method].relevance);
    return order.slice(0, 3).map((node) => molxai.nodeName(view, node)).join(", ");
  }

  function atomTable(view, method, look) {
    const made = view.methods[method];
    const names = Object.keys(made.features || {});
    const order = molxai.ranked(made.relevance);
    const title = (name) => html("th", { scope: "col" }, name);
    const rows = order.map((node) =>
      html(
        "tr",
        { "data-node": node },
        html("th", { scope: "row" }, molxai.nodeName(view, node)),
        html("td", { style: `background: ${molxai.colour(made.relevance[node], look.limit, look.palette)}; color: #000` }, signed(made.relevance[node])),
        made.sd ? html("td", {}, made.sd[node].toFixed(3)) : null,
        ...names.map((name) => html("td", {}, signed(made.features[name][node]))),
      ),
    );
    const head = html("tr", {}, title(view.molecule ? "atom" : "superpixel"), title(`relevance (${look.unit})`), made.sd ? title("± sd") : null, ...names.map(title));
    return html("div", { class: "wide" }, html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows)));
  }
})();
