// An upload: sent, watched while its rows are explained, shown as a table that grows, and
// downloaded.
"use strict";

(() => {
  const { html } = molxai;
  const WAIT = 300; // milliseconds between looks
  const ENDINGS = ["csv", "json", "parquet"]; // of downloads

  /**
   * Send a file and show its rows; `told(job, panel)` is called at each look, and
   * `panel.redraw(all)` shows them anew. Ends when all rows are there; raises as `ask` does. If it
   * is given up, the job is cancelled on the server too.
   */
  molxai.upload = async (container, form, settings, state, signal, told) => {
    const job = await molxai.ask("/api/upload", { method: "POST", body: form, signal });
    const panel = uploadPanel(container, job, settings, state);
    const stop = () => cancel(job);
    signal.addEventListener("abort", stop, { once: true });
    let start = 0;
    for (;;) {
      const page = `start=${start}&records=false&views=true`;
      const now = await molxai.ask(`/api/jobs/${job.id}?${page}`, { signal });
      panel.add(now.views);
      start += now.views.length;
      told(now, panel);
      if (now.state === "failed") throw new Error(now.error);
      if (["done", "cancelled"].includes(now.state) && now.next === null) break;
      if (now.next === null) await molxai.pause(WAIT, signal);
    }
    signal.removeEventListener("abort", stop);
    panel.end();
  };

  const cancel = (job) => molxai.ask(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {});

  /** The part of the page that shows an upload. */
  function uploadPanel(container, job, settings, state) {
    const views = [];
    const known = { ...settings, views, state };
    known.open = (view) => molxai.openRow(view, known, () => table.shown());
    const place = html("div", { class: "table" });
    const controls = controlsOf(job);
    const series = seriesOf(job, known);
    const groups = molxai.groupsOf(job, known);
    const changes = molxai.changesOf(job, known);
    controls.toolbar.append(molxai.alignment(job, known, (all) => panel.redraw(all)));
    let table = null;
    let built = 0; // rows that the table was built of
    container.replaceChildren(
      html("h2", {}, html("bdi", {}, job.file)),
      controls.toolbar,
      ...columnsHint(job, settings.most_columns),
      series.element,
      groups.element,
      changes.element,
      place,
    );

    function count() {
      if (!table) return;
      const filter = controls.only.value === "errors" ? (view) => Boolean(view.error) : undefined;
      const number = table.search(controls.search.value, filter);
      const all = `${views.length} rows`;
      controls.found.textContent = number === views.length ? all : `${number} of ${all}`;
    }

    function build() {
      const before = table && table.position();
      known.common = undefined;
      table = molxai.table(place, known);
      built = views.length;
      count();
      if (before) table.restore(before);
    }

    controls.search.addEventListener("input", count);
    controls.only.addEventListener("change", count);
    const panel = {
      add: (more) => {
        views.push(...more);
        if (views.length && views.length >= 2 * built) build();
      },
      end: () => {
        if (built < views.length) build();
        controls.end(state.method);
        series.fill();
        groups.fill();
        changes.fill();
      },
      redraw: (all) => {
        known.common = undefined;
        if (all) build();
        else table?.redraw();
        series.fill();
        groups.fill();
        changes.fill();
        controls.link(state.method);
      },
    };
    return panel;
  }

  /** Search, filter and cancel; and when all rows are there, downloads. */
  function controlsOf(job) {
    const placeholder = "id, SMILES, fragment …";
    const search = html("input", { type: "search", id: "search", placeholder });
    const only = html(
      "select",
      { id: "only" },
      html("option", { value: "all" }, "all rows"),
      html("option", { value: "errors" }, "rows with errors"),
    );
    const found = html("span", { id: "found", role: "status" });
    const onclick = () => cancel(job);
    const button = html("button", { type: "button", id: "cancel", onclick }, "Cancel");
    const links = html("span", { class: "buttons", id: "downloads", hidden: true });
    const link = (method) => {
      const query = `method=${encodeURIComponent(method)}`;
      const address = (ending) => `/api/jobs/${job.id}/result.${ending}?${query}`;
      const download = (ending) =>
        html("a", { href: address(ending), download: "" }, ending.toUpperCase());
      links.replaceChildren("Download ", ...ENDINGS.map(download));
    };
    const toolbar = html(
      "div",
      { class: "toolbar" },
      html("label", {}, "Search ", search),
      html("label", {}, "Show ", only),
      found,
      button,
      links,
    );
    const end = (method) => {
      button.hidden = true;
      links.hidden = false;
      link(method);
    };
    return { toolbar, search, only, found, link, end };
  }

  function columnsHint(job, most) {
    if (job.columns <= most) return [];
    const text = `Of ${job.columns} other columns the first ${most} are shown; downloads hold all.`;
    return [html("p", { class: "hint" }, text)];
  }

  /** The fragments across the table, which the server adds up when they are looked at. */
  function seriesOf(job, settings) {
    const place = html("div", { id: "series" });
    const title = html("summary", {}, "Fragments across the table");
    const element = html("details", { hidden: true }, title, place);
    let newest = 0;

    async function fill() {
      element.hidden = !settings.views.some((view) => view.fragments);
      if (element.hidden || !element.open) return;
      const { method, scheme } = settings.state;
      const mine = ++newest;
      const query = new URLSearchParams({ method, scheme });
      try {
        const table = await molxai.ask(`/api/jobs/${job.id}/series?${query}`);
        if (mine === newest) molxai.seriesTable(place, table, settings);
      } catch (error) {
        place.replaceChildren(html("p", { class: "error" }, error.message));
      }
    }

    element.addEventListener("toggle", fill);
    return { element, fill };
  }
})();
