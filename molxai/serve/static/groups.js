// The core and R groups of an upload, which the server takes apart when they are looked at.
"use strict";

(() => {
  const { html } = molxai;

  /** The part of the page with R groups; `fill` asks for them, if it is open. */
  molxai.groupsOf = (job, settings) => {
    const core = html("input", {
      type: "text",
      class: "core",
      placeholder: "found if empty; or SMARTS, SMILES",
      "aria-label": "Core of the R groups",
      size: "34",
    });
    const place = html("div", { class: "rgroups" });
    const form = html("p", {}, html("label", {}, "Core ", core));
    const title = html("summary", {}, "Core and R groups");
    const element = html("details", { hidden: true }, title, form, place);
    let newest = 0;

    function ask(x = "", y = "") {
      const chosen = core.value.trim() || "mcs";
      const query = new URLSearchParams({ method: settings.state.method, core: chosen, x, y });
      return molxai.ask(`/api/jobs/${job.id}/rgroups?${query}`);
    }

    async function fill() {
      element.hidden = !settings.views.some((view) => view.smiles);
      if (element.hidden || !element.open) return;
      const mine = ++newest;
      place.setAttribute("aria-busy", "true");
      try {
        const table = await ask();
        if (mine === newest) molxai.rgroups(place, table, settings, ask);
      } catch (error) {
        if (mine !== newest) return;
        place.replaceChildren(html("p", { class: "error" }, error.message));
      }
      if (mine === newest) place.removeAttribute("aria-busy");
    }

    element.addEventListener("toggle", fill);
    core.addEventListener("change", fill);
    return { element, fill };
  };
})();
