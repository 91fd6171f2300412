// The table of many inputs: sorted, searched, and built as they come into sight.
"use strict";

(() => {
  const { html, signed } = molxai;

  const AROUND = 25; // rows that are built above and below those in sight
  const MARGIN = 8; // of these, rows that must be left before more are built
  const ROW = 118; // height of a row, as in the style sheet
  const LETTERS = 500; // of a text: more than its cell shows

  const numberCell = (value, write = molxai.plain) => ({ value, text: write(value) });
  const signedCell = (value) =>
    numberCell(value, (number) => ((number ?? null) === null ? "" : signed(number)));

  function textCell(value, length = 60) {
    const text = String(value ?? "");
    return { value: value ?? "", text: molxai.shortened(text, length) };
  }

  /** A cell of the user's own table: a number if it looks like one. */
  function userCell(text) {
    const isNumber = text && Number.isFinite(Number(text));
    return isNumber ? { value: Number(text), text } : textCell(text);
  }

  /** Columns: title, and of a view the value that is sorted by and the text that is shown. */
  function columns(settings) {
    const { views, state } = settings;
    const first = views.find((view) => view.methods) || {};
    const isValue = first.probability === null;
    const has = (name) => views.some((view) => view[name] !== null && view[name] !== undefined);
    const found = [
      ["row", (view) => numberCell(view.row, String)],
      ["id", (view) => textCell(view.id, 40)],
      ["input", (view) => textCell(view.input, 60)],
      ...(isValue ? valueColumns(first) : classColumns(views)),
    ];
    if (has("logit_sd")) found.push(["± sd", (view) => numberCell(view.logit_sd)]);
    if (has("label")) found.push(["measured", (view) => userCell(view.label)]);
    if (isValue && views.some((view) => residual(view) !== null)) {
      found.push(["predicted − measured", (view) => signedCell(residual(view))]);
    }
    if (has("similarity")) found.push(["similarity", (view) => numberCell(view.similarity)]);
    found.push(["largest", (view) => largestCell(view, state.method)]);
    for (const name of extraNames(views)) {
      found.push([name, (view) => userCell(view.extras?.[name])]);
    }
    if (isValue && has("error")) found.push(["error", (view) => textCell(view.error, 200)]);
    return found;
  }

  const valueColumns = (first) => [
    [`predicted (${first.unit})`, (view) => numberCell(view.prediction)],
  ];

  function classColumns(views) {
    const of = (name) => {
      const values = new Set(views.filter((view) => view.methods).map((view) => view[name]));
      return values.size === 1 ? [...values][0] : "target";
    };
    const prediction = (view) => (view.error ? `error: ${view.error}` : view.prediction);
    return [
      ["prediction", (view) => textCell(prediction(view), 200)],
      [`probability of ${of("target_class")}`, (view) => numberCell(view.probability)],
      [`logit of ${of("target")}`, (view) => signedCell(view.logit)],
    ];
  }

  function largestCell(view, method) {
    const text = view.methods?.[method] ? molxai.largest(view, method) : "";
    return { ...textCell(text, 100), value: molxai.unmarked(text), dir: "ltr" };
  }

  /** Names of the columns of the user's own table. */
  const extraNames = (views) =>
    Object.keys(Object.assign({}, ...views.map((view) => view.extras || {})));

  /** By how much a prediction is above what was measured; null if either is missing. */
  function residual(view) {
    const measured = userCell(view.label).value;
    return view.methods && typeof measured === "number" ? view.prediction - measured : null;
  }

  /**
   * Fill an element with the table of `settings.views`.
   * settings.state as for `detail`; `settings.open(view)` is called for a row that is chosen.
   * Returns
   * - sort(place, upwards): by a column;
   * - search(words, only): show the rows with these words that pass the filter; how many they are;
   * - shown(): the views that are shown, in order;
   * - rows(): their cells, below the titles;
   * - redraw(): draw pictures anew after a change of state;
   * - buildAll(): build everything at once, for paper;
   * - position(), restore(position): how the table is sorted and scrolled.
   */
  molxai.table = (container, settings) => {
    const named = columns(settings);
    const rows = settings.views.map((view) => rowOf(view, named));
    const above = html("tr", { class: "filler" }); // stands for the rows above that are not built
    const below = html("tr", { class: "filler" });
    const body = html("tbody", {}, above, below);
    const heads = named.map(([title], place) => headCell(title, () => sort(place)));
    const isOfTexts = settings.views.some((view) => view.sentence);
    const picture = isOfTexts ? "text" : "picture";
    const corner = html("th", { scope: "col", "data-title": picture }, picture);
    const head = html("thead", {}, html("tr", {}, corner, ...heads));
    const frame = html(
      "div",
      { class: "wide rows", tabindex: "0", role: "region", "aria-label": "rows of the table" },
      html("table", { class: isOfTexts ? "inputs texts" : "inputs" }, head, body),
    );
    container.replaceChildren(frame);
    // A telephone scrolls the page, not the frame.
    const paged = matchMedia("(max-width: 720px)").matches;
    let shown = rows;
    let from = 0; // the first row that is built
    let to = 0; // the row after the last one that is built
    let sorted = null;
    let upwards = true;
    let high = ROW; // of a row: fixed on a desktop, measured on a telephone

    /** Build these rows and take the others away; those that stay are not touched. */
    function build(first, last) {
      const built = [...body.children].slice(1, -1);
      const staying = built.filter((row, i) => {
        const stays = from + i >= first && from + i < last;
        if (!stays) row.remove();
        return stays;
      });
      const make = (start, end) =>
        shown.slice(start, end).map((row) => element(row, named, settings));
      if (!staying.length) {
        above.after(...make(first, last));
      } else {
        above.after(...make(first, Math.max(from, first)));
        below.before(...make(Math.min(to, last), last));
      }
      from = first;
      to = last;
      above.style.height = `${from * high}px`;
      below.style.height = `${(shown.length - to) * high}px`;
    }

    /** The rows in sight, and some around them. */
    function follow() {
      const top = paged ? 0 : frame.getBoundingClientRect().top;
      const first = Math.floor(Math.max(0, top - body.getBoundingClientRect().top) / high);
      const last = first + Math.ceil((paged ? innerHeight : frame.clientHeight) / high);
      const isAboveBuilt = from === 0 || first >= from + MARGIN;
      const isBelowBuilt = to === shown.length || last <= to - MARGIN;
      if (first >= from && last <= to && isAboveBuilt && isBelowBuilt) return;
      build(Math.max(0, first - AROUND), Math.min(shown.length, last + AROUND));
    }

    /** Take away all rows that are built; those from `place` on are built next. */
    function empty(place) {
      [...body.children].slice(1, -1).forEach((row) => row.remove());
      from = place;
      to = place;
    }

    function rebuild() {
      empty(0);
      build(0, Math.min(shown.length, 2 * AROUND));
      if (paged && to) high = (body.offsetHeight - below.offsetHeight) / to;
      follow();
    }

    /** Pictures anew, with what is in sight where it was. */
    function redraw() {
      const first = from;
      const last = to;
      empty(first);
      build(first, last);
    }

    function order() {
      if (sorted === null) return;
      shown.sort((a, b) => compare(a.cells[sorted].value, b.cells[sorted].value, upwards));
    }

    function sort(place, direction) {
      upwards = direction ?? (sorted === place ? !upwards : true);
      sorted = place;
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[place].setAttribute("aria-sort", upwards ? "ascending" : "descending");
      order();
      rebuild();
    }

    function search(words, only = () => true) {
      const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
      shown = rows.filter(
        (row) => only(row.view) && wanted.every((word) => row.text.includes(word)),
      );
      order();
      rebuild();
      return shown.length;
    }

    let due = 0;
    const scrolls = paged ? globalThis : frame;
    const later = () => {
      if (!frame.isConnected) {
        scrolls.removeEventListener("scroll", later); // another table has taken its place
        return;
      }
      due ||= requestAnimationFrame(() => {
        due = 0;
        follow();
      });
    };
    scrolls.addEventListener("scroll", later, { passive: true });
    rebuild();
    return {
      sort,
      search,
      shown: () => shown.map((row) => row.view),
      rows: () => {
        const titles = named.map(([title]) => title);
        return [titles, ...shown.map((row) => row.cells.map((cell) => cell.value))];
      },
      redraw,
      buildAll: () => build(0, shown.length),
      position: () => ({ sorted, upwards, top: frame.scrollTop }),
      restore: (before) => {
        if (before.sorted !== null) sort(before.sorted, before.upwards);
        frame.scrollTop = before.top;
        follow();
      },
    };
  };

  function headCell(title, onclick) {
    const button = html("button", { type: "button", onclick }, title);
    return html("th", { scope: "col", "data-title": title }, button);
  }

  /** Numbers before text, what is missing last in either direction. */
  function compare(a, b, upwards) {
    const empty = (value) => value === undefined || value === null || value === "";
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    const areNumbers = typeof a === "number" && typeof b === "number";
    const asText = () => String(a).localeCompare(String(b), undefined, { numeric: true });
    const order = areNumbers ? a - b : asText();
    return upwards ? order : -order;
  }

  /** A view with its cells, and the text that is searched. */
  function rowOf(view, named) {
    const cells = named.map(([, cell]) => cell(view));
    const parts = Object.values(view.fragments || {}).flat();
    const fragments = parts.map(([name]) => name);
    const words = [...cells.map((cell) => cell.value), view.id, view.input, ...fragments];
    return { view, cells, text: words.join(" ").toLowerCase() };
  }

  function element({ view, cells }, named, settings) {
    const open = () => settings.open(view);
    const shown = cells.map((cell, place) => {
      const [title] = named[place];
      const text = html("bdi", { dir: cell.dir }, cell.text);
      const link = { type: "button", class: "link", onclick: open };
      const content = title === "id" ? html("button", link, text) : text;
      const kind = typeof cell.value === "number" ? "number" : null;
      return html("td", { "data-title": title, class: kind }, content);
    });
    const picture = html("td", { class: "thumbnail", onclick: open }, thumbnail(view, settings));
    const row = { class: view.error ? "error" : null, "data-row": view.row };
    return html("tr", row, picture, ...shown);
  }

  function thumbnail(view, settings) {
    const { state, palettes } = settings;
    if (!view.methods?.[state.method]) {
      return html("bdi", { class: "unread" }, molxai.shortened(view.input, LETTERS));
    }
    const limit = molxai.limit(view, state.method, state.scale, settings);
    const low = molxai.low(view, state.method, state.scale, settings);
    const look = { limit, low, palette: palettes[state.palette], letters: LETTERS };
    return molxai.picture(view, state.method, look);
  }
})();
