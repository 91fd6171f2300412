// The table of many inputs: rows that are built as they come into sight, walked by the keyboard,
// and chosen.
"use strict";

(() => {
  const { html } = molxai;

  const AROUND = 14; // rows that are built above and below those in sight
  const MARGIN = 10; // of these, rows that must be left before more are built
  const ROW = 118; // height of a row, as in the style sheet
  const LETTERS = 500; // of a text: more than its cell shows
  const CONTROLS = "input, button, a, label";

  /**
   * Fill an element with a table.
   * settings as for `detail`, with `views`; on: { open(view), sort(key), toggle(view),
   * extend(view), isChosen(view) }, what is done with a row or a column.
   * Returns
   * - show(views, columns, sorted, frozen): these rows in this order, { key, upwards } of a column,
   *   and how many columns after the id stay when the table is scrolled sideways;
   * - redraw(): pictures anew, after a change of state;
   * - mark(): show anew which rows are chosen;
   * - buildAll(): build everything at once, for paper;
   * - top(), scrollTo(top): how far it is scrolled; reveal(view): bring a row into sight.
   */
  molxai.table = (container, settings, on) => {
    const above = html("tr", { class: "filler", "aria-hidden": "true" });
    const below = html("tr", { class: "filler", "aria-hidden": "true" });
    const body = html("tbody", {}, above, below);
    const head = html("thead", {});
    const isOfTexts = settings.views.some((view) => view.sentence);
    const kind = isOfTexts ? "inputs texts" : "inputs";
    const grid = html(
      "table",
      { class: kind, role: "grid", "aria-multiselectable": "true" },
      head,
      body,
    );
    const label = { role: "region", "aria-label": "rows of the table", tabindex: "0" };
    const frame = html("div", { class: "wide rows", ...label }, grid);
    container.replaceChildren(frame);
    // A telephone scrolls the page, not the frame.
    const paged = matchMedia("(max-width: 720px)").matches;
    let shown = [];
    let columns = [];
    let frozen = 0; // columns after the id that stay
    let from = 0; // the first row that is built
    let to = 0; // the row after the last one that is built
    let current = 0; // the row that the keyboard is at
    let high = ROW; // of a row: fixed on a desktop, measured on a telephone

    const built = () => [...body.children].slice(1, -1);
    const make = (start, end) =>
      shown.slice(start, end).map((view, i) => element(view, start + i));

    /** Build these rows and take the others away; those that stay are not touched. */
    function build(first, last) {
      const staying = built().filter((row, i) => {
        const stays = from + i >= first && from + i < last;
        if (!stays) row.remove();
        return stays;
      });
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
      built().forEach((row) => row.remove());
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

    function element(view, place) {
      const chosen = on.isChosen(view);
      const cells = columns.map((column, place) => cell(column, view, frozenClass(place, frozen)));
      const attributes = {
        class: view.error ? "error" : null,
        "data-row": view.row,
        "aria-rowindex": place + 2, // the titles are the first row
        "aria-selected": String(chosen),
        tabindex: place === current ? "0" : "-1",
      };
      const name = `choose ${molxai.shortened(view.id, 40)}`;
      const box = { type: "checkbox", checked: chosen, tabindex: "-1", "aria-label": name };
      return html(
        "tr",
        attributes,
        html("td", { class: "choice" }, html("input", box)),
        html("td", { class: "thumbnail" }, thumbnail(view, settings)),
        ...cells,
      );
    }

    /** The row of the table that an event is in, with its place; null beside the rows. */
    function rowOf(event) {
      const row = event.target.closest("tr[data-row]");
      return row && { row, place: Number(row.getAttribute("aria-rowindex")) - 2 };
    }

    function click(event) {
      const hit = rowOf(event);
      if (!hit) return;
      const view = shown[hit.place];
      settle(hit.place, false);
      if (event.target.matches("input")) {
        if (event.shiftKey) on.extend(view);
        else on.toggle(view);
        return;
      }
      if (event.shiftKey) on.extend(view);
      else if (event.ctrlKey || event.metaKey) on.toggle(view);
      else if (event.target.closest(CONTROLS) || !isSelecting()) on.open(view);
    }

    /** Let the keyboard be at this row, which has the focus if it is to. */
    function settle(place, isFocused = true) {
      const rows = built();
      rows[current - from]?.setAttribute("tabindex", "-1");
      current = place;
      if (isFocused) bring(place);
      const row = built()[current - from];
      row?.setAttribute("tabindex", "0");
      if (isFocused) row?.focus({ preventScroll: true });
    }

    /** Scroll until a row is in sight, below the titles. */
    function bring(place) {
      const top = place * high;
      if (paged) {
        follow();
        built()[place - from]?.scrollIntoView({ block: "nearest" });
        return;
      }
      const room = frame.clientHeight - head.offsetHeight;
      if (top < frame.scrollTop) frame.scrollTop = top;
      else if (top + high > frame.scrollTop + room) frame.scrollTop = top + high - room;
      follow();
    }

    function keydown(event) {
      if (event.target.matches("thead *") || event.altKey || event.ctrlKey || event.metaKey) return;
      const hit = rowOf(event);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        const next = hit ? hit.place + step : Math.min(current, shown.length - 1);
        if (next < 0 || next >= shown.length) return;
        event.preventDefault();
        settle(next);
        if (hit && event.shiftKey) on.extend(shown[next]);
      } else if (hit && event.target === hit.row && event.key === "Enter") {
        event.preventDefault();
        on.open(shown[hit.place]);
      } else if (hit && event.target === hit.row && event.key === " ") {
        event.preventDefault();
        if (event.shiftKey) on.extend(shown[hit.place]);
        else on.toggle(shown[hit.place]);
      }
    }

    function show(views, chosenColumns, sorted, frozenColumns) {
      shown = views;
      columns = chosenColumns;
      frozen = frozenColumns;
      current = 0;
      grid.setAttribute("aria-rowcount", views.length + 1);
      entitle();
      markSorted(head, sorted);
      rebuild();
    }

    /** Titles anew if there are other columns; else they stay, and with them the focus. */
    function entitle() {
      const keys = JSON.stringify([frozen, ...columns.map(({ key, title }) => [key, title])]);
      if (head.dataset.keys === keys) return;
      head.dataset.keys = keys;
      head.replaceChildren(titles(columns, on.sort, isOfTexts ? "text" : "picture", frozen));
      widths.disconnect();
      if (frozen) leftmost().forEach((title) => widths.observe(title));
    }

    /** The titles of choice, picture, id, and of the other columns that stay. */
    const leftmost = () => [...head.rows[0].cells].slice(0, 3 + frozen);

    /** Each column that stays is put beside the one before, as wide as that is now. */
    const widths = new ResizeObserver(() => {
      let left = 0;
      leftmost().forEach((title, place) => {
        if (place > 2) grid.style.setProperty(`--frozen-${place - 2}`, `${left}px`);
        left += title.getBoundingClientRect().width;
      });
    });

    function mark() {
      for (const row of built()) {
        const chosen = on.isChosen(shown[Number(row.getAttribute("aria-rowindex")) - 2]);
        row.setAttribute("aria-selected", String(chosen));
        row.querySelector("input").checked = chosen;
      }
    }

    function reveal(view) {
      const place = shown.indexOf(view);
      if (place >= 0) settle(place);
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
    body.addEventListener("click", click);
    frame.addEventListener("keydown", keydown);
    return {
      show,
      redraw,
      mark,
      reveal,
      buildAll: () => build(0, shown.length),
      top: () => frame.scrollTop,
      scrollTo: (top) => {
        frame.scrollTop = top;
        follow();
      },
    };
  };

  /** Whether the user is marking text, to copy it. */
  const isSelecting = () => String(getSelection()).trim() !== "";

  /** The class of a column that stays beside the id, by its place; of others nothing. */
  const frozenClass = (place, frozen) =>
    place && place <= frozen ? `frozen frozen-${place}` : "";

  /** The row of titles; those of columns are buttons that sort. */
  function titles(columns, sort, picture, frozen) {
    const title = (column, place) => {
      const onclick = () => sort(column.key);
      const button = html("button", { type: "button", onclick }, column.title);
      const attributes = { scope: "col", "data-title": column.title, "data-key": column.key };
      return html("th", { ...attributes, class: frozenClass(place, frozen) || null }, button);
    };
    const choice = html("span", { class: "visually-hidden" }, "chosen");
    return html(
      "tr",
      { "aria-rowindex": 1 },
      html("th", { scope: "col", class: "choice", "data-title": "" }, choice),
      html("th", { scope: "col", class: "thumbnail", "data-title": picture }, picture),
      ...columns.map(title),
    );
  }

  function markSorted(head, sorted) {
    const direction = sorted?.upwards ? "ascending" : "descending";
    for (const title of head.querySelectorAll("th[data-key]")) {
      if (title.dataset.key === sorted?.key) title.setAttribute("aria-sort", direction);
      else title.removeAttribute("aria-sort");
    }
  }

  function cell(column, view, stays) {
    const value = column.value(view);
    const words = html("bdi", { dir: column.dir }, molxai.cellText(column, view));
    const link = { type: "button", class: "link", tabindex: "-1" };
    const content = column.key === "id" ? html("button", link, words) : words;
    const kind = typeof value === "number" ? "number" : null;
    const size = column.isLong ? "long" : null;
    const names = [kind || size, stays].filter(Boolean).join(" ") || null;
    const attributes = { "data-title": column.title, "data-key": column.key, class: names };
    return html("td", attributes, content);
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
