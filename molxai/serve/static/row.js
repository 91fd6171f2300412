// The large view of one row of a table, in a dialog.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  let opened = null;
  let settings = null;
  let shown = () => [];

  /** Open a row; `others()` are the rows to go to from there, in their order. */
  molxai.openRow = (view, known, others) => {
    opened = view;
    settings = known;
    shown = others;
    draw();
    if (!find("row").open) find("row").showModal();
    find("row").scrollTop = 0;
  };

  /** Draw the open row anew, after another scale, palette or method. */
  molxai.redrawRow = () => {
    if (find("row").open) draw();
  };

  function draw() {
    const rows = shown();
    const at = rows.indexOf(opened);
    find("previous").disabled = at <= 0;
    find("next").disabled = at < 0 || at + 1 >= rows.length;
    find("alone").hidden = Boolean(opened.error) || !opened.molecule || !settings.smiles;
    molxai.detail(find("row-detail"), opened, settings, settings.state);
  }

  function step(by) {
    const rows = shown();
    const next = rows[rows.indexOf(opened) + by];
    if (next) settings.open(next);
  }

  /** Wire the dialog; `alone(view)` leaves the table for one molecule. */
  molxai.rowDialog = (alone) => {
    find("previous").addEventListener("click", () => step(-1));
    find("next").addEventListener("click", () => step(1));
    molxai.stepByKeys(find("row"), step);
    find("close").addEventListener("click", () => find("row").close());
    find("alone").addEventListener("click", () => {
      find("row").close();
      alone(opened);
    });
  };
})();
