// The report: one page of what was explained, wired together.
"use strict";

(() => {
  const { html } = molxai;
  const data = JSON.parse(document.getElementById("data").textContent);
  const views = data.views;
  const find = (name) => document.getElementById(name);
  const state = { method: Object.keys(data.methods)[0], scale: data.scale, palette: data.palette, scheme: "functional-groups", numbers: false };
  const settings = { ...data, state, open };
  const dialog = find("detail");
  let table = null, opened = null;
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

  function count() {
    const filter = find("only").value;
    const only = { all: () => true, errors: (view) => view.error, wrong: (view) => view.label_class && !view.error && view.label_class !== view.prediction }[filter];
    const shown = table.search(find("search").value, only);
    find("count").textContent = `${shown} of ${views.length} inputs`;
  }

  function fillTable() {
    const before = table && table.stands();
    table = molxai.table(find("table"), settings);
    count();
    if (before) table.stand(before);
  }

  function fillSeries() {
    if (views.some((view) => view.fragments)) molxai.seriesTable(find("series"), settings);
  }

  function fillConservation() {
    const rows = Object.keys(data.methods).map((method) => {
      const said = molxai.conservation(views, method);
      const verdict = said.adds === said.of ? "adds up" : `adds up for ${said.adds} of ${said.of}`;
      return html("tr", {}, html("th", { scope: "row" }, method), html("td", {}, verdict), html("td", {}, said.worst.toExponential(1)), html("td", {}, data.methods[method].says));
    });
    find("conservation").replaceChildren(...rows);
  }

  /** After another scale, palette or method. */
  function redraw(anew) {
    if (views.length > 1) {
      if (anew) fillTable();
      else table.redraw();
      fillSeries();
    }
    const shown = views.length === 1 ? views[0] : dialog.open ? opened : null;
    if (shown) molxai.detail(find(views.length === 1 ? "single" : "detail-content"), shown, settings, state);
  }

  /** Listen to a control; a page of one input, or of digits, lacks some. */
  const on = (name, event, act) => find(name)?.addEventListener(event, act);

  function choose(name, values, current, change) {
    find(name)?.replaceChildren(...values.map((value) => html("option", { value, selected: value === current }, value)));
    on(name, "change", (event) => change(event.target.value));
  }

  state.changed = () => {
    find("method").value = state.method;
    redraw(true);
  };

  choose("method", Object.keys(data.methods), state.method, (value) => ((state.method = value), redraw(true)));
  choose("palette", Object.keys(data.palettes), state.palette, (value) => ((state.palette = value), redraw(false)));
  choose("scheme", data.schemes, state.scheme, (value) => ((state.scheme = value), fillSeries()));
  const fixed = typeof state.scale === "number";
  find("scale").value = fixed ? "fixed" : state.scale;
  find("fixed").value = fixed ? state.scale : 1;
  const showFixed = () => (find("fixed").hidden = find("scale").value !== "fixed");

  function rescale() {
    const chosen = find("scale").value;
    showFixed();
    const value = Number(find("fixed").value);
    state.scale = chosen === "fixed" ? (value > 0 ? value : 1) : chosen;
    redraw(false);
  }

  on("scale", "change", rescale);
  on("fixed", "change", rescale);
  showFixed();
  on("numbers", "change", (event) => ((state.numbers = event.target.checked), redraw(false)));
  on("search", "input", count);
  on("only", "change", count);
  on("csv", "click", () => molxai.save(molxai.csv(table.rows()), "text/csv", "molxai-report.csv"));
  on("previous", "click", () => step(-1));
  on("next", "click", () => step(1));
  on("close", "click", () => dialog.close());
  dialog.addEventListener("close", () => history.replaceState(null, "", "#"));
  addEventListener("beforeprint", () => table && table.buildAll());

  fillConservation();
  if (views.length > 1) {
    if (views.some((view) => view.methods)) find("histogram").replaceChildren(molxai.histogram(views));
    fillSeries();
    fillTable();
    const wanted = /^#row=(\d+)$/.exec(location.hash);
    const view = wanted && views.find((one) => one.row === Number(wanted[1]));
    if (view) open(view);
  } else molxai.detail(find("single"), views[0], settings, state);
})();
