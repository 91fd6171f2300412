// The rows that are chosen, and what can be kept of them.
"use strict";

(() => {
  const { html } = molxai;

  /**
   * The choice of rows.
   * settings: `views`, which may grow, and `isGrowing()`; `shown()`, those that are shown in their
   * order; `changed()` is called after a change; `exports`, each { name, title, save(views) }, which
   * may answer what is to be said, or a promise; `compare(a, b)` shows two rows side by side.
   * Returns `has(view)`, `toggle(view)`, `extend(view)` (from the last one on), `refresh()`, the
   * element `bar`; `entries()` and `restore(entries)` of an address, and `take()` after more views.
   */
  molxai.selection = (settings) => {
    const chosen = new Set();
    let last = null; // the row from which a choice is extended
    let awaited = []; // ranges of rows that an address names: some may still come
    let seen = 0; // views that were compared with these
    const found = html("span", { id: "found", role: "status" });
    const all = html("button", { type: "button", id: "choose-all", onclick: chooseAll });
    const none = html("button", { type: "button", id: "choose-none", onclick: clear });
    const what = html("span", { id: "export-what" });
    const error = html("span", { class: "error", role: "alert" });
    none.textContent = "Clear the choice";
    const two = html("button", { type: "button", id: "compare-two", onclick: compare });
    two.textContent = "Compare the two";
    const keep = ({ name, title, save }) => {
      const attributes = { type: "button", id: name, title };
      return html("button", { ...attributes, onclick: () => run(save) }, name.toUpperCase());
    };
    const buttons = settings.exports.map(keep);
    const hint = settings.hint ? html("span", { class: "hint" }, settings.hint) : null;
    const said = html("span", { class: "hint", id: "export-says", role: "status" });
    const kept = [what, ...buttons, hint, said];
    const bar = html("div", { class: "chosen" }, found, all, none, two, ...kept, error);

    const has = (view) => chosen.has(view);

    /** What is kept: the chosen rows in the order of the table, or all that are shown. */
    function views() {
      if (!chosen.size) return settings.shown();
      const inSight = settings.shown().filter(has);
      const seen = new Set(inSight);
      const rest = [...chosen].filter((view) => !seen.has(view));
      return [...inSight, ...rest.sort((a, b) => a.row - b.row)];
    }

    function compare() {
      const [a, b] = views();
      settings.compare(a, b);
    }

    async function run(save) {
      error.textContent = "";
      said.textContent = "";
      buttons.forEach((button) => (button.disabled = true));
      try {
        said.textContent = (await save(views())) || "";
      } catch (refusal) {
        error.textContent = refusal.message;
      }
      refresh();
    }

    function toggle(view) {
      if (!chosen.delete(view)) chosen.add(view);
      last = view;
      change();
    }

    /** Choose every row from the last one that was chosen to this one. */
    function extend(view) {
      const shown = settings.shown();
      const start = Math.max(0, shown.indexOf(last ?? view));
      const end = shown.indexOf(view);
      const between = shown.slice(Math.min(start, end), Math.max(start, end) + 1);
      between.forEach((row) => chosen.add(row));
      last ??= view;
      change();
    }

    function chooseAll() {
      settings.shown().forEach((view) => chosen.add(view));
      change();
    }

    function clear() {
      restore({});
      change();
    }

    /** Choose those of the new views that an address names. */
    function take() {
      const more = awaited.length ? settings.views.slice(seen) : [];
      more.filter(({ row }) => molxai.isInRanges(awaited, row)).forEach((view) => chosen.add(view));
      seen = settings.views.length;
    }

    /** The chosen rows as an address holds them, with those that are still to come. */
    function entries() {
      const next = (settings.views.at(-1)?.row ?? -1) + 1;
      const later = settings.isGrowing() ? awaited.filter(([, end]) => end >= next) : [];
      const toCome = later.map(([start, end]) => [Math.max(start, next), end]);
      const there = molxai.rangesOf([...chosen].map((view) => view.row));
      const text = molxai.rangesText(molxai.mergedRanges([...there, ...toCome]));
      return text ? { chosen: text } : {};
    }

    function restore(content) {
      awaited = molxai.readRanges(content.chosen);
      chosen.clear();
      last = null;
      seen = 0;
      take();
    }

    function change() {
      refresh();
      settings.changed();
    }

    function refresh() {
      const shown = settings.shown().length;
      const total = settings.views.length;
      const rows = molxai.counted(total, "row");
      const part = shown === total ? rows : `${shown} of ${rows}`;
      found.textContent = chosen.size ? `${part}, ${chosen.size} chosen` : part;
      all.textContent = `Choose all ${shown} shown`;
      all.hidden = shown === 0;
      none.hidden = chosen.size === 0;
      two.hidden = chosen.size !== 2;
      what.textContent = chosen.size ? `Save ${chosen.size} chosen:` : `Save ${shown} shown:`;
      const isEmpty = shown === 0 && chosen.size === 0;
      what.hidden = isEmpty;
      buttons.forEach((button) => (button.hidden = button.disabled = isEmpty));
    }

    return { has, toggle, extend, refresh, bar, entries, restore, take };
  };
})();
