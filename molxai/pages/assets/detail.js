// The large view of one input: what the model says, the picture to point at, the additive bar,
// atoms, and all methods.
"use strict";

(() => {
  const { html } = molxai;
  const LARGEST = 2.6; // times the drawing's own size: ethanol need not fill the page

  /**
   * Fill an element with the large view.
   * state: { method, scale, palette (a name), scheme, numbers }; changes that are made in the view
   * are written to it, and `state.changed()` is called.
   */
  molxai.detail = (container, view, settings, state) => {
    container.replaceChildren();
    if (view.error) {
      container.append(...failure(view));
      return;
    }
    const method = state.method in view.methods ? state.method : Object.keys(view.methods)[0];
    const look = lookOf(view, method, settings, state);
    const readout = html("p", { class: "readout", role: "status" }, hint(view));
    const atoms = atomTable(view, method, look);
    const onnode = (node) => point(node === null ? [] : [node]);
    const picture = molxai.picture(view, method, { ...look, onnode });
    if (view.molecule) picture.style.width = `min(100%, ${LARGEST * view.molecule.size[0]}px)`;

    /** Mark these nodes in the picture and in the table; of a single one its numbers are told. */
    function point(nodes) {
      readout.textContent =
        nodes.length === 1 ? molxai.nodeLine(view, method, nodes[0]) : hint(view);
      molxai.mark(picture, view, nodes);
      atoms.querySelectorAll("tr.marked").forEach((row) => row.classList.remove("marked"));
      for (const node of nodes) {
        atoms.querySelector(`tr[data-node="${node}"]`).classList.add("marked");
      }
    }

    const large = html(
      "section",
      { class: "large" },
      picture,
      legend(look, view, method),
      readout,
      exports(view, method, () => molxai.framed(view, method, look, settings)),
    );
    const title = `All ${molxai.kind(view).node}s`;
    container.append(
      heading(view, method),
      html("div", { class: "panels" }, large, additive(view, method, look, settings, state, point)),
      sideBySide(view, state, settings),
      html("details", { class: "atoms" }, html("summary", {}, title), atoms),
    );
  };

  function failure(view) {
    return [
      html("h2", {}, view.id),
      html("p", { class: "error" }, view.error),
      html("p", { class: "input" }, view.input),
    ];
  }

  const lookOf = (view, method, settings, state) => ({
    limit: molxai.limit(view, method, state.scale, settings),
    low: molxai.low(view, method, state.scale, settings),
    palette: settings.palettes[state.palette],
    numbers: state.numbers,
    biases: settings.biases,
  });

  function hint(view) {
    const { article, node } = molxai.kind(view);
    const where = `Point at ${article} ${node}, or press the arrow keys in the picture`;
    return `${where}, to read its relevance.`;
  }

  function heading(view, method) {
    const lines = [molxai.predictionLine(view, method)];
    if (view.label) lines.push(`Measured: ${molxai.trueMinus(view.label)}.`);
    if (view.near) lines.push(view.near);
    const input = html("p", { class: "input" }, html("bdi", {}, molxai.shortened(view.input, 400)));
    const notes = (view.notes || []).map((note) => html("li", {}, note));
    return html(
      "header",
      {},
      html("h2", {}, html("bdi", {}, molxai.shortened(view.id, 120))),
      view.sentence ? null : input, // the picture of a text says it all
      ...lines.map((line) => html("p", {}, line)),
      notes.length ? html("ul", { class: "notes" }, ...notes) : null,
    );
  }

  function legend(look, view, method) {
    const made = view.methods[method];
    const { hatching } = made;
    const ticks = molxai.ticks(look);
    const colours = ticks.map((value) => molxai.colour(value, look.limit, look.palette, look.low));
    const ramp = `linear-gradient(to right, ${colours.join(", ")})`;
    const ends = ticks.map((value) =>
      html("span", {}, value ? molxai.amount(value, { ...made, low: look.low }) : "0"),
    );
    const line = molxai.colourLine(view, method, look.palette);
    return html(
      "figure",
      { class: "legend" },
      html("div", { class: "ramp", style: `background: ${ramp}` }),
      html("div", { class: "ticks" }, ...ends),
      html("figcaption", {}, hatching ? `${line} ${hatching}` : line),
    );
  }

  /** Buttons that save the picture and its numbers; `framed()` is the picture to keep. */
  function exports(view, method, framed) {
    const button = (text, onclick) => html("button", { type: "button", onclick }, text);
    const name = `${view.id}-${method}`;
    const { relevance } = view.methods[method];
    const rows = () => relevance.map((value, node) => [molxai.nodeName(view, node), value]);
    const table = () => molxai.csv([["node", "relevance"], ...rows()]);
    const said = html("span", { class: "hint", role: "status" });
    const copy = async () => (said.textContent = await molxai.copyPng(framed()));
    const buttons = html(
      "p",
      { class: "buttons" },
      button("SVG", () => molxai.saveSvg(molxai.sized(framed()), `${name}.svg`)),
      button("PNG", () => molxai.savePng(framed(), `${name}.png`)),
      button("CSV", () => molxai.save(table(), "text/csv", `${name}.csv`)),
      button("Copy picture", copy),
      said,
    );
    return html("div", {}, buttons, molxai.sizeFields());
  }

  /** The additive bar with a choice of parts, and the ledger. */
  function additive(view, method, look, settings, state, onpart) {
    const place = html("div", {});
    const fill = () => {
      const bars = molxai.waterfall(view, method, state.scheme, { ...look, onpart });
      const table = molxai.partsTable(view, method, state.scheme);
      place.replaceChildren(bars, html("details", {}, html("summary", {}, "As a table"), table));
    };
    const change = (event) => {
      state.scheme = event.target.value;
      fill();
    };
    fill();
    const schemes = Object.keys(view.fragments || {});
    return html(
      "section",
      { class: "additive" },
      html("h3", {}, additiveTitle(view, method, look)),
      schemes.length ? schemeChoice(schemes, state.scheme, change) : null,
      place,
      html("p", { class: "ledger" }, molxai.ledgerLine(view, method, settings)),
      ...molxai.structureLines(view, method).map((line) => html("p", { class: "ledger" }, line)),
      molxai.offsets(view.methods[method], look.palette),
    );
  }

  function additiveTitle(view, method, look) {
    const { adds_up, base, in_unit } = view.methods[method];
    const what = view.probability === null ? "the predicted value" : "the logit";
    if (!in_unit) return "Parts, in the method's own unit";
    if (!adds_up) return `Parts, which do not add up to ${what}`;
    return `From ${base ? `the ${look.biases}` : "zero"} to ${what}`;
  }

  function schemeChoice(schemes, chosen, onchange) {
    const option = (name) => html("option", { value: name, selected: name === chosen }, name);
    const select = html("select", { class: "scheme", onchange }, ...schemes.map(option));
    return html("label", {}, "Parts: ", select);
  }

  function sideBySide(view, state, settings) {
    const figures = Object.keys(view.methods).map((method) =>
      methodFigure(view, method, state, settings),
    );
    if (view.digit) {
      const caption = html("figcaption", {}, "the picture");
      figures.unshift(html("figure", { class: "method" }, molxai.original(view.digit), caption));
    }
    return html(
      "section",
      {},
      html("h3", {}, "Methods side by side"),
      html("p", { class: "hint" }, "Each on its own scale: methods differ in unit and size."),
      html("div", { class: "methods" }, ...figures),
    );
  }

  /** A method's picture on its own scale; its name brings it to the front. */
  function methodFigure(view, method, state, settings) {
    const made = view.methods[method];
    const { limit, low, adds_up } = made;
    const choose = () => {
      state.method = method;
      state.changed();
    };
    const full = molxai.amount(limit, { ...made, low: 0 });
    const colours =
      low === null ? `full colour ±${full}` : `no sign, ${molxai.amount(low, made)} to ${full}`;
    const verdict = settings.verdicts[adds_up];
    const largest = molxai.unbroken(molxai.largest(view, method));
    const facts = `: ${colours}, ${verdict}; largest: ${largest}`;
    const name = html("button", { type: "button", class: "link", onclick: choose }, method);
    const picture = molxai.picture(view, method, {
      limit,
      low,
      palette: settings.palettes[state.palette],
    });
    return html("figure", { class: "method" }, picture, html("figcaption", {}, name, facts));
  }

  function atomTable(view, method, look) {
    const made = view.methods[method];
    const { relevance, sd, features, unit, decimals } = made;
    const names = Object.keys(features || {});
    const cell = (text) => html("td", {}, text);
    const title = (name) => html("th", { scope: "col" }, name);
    const amount = (node) => molxai.amount(relevance[node], made);
    const row = (node) => {
      const background = molxai.colour(relevance[node], look.limit, look.palette, look.low);
      return html(
        "tr",
        { "data-node": node },
        html("th", { scope: "row" }, html("bdi", {}, molxai.nodeName(view, node))),
        html("td", { style: `background: ${background}; color: #000` }, amount(node)),
        sd ? cell(sd[node].toFixed(decimals)) : null,
        ...names.map((name) => cell(molxai.signed(features[name][node], decimals))),
      );
    };
    const head = html(
      "tr",
      {},
      title(molxai.kind(view).node),
      title(`relevance (${unit})`),
      sd ? title("± sd") : null,
      ...names.map(title),
    );
    const body = html("tbody", {}, ...molxai.ranked(relevance).map(row));
    const label = `Relevance of each ${molxai.kind(view).node}`;
    const frame = { class: "wide", tabindex: "0", role: "region", "aria-label": label };
    return html("div", frame, html("table", {}, html("thead", {}, head), body));
  }
})();
