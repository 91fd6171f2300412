// This page again as a file: with fewer rows, or as it stands.
"use strict";

(() => {
  const FILLED = "#tools, #table, #plots, #histogram, #series, #detail-content, #single, .filled";

  /** A report of some rows as text; data as the page has it, views those that are kept. */
  molxai.smallerReport = (data, views) => {
    const page = unfilled();
    page.querySelectorAll("#rgroups, #pairs").forEach((panel) => panel.parentElement.remove());
    page.querySelectorAll(".tile").forEach((tile) => tile.remove());
    const total = data.views.rows.length;
    const sentence = `These are ${views.length} of the ${total} inputs of a report.`;
    page.querySelector("#origin").textContent = `${sentence} What adds up is said of all ${total}.`;
    page.querySelector("#counts").textContent = `${views.length} of ${total} inputs`;
    // The address of this page names rows that the smaller one lacks.
    return written(page, { ...part(data, views), state: "" });
  };

  /** The report as text, which opens as it stands; state is what its address holds. */
  molxai.sessionPage = (data, state) => written(unfilled(), { ...data, state });

  /** A copy of this page without what its scripts have filled in. */
  function unfilled() {
    const page = document.documentElement.cloneNode(true);
    page.querySelectorAll(FILLED).forEach((element) => element.replaceChildren());
    page.querySelectorAll("#rgroups, #pairs").forEach((panel) => panel.replaceChildren());
    page.querySelectorAll(".sentence.kept").forEach((element) => element.remove());
    page.querySelector("#versus")?.remove(); // a page makes it when it is needed
    page.querySelector("#detail").removeAttribute("open");
    return page;
  }

  function written(page, data) {
    const text = JSON.stringify(data).replaceAll("<", "\\u003c");
    page.querySelector("#data").textContent = text;
    return `<!doctype html>\n${page.outerHTML}`;
  }

  /** The data of some rows; the page sums their fragments itself, but panels are of all rows. */
  function part(data, views) {
    const place = data.views.keys.indexOf("row");
    const numbers = new Set(views.map((view) => view.row));
    const rows = data.views.rows.filter((values) => numbers.has(values[place]));
    const histogram = data.histogram && spread(data.histogram, views);
    return { ...data, views: { ...data.views, rows }, series: null, panels: {}, histogram };
  }

  function spread(histogram, views) {
    const output = (view) => (view.probability === null ? view.prediction : view.logit);
    const values = views.filter((view) => view.methods).map(output);
    if (!values.length) return null;
    const low = values.reduce((least, value) => Math.min(least, value));
    const high = values.reduce((most, value) => Math.max(most, value));
    const narrow = { ...histogram, low, high };
    return { ...narrow, counts: molxai.binned(views, narrow) };
  }
})();
