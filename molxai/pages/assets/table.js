// The table of many inputs: sorted, searched, and built as they come into sight.
"use strict";

(() => {
  const { html, signed } = molxai;

  const AROUND = 25, MARGIN = 8; // rows that are built above and below those in sight, and how many of them must be left
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
    if (!values) {
      const of = (name) => {
        const found = new Set(settings.views.filter((view) => view.methods).map((view) => view[name]));
        return `of ${found.size === 1 ? [...found][0] : "target"}`;
      };
      known.push([`probability ${of("target_class")}`, (view) => NUMBER(view.probability)], [`logit ${of("target")}`, (view) => NUMBER(view.logit, (value) => (value === undefined ? "" : signed(value)))]);
    }
    if (has("logit_sd")) known.push(["± sd", (view) => NUMBER(view.logit_sd)]);
    if (has("label")) known.push(["measured", (view) => looksNumeric(view.label)]);
    if (values && settings.views.some((view) => residual(view) !== null)) known.push(["predicted − measured", (view) => NUMBER(residual(view), (value) => (value === null ? "" : signed(value)))]);
    if (has("similarity")) known.push(["similarity", (view) => NUMBER(view.similarity)]);
    known.push(["largest", (view) => TEXT(view.methods?.[settings.state.method] ? molxai.largest(view, settings.state.method) : "", 60)]);
    const extras = Object.keys(Object.assign({}, ...settings.views.map((view) => view.extras || {})));
    const beside = extras.map((name) => [name, (view) => looksNumeric(view.extras?.[name])]);
    const last = values && has("error") ? [["error", (view) => TEXT(view.error, 200)]] : [];
    return [...known, ...beside, ...last];
  }

  /** By how much a prediction is above what was measured; null where either is missing. */
  function residual(view) {
    const measured = looksNumeric(view.label).value;
    return view.methods && typeof measured === "number" ? view.prediction - measured : null;
  }

  const looksNumeric = (text) => (text && Number.isFinite(Number(text)) ? { value: Number(text), text } : TEXT(text));

  /**
   * Fill an element with the table of `settings.views`.
   * settings.state as for `detail`; `settings.open(view)` is called for a row that is chosen.
   * Returns { sort, search, shown, rows, redraw, buildAll, stands, stand }: by a column; rows that hold a text; the views that
   * are shown, in order; their cells; pictures anew after a change of state; everything at once, for paper; how it is sorted and
   * scrolled, and to be so again.
   */
  molxai.table = (container, settings) => {
    const named = columns(settings);
    const rows = settings.views.map((view) => rowOf(view, named));
    const [above, below] = [html("tr", { class: "filler" }), html("tr", { class: "filler" })]; // stand for rows that are not built
    const body = html("tbody", {}, above, below);
    const heads = named.map(([title], place) => html("th", { scope: "col", "data-title": title }, html("button", { type: "button", onclick: () => sort(place) }, title)));
    const table = html("table", { class: "inputs" }, html("thead", {}, html("tr", {}, html("th", { scope: "col", "data-title": "picture" }, "picture"), ...heads)), body);
    const frame = html("div", { class: "wide rows", tabindex: "0", role: "region", "aria-label": "rows of the table" }, table);
    container.replaceChildren(frame);
    const paged = matchMedia("(max-width: 720px)").matches; // a telephone scrolls the page, not the frame
    let shown = rows, from = 0, to = 0, sorted = null, upwards = true;
    let high = ROW; // of a row: fixed on a desktop, measured on a telephone

    /** Build these rows and take the others away; those that stay are not touched. */
    function build(first, last) {
      const built = [...body.children].slice(1, -1);
      const kept = built.filter((row, i) => {
        const stays = from + i >= first && from + i < last;
        if (!stays) row.remove();
        return stays;
      });
      const make = (start, end) => shown.slice(start, end).map((row) => element(row, named, settings));
      if (!kept.length) above.after(...make(first, last));
      else {
        above.after(...make(first, Math.max(from, first)));
        below.before(...make(Math.min(to, last), last));
      }
      [from, to] = [first, last];
      above.style.height = `${from * high}px`;
      below.style.height = `${(shown.length - to) * high}px`;
    }

    /** The rows in sight, and some around them. */
    function follow() {
      const top = paged ? 0 : frame.getBoundingClientRect().top;
      const first = Math.floor(Math.max(0, top - body.getBoundingClientRect().top) / high);
      const last = first + Math.ceil((paged ? innerHeight : frame.clientHeight) / high);
      if (first >= from + MARGIN * (from > 0) && last <= to - MARGIN * (to < shown.length)) return;
      build(Math.max(0, first - AROUND), Math.min(shown.length, last + AROUND));
    }

    function rebuild() {
      [...body.children].slice(1, -1).forEach((row) => row.remove());
      [from, to] = [0, 0];
      build(0, Math.min(shown.length, 2 * AROUND));
      if (paged && to) high = (body.offsetHeight - below.offsetHeight) / to;
      follow();
    }

    /** Pictures anew, with what is in sight where it was. */
    function redraw() {
      const [first, last] = [from, to];
      [...body.children].slice(1, -1).forEach((row) => row.remove());
      [from, to] = [first, first];
      build(first, last);
    }

    function order() {
      if (sorted !== null) shown.sort((a, b) => compared(a.cells[sorted].value, b.cells[sorted].value, upwards));
    }

    function sort(place, direction) {
      upwards = direction ?? (sorted === place ? !upwards : true);
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

    let due = 0;
    const scrolls = paged ? globalThis : frame;
    const later = () => {
      if (!frame.isConnected) scrolls.removeEventListener("scroll", later); // another table has taken its place
      else due = due || requestAnimationFrame(() => ((due = 0), follow()));
    };
    scrolls.addEventListener("scroll", later, { passive: true });
    rebuild();
    return {
      sort,
      search,
      shown: () => shown.map((row) => row.view),
      rows: () => [named.map(([title]) => title), ...shown.map((row) => row.cells.map((cell) => cell.value))],
      redraw,
      buildAll: () => build(0, shown.length),
      stands: () => ({ sorted, upwards, top: frame.scrollTop }),
      stand: (before) => {
        if (before.sorted !== null) sort(before.sorted, before.upwards);
        frame.scrollTop = before.top;
        follow();
      },
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
