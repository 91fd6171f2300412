// Which rows of a table are shown: by words, by kind, by numbers, by fragment and by substructure.
"use strict";

(() => {
  const { html } = molxai;
  const PATTERN_WIDTH = 24; // letters
  const STEP = 250; // views whose texts are made at a time

  const usual = () => ({
    search: "",
    show: "all",
    ranges: {},
    fragment: null,
    group: null, // { ranges, words }: rows that a panel names, such as those with an R group
    pattern: "",
  });

  const KINDS = {
    all: () => true,
    errors: (view) => Boolean(view.error),
    wrong: (view) => molxai.isWrong(view),
    chosen: (view, isChosen) => isChosen(view),
  };

  /**
   * The filters of a table.
   * settings: `columns()` that there are, `views`, `isChosen(view)`, `isUnread(key)` and
   * `read(key)` of a column, `patternHint`, which substructures are looked for,
   * `substructure(pattern)` that answers numbers of rows, if it can be
   * looked for, `draw(given, use)`, if one can be drawn, `patterns` to choose from; `changed()` is
   * called after a change by the user.
   * Returns `state()`; `passes()`, a test of views by the state; `sentence()`, what is not there;
   * `entries()` and `restore(entries)` of an address; `clear()`, `setFragment(fragment)` and
   * `setGroup(group)`;
   * `refresh()` after other columns or rows, `refind()` after more rows, `forget(view)` after one
   * has changed, `prepare()` when there is time; and the elements `bar`, `panel` and `chips`, which
   * `fillChips()` fills.
   */
  molxai.filters = (settings) => {
    let state = usual();
    let matches = null; // numbers of the rows with the substructure
    let asked = ""; // the substructure that was asked for last
    let newest = 0; // the number of that question
    const texts = new WeakMap(); // what is searched of each view
    let preparing = 0; // the timer of its making
    const search = html("input", { type: "search", id: "search", placeholder: settings.searched });
    const only = html("select", { id: "only" });
    const ranges = html("div", { class: "ranges" });
    const add = html("select", { id: "add-filter", onchange: addRange });
    const chips = html("span", { class: "chips" });
    const error = html("p", { class: "error", role: "alert" });
    const searching = html("span", { class: "hint", role: "status" });
    const pattern = html("input", {
      type: "text",
      id: "pattern",
      size: PATTERN_WIDTH,
      spellcheck: "false",
      autocomplete: "off",
      list: "patterns",
      placeholder: settings.patterns[0] ?? "c1ccccc1C(=O)N",
    });
    const patterns = settings.patterns.map((value) => html("option", { value }));
    const find = html("button", { type: "button", id: "find-pattern" }, "Find");
    find.addEventListener("click", usePattern);
    const panel = html(
      "div",
      { class: "panel", id: "filters", hidden: true },
      settings.substructure ? patternLine() : null,
      settings.patternHint ? html("p", { class: "hint" }, settings.patternHint) : null,
      error,
      html("p", {}, html("label", {}, "Filter by the numbers of ", add)),
      ranges,
    );

    function patternLine() {
      const label = html("label", {}, "Substructure (SMARTS or SMILES) ", pattern);
      const onclick = () => settings.draw(pattern.value, useDrawn);
      const draw = settings.draw && html("button", { type: "button", onclick }, "Draw …");
      const list = html("datalist", { id: "patterns" }, ...patterns);
      return html("p", { class: "buttons" }, label, list, find, draw, searching);
    }

    const useDrawn = (smiles) => {
      pattern.value = smiles;
      usePattern();
    };

    function passes() {
      const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
      const kind = KINDS[state.show];
      const limits = settings
        .columns()
        .filter((column) => state.ranges[column.key])
        .map((column) => [column, state.ranges[column.key]]);
      return (view) =>
        kind(view, settings.isChosen) &&
        (!matches || matches.has(view.row)) &&
        (!state.fragment || molxai.hasFragment(view, state.fragment)) &&
        (!state.group || molxai.isInRanges(state.group.ranges, view.row)) &&
        limits.every(([column, range]) => molxai.isWithin(column.value(view), range)) &&
        words.every((word) => searchText(view).includes(word));
    }

    /** Everything that is searched of a view, in small letters. */
    function searchText(view) {
      if (!texts.has(view)) {
        const fragments = Object.values(view.fragments || {}).flat();
        const names = fragments.map(([name]) => name);
        const columns = settings.columns().filter((column) => column.key !== "largest");
        const values = columns.map((column) => column.value(view) ?? "");
        texts.set(view, [...values, view.input, ...names].join(" ").toLowerCase());
      }
      return texts.get(view);
    }

    /** Make the texts of all views while there is nothing else to do, so that a search is quick. */
    function prepare(start = 0) {
      clearTimeout(preparing);
      const { views } = settings;
      views.slice(start, start + STEP).forEach(searchText);
      const next = start + STEP;
      if (next < views.length) preparing = setTimeout(() => prepare(next), 10);
    }

    function fillRanges() {
      const { views } = settings;
      const columns = settings.columns();
      const title = (key) => columns.find((column) => column.key === key)?.title ?? key;
      const free = columns.filter(
        (column) =>
          !(column.key in state.ranges) &&
          (molxai.isNumeric(column, views) || settings.isUnread(column.key)),
      );
      const options = free.map((column) => html("option", { value: column.key }, column.title));
      add.replaceChildren(html("option", { value: "" }, "choose a column …"), ...options);
      ranges.replaceChildren(...Object.keys(state.ranges).map((key) => range(key, title(key))));
    }

    /** The controls of one numeric filter. */
    function range(key, title) {
      const [low, high] = state.ranges[key];
      const field = (words, value, place) => {
        const set = (event) => {
          const content = event.target.value;
          state.ranges[key][place] = content === "" ? null : Number(content);
          settings.changed();
        };
        const label = `${title}: ${words}`;
        const attributes = { type: "number", step: "any", value, "aria-label": label };
        return html("input", { ...attributes, oninput: set });
      };
      const remove = () => {
        delete state.ranges[key];
        fillRanges();
        settings.changed();
      };
      const name = html("bdi", {}, title);
      const button = html("button", { type: "button", onclick: remove }, "remove");
      const fields = [field("at least", low, 0), " to ", field("at most", high, 1), " "];
      return html("p", { class: "range" }, name, " from ", ...fields, button);
    }

    async function addRange() {
      const key = add.value;
      if (!key) return;
      await settings.read(key);
      if (settings.isUnread(key)) return; // why is said
      state.ranges[key] = [null, null];
      fillRanges();
      ranges.lastElementChild.querySelector("input").focus();
    }

    async function usePattern() {
      await setPattern(pattern.value.trim());
      settings.changed();
    }

    /** Look for a substructure; what is wrong with it is said. */
    async function setPattern(text) {
      pattern.value = text;
      error.textContent = "";
      asked = settings.substructure ? text : "";
      await refind();
    }

    /** Look for what was asked last, also after more rows. The newest question wins. */
    async function refind() {
      const mine = ++newest;
      let rows = null;
      searching.textContent = asked && "Searching …";
      try {
        if (asked) rows = await settings.substructure(asked);
      } catch (refusal) {
        if (mine !== newest) return;
        error.textContent = refusal.message;
        asked = "";
      }
      if (mine !== newest) return;
      searching.textContent = "";
      matches = rows && new Set(rows);
      state.pattern = asked;
    }

    /** What is shown of the filters that have no control in sight. */
    function fillChips() {
      const chip = (words, remove) => {
        const label = `stop filtering: ${words}`;
        const button = { type: "button", class: "chip", "aria-label": label, onclick: remove };
        return html("button", button, html("bdi", {}, molxai.shortened(words, 60)), " ×");
      };
      const found = [];
      if (state.fragment) {
        found.push(chip(`with ${state.fragment.name}`, () => setFragment(null)));
      }
      if (state.group) found.push(chip(state.group.words, () => setGroup(null)));
      if (state.pattern) {
        const remove = async () => {
          await setPattern("");
          settings.changed();
        };
        found.push(chip(`with ${state.pattern}`, remove));
      }
      chips.replaceChildren(...found);
    }

    function setFragment(fragment) {
      state.fragment = fragment;
      settings.changed();
    }

    function setGroup(group) {
      state.group = group;
      settings.changed();
    }

    /** The kinds of rows that there are to choose from. */
    function fillKinds() {
      const { views } = settings;
      const kinds = [
        ["all", "all rows"],
        ["errors", "rows with errors"],
      ];
      if (views.some((view) => view.label_class)) kinds.push(["wrong", "wrongly predicted"]);
      kinds.push(["chosen", "chosen rows"]);
      if (!kinds.some(([value]) => value === state.show)) state.show = "all";
      const option = ([value, words]) =>
        html("option", { value, selected: value === state.show }, words);
      only.replaceChildren(...kinds.map(option));
    }

    function sentence() {
      const columns = settings.columns();
      const parts = [];
      if (state.search.trim()) parts.push(`“${state.search.trim()}”`);
      if (state.fragment) parts.push(`the fragment ${state.fragment.name}`);
      if (state.group) parts.push(state.group.words);
      if (state.pattern) parts.push(`the substructure ${state.pattern}`);
      for (const [key, [low, high]] of Object.entries(state.ranges)) {
        const title = columns.find((column) => column.key === key)?.title;
        if (title && (low !== null || high !== null)) {
          parts.push(`${title} from ${low ?? "any"} to ${high ?? "any"}`);
        }
      }
      const kind = { errors: "with an error", wrong: "wrongly predicted", chosen: "chosen" };
      const rows = state.show in kind ? `row ${kind[state.show]}` : "row";
      return `No ${rows}${parts.length ? ` has ${parts.join(" and ")}` : ""}.`;
    }

    /** The filters as an address holds them: strings, without what is as usual. */
    function entries() {
      const content = {};
      if (state.search) content.search = state.search;
      if (state.show !== "all") content.show = state.show;
      if (state.pattern) content.substructure = state.pattern;
      if (state.fragment) content.fragment = `${state.fragment.scheme}:${state.fragment.name}`;
      const limits = Object.entries(state.ranges)
        .filter(([, range]) => range.some((limit) => limit !== null))
        .map(([key, range]) => [key, range.map((limit) => limit ?? "").join("..")]);
      if (state.group) {
        content.group = `${molxai.rangesText(state.group.ranges)}:${state.group.words}`;
      }
      if (limits.length) content.filters = String(new URLSearchParams(limits));
      return content;
    }

    /** Set all filters to what an address holds: it may come from anybody. */
    async function restore(content) {
      state = { ...usual(), search: content.search || "" };
      matches = null;
      state.fragment = molxai.fragmentOf(content.fragment);
      state.group = molxai.groupOf(content.group);
      if (Object.hasOwn(KINDS, content.show)) state.show = content.show;
      for (const [key, text] of new URLSearchParams(content.filters || "")) {
        const range = molxai.rangeOf(text);
        if (range) state.ranges[key] = range;
      }
      search.value = state.search;
      panel.hidden = !Object.keys(state.ranges).length && !content.substructure && panel.hidden;
      refresh();
      await setPattern(content.substructure || "");
    }

    /** After other rows or columns. */
    function refresh() {
      fillKinds();
      fillRanges();
    }

    search.addEventListener("input", () => {
      state.search = search.value;
      settings.changed();
    });
    only.addEventListener("change", () => {
      state.show = only.value;
      settings.changed();
    });
    molxai.onEnter(pattern, usePattern);
    const bar = [html("label", {}, "Search ", search), html("label", {}, "Show ", only)];
    const forget = (view) => texts.delete(view);
    const clear = () => restore({});
    return {
      passes,
      sentence,
      entries,
      restore,
      refresh,
      clear,
      refind,
      forget,
      prepare,
      fillChips,
      setFragment,
      setGroup,
      bar,
      panel,
      chips,
      state: () => state,
    };
  };
})();
