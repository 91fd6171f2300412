// Which columns of the chosen files are what: filled from the server's look at them.
"use strict";

(() => {
  const { html } = molxai;
  const find = (id) => document.getElementById(id);
  const FIELDS = {
    column: "smiles_column",
    "id-column": "id_column",
    "label-column": "label_column",
  };
  const NONE = {
    column: "choose one",
    "id-column": "none: rows are numbered",
    "label-column": "none",
  };
  let usual = {};

  /** Ask what columns the files have. */
  molxai.lookAt = (files, signal) => {
    const form = new FormData();
    files.forEach((file) => form.append("file", file));
    return molxai.ask("/api/columns", { method: "POST", body: form, signal });
  };

  /** Fill the choices from that; `asked` has the columns that were named before. */
  molxai.fillColumns = ({ columns, smiles, id, error }, asked = {}) => {
    usual = { column: smiles, "id-column": id, "label-column": "" };
    find("columns").hidden = !columns.length;
    find("column-field").hidden = !smiles && !error; // a file of structures has no such column
    for (const [name, field] of Object.entries(FIELDS)) {
      const chosen = columns.includes(asked[field]) ? asked[field] : usual[name];
      const option = (value) => html("option", { value, selected: value === chosen }, value);
      const none = html("option", { value: "", selected: !chosen }, NONE[name]);
      find(name).replaceChildren(...(usual[name] ? [] : [none]), ...columns.map(option));
    }
  };

  /** Show in the form what a job was made of. */
  molxai.fillSource = async (job, signal) => {
    if (job.pasted) {
      find("smiles").value = await molxai.pastedText(job.id, signal);
      return;
    }
    find("files").textContent = job.file;
    molxai.fillColumns(await molxai.ask(`/api/jobs/${job.id}/columns`, { signal }), job);
  };

  /** The columns that were chosen, as they are sent: what was found is found in each file anew. */
  molxai.columnsOf = () => {
    const named = (name) => (find(name).value === usual[name] ? "" : find(name).value);
    return Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [field, named(name)]));
  };
})();
