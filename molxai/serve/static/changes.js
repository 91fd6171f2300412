// The matched pairs of an upload, which the server looks for when they are looked at, and two rows
// compared.
"use strict";

(() => {
  const { html } = molxai;

  /** The part of the page with matched pairs; `fill` asks for them, if it is open. */
  molxai.changesOf = (job, settings) => {
    const place = html("div", { class: "changes" });
    const title = html("summary", {}, "Matched pairs: what single changes do");
    const element = html("details", { hidden: true }, title, place);
    const askRows = molxai.asker(settings.isGrowing);
    let newest = 0;

    settings.compared = (a, b) => {
      const query = new URLSearchParams({ a: a.row, b: b.row, method: settings.state.method });
      return molxai.ask(`/api/jobs/${job.id}/pair?${query}`);
    };

    async function fill() {
      element.hidden = !settings.views.some((view) => view.smiles);
      if (element.hidden || !element.open) return;
      const mine = ++newest;
      place.replaceChildren(html("p", { class: "hint", role: "status" }, "comparing …"));
      try {
        const query = new URLSearchParams({ method: settings.state.method });
        const table = await askRows(`/api/jobs/${job.id}/pairs?${query}`);
        if (mine === newest) molxai.pairs(place, table, settings);
      } catch (error) {
        if (mine !== newest) return;
        place.replaceChildren(html("p", { class: "error" }, error.message));
      }
    }

    element.addEventListener("toggle", fill);
    return { element, fill };
  };
})();
