// The columns of a table: what a view has in each, as a value to sort and filter by and as a text.
"use strict";

(() => {
  const OWN = "table:"; // begins the key of a column of the user's own table
  const THEIRS = "(in your table)"; // after the name of such a column that is taken
  const LONG = 200; // letters of an error or a prediction

  const text = (value, length = 60) => molxai.shortened(String(value ?? ""), length);

  /** A column; `value` of a view is a number, a text, or null if it is missing. */
  const column = (key, title, value, more = {}) => ({
    key,
    title,
    value,
    write: (content) => (typeof content === "number" ? molxai.plain(content) : text(content)),
    ...more,
  });

  function signed(key, title, value) {
    const write = (number) => (number === null ? "" : molxai.signed(number));
    return column(key, title, value, { write });
  }

  /** A cell of the user's own table: a number if it looks like one. */
  function cellValue(content) {
    if (content === null || content === undefined || content === "") return null;
    return Number.isFinite(Number(content)) && String(content).trim() !== ""
      ? Number(content)
      : String(content);
  }

  /** A cell that a view has of its own; each object has a `constructor` and more like it. */
  const cellOf = ({ extras }, name) => (Object.hasOwn(extras ?? {}, name) ? extras[name] : null);

  /** A column of the user's own table, whose cells are shown as they are written. */
  const ownColumn = (key, title, cell) =>
    column(key, title, (view) => cellValue(cell(view)), { shown: (view) => text(cell(view)) });

  /**
   * All columns that there are, in their usual order.
   * settings: `views`, `state`; `columns`, names of the user's columns if views hold only some;
   * and `label_column`, the name of the one that holds the measured values. That one stands once,
   * as the measured one.
   */
  molxai.columns = (settings) => {
    const { views, state } = settings;
    const first = views.find((view) => view.methods) || {};
    const isValue = first.probability === null;
    const has = (name) => views.some((view) => (view[name] ?? null) !== null);
    const columns = [
      column("id", "id", (view) => view.id, { write: (id) => text(id, 40) }),
      column("row", "row", (view) => view.row, { write: String }),
      column("input", "input", (view) => view.input),
      ...(isValue ? [predicted(first, views)] : classColumns(views)),
    ];
    if (has("logit_sd")) columns.push(column("sd", "± sd", (view) => view.logit_sd ?? null));
    const label = has("label") ? settings.label_column : "";
    if (has("label")) columns.push(measured(first, label));
    if (has("residual")) columns.push(...(isValue ? distances(first.unit) : doubts()));
    if (has("similarity")) {
      columns.push(column("similarity", "similarity", (view) => view.similarity ?? null));
    }
    columns.push(largest(state));
    const last = [];
    if (isValue && has("error")) {
      const write = (error) => text(error, LONG);
      last.push(column("error", "error", (view) => view.error ?? null, { write, isLong: true }));
    }
    const titles = new Set([...columns, ...last].map(({ title }) => title));
    const others = (settings.columns || extraNames(views)).filter((name) => name !== label);
    for (const name of others) {
      const title = titles.has(name) ? `${name} ${THEIRS}` : name;
      columns.push(ownColumn(OWN + name, title, (view) => cellOf(view, name)));
    }
    return [...columns, ...last];
  };

  const measured = (first, label) => ({
    ...ownColumn("measured", measuredTitle(label), (view) => view.label),
    unit: first.probability === null ? first.unit : undefined, // classes have none
  });

  const measuredTitle = (label) =>
    !label || label.toLowerCase() === "measured" ? "measured" : `measured ${text(label)}`;

  /** Why there is no prediction stands in its place. */
  function predicted(first, views) {
    const value = (view) => view.prediction ?? null;
    const shown = (view) =>
      view.error ? text(reason(view), LONG) : molxai.plain(value(view));
    const isLong = views.some((view) => view.error);
    return column("prediction", `predicted (${first.unit})`, value, { shown, isLong });
  }

  const reason = ({ error }) => `error: ${error}`;

  function classColumns(views) {
    const common = (name) => {
      const values = new Set(views.filter((view) => view.methods).map((view) => view[name]));
      return values.size === 1 ? [...values][0] : "target";
    };
    const prediction = (view) => (view.error ? reason(view) : view.prediction);
    const probability = (view) => view.probability ?? null;
    return [
      column("prediction", "prediction", prediction, {
        write: (words) => text(words, LONG),
        isLong: views.some((view) => view.error),
      }),
      column("probability", `probability of ${common("target_class")}`, probability),
      signed("logit", `logit of ${common("target")}`, (view) => view.logit ?? null),
    ];
  }

  /** By how much a predicted value is above the measured one, and how far from it. */
  function distances(unit) {
    const distance = (view) => view.residual ?? null;
    const size = (view) => (distance(view) === null ? null : Math.abs(distance(view)));
    return [
      { ...signed("residual", "predicted − measured", distance), unit },
      column("distance", "|predicted − measured|", size, { unit, write: molxai.decimal }),
    ];
  }

  /** Whether a predicted class is the measured one, and how sure the model is that it is not. */
  function doubts() {
    const outcome = (view) => {
      if (!view.label_class || !view.methods) return null;
      return molxai.isWrong(view) ? "wrong" : "right";
    };
    const title = "1 − probability of measured";
    return [
      column("outcome", "outcome", outcome),
      column("residual", title, (view) => view.residual ?? null),
    ];
  }

  /** Whether a class was predicted that is not the measured one. */
  molxai.isWrong = (view) =>
    Boolean(view.label_class && !view.error && view.label_class !== view.prediction);

  function largest(state) {
    const drawn = (view) =>
      view.methods?.[state.method] ? molxai.largest(view, state.method) : "";
    const value = (view) => molxai.unmarked(drawn(view)) || null;
    const shown = (view) => text(molxai.unbroken(drawn(view)), 100);
    return column("largest", "largest", value, { shown, dir: "ltr" });
  }

  /** Names of the columns of the user's own table that views hold. */
  function extraNames(views) {
    const names = new Set();
    for (const view of views) Object.keys(view.extras || {}).forEach((name) => names.add(name));
    return [...names];
  }

  /** The name in the user's table of a column, or null if the column is none of these. */
  molxai.ownName = (key) => (key.startsWith(OWN) ? key.slice(OWN.length) : null);

  /** What a cell shows. */
  molxai.cellText = (column, view) => {
    const value = column.value(view);
    const words = column.shown ? column.shown(view) : column.write(value);
    return typeof value === "number" ? molxai.trueMinus(words) : words;
  };

  /** Whether a column holds numbers, for some view. */
  molxai.isNumeric = (column, views) =>
    views.some((view) => typeof column.value(view) === "number");

  /** Numbers before text, what is missing last in either direction. */
  molxai.compare = (a, b, upwards) => {
    const empty = (value) => value === undefined || value === null || value === "";
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    const areNumbers = typeof a === "number" && typeof b === "number";
    const order = areNumbers ? a - b : TEXTS.compare(String(a), String(b));
    return upwards ? order : -order;
  };

  function cellsOf(columns, views) {
    const titles = columns.map((each) => each.title);
    return [titles, ...views.map((view) => columns.map((each) => each.value(view)))];
  }

  /** Some columns of some views as CSV. */
  molxai.tableCsv = (columns, views) => molxai.csv(cellsOf(columns, views));

  /** Save that; returns what is to be said of it. */
  molxai.saveTable = (columns, views, name) => {
    molxai.save(molxai.tableCsv(columns, views), "text/csv", name);
    return molxai.csvNote(cellsOf(columns, views));
  };

  const TEXTS = new Intl.Collator(undefined, { numeric: true });
})();
