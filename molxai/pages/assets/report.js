// The report: one page of what was explained, wired together.
"use strict";

(() => {
  const { html } = molxai;
  const data = JSON.parse(document.getElementById("data").textContent);
  const views = molxai.unpackViews(data);
  const find = (name) => document.getElementById(name);
  const dialog = find("detail");
  const state = {
    method: data.methods[0],
    scale: data.scale,
    palette: data.palette,
    scheme: "functional-groups",
    numbers: false,
    changed: () => {
      find("method").value = state.method;
      redraw(true);
    },
  };
  const settings = { ...data, views, state, open };
  let table = null;
  let opened = null;
  molxai.page = settings;

  function open(view) {
    opened = view;
    molxai.detail(find("detail-content"), view, settings, state);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    history.replaceState(null, "", `#row=${view.row}`);
  }

  function step(by) {
    const shown = table.shown();
    const next = shown[shown.indexOf(opened) + by];
    if (next) open(next);
  }

  const FILTERS = {
    all: () => true,
    errors: (view) => view.error,
    wrong: (view) => view.label_class && !view.error && view.label_class !== view.prediction,
  };

  function count() {
    const shown = table.search(find("search").value, FILTERS[find("only").value]);
    find("count").textContent = `${shown} of ${views.length} inputs`;
  }

  function fillTable() {
    const before = table && table.position();
    table = molxai.table(find("table"), settings);
    count();
    if (before) table.restore(before);
  }

  function fillSeries() {
    if (!data.schemes.length) return;
    const carriers = molxai.unpackCarriers(data, state.method, state.scheme);
    molxai.seriesTable(find("series"), carriers, settings);
    if (data.panels.rgroups) molxai.rgroups(find("rgroups"), data.panels.rgroups, settings);
    if (data.panels.pairs) molxai.pairs(find("pairs"), data.panels.pairs[state.method], settings);
  }

  /** After another scale, palette or method; `anew` if more than colours changes. */
  function redraw(anew) {
    if (views.length === 1) {
      molxai.detail(find("single"), views[0], settings, state);
      return;
    }
    if (anew) fillTable();
    else table.redraw();
    fillSeries();
    if (dialog.open) molxai.detail(find("detail-content"), opened, settings, state);
  }

  /** Listen to a control; a page of one input, or of digits, lacks some. */
  const on = (name, event, act) => find(name)?.addEventListener(event, act);

  /** Fill a choice, and keep what is chosen in the state. */
  function choose(name, values, key, after) {
    const option = (value) => html("option", { value, selected: value === state[key] }, value);
    find(name)?.replaceChildren(...values.map(option));
    on(name, "change", (event) => {
      state[key] = event.target.value;
      after();
    });
  }

  function showScale() {
    const fixed = typeof state.scale === "number";
    find("scale").value = fixed ? "fixed" : state.scale;
    find("fixed").value = fixed ? state.scale : 1;
    find("fixed").hidden = !fixed;
  }

  function rescale() {
    const chosen = find("scale").value;
    const value = Number(find("fixed").value);
    find("fixed").hidden = chosen !== "fixed";
    state.scale = chosen === "fixed" ? (value > 0 ? value : 1) : chosen;
    redraw(false);
  }

  function renumber(event) {
    state.numbers = event.target.checked;
    redraw(false);
  }

  const saveTable = () => molxai.save(molxai.csv(table.rows()), "text/csv", "molxai-report.csv");

  choose("method", data.methods, "method", () => redraw(true));
  choose("palette", Object.keys(data.palettes), "palette", () => redraw(false));
  choose("scheme", data.schemes, "scheme", fillSeries);
  showScale();
  on("scale", "change", rescale);
  on("fixed", "change", rescale);
  on("numbers", "change", renumber);
  on("search", "input", count);
  on("only", "change", count);
  on("csv", "click", saveTable);
  on("previous", "click", () => step(-1));
  on("next", "click", () => step(1));
  on("close", "click", () => dialog.close());
  dialog.addEventListener("close", () => history.replaceState(null, "", "#"));
  addEventListener("beforeprint", () => table && table.buildAll());

  if (views.length === 1) {
    molxai.detail(find("single"), views[0], settings, state);
  } else {
    if (data.histogram) find("histogram").replaceChildren(molxai.histogram(data.histogram));
    fillSeries();
    fillTable();
    const wanted = /^#row=(\d+)$/.exec(location.hash);
    const view = wanted && views.find((one) => one.row === Number(wanted[1]));
    if (view) open(view);
  }
})();
