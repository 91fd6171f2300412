// An upload: sent, watched while its rows are explained, shown as a table that grows, and downloaded.
"use strict";

(() => {
  const { html } = molxai;
  const WAIT = 300; // milliseconds between looks

  /**
   * Send a file and show its rows; `told(job, panel)` is called at each look, and `panel.redraw(all)` shows them anew.
   * Ends when all rows are there; raises as `ask` does. Given up, the job is cancelled on the server too.
   */
  molxai.upload = async (container, form, settings, state, signal, told) => {
    const job = await molxai.ask("/api/upload", { method: "POST", body: form, signal });
    const shown = panel(container, job, settings, state);
    const stop = () => molxai.ask(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {});
    signal.addEventListener("abort", stop, { once: true });
    let start = 0;
    for (;;) {
      const now = await molxai.ask(`/api/jobs/${job.id}?start=${start}&records=false&views=true`, { signal });
      shown.add(now.views, now);
      start += now.views.length;
      told(now, shown);
      if (now.state === "failed") throw new Error(now.error);
      if (["done", "cancelled"].includes(now.state) && now.next === null) break;
      if (now.next === null) await molxai.pause(WAIT, signal);
    }
    signal.removeEventListener("abort", stop);
    shown.end();
  };

  /** The parts of the page that show an upload. */
  function panel(container, job, settings, state) {
    const views = [];
    const known = { ...settings, model: job.model, views, state };
    const place = html("div", { class: "table" });
    const search = html("input", { type: "search", id: "search", placeholder: "id, SMILES, fragment …" });
    const only = html("select", { id: "only" }, html("option", { value: "all" }, "all rows"), html("option", { value: "errors" }, "rows with errors"));
    const found = html("span", { id: "found", role: "status" });
    const cancel = html("button", { type: "button", id: "cancel", onclick: () => molxai.ask(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {}) }, "Cancel");
    const links = html("span", { class: "buttons", id: "downloads", hidden: true });
    const series = html("details", { hidden: true }, html("summary", {}, "Fragments across the table"), html("div", { id: "series" }));
    container.replaceChildren(
      html("h2", {}, html("bdi", {}, job.file)),
      html("div", { class: "toolbar" }, html("label", {}, "Search ", search), html("label", {}, "Show ", only), found, cancel, links),
      job.columns > settings.most_columns ? html("p", { class: "hint" }, `Of ${job.columns} other columns the first ${settings.most_columns} are shown; downloads hold all.`) : "",
      series,
      place,
    );
    let table = null, built = 0, current = job;
    const count = () => {
      if (!table) return;
      const number = table.search(search.value, only.value === "errors" ? (view) => Boolean(view.error) : undefined);
      found.textContent = number === views.length ? `${number} rows` : `${number} of ${views.length} rows`;
    };
    search.addEventListener("input", count);
    only.addEventListener("change", count);
    const build = () => {
      const before = table && table.stands();
      known.common = undefined;
      known.open = (view) => molxai.openRow(view, known, () => table.shown());
      table = molxai.table(place, known);
      built = views.length;
      count();
      if (before) table.stand(before);
    };
    const fillSeries = () => {
      const any = views.some((view) => view.fragments);
      series.hidden = !any;
      if (any && series.open) molxai.seriesTable(series.querySelector("#series"), known);
    };
    series.addEventListener("toggle", fillSeries);
    return {
      add: (more, now) => {
        views.push(...more);
        current = now;
        if (views.length >= 2 * built && views.length) build();
      },
      end: () => {
        if (built < views.length) build();
        cancel.hidden = true;
        links.hidden = false;
        links.replaceChildren("Download ", ...["csv", "json", "parquet"].map((ending) => html("a", { href: `/api/jobs/${current.id}/result.${ending}?method=${encodeURIComponent(state.method)}`, download: "" }, ending.toUpperCase())));
        fillSeries();
      },
      redraw: (all) => {
        known.common = undefined;
        if (all) build();
        else table?.redraw();
        fillSeries();
        if (!links.hidden) links.querySelectorAll("a").forEach((link) => (link.href = link.href.replace(/method=.*$/, `method=${encodeURIComponent(state.method)}`)));
      },
    };
  }
})();
