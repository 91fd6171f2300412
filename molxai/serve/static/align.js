// Whether the molecules of an upload are drawn as they are, or on the core that they share.
"use strict";

(() => {
  const { html } = molxai;
  const AS_DRAWN = "drawn";
  const FOUND = "mcs"; // the core that the server finds

  /**
   * A choice for the toolbar of an upload, `element`; `redraw(true)` shows the table anew. `again()`
   * lays out rows that came later; `entries()` and `restore(entries)` are of an address.
   */
  molxai.alignment = (job, settings, redraw) => {
    const option = (value, text) => html("option", { value }, text);
    const select = html(
      "select",
      { class: "align" },
      option(AS_DRAWN, "as drawn"),
      option("core", "on the common core"),
    );
    const core = html("input", {
      type: "text",
      class: "core",
      placeholder: "found, or SMARTS",
      "aria-label": "Common core",
      hidden: true,
    });
    const note = html("span", { class: "hint", role: "status" });
    let newest = 0;

    const isOn = () => select.value !== AS_DRAWN;
    const entries = () => (isOn() ? { core: core.value.trim() || FOUND } : {});

    function restore(content) {
      if ((entries().core ?? "") === (content.core ?? "")) return;
      select.value = content.core ? "core" : AS_DRAWN;
      core.value = content.core === FOUND ? "" : (content.core ?? "");
      align();
    }

    function change() {
      settings.remember();
      align();
    }

    async function align() {
      const mine = ++newest;
      core.hidden = !isOn();
      note.textContent = "";
      for (const view of settings.views) view.molecule = view.drawn || view.molecule;
      try {
        if (!core.hidden) await layOut(() => mine === newest);
      } catch (error) {
        note.textContent = error.message;
      }
      if (mine === newest) redraw(true);
    }

    /** Ask for the drawings, some rows at a time, as long as nothing newer is asked. */
    async function layOut(isNewest) {
      const byRow = new Map(settings.views.map((view) => [view.row, view]));
      let chosen = core.value.trim() || FOUND;
      let count = 0;
      for (let start = 0; start < settings.views.length; start += settings.most_drawings) {
        note.textContent = `drawing ${start} of ${settings.views.length} …`;
        const query = new URLSearchParams({ core: chosen, start });
        const answer = await molxai.ask(`/api/jobs/${job.id}/aligned?${query}`);
        if (!isNewest()) return;
        chosen = answer.core;
        count += answer.drawings.length;
        for (const [row, drawing] of answer.drawings) {
          const view = byRow.get(row);
          if (!view) continue; // the page does not have the row yet
          view.drawn = view.drawn || view.molecule;
          view.molecule = drawing;
        }
      }
      note.textContent = `${count} of ${settings.views.length} have the core`;
      core.title = chosen;
    }

    select.addEventListener("change", change);
    core.addEventListener("change", change);
    const label = html("label", {}, "Molecules ", select);
    const element = html("span", { class: "alignment" }, label, core, note);
    return { element, again: () => isOn() && align(), entries, restore };
  };
})();
