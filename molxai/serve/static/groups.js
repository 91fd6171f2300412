// The core and R groups of an upload, which the server takes apart when they are looked at.
"use strict";

(() => {
  const { html } = molxai;

  const FOUND = "mcs"; // the core that the server finds

  /**
   * The part of the page with R groups; `fill` asks for them, if it is open. `entries()` and
   * `restore(entries)` are of an address, which holds the core if it is.
   */
  molxai.groupsOf = (job, settings) => {
    const core = html("input", {
      type: "text",
      class: "core",
      placeholder: "SMARTS or SMILES; empty: found for you",
      "aria-label": "Core of the R groups",
      size: "34",
    });
    const place = html("div", { class: "rgroups" });
    const form = html("p", {}, html("label", {}, "Core ", core));
    const title = html("summary", {}, "Core and R groups");
    const element = html("details", { hidden: true }, title, form, place);
    const askRows = molxai.asker(settings.isGrowing);
    let newest = 0;

    function ask(x = "", y = "") {
      const chosen = core.value.trim() || FOUND;
      const query = new URLSearchParams({ method: settings.state.method, core: chosen, x, y });
      return askRows(`/api/jobs/${job.id}/rgroups?${query}`);
    }

    async function fill() {
      element.hidden = !settings.views.some((view) => view.smiles);
      if (element.hidden || !element.open) return;
      const mine = ++newest;
      place.setAttribute("aria-busy", "true");
      if (!place.querySelector("table")) {
        place.replaceChildren(html("p", { class: "hint", role: "status" }, "finding R groups …"));
      }
      try {
        const table = await ask();
        if (mine === newest) molxai.rgroups(place, table, settings, ask);
      } catch (error) {
        if (mine !== newest) return;
        place.replaceChildren(html("p", { class: "error" }, error.message));
      }
      if (mine === newest) place.removeAttribute("aria-busy");
    }

    const entries = () => (element.open ? { rgroups: core.value.trim() || FOUND } : {});

    function restore(content) {
      if ((entries().rgroups ?? "") === (content.rgroups ?? "")) return;
      core.value = content.rgroups === FOUND ? "" : (content.rgroups ?? "");
      const isOpen = Boolean(content.rgroups);
      if (element.open && isOpen) fill();
      element.open = isOpen; // which fills it
    }

    function change() {
      settings.remember();
      fill();
    }

    element.addEventListener("toggle", change);
    core.addEventListener("change", change);
    return { element, fill, entries, restore };
  };
})();
