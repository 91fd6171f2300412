// The table of many inputs: sorted, searched, and built as they come into sight.
"use strict";

(() => {
  const { html, signed } = molxai;

  const CHUNK = 60; // rows that are built at once, with their pictures, when they come near
  const ROW = 118; // height of a row, as in the style sheet

  const NUMBER = (value, shown = molxai.plain) => ({ value, text: shown(value) });
  const TEXT = (value, length = 60) => ({ value: value ?? "", text: molxai.shortened(String(value ?? ""), length) });

  /** Columns: title, and of a view the value that is sorted by and the text that is shown. */
  function columns(settings) {
    const first = settings.views.find((view) => view.methods) || {};
    const has = (name) => settings.views.some((view) => view[name] !== null && view[name] !== undefined);
    const values = first.probability === null;
    const known = [
      ["row", (view) => NUMBER(view.row, String)],
      ["id", (view) => TEXT(view.id, 40)],
      ["input", (view) => TEXT(view.input, 60)],
      values ? [`predicted (${first.unit})`, (view) => NUMBER(view.prediction)] : ["prediction", (view) => TEXT(view.error ? `error: ${view.error}` : view.prediction, 200)],
    ];
    if (values) known.push(["error", (view) => TEXT(view.error, 200)]);
    else {
      const of = (name) => {
        const found = new Set(settings.views.filter((view) => view.methods).map((view) => view[name]));
        return `of ${found.size === 1 ? [...found][0] : "target"}`;
      };
      known.push([`probability ${of("target_class")}`, (view) => NUMBER(view.probability)], [`logit ${of("target")}`, (view) => NUMBER(view.logit, (value) => (value === undefined ? "" : signed(value)))]);
    }
    if (has("logit_sd")) known.push(["± sd", (view) => NUMBER(view.logit_sd)]);
    if (has("label")) known.push(["measured", (view) => looksNumeric(view.label)]);
    if (has("similarity")) known.push(["similarity", (view) => NUMBER(view.similarity)]);
    known.push(["largest", (view) => TEXT(largest(view, settings.state.method), 60)]);
    const extras = Object.keys(Object.assign({}, ...settings.views.map((view) => view.extras || {})));
    return [...known, ...extras.map((name) => [name, (view) => looksNumeric(view.extras?.[name])])];
  }

  const looksNumeric = (text) => (text && Number.isFinite(Number(text)) ? { value: Number(text), text } : TEXT(text));

  function largest(view, method) {
    if (!view.methods || !view.methods[method]) return "";
    const { relevance } = view.methods[method];
    const order = relevance.map((_, node) => node).sort((a, b) => Math.abs(relevance[b]) - Math.abs(relevance[a]));
    return order.slice(0, 3).map((node) => `${molxai.nodeName(view, node)} ${signed(relevance[node])}`).join(", ");
  }

  /**
   * Fill an element with the table of `settings.views`.
   * settings.state as for `detail`; `settings.open(view)` is called for a row that is chosen.
   * Returns { sort, search, shown, rows, redraw, buildAll }: by a column; rows that hold a text; the views that are shown, in
   * order; their cells; pictures anew after a change of state; and everything at once, for paper.
   */
  molxai.table = (container, settings) => {
    const named = columns(settings);
    const rows = settings.views.map((view) => rowOf(view, named));
    const filler = html("tr", { class: "filler" });
    const body = html("tbody", {}, filler);
    const heads = named.map(([title], place) => html("th", { scope: "col" }, html("button", { type: "button", onclick: () => sort(place) }, title)));
    const table = html("table", { class: "inputs" }, html("thead", {}, html("tr", {}, html("th", { scope: "col" }, "picture"), ...heads)), body);
    const frame = html("div", { class: "wide rows", tabindex: "0", role: "region", "aria-label": "rows of the table" }, table);
    container.replaceChildren(frame);
    const root = matchMedia("(max-width: 720px)").matches ? null : frame; // a telephone scrolls the page, not the frame
    let shown = rows, built = 0, sorted = null, upwards = true;
    const watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && build(CHUNK), { root, rootMargin: "600px" });

    /** The next rows; the filler stands for those that are still to come. */
    function build(count) {
      const next = shown.slice(built, built + count);
      built += next.length;
      filler.before(...next.map((row) => element(row, named, settings)));
      filler.style.height = `${(shown.length - built) * ROW}px`;
      watcher.unobserve(filler); // observed anew, it tells again whether it is still in sight
      if (built < shown.length) watcher.observe(filler);
    }

    function rebuild() {
      body.replaceChildren(filler);
      built = 0;
      build(CHUNK);
    }

    function order() {
      if (sorted !== null) shown.sort((a, b) => compared(a.cells[sorted].value, b.cells[sorted].value, upwards));
    }

    function sort(place) {
      upwards = sorted === place ? !upwards : true;
      sorted = place;
      heads.forEach((head, i) => (i === place ? head.setAttribute("aria-sort", upwards ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
      order();
      rebuild();
    }

    function search(words, only = () => true) {
      const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
      shown = rows.filter((row) => only(row.view) && wanted.every((word) => row.text.includes(word)));
      order();
      rebuild();
      return shown.length;
    }

    rebuild();
    return {
      sort,
      search,
      shown: () => shown.map((row) => row.view),
      rows: () => [named.map(([title]) => title), ...shown.map((row) => row.cells.map((cell) => cell.value))],
      redraw: rebuild,
      buildAll: () => build(shown.length),
    };
  };

  /** Numbers before text, what is missing last in either direction. */
  function compared(a, b, upwards) {
    const empty = (value) => value === undefined || value === null || value === "";
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    const both = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
    return upwards ? both : -both;
  }

  function rowOf(view, named) {
    const cells = named.map(([, cell]) => cell(view));
    const fragments = Object.values(view.fragments || {}).flatMap((parts) => parts.map(([name]) => name));
    return { view, cells, text: [...cells.map((cell) => cell.value), view.id, view.input, ...fragments].join(" ").toLowerCase() };
  }

  function element({ view, cells }, named, settings) {
    const open = () => settings.open(view);
    const shown = cells.map((cell, place) => {
      const text = html("bdi", {}, cell.text);
      const held = named[place][0] === "id" ? html("button", { type: "button", class: "link", onclick: open }, text) : text;
      return html("td", { "data-title": named[place][0], class: typeof cell.value === "number" ? "number" : null }, held);
    });
    const picture = html("td", { class: "thumbnail", onclick: open }, thumbnail(view, settings));
    return html("tr", { class: view.error ? "error" : null, "data-row": view.row }, picture, ...shown);
  }

  function thumbnail(view, settings) {
    const { state, palettes } = settings;
    if (!view.methods || !view.methods[state.method]) return null;
    const limit = molxai.limit(view, state.method, state.scale, settings);
    return molxai.picture(view, state.method, { limit, palette: palettes[state.palette] });
  }
})();
