// The views of a report as its scripts read them, from the packed form of `packing.py`.
"use strict";

(() => {
  const SENTENCES = ["colours", "unit", "hatching"]; // of a method's view, as numbers of texts

  /** The keys with a row's values. */
  const record = (keys, values) =>
    Object.fromEntries(keys.map((key, place) => [key, values[place]]));

  /** Names of parts and their places, which stand in turn, as pairs. */
  function pairs(numbers, texts) {
    const named = [];
    for (let place = 0; place < numbers.length; place += 2) {
      named.push([texts[numbers[place]], numbers[place + 1]]);
    }
    return named;
  }

  function unpackMethod(values, { texts, views }) {
    const method = record(views.method_keys, values);
    for (const key of SENTENCES) {
      if (key in method) method[key] = texts[method[key]];
    }
    if (method.features) method.features = record(views.features, method.features);
    return method;
  }

  function unpackView(values, data) {
    const view = record(data.views.keys, values);
    if (view.fragments) {
      const named = view.fragments.map((numbers) => pairs(numbers, data.texts));
      view.fragments = record(data.schemes, named);
    }
    if (view.methods) {
      const made = data.methods.map((name, place) => [name, view.methods[place]]);
      const known = made.filter(([, method]) => method);
      view.methods = Object.fromEntries(
        known.map(([name, method]) => [name, unpackMethod(method, data)]),
      );
    }
    return view;
  }

  /** All views of a report's data. */
  molxai.unpackViews = (data) => data.views.rows.map((values) => unpackView(values, data));

  function unpackCarrier([name, ...cells], texts) {
    if (cells.length > 2) return [texts[name], ...cells];
    const [mean, example] = cells; // it occurs once
    return [texts[name], 1, 1, mean, null, mean, mean, example];
  }

  /** The table of fragments of a scheme under a method, as the server answers it. */
  molxai.unpackCarriers = (data, method, scheme) => {
    const table = data.series[scheme][method];
    return { ...table, rows: table.rows.map((row) => unpackCarrier(row, data.texts)) };
  };
})();
