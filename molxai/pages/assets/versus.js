// Two rows side by side, in a dialog.
"use strict";

(() => {
  const { html, signed } = molxai;

  /** The dialog, which is made when it is first needed. */
  function dialogOf() {
    const known = document.getElementById("versus");
    if (known) return known;
    const close = html("button", { type: "button", onclick: () => dialog.close() }, "close");
    const content = html("div", { class: "versus" });
    const dialog = html(
      "dialog",
      { id: "versus", "aria-label": "Two molecules compared" },
      html("nav", {}, close),
      content,
    );
    document.body.append(dialog);
    return dialog;
  }

  /**
   * Show two rows side by side, with `changed` atoms of both marked if they are known. A page with
   * a server has `settings.compared(a, b)`, which lays B as A and takes the difference apart.
   * `settings.parted()` is called after the dialog is closed.
   */
  molxai.compareRows = async (settings, a, b, changed = [[], []]) => {
    const dialog = dialogOf();
    const place = dialog.querySelector(".versus");
    const note = html("p", { class: "hint", role: "status" });
    const pictures = html("div", { class: "panels" });
    const parts = html("div", {});
    const difference = html("p", {}, differenceLine(a, b));
    place.replaceChildren(html("h2", {}, html("bdi", {}, a.id), " → ", html("bdi", {}, b.id)));
    place.append(difference, pictures, parts, note);
    fill(pictures, settings, [a, b], changed);
    dialog.onclose = () => dialog.open || settings.parted?.();
    if (!dialog.open) dialog.showModal();
    if (!settings.compared || !a.smiles || !b.smiles) return; // digits have no atoms in common
    try {
      const answer = await settings.compared(a, b);
      const drawn = [a, b].map((view, side) => ({ ...view, molecule: answer.drawings[side] }));
      fill(pictures, settings, drawn, answer.changed);
      parts.replaceChildren(partsTable(answer));
      note.textContent = answer.note;
    } catch (error) {
      note.textContent = error.message;
    }
  };

  /** Close the dialog, if it is open. */
  molxai.partRows = () => document.querySelector("#versus[open]")?.close();

  function differenceLine(a, b) {
    if (a.error || b.error) return "One of the two could not be read.";
    if (a.target !== b.target) return "The two are explained for different classes.";
    const isValue = a.probability === null;
    const what = isValue ? "value" : `logit of ${a.target}`;
    const write = isValue ? (value) => molxai.trueMinus(value.toFixed(3)) : signed;
    return `Δ ${what} ${signed(b.logit - a.logit)}: ${write(a.logit)} → ${write(b.logit)}`;
  }

  /** Both pictures, in the same colours for the same numbers. */
  function fill(place, settings, views, changed) {
    const { state, palettes } = settings;
    const readable = views.filter((view) => view.methods?.[state.method]);
    const scale = scaleOf(readable.map((view) => view.methods[state.method]));
    const look = { ...scale, palette: palettes[state.palette] };
    const figures = views.map((view, side) => {
      const name = html("bdi", {}, molxai.shortened(view.id, 60));
      if (!readable.includes(view)) {
        return html("figure", {}, html("p", {}, view.error || ""), name);
      }
      const picture = molxai.picture(view, state.method, { ...look, numbers: state.numbers });
      molxai.mark(picture, view, changed[side]);
      const lines = [view.explained];
      if (view.label) lines.push(`Measured: ${molxai.trueMinus(view.label)}.`);
      const caption = html("figcaption", {}, name, ": ", lines.join(" "));
      return html("figure", {}, picture, caption);
    });
    const isMarked = changed.some((atoms) => atoms.length);
    const rings = isMarked ? "Circles mark the atoms that only one of the two has." : "";
    const hint = readable.length ? `${colours(scale)} in both. ${rings}` : "";
    place.replaceChildren(...figures, html("p", { class: "hint" }, hint));
  }

  /** One scale for the relevances of both, which holds the least and the largest of them. */
  function scaleOf(made) {
    const limit = Math.max(...made.map((each) => each.limit));
    const hasSign = made.some(({ low }) => (low ?? null) === null);
    const low = hasSign ? null : Math.min(...made.map((each) => each.low));
    return { limit, low, decimals: Math.max(...made.map((each) => each.decimals)) };
  }

  /** What the colours of a scale say. */
  function colours(scale) {
    const full = Number(scale.limit.toPrecision(2));
    if (scale.low === null) return `Full colour ±${full}`;
    return `No sign: ${molxai.amount(scale.low, scale)} has no colour, ${full} full colour`;
  }

  function partsTable({ delta, parts }) {
    const row = ([name, value]) =>
      html("tr", {}, html("th", { scope: "row" }, name), molxai.signedCell(value));
    const lines = [...parts, ["difference", delta]].map(row);
    return html("table", { class: "series" }, html("tbody", {}, ...lines));
  }
})();
