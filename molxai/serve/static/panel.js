// The part of the workbench that shows an upload: a table to work in that grows, what is kept of
// it, and the fragments across it.
"use strict";

(() => {
  const { html } = molxai;
  const ENDINGS = ["csv", "json", "parquet"]; // of downloads

  /** The part of the page that shows an upload. */
  molxai.uploadPanel = (container, job, settings, state) => {
    const views = [];
    const known = { ...settings, views, state, searched: "id, SMILES, fragment …" };
    const methods = Object.entries(settings.methods);
    known.in_unit = Object.fromEntries(methods.map(([name, method]) => [name, method.in_unit]));
    known.signed = Object.fromEntries(methods.map(([name, method]) => [name, method.signed]));
    const places = {
      tools: html("div", { class: "toolbar tools", role: "group", "aria-label": "What is shown" }),
      table: html("div", { class: "table" }),
      plots: html("div", {}),
    };
    const histogram = html("div", { id: "histogram" });
    let isGrowing = true;
    known.isGrowing = () => isGrowing;
    known.label_column = job.label_column;
    const note = html("p", { class: "hint", id: "comparison", role: "status" });
    const columns = columnsOf(job, views, settings.most_columns);
    const series = seriesOf(job, known);
    const groups = molxai.groupsOf(job, known);
    const changes = molxai.changesOf(job, known);
    const folded = { fragments: series.element, pairs: changes.element };
    const folding = molxai.folding("opened", folded, false, () => known.remember());
    const model = settings.models.find(({ name }) => name === job.model);
    const isOfMolecules = model?.reads !== "digits";
    const controls = controlsOf(job, isOfMolecules);
    const align = molxai.alignment(job, known, (all) => panel.redraw(all));
    if (isOfMolecules) controls.toolbar.append(align.element);
    let spread = null; // of the outputs of all rows
    let built = 0; // rows that the table was built of
    let isFiltered = false;
    Object.assign(known, columns);
    known.open = (view) => workspace.open(view);
    known.openRow = (view) => molxai.openRow(view, known, () => workspace.shown());
    if (isOfMolecules) Object.assign(known, substructuresOf(job));
    known.exports = (shownColumns) => exportsOf(job, state, shownColumns, isOfMolecules);
    known.changed = (shown, isPart) => {
      isFiltered = isPart;
      series.fill(isPart ? shown : null);
    };
    known.marked = (shown, chosen) => {
      if (spread) histogram.replaceChildren(molxai.histogram(spread, shown, chosen));
    };
    container.replaceChildren(
      html("h2", {}, html("bdi", {}, job.file)),
      controls.toolbar,
      note,
      places.tools,
      places.table,
      html("div", { class: "together" }, places.plots, histogram),
      series.element,
      groups.element,
      changes.element,
    );
    const workspace = molxai.workspace(places, known);
    const dialog = document.getElementById("row");
    dialog.onclose = () => dialog.open || workspace.closed();

    function build() {
      known.common = undefined;
      built = views.length;
      workspace.refresh();
    }

    const panel = {
      address: () => ({
        ...workspace.address(),
        ...align.entries(),
        ...groups.entries(),
        ...folding.entries(),
      }),
      restore: async (entries) => {
        if (!/^\d+$/.test(entries.row || "")) molxai.closeRow(); // two rows are compared
        align.restore(entries);
        groups.restore(entries);
        folding.restore(entries);
        await workspace.restore(entries);
      },
      add: (more) => {
        views.push(...more);
        if (views.length && views.length >= 2 * built) build();
      },
      end: async (signal) => {
        const path = `/api/jobs/${job.id}/summary`;
        const ask = (limited) => molxai.ask(path, { signal: limited });
        const summary = await molxai.patiently(ask, signal);
        spread = summary.histogram;
        note.textContent = summary.note ? `${summary.note}.` : "";
        isGrowing = false;
        controls.end(state.method);
        await columns.reread(signal);
        await workspace.refind();
        build();
        align.again();
        groups.fill();
        changes.fill();
      },
      redraw: (all) => {
        known.common = undefined;
        if (all) build();
        else workspace.redraw();
        series.fill(isFiltered ? workspace.shown() : null);
        groups.fill();
        changes.fill();
        controls.link(state.method);
      },
    };
    return panel;
  };

  /** Substructures, which the server looks for and the sketcher draws. */
  const substructuresOf = (job) => ({
    substructure: async (pattern) => {
      const asked = { method: "POST", body: { pattern } };
      return (await molxai.ask(`/api/jobs/${job.id}/substructure`, asked)).rows;
    },
    draw: (given, use) => molxai.sketch(given, use, "Find this substructure"),
  });

  /** The user's columns: the first are in all views, others are read when they are chosen. */
  function columnsOf(job, views, most) {
    const columns = job.columns;
    const later = new Set(); // names of the columns that were read
    const load = async (name) => {
      const query = new URLSearchParams({ name });
      const { values } = await molxai.ask(`/api/jobs/${job.id}/column?${query}`);
      later.add(name);
      views.forEach((view, row) => (view.extras = { ...view.extras, [name]: values[row] }));
    };
    const reread = async (signal) => {
      for (const name of later) await molxai.patiently(() => load(name), signal);
    };
    const first = new Set(columns.slice(0, most));
    const usual = (all) => {
      const isShown = ({ key }) => (molxai.ownName(key) ?? null) === null;
      return all
        .filter((column) => isShown(column) || first.has(molxai.ownName(column.key)))
        .map((column) => column.key);
    };
    return { columns, unread: columns.slice(most), load, reread, usual };
  }

  /** What can be kept of the rows: each asks the server, which writes what the command writes. */
  function exportsOf(job, state, columns, isOfMolecules) {
    const ask = async (path, views, name) => {
      const rows = views.map((view) => view.row);
      const body = { rows, method: state.method };
      const content = await molxai.askFile(`/api/jobs/${job.id}/${path}`, body);
      molxai.save(content, content.type, name);
    };
    const saveCsv = (views) => molxai.saveTable(columns(), views, "molxai-rows.csv");
    const saveSdf = (views) => ask("rows.sdf", views, "molxai-rows.sdf");
    const saveXlsx = (views) => ask("rows.xlsx", views, "molxai-rows.xlsx");
    const saveReport = (views) => ask("report", views, "molxai-report.html");
    const sdf = { name: "sdf", title: "The molecules with their results", save: saveSdf };
    return [
      { name: "csv", title: "The rows with these columns", save: saveCsv },
      { name: "xlsx", title: "The records of the rows for Excel", save: saveXlsx },
      ...(isOfMolecules ? [sdf] : []),
      { name: "report", title: "A report page of the rows", save: saveReport },
    ];
  }

  /** Cancel; and when all rows are there, downloads. */
  function controlsOf(job, isOfMolecules) {
    const onclick = () => molxai.cancelJob(job);
    const button = html("button", { type: "button", id: "cancel", onclick }, "Cancel");
    const links = html("span", { class: "buttons", id: "downloads", hidden: true });
    const link = (method) => {
      const query = `method=${encodeURIComponent(method)}`;
      const address = (ending) => `/api/jobs/${job.id}/result.${ending}?${query}`;
      const download = (ending) =>
        html("a", { href: address(ending), download: "" }, ending.toUpperCase());
      const endings = isOfMolecules ? [...ENDINGS, "sdf"] : ENDINGS;
      links.replaceChildren("Download all records: ", ...endings.map(download));
    };
    const end = (method) => {
      button.hidden = true;
      links.hidden = false;
      link(method);
    };
    return { toolbar: html("div", { class: "controls" }, button, links), link, end };
  }

  /** The fragments across the table, which the server adds up when they are looked at. */
  function seriesOf(job, settings) {
    const place = html("div", { id: "series" });
    const rows = html("span", {});
    const title = html("summary", {}, "Fragments across the table ", rows);
    const element = html("details", { hidden: true }, title, place);
    let newest = 0;

    let shown = null; // the views that a filter leaves; null without a filter

    async function fill(views = shown) {
      shown = views;
      element.hidden = !settings.views.some((view) => view.fragments);
      if (element.hidden || !element.open) return;
      const { method, scheme } = settings.state;
      const mine = ++newest;
      rows.textContent = shown ? `of the ${molxai.counted(shown.length, "row")} shown` : "";
      if (shown) {
        molxai.seriesTable(place, molxai.carriers(shown, method, scheme, settings), settings);
        return;
      }
      const query = new URLSearchParams({ method, scheme });
      try {
        const table = await molxai.ask(`/api/jobs/${job.id}/series?${query}`);
        if (mine === newest) molxai.seriesTable(place, table, settings);
      } catch (error) {
        if (mine !== newest) return;
        place.replaceChildren(html("p", { class: "error" }, error.message));
      }
    }

    element.addEventListener("toggle", () => fill());
    return { element, fill };
  }
})();
