// The large view of one row of a table, in a dialog.
"use strict";

(() => {
  const STRUCTURE = /\.(sdf|sd|mol|mdl)#\d+$/i; // how a row of a file of structures is called
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

  /** Close the open row, if there is one. */
  molxai.closeRow = () => {
    if (find("row").open) find("row").close();
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
    find("alone").hidden = Boolean(opened.error) || !opened.molecule;
    molxai.detail(find("row-detail"), opened, settings, settings.state);
  }

  function step(by) {
    const rows = shown();
    const next = rows[rows.indexOf(opened) + by];
    if (next) settings.open(next);
  }

  /** SMILES and name of a row, as they are pasted. */
  molxai.rowLine = async (job, view) => {
    const smiles = await smilesOf(job, view);
    const isNumbered = view.id === String(view.row);
    return isNumbered ? smiles : `${smiles}\t${view.id}`;
  };

  /** The SMILES of a row; the server has that of a row of a file of structures. */
  async function smilesOf(job, view) {
    if (!STRUCTURE.test(view.input)) return view.input;
    const { records } = await molxai.ask(`/api/jobs/${job}?start=${view.row}`);
    return records[0].smiles;
  }

  /** Wire the dialog; `alone(view)` leaves the table for one molecule. */
  molxai.rowDialog = (alone) => {
    find("previous").addEventListener("click", () => step(-1));
    find("next").addEventListener("click", () => step(1));
    molxai.stepByKeys(find("row"), step);
    find("close").addEventListener("click", molxai.closeRow);
    find("alone").addEventListener("click", () => alone(opened));
  };
})();
