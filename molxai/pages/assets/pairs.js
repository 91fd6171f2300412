// Matched pairs of the series: which single changes move the prediction.
"use strict";

(() => {
  const { html } = molxai;
  const MOST = 3; // pairs of a change that are named at first
  const DEFINITION =
    "Two molecules that differ by one change are a matched pair. Δ is the prediction after the " +
    "change minus that before. The part is the share of the mean Δ in the atoms that were changed. " +
    "The rest comes from the atoms that stay, which the model reads differently.";

  /** Fill an element with the changes of `table`, as `pairs.py` makes it. */
  molxai.pairs = (container, table, settings) => {
    if (table.note) {
      container.replaceChildren(html("p", { class: "hint" }, table.note));
      return;
    }
    const byRow = new Map(settings.views.map((view) => [view.row, view]));
    const known = table.measured ? ["mean measured Δ"] : [];
    const titles = [
      "change",
      "picture",
      "on",
      "times",
      "mean Δ",
      "sd",
      ...known,
      "Δ in the part",
      "Δ in the rest",
      "part",
      "pairs",
    ];
    const there = table.rows.filter((row) => row.at(-1).some((pair) => isThere(pair, byRow)));
    const rows = there.map((row) => changeRow(row, byRow, table, settings));
    container.replaceChildren(
      html("p", { class: "hint" }, `${DEFINITION} ${table.says}`),
      molxai.sortedTable(titles, rows, "matched pairs"),
    );
  };

  /** Whether the page has both rows of a pair: they may still be to come. */
  const isThere = ([a, b], byRow) => byRow.has(a) && byRow.has(b);

  function changeRow(row, byRow, table, settings) {
    const [before, after, on, mean, sd, measured, changed, rest, share, all] = row;
    const pairs = all.filter((pair) => isThere(pair, byRow));
    const scale = { limit: table.limit, palette: settings.palettes[settings.state.palette] };
    const text = `${before} → ${after}`;
    const cell = (content) => html("td", {}, content);
    const known = table.measured ? [molxai.signedCell(measured)] : [];
    const cells = () => [
      html("th", { scope: "row" }, html("bdi", {}, text)),
      html("td", { class: "cutouts" }, ...picture(before, after, pairs[0], byRow)),
      cell(on),
      cell(String(all.length)),
      molxai.signedCell(mean, scale),
      cell(sd === null ? "–" : sd.toFixed(3)),
      ...known,
      molxai.signedCell(changed),
      molxai.signedCell(rest),
      cell(share === null ? "–" : percent(share)),
      html("td", { class: "links" }, ...links(pairs, byRow, settings)),
    ];
    const values = [text, undefined, on, all.length, mean, sd];
    if (table.measured) values.push(measured);
    return { values: [...values, changed, rest, share, undefined], cells };
  }

  const percent = (share) => `${Math.round(100 * share)}\u00a0%`.replace("-", "−");

  /** The part before and after, cut out of the drawings of the first pair. */
  function picture(before, after, [a, b, atomsOfA, atomsOfB], byRow) {
    const part = (row, atoms, smiles) =>
      atoms.length ? molxai.cutOut(byRow.get(row), atoms, `picture of ${smiles}`) : "H";
    return [part(a, atomsOfA, before), " → ", part(b, atomsOfB, after)];
  }

  /** A link for each pair; of many the first ones, and a link for the others. */
  function links(pairs, byRow, settings) {
    const link = ([a, b, atomsOfA, atomsOfB]) => {
      const views = [byRow.get(a), byRow.get(b)];
      const names = views.map((view) => molxai.shortened(view.id, 16)).join(" → ");
      const onclick = () => settings.compare(...views, [atomsOfA, atomsOfB]);
      const name = html("bdi", {}, names);
      return html("button", { type: "button", class: "link", onclick }, name);
    };
    if (pairs.length <= MOST) return pairs.map(link);
    const others = html("button", { type: "button", class: "link" }, `all ${pairs.length} pairs`);
    others.addEventListener("click", () => others.replaceWith(...pairs.slice(MOST).map(link)));
    return [...pairs.slice(0, MOST).map(link), others];
  }
})();
