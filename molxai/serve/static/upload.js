// Uploads: sent, watched while rows are explained, shown as a table that grows, and downloaded.
"use strict";

(() => {
  const { html } = molxai;
  const WAIT = 300; // milliseconds between looks
  const SOON = 100; // the same at a single input
  const ENDINGS = ["csv", "json", "parquet"]; // of downloads

  /** Send files, or none if the fields name a job that is asked again: the job. */
  molxai.send = (files, fields, signal) => {
    const form = new FormData();
    files.forEach((file) => form.append("file", file));
    for (const [name, value] of Object.entries(fields)) form.set(name, String(value ?? ""));
    return molxai.ask("/api/upload", { method: "POST", body: form, signal });
  };

  /** The text that a job of pasted text was made of. */
  molxai.pastedText = async (id, signal) => {
    const answer = await fetch(`/api/jobs/${encodeURIComponent(id)}/text`, { signal });
    return answer.ok ? answer.text() : "";
  };

  /** What the server says of a job, and its views from row `start` on. */
  molxai.job = (id, start, signal) => {
    const page = `start=${start}&records=false&views=true`;
    return molxai.ask(`/api/jobs/${encodeURIComponent(id)}?${page}`, { signal });
  };

  /** The same of a job's beginning; of a single input when it is done. */
  molxai.firstLook = async (id, signal) => {
    let now = await molxai.job(id, 0, signal);
    while (now.single && !now.views.length && now.error === null) {
      await molxai.pause(SOON, signal);
      now = await molxai.job(id, 0, signal);
    }
    return now;
  };

  /** Have the server hold a single input and its answer; returns the job's id. */
  molxai.sendSingle = async (file, fields) => {
    const { id } = await molxai.send([file], fields);
    await molxai.firstLook(id);
    return id;
  };

  /** Stop a job; what is done stays. */
  molxai.cancelJob = (job) =>
    molxai.ask(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {});

  /**
   * Show the rows of a table's job as they are made; `told(job, panel)` is called at each look, and
   * `panel.redraw(all)` shows them anew. Ends when all rows are there; raises as `ask` does. Who
   * looks away gives nothing up: the job goes on, and can be attached to again.
   */
  molxai.attach = async (container, job, settings, state, signal, told) => {
    const panel = uploadPanel(container, job, settings, state);
    let start = 0;
    for (let now = job; ; now = await molxai.job(job.id, start, signal)) {
      panel.add(now.views);
      start += now.views.length;
      told(now, panel, start);
      if (now.state === "failed") throw new Error(now.error);
      if (["done", "cancelled"].includes(now.state) && now.next === null) break;
      if (now.next === null) await molxai.pause(WAIT, signal);
    }
    await panel.end();
  };

  /** The part of the page that shows an upload. */
  function uploadPanel(container, job, settings, state) {
    const views = [];
    const known = { ...settings, views, state };
    known.open = (view) => molxai.openRow(view, known, () => table.shown());
    const place = html("div", { class: "table" });
    const controls = controlsOf(job);
    const series = seriesOf(job, known);
    let table = null;
    let built = 0; // rows that the table was built of
    container.replaceChildren(
      html("h2", {}, html("bdi", {}, job.file)),
      controls.toolbar,
      ...columnsHint(job, settings.most_columns),
      series.element,
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

    const look = () => {
      count();
      settings.remember?.();
    };
    controls.search.addEventListener("input", look);
    controls.only.addEventListener("change", look);
    return {
      address: () => ({
        search: controls.search.value,
        show: controls.only.value === "all" ? "" : controls.only.value,
        row: molxai.openedRow(),
      }),
      restore: (entries) => {
        controls.search.value = entries.search || "";
        controls.only.value = entries.show === "errors" ? "errors" : "all";
        count();
        const view = entries.row && views.find(({ row }) => row === Number(entries.row));
        if (view) known.open(view);
        else molxai.closeRow();
      },
      add: (more) => {
        views.push(...more);
        if (views.length && views.length >= 2 * built) build();
      },
      end: () => {
        if (built < views.length) build();
        controls.end(state.method);
        series.fill();
      },
      redraw: (all) => {
        known.common = undefined;
        if (all) build();
        else table?.redraw();
        series.fill();
        controls.link(state.method);
      },
    };
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
    const onclick = () => molxai.cancelJob(job);
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
