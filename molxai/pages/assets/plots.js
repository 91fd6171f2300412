// A plot of any two columns of numbers: a click on a point, or the arrow keys and Enter, open its
// row. Measured against predicted it has the line of equal values.
"use strict";

(() => {
  const { html } = molxai;
  const SIDES = ["x", "y"];
  const REACH = 10; // pixels around a point in which the pointer means it
  const MANY = 2000; // points from which on they are smaller

  /**
   * Fill an element with the plot.
   * settings: `columns()`, `views`, `isUnread(key)`, `read(key)`, `open(view)`, `toggle(view)`,
   * `isChosen(view)`, and `changed()` after other axes were chosen.
   * Returns `show(views)`: the points of these rows; `draw()`; and the axes in an address:
   * `entries()`, `restore(entries)`, and `picked()`, the keys of their columns.
   */
  molxai.plot = (container, settings) => {
    const across = html("select", { id: "plot-x", onchange: () => choose("x", across.value) });
    const up = html("select", { id: "plot-y", onchange: () => choose("y", up.value) });
    const canvas = html("canvas", { tabindex: "0", role: "application", class: "plot" });
    const readout = html("p", { class: "point", role: "status" });
    const hint = html("p", { class: "hint" });
    const keys = { x: null, y: null };
    let chosen = {}; // the keys that were chosen; a column may have to be read first
    let views = [];
    let points = []; // { view, x, y, left, top } in the order of x
    let current = -1;
    let axes = null;
    let isInSight = false;
    container.classList.add("plots");
    container.replaceChildren(
      html(
        "p",
        { class: "toolbar-line" },
        html("label", {}, "Across ", across),
        html("label", {}, "Upwards ", up),
      ),
      canvas,
      readout,
      hint,
    );

    const column = (key) => settings.columns().find((one) => one.key === key);

    function fillChoices() {
      const known = settings.columns();
      const numeric = known.filter(
        (one) => settings.isUnread(one.key) || molxai.isNumeric(one, settings.views),
      );
      const has = (key) => numeric.some((one) => one.key === key) && !settings.isUnread(key);
      const atFirst = usual(numeric.filter(({ key }) => has(key)));
      for (const side of SIDES) keys[side] = [chosen[side], atFirst[side]].find(has) ?? null;
      for (const [select, key] of [
        [across, keys.x],
        [up, keys.y],
      ]) {
        const option = (one) =>
          html("option", { value: one.key, selected: one.key === key }, one.title);
        select.replaceChildren(...numeric.map(option));
      }
    }

    async function choose(side, key) {
      chosen = { ...chosen, [side]: key };
      settings.changed();
      await settings.read(key);
      show(views); // of the newest choice
    }

    const picked = () => Object.values(chosen);

    const entries = () =>
      picked().length ? { plot: String(new URLSearchParams(Object.entries(chosen))) } : {};

    /** Take the axes of an address; columns that there are not are passed over. */
    function restore(content) {
      const sides = [...new URLSearchParams(content.plot || "")];
      chosen = Object.fromEntries(sides.filter(([side]) => SIDES.includes(side)));
    }

    function show(shown) {
      views = shown;
      fillChoices();
      current = -1;
      const x = column(keys.x);
      const y = column(keys.y);
      points = [];
      for (const view of x && y ? views : []) {
        const point = { view, x: x.value(view), y: y.value(view) };
        if (typeof point.x === "number" && typeof point.y === "number") points.push(point);
      }
      points.sort((a, b) => a.x - b.x || a.y - b.y);
      axes = axesOf(points, isParity());
      const missing = views.length - points.length;
      const lack = missing === 1 ? "1 row lacks" : `${missing} rows lack`;
      const left = missing ? `; ${lack} one of the two` : "";
      const what = x && y ? `${y.title} against ${x.title}` : "no two columns of numbers";
      const words = `${what}: ${molxai.counted(points.length, "point")}${left}`;
      canvas.setAttribute("aria-label", `${words}. Arrow keys walk the points, Enter opens.`);
      hint.textContent = `${words}. Click a point, or walk with the arrow keys, to open its row.`;
      readout.textContent = "";
      draw();
    }

    /** A column's title with its unit, if the title lacks it. */
    function titleOf(key) {
      const { title, unit } = column(key) || {};
      return unit ? `${title} (${unit})` : title;
    }

    const isParity = () => keys.x === "measured" && keys.y === "prediction";

    function draw() {
      const width = canvas.clientWidth;
      if (!width || !axes || !isInSight) return; // it is drawn when it comes into sight
      const ratio = devicePixelRatio || 1;
      const frame = molxai.plotFrame(width, axes);
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(frame.height * ratio);
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      const ink = molxai.inks(canvas);
      molxai.drawAxes(pen, frame, axes, ink, [titleOf(keys.x), titleOf(keys.y)]);
      if (isParity()) molxai.drawEqual(pen, frame, axes, ink);
      drawPoints(pen, frame, ink);
    }

    function drawPoints(pen, frame, ink) {
      const radius = points.length > MANY ? 2 : 3.5;
      pen.fillStyle = ink.accent;
      pen.globalAlpha = points.length > MANY ? 0.35 : 0.6;
      pen.beginPath();
      for (const point of points) {
        point.left = frame.x(point.x);
        point.top = frame.y(point.y);
        pen.moveTo(point.left + radius, point.top);
        pen.arc(point.left, point.top, radius, 0, 2 * Math.PI);
      }
      pen.fill();
      pen.globalAlpha = 1;
      pen.lineWidth = 1.6;
      pen.strokeStyle = ink.ink;
      pen.beginPath();
      for (const point of points.filter(({ view }) => settings.isChosen(view))) {
        pen.rect(point.left - 5, point.top - 5, 10, 10); // a square, not only another colour
      }
      pen.stroke();
      if (!points[current]) return;
      pen.lineWidth = 2.5;
      pen.beginPath();
      pen.arc(points[current].left, points[current].top, 8, 0, 2 * Math.PI);
      pen.stroke();
    }

    /** The point under the pointer; -1 if there is none. */
    function under(event) {
      const box = canvas.getBoundingClientRect();
      const left = event.clientX - box.left;
      const top = event.clientY - box.top;
      let nearest = -1;
      let least = REACH;
      points.forEach((point, place) => {
        const distance = Math.hypot(point.left - left, point.top - top);
        if (distance >= least) return;
        least = distance;
        nearest = place;
      });
      return nearest;
    }

    function point(place) {
      if (place === current) return;
      current = place;
      canvas.style.cursor = place < 0 ? "" : "pointer";
      readout.textContent = place < 0 ? "" : lineOf(points[place]);
      draw();
    }

    function lineOf({ view, x, y }) {
      const id = molxai.shortened(view.id, 40);
      const value = (key, number) => `${column(key).title} ${molxai.plain(number)}`;
      return `${id}: ${value(keys.x, x)}, ${value(keys.y, y)}`;
    }

    function keydown(event) {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (step && points.length) {
        event.preventDefault();
        const next = current < 0 ? 0 : current + step;
        point(Math.max(0, Math.min(points.length - 1, next)));
      } else if (points[current] && event.key === "Enter") {
        event.preventDefault();
        settings.open(points[current].view);
      } else if (points[current] && event.key === " ") {
        event.preventDefault();
        settings.toggle(points[current].view);
      }
    }

    canvas.addEventListener("pointermove", (event) => point(under(event)));
    canvas.addEventListener("pointerleave", () => point(-1));
    canvas.addEventListener("click", (event) => {
      const place = under(event);
      if (place < 0) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) settings.toggle(points[place].view);
      else settings.open(points[place].view);
    });
    canvas.addEventListener("keydown", keydown);
    new ResizeObserver(draw).observe(canvas);
    new IntersectionObserver((entries) => {
      isInSight = entries[entries.length - 1].isIntersecting;
      draw();
    }).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    return { show, draw, entries, restore, picked };
  };

  /** What is plotted at first: measured against predicted, else two columns of numbers. */
  function usual(numeric) {
    const has = (key) => numeric.some((column) => column.key === key);
    const output = ["prediction", "logit"].find(has) ?? numeric[0]?.key ?? null;
    const rest = numeric.filter(({ key }) => !["row", output].includes(key));
    const beside = ["measured", "similarity"].find(has) ?? rest[0]?.key ?? "row";
    return { x: beside, y: output };
  }

  function axesOf(points, isParity) {
    const x = points.map((point) => point.x);
    const y = points.map((point) => point.y);
    if (!isParity) return { x: molxai.axis(x), y: molxai.axis(y) };
    const both = molxai.axis([...x, ...y]);
    return { x: both, y: both };
  }
})();
