// The table to work in, which the report and the workbench share: search and filters, columns,
// sorting, chosen rows, plots, and the address of all that.
"use strict";

(() => {
  const { html } = molxai;
  const SEPARATOR = "-"; // before the key of a column that is sorted downwards
  const OPENED = /^\d+(,\d+)?$/; // the row that is shown in large, or two that are compared
  const NARROW = 1000; // width of a table below which the columns that matter most come first
  const FIRST = ["prediction", "measured", "outcome", "residual"];
  const SPARED = ["row", "distance"]; // that such a table does not show at first
  const LAST = ["input"]; // beside its picture
  const PAGED = matchMedia("(max-width: 720px)"); // a telephone shows a row as lines
  const SOON = 100; // milliseconds: a browser ignores an address that changes at every key

  /**
   * Fill elements with a workspace: `places` are { tools, table, plots }.
   * settings, as for `detail`, and
   * - `views`, which may grow: call `refresh()` then; `isGrowing()`, whether more are to come;
   * - `usual(columns)`: keys of the columns at first; `columns`, names of the user's columns,
   *   `unread`, those of them that views lack, and `load(name)`, which adds one to all views;
   * - `substructure(pattern)`: numbers of the rows that have it; `draw(given, use)`: draw one;
   *   `patterns`: some to choose from; `patternHint`: which can be looked for; `searched`: hint of the search;
   * - `exports`: see `selection.js`; `hint`: what is said beside them;
   * - `openRow(view, shown)`: show a row in large;
   * - `changedIn(a, b)`: the atoms of two rows that only one of them has, if the page knows them;
   * - `changed(shown, isFiltered)`: after other rows are shown;
   * - `marked(shown, chosen)`: after that, and after others are chosen;
   * - `remember()`, called after each change by the user.
   */
  molxai.workspace = (places, settings) => {
    const { views } = settings;
    let order = null; // keys of the columns that are shown; as at first if there are none
    let frozen = 0; // columns after the id that stay when the table is scrolled
    let sorted = null; // { key, upwards }
    let shown = [];
    let opened = null;
    let compared = null; // two rows
    let wanted = []; // numbers of rows that an address opens and that are not there yet
    let columns = [];
    let due = 0; // the timer of what follows the table
    let kept = 0; // the timer of what the address follows
    const unread = new Set(settings.unread || []);

    const remember = () => settings.remember?.();
    const byKey = (key) => columns.find((column) => column.key === key);
    const isUnread = (key) => unread.has(molxai.ownName(key)) && Boolean(settings.load);

    /** Let all views have a column of the user's table; it stays unread if it cannot be had. */
    async function read(key) {
      const name = molxai.ownName(key);
      problem.textContent = "";
      try {
        if (name !== null && settings.load) await settings.load(name);
      } catch (error) {
        if (error.status === undefined) throw error; // no refusal, but a fault
        problem.textContent = `The column ${name}: ${error.message}`;
        return;
      }
      unread.delete(name);
      views.forEach((view) => filters.forget(view));
    }

    /** Keys of the columns at first. */
    function usualKeys() {
      const keys = settings.usual ? settings.usual(columns) : columns.map(({ key }) => key);
      const isNarrow = !PAGED.matches && places.table.clientWidth < NARROW;
      if (!isNarrow || !places.table.clientWidth) return keys;
      const named = [...FIRST, ...SPARED, ...LAST];
      const there = (wanted) => wanted.filter((key) => keys.includes(key));
      return [...there(FIRST), ...keys.filter((key) => !named.includes(key)), ...there(LAST)];
    }

    /** Keys of the columns that are shown; the id is always the first. */
    function shownKeys() {
      const wantedKeys = (order ?? usualKeys()).filter(byKey);
      return ["id", ...new Set(wantedKeys.filter((key) => key !== "id"))];
    }

    const selection = molxai.selection({
      shown: () => shown,
      views,
      isGrowing: () => Boolean(settings.isGrowing?.()),
      exports: settings.exports(() => shownKeys().map(byKey)),
      hint: settings.hint,
      compare,
      changed: chosenChanged,
    });
    const filters = molxai.filters({
      views,
      columns: () => columns,
      searched: settings.searched,
      substructure: settings.substructure,
      draw: settings.draw,
      patterns: settings.patterns || [],
      patternHint: settings.patternHint,
      isChosen: selection.has,
      isUnread,
      read,
      changed: () => {
        apply(true);
        remember();
      },
    });
    const chooser = molxai.chooser({
      columns: () => columns,
      shown: shownKeys,
      choose: setColumns,
      reset: () => {
        frozen = 0;
        setColumns(null);
      },
      frozen: () => frozen,
      freeze,
    });
    const nothing = html("p", { class: "nothing", role: "status" });
    const problem = html("p", { class: "error", role: "alert" });
    const frame = html("div", {});
    places.table.replaceChildren(selection.bar, problem, nothing, frame);
    const table = molxai.table(frame, settings, {
      open: (view) => open(view),
      sort: toggleSort,
      toggle: selection.toggle,
      extend: selection.extend,
      isChosen: selection.has,
    });
    const plot = molxai.plot(places.plots, {
      columns: () => columns,
      views,
      isUnread,
      read,
      open: (view) => open(view),
      toggle: selection.toggle,
      isChosen: selection.has,
      changed: remember,
    });
    places.tools.replaceChildren(
      ...filters.bar,
      opener("Filters", filters.panel, filters.refresh),
      opener("Columns", chooser.panel, chooser.fill),
      filters.chips,
      filters.panel,
      chooser.panel,
    );

    /** The rows that pass the filters, in order; `fromTop` after another question. */
    function apply(fromTop) {
      const top = table.top();
      shown = views.filter(filters.passes());
      sort();
      lay();
      table.scrollTo(fromTop ? 0 : top);
      filters.fillChips();
      selection.refresh();
      sayNothing();
      clearTimeout(due);
      due = setTimeout(tell, 0); // what stands below the table may follow it
    }

    function lay() {
      table.show(shown, shownKeys().map(byKey), sorted, frozen);
    }

    /** Let plot, histogram and fragments follow the rows that are shown. */
    function tell() {
      plot.show(shown);
      settings.changed(shown, shown.length < views.length);
      settings.marked(shown, views.filter(selection.has));
    }

    function sayNothing() {
      const isEmpty = shown.length === 0 && views.length > 0;
      nothing.hidden = !isEmpty;
      if (!isEmpty) return;
      const onclick = async () => {
        await filters.clear();
        apply(true);
        remember();
      };
      const all = html("button", { type: "button", onclick }, `Show all ${views.length} rows`);
      nothing.replaceChildren(html("bdi", {}, filters.sentence()), " ", all);
    }

    function chosenChanged() {
      if (filters.state().show === "chosen") apply(false);
      else table.mark();
      plot.draw();
      settings.marked(shown, views.filter(selection.has));
      clearTimeout(kept);
      kept = setTimeout(remember, SOON);
    }

    function sort() {
      const column = sorted && byKey(sorted.key);
      if (!column) return;
      const value = new Map(shown.map((view) => [view, column.value(view)]));
      shown.sort((a, b) => molxai.compare(value.get(a), value.get(b), sorted.upwards));
    }

    function toggleSort(key) {
      sorted = { key, upwards: sorted?.key === key ? !sorted.upwards : true };
      sort();
      lay();
      table.scrollTo(0);
      remember();
    }

    async function setColumns(chosen) {
      order = chosen;
      lay();
      remember();
      const missing = shownKeys().filter(isUnread);
      for (const key of missing) await read(key);
      if (missing.length) apply(false);
    }

    function freeze(count) {
      frozen = count;
      lay();
      remember();
    }

    /** Show a row in large; the page that shows it says with `closed` that it is gone. */
    function open(view) {
      opened = view;
      settings.openRow(view, shown);
      remember();
    }

    function closed() {
      if (opened) table.reveal(opened);
      opened = null;
      remember();
    }

    /** Show two rows side by side, with `changed` atoms marked if they are known. */
    function compare(a, b, changed) {
      compared = [a, b];
      molxai.compareRows(settings, a, b, changed ?? settings.changedIn?.(a, b));
      remember();
    }

    function parted() {
      compared = null;
      remember();
    }

    function step(by) {
      const place = shown.indexOf(opened);
      const next = place < 0 ? null : shown[place + by];
      if (next) open(next);
    }

    /** After more views, or another method, whose numbers the columns hold. */
    function refresh() {
      columns = molxai.columns(settings);
      views.forEach((view) => filters.forget(view));
      filters.refresh();
      selection.take();
      apply(false);
      filters.prepare();
      openNumbers(wanted);
    }

    /** Show one row in large, or two side by side, as soon as they are there. */
    function openNumbers(numbers) {
      wanted = numbers;
      const named = numbers.map((number) => views.find((view) => view.row === number));
      if (!named.length || named.includes(undefined)) return;
      wanted = [];
      if (named.length === 1) open(named[0]);
      else compare(...named);
    }

    /** What is not as usual, as strings. */
    function address() {
      const content = { ...filters.entries(), ...selection.entries(), ...plot.entries() };
      if (sorted) content.sort = (sorted.upwards ? "" : SEPARATOR) + sorted.key;
      if (order) content.columns = String(new URLSearchParams(order.map((key) => ["c", key])));
      if (frozen) content.frozen = String(frozen);
      const inSight = compared ?? (opened ? [opened] : []);
      if (inSight.length) content.row = inSight.map((view) => view.row).join(",");
      return content;
    }

    /** Set all of that; what means nothing is ignored, for an address may come from anybody. */
    async function restore(content) {
      sorted = sortOf(content.sort);
      order = content.columns ? new URLSearchParams(content.columns).getAll("c") : null;
      frozen = /^\d$/.test(content.frozen || "") ? Math.min(content.frozen, molxai.MOST_FROZEN) : 0;
      selection.restore(content);
      plot.restore(content);
      const own = [...(order || []), sorted?.key, ...filteredKeys(content), ...plot.picked()];
      for (const key of own.filter((name) => name && isUnread(name))) await read(key);
      await filters.restore(content);
      apply(true);
      const numbers = OPENED.test(content.row || "") ? content.row.split(",").map(Number) : [];
      if (numbers.length < 2) molxai.partRows();
      openNumbers(numbers);
    }

    function filterByFragment(scheme, name) {
      filters.setFragment({ scheme, name });
      places.table.scrollIntoView({ block: "nearest" });
    }

    /** Show the rows of these numbers, which have what the words say. */
    function filterByRows(rows, words) {
      filters.setGroup({ ranges: molxai.rangesOf(rows), words });
    }

    settings.compare = compare;
    settings.parted = parted;
    settings.filterByFragment = filterByFragment;
    settings.filterByRows = filterByRows;
    refresh();
    return {
      refresh,
      refind: filters.refind,
      redraw: () => table.redraw(),
      shown: () => shown,
      chosen: () => views.filter(selection.has),
      open,
      closed,
      step,
      address,
      restore,
      filterByFragment,
      buildAll: table.buildAll,
    };
  };

  /** A button that opens and closes a panel; `fill()` is called before it is opened. */
  function opener(words, panel, fill) {
    const toggle = () => {
      panel.hidden = !panel.hidden;
      if (!panel.hidden) fill();
      button.setAttribute("aria-expanded", String(!panel.hidden));
    };
    const attributes = { type: "button", "aria-expanded": "false", "aria-controls": panel.id };
    const button = html("button", { ...attributes, onclick: toggle }, words);
    return button;
  }

  function sortOf(text) {
    if (!text) return null;
    const upwards = !text.startsWith(SEPARATOR);
    return { key: upwards ? text : text.slice(SEPARATOR.length), upwards };
  }

  /** Keys of the columns that an address filters by. */
  const filteredKeys = ({ filters }) => [...new URLSearchParams(filters || "").keys()];
})();
