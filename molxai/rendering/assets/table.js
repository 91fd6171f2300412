// The table of many inputs: sorted, searched, with pictures that are drawn when they come into sight.
"use strict";

(() => {
  const { html, signed } = molxai;

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
      const target = new Set(settings.views.filter((view) => view.methods).map((view) => view.target));
      const of = target.size === 1 ? `of ${[...target][0]}` : "of target";
      known.push([`probability ${of}`, (view) => NUMBER(view.probability)], [`logit ${of}`, (view) => NUMBER(view.logit, (value) => (value === undefined ? "" : signed(value)))]);
    }
    if (has("logit_sd")) known.push(["± sd", (view) => NUMBER(view.logit_sd)]);
    if (has("label")) known.push(["measured", (view) => TEXT(view.label)]);
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
   * Returns { redraw, search, shown }: pictures anew after a change of state, rows that hold a text, and the views in their order.
   */
  molxai.table = (container, settings) => {
    const named = columns(settings);
    const rows = settings.views.map((view) => rowOf(view, named, settings));
    const body = html("tbody", {}, ...rows.map((row) => row.element));
    const heads = named.map(([title], place) => html("th", { scope: "col" }, html("button", { type: "button", onclick: () => sort(place) }, title)));
    const table = html("table", { class: "inputs" }, html("thead", {}, html("tr", {}, html("th", { scope: "col" }, "picture"), ...heads)), body);
    const frame = html("div", { class: "wide rows", tabindex: "0", role: "region", "aria-label": "every input" }, table);
    container.replaceChildren(frame);
    const root = matchMedia("(max-width: 720px)").matches ? null : frame; // a telephone scrolls the page, not the frame
    const draw = (element) => thumbnail(rows[Number(element.dataset.place)], settings);
    const watcher = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach((one) => draw(one.target)), { root, rootMargin: "400px" });
    rows.forEach((row, place) => {
      row.element.dataset.place = place;
      watcher.observe(row.element);
    });
    let sorted = null, upwards = true;
    function sort(place) {
      upwards = sorted === place ? !upwards : true;
      sorted = place;
      heads.forEach((head, i) => (i === place ? head.setAttribute("aria-sort", upwards ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
      rows.sort((a, b) => compared(a.cells[place].value, b.cells[place].value, upwards));
      rows.forEach((row, i) => (row.element.dataset.place = i));
      body.append(...rows.map((row) => row.element));
    }
    return {
      sort,
      shown: () => rows.filter((row) => !row.element.hidden).map((row) => row.view),
      rows: () => [["row", ...named.slice(1).map(([title]) => title)], ...rows.filter((row) => !row.element.hidden).map((row) => row.cells.map((cell) => cell.value))],
      drawAll: () => rows.forEach((row) => thumbnail(row, settings)),
      search: (words, only = () => true) => {
        const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
        rows.forEach((row) => (row.element.hidden = !(only(row.view) && wanted.every((word) => row.text.includes(word)))));
        return rows.filter((row) => !row.element.hidden).length;
      },
      redraw: () => {
        rows.forEach((row) => {
          if (row.picture.firstChild) row.picture.replaceChildren();
          watcher.unobserve(row.element);
          watcher.observe(row.element);
        });
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

  function rowOf(view, named, settings) {
    const cells = named.map(([, cell]) => cell(view));
    const picture = html("td", { class: "thumbnail" });
    const open = () => settings.open(view);
    const shown = cells.map((cell, place) => {
      const text = html("bdi", {}, cell.text);
      const held = place === 1 ? html("button", { type: "button", class: "link", onclick: open }, text) : text;
      return html("td", { "data-title": named[place][0], class: typeof cell.value === "number" ? "number" : null }, held);
    });
    const element = html("tr", { class: view.error ? "error" : null, "data-row": view.row }, picture, ...shown);
    picture.addEventListener("click", open);
    const fragments = Object.values(view.fragments || {}).flatMap((parts) => parts.map(([name]) => name));
    const text = [...cells.map((cell) => cell.value), view.id, view.input, ...fragments].join(" ").toLowerCase();
    return { view, cells, picture, element, text };
  }

  function thumbnail(row, settings) {
    const { view, picture } = row;
    if (picture.firstChild || view.error) return;
    const { state } = settings;
    const limit = molxai.limit(view, state.method, state.scale, settings);
    picture.append(molxai.picture(view, state.method, { limit, palette: settings.palettes[state.palette] }));
  }
})();
