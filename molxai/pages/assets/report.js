// The report: one page of what was explained, wired together.
"use strict";

(() => {
  const { html } = molxai;
  const data = JSON.parse(document.getElementById("data").textContent);
  const views = molxai.unpackViews(data);
  const find = (name) => document.getElementById(name);
  const dialog = find("detail");
  const usual = {
    method: data.methods[0],
    scale: data.scale,
    palette: data.palette,
    scheme: "functional-groups",
    numbers: false,
  };
  const state = {
    ...usual,
    changed: () => {
      find("method").value = state.method;
      redraw(true);
    },
  };
  const settings = { ...data, views, state };
  const FOLDED = { fragments: "series", rgroups: "rgroups", pairs: "pairs" }; // by their contents
  const ANY_PATTERN =
    "A report written with --search and the workbench (molxai serve) search for any substructure.";
  let workspace = null;
  let folding = null;
  let opened = null;
  let isRestoring = false;
  let isClosing = false; // by the user, so that Back only takes what was opened away
  molxai.page = settings;

  settings.open = (view) => workspace.open(view);
  settings.openRow = (view, shown) => {
    opened = view;
    molxai.detail(find("detail-content"), view, settings, state);
    const place = shown.indexOf(view);
    find("previous").disabled = place <= 0;
    find("next").disabled = place < 0 || place + 1 >= shown.length;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };
  settings.changed = (shown, isFiltered) => fillSeries(shown, isFiltered);
  settings.marked = (shown, chosen) => {
    if (!data.histogram) return;
    find("histogram").replaceChildren(molxai.histogram(data.histogram, shown, chosen));
  };
  settings.remember = () => remember();
  settings.patterns = data.substructures || [];
  if (molxai.canSearch()) {
    settings.substructure = (pattern) => molxai.rowsWith(pattern, views);
  } else if (settings.patterns.length) {
    settings.substructure = rowsMatched;
    settings.patternHint = `This report searches for the substructures that it was written with. ${ANY_PATTERN}`;
  } else if (data.schemes.length) {
    settings.patternHint = `To search by substructure, write the report with --substructure SMARTS. ${ANY_PATTERN}`;
  }

  /** Numbers of the rows that have one of the substructures that the report was written with. */
  function rowsMatched(pattern) {
    const place = settings.patterns.indexOf(pattern);
    if (place < 0) {
      const all = settings.patterns.join("  or  ");
      throw new Error(`This report can only search for ${all}. ${ANY_PATTERN}`);
    }
    return views.filter((view) => view.has?.includes(place)).map((view) => view.row);
  }

  settings.exports = (columns) => [
    {
      name: "csv",
      title: "The rows with these columns",
      save: (chosen) => molxai.saveTable(columns(), chosen, "molxai-report.csv"),
    },
    {
      name: "report",
      title: "A smaller report of the rows",
      save: (chosen) =>
        molxai.save(molxai.smallerReport(data, chosen), "text/html", "molxai-report-part.html"),
    },
  ];
  if (data.schemes.length) settings.hint = "SDF: molxai explain TABLE -o rows.sdf";

  /** The table of fragments of the rows that are shown: the server's, unless a filter is on. */
  function fillSeries(shown, isFiltered) {
    if (!data.schemes.length) return;
    const { method, scheme } = state;
    const carriers =
      isFiltered || !data.series
        ? molxai.carriers(shown, method, scheme, data)
        : molxai.unpackCarriers(data, method, scheme);
    molxai.seriesTable(find("series"), carriers, settings);
    find("series-rows").textContent = isFiltered ? `of the ${molxai.counted(shown.length, "row")} shown` : "";
  }

  /** The panels of all rows; a filter changes nothing there. */
  function fillPanels() {
    if (data.panels.rgroups) molxai.rgroups(find("rgroups"), data.panels.rgroups, settings);
    if (data.panels.pairs) molxai.pairs(find("pairs"), data.panels.pairs[state.method], settings);
  }

  /** The atoms that only one of two rows has, if they are a matched pair. */
  settings.changedIn = (a, b) => {
    const changes = data.panels.pairs?.[state.method]?.rows ?? [];
    for (const [first, second, ofFirst, ofSecond] of changes.flatMap((change) => change.at(-1))) {
      if (first === a.row && second === b.row) return [ofFirst, ofSecond];
      if (first === b.row && second === a.row) return [ofSecond, ofFirst];
    }
    return undefined;
  };

  /** After another scale, palette or method; `anew` if more than colours changes. */
  function redraw(anew) {
    if (find("direction")) find("direction").textContent = data.directions[state.method];
    if (!workspace) {
      molxai.detail(find("single"), views[0], settings, state);
      return;
    }
    if (anew) workspace.refresh();
    else workspace.redraw();
    if (!anew) fillSeries(workspace.shown(), workspace.shown().length < views.length);
    if (dialog.open) molxai.detail(find("detail-content"), opened, settings, state);
    fillPanels();
    remember();
  }

  /** The state as an address holds it, without what is as usual. */
  function address() {
    const look = Object.keys(usual).filter((name) => state[name] !== usual[name]);
    const entries = look.map((name) => [name, String(state[name])]);
    return { ...Object.fromEntries(entries), ...folding?.entries(), ...workspace?.address() };
  }

  const entriesOf = (hash) => Object.fromEntries(new URLSearchParams(hash.slice(1)));

  /** The state as it stands in the address. */
  const current = () => `#${new URLSearchParams(address())}`;

  const saveSession = () =>
    molxai.save(molxai.sessionPage(data, current()), "text/html", "molxai-report-session.html");

  /** Keep the state in the address; rows that are opened are something to go back from. */
  function remember() {
    if (isRestoring || isClosing) return;
    const entries = address();
    const hash = current();
    if (hash === (location.hash || "#")) return;
    const wasOpen = entriesOf(location.hash).row;
    if (entries.row && !wasOpen) {
      history.pushState({ isOpened: true }, "", hash);
    } else if (!entries.row && wasOpen && history.state?.isOpened) {
      isClosing = true;
      history.back();
    } else {
      history.replaceState(history.state, "", hash);
    }
  }

  /** Show what the address says. */
  async function restore() {
    isRestoring = true;
    try {
      await show(entriesOf(location.hash));
    } finally {
      isRestoring = false;
    }
  }

  async function show(entries) {
    restoreLook(entries);
    if (!/^\d+$/.test(entries.row || "") && dialog.open) dialog.close();
    folding?.restore(entries);
    if (workspace) await workspace.restore(entries);
    redraw(true);
  }

  function restoreLook(entries) {
    const allowed = {
      method: data.methods,
      palette: Object.keys(data.palettes),
      scheme: data.schemes,
    };
    for (const [name, values] of Object.entries(allowed)) {
      state[name] = values.includes(entries[name]) ? entries[name] : usual[name];
      if (find(name)) find(name).value = state[name];
    }
    const scale = Number(entries.scale);
    if (scale > 0 && Number.isFinite(scale)) state.scale = scale;
    else state.scale = ["own", "common"].includes(entries.scale) ? entries.scale : usual.scale;
    state.numbers = entries.numbers === "true";
    if (find("numbers")) find("numbers").checked = state.numbers;
    showScale();
  }

  /** The row is gone from sight. */
  function closed() {
    if (dialog.open) return; // another row was opened before this was told
    workspace.closed();
    opened = null;
  }

  function moved() {
    if (!isClosing) return restore();
    isClosing = false;
    return remember();
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

  /** The parts of this page that can be folded, by their names. */
  function foldedParts() {
    const there = Object.entries(FOLDED).filter(([, id]) => find(id));
    return Object.fromEntries(there.map(([name, id]) => [name, find(id).closest("details")]));
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

  choose("method", data.methods, "method", () => redraw(true));
  choose("palette", Object.keys(data.palettes), "palette", () => redraw(false));
  choose("scheme", data.schemes, "scheme", () => redraw(false));
  showScale();
  on("scale", "change", rescale);
  on("fixed", "change", rescale);
  on("numbers", "change", renumber);
  on("save-session", "click", saveSession);
  if (views.length > 1) {
    const places = { tools: find("tools"), table: find("table"), plots: find("plots") };
    workspace = molxai.workspace(places, settings);
    settings.workspace = workspace;
    folding = molxai.folding("closed", foldedParts(), true, () => remember());
    on("previous", "click", () => workspace.step(-1));
    on("next", "click", () => workspace.step(1));
    on("close", "click", () => dialog.close());
    molxai.stepByKeys(dialog, workspace.step);
    dialog.addEventListener("close", closed);
    addEventListener("beforeprint", workspace.buildAll);
  }
  addEventListener("popstate", moved);
  const isAddressed = location.href.includes("#"); // an empty state has a # too
  if (data.state && !isAddressed) history.replaceState(null, "", data.state); // a saved session
  restore();
})();
