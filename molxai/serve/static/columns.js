// Which columns of chosen files, or of a pasted table, are what: filled from the server's look at it.
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
  let looked = null; // the files, or the pasted text, whose columns were looked at
  const isText = (content) => typeof content === "string";

  /** Ask what columns the files have. */
  function lookAt(files, signal) {
    const form = new FormData();
    files.forEach((file) => form.append("file", file));
    return molxai.ask("/api/columns", { method: "POST", body: form, signal });
  }

  /** Let the columns of files, or of a pasted text, be chosen, unless they can be already. */
  molxai.offerColumns = async (content, signal) => {
    if (content === looked) return;
    const files = isText(content) ? [molxai.txtFile(content)] : content;
    const look = await lookAt(files, signal);
    // A text that was corrected keeps what was chosen.
    const asked = isText(content) && isText(looked) ? molxai.columnsOf() : {};
    fill(content, look, asked);
    if (look.error) throw new Error(look.error);
  };

  /** A single molecule has no columns; those of files stay with the files. */
  molxai.leaveTextColumns = () => {
    if (!isText(looked)) return;
    looked = null;
    find("columns").hidden = true;
  };

  /** Fill the choices beside what they are of; `asked` has the columns that were named before. */
  function fill(content, { columns, smiles, id, error }, asked) {
    looked = content;
    usual = { column: smiles, "id-column": id, "label-column": "" };
    find(isText(content) ? "molecule" : "file").append(find("columns"));
    find("columns").hidden = !columns.length;
    find("column-field").hidden = !smiles && !error; // a file of structures has no such column
    for (const [name, field] of Object.entries(FIELDS)) {
      const chosen = columns.includes(asked[field]) ? asked[field] : usual[name];
      const option = (value) => html("option", { value, selected: value === chosen }, value);
      const none = html("option", { value: "", selected: !chosen }, NONE[name]);
      find(name).replaceChildren(...(usual[name] ? [] : [none]), ...columns.map(option));
    }
  }

  /** Show in the form what a job was made of. */
  molxai.fillSource = async (job, signal) => {
    const look = await molxai.ask(`/api/jobs/${job.id}/columns`, { signal });
    if (job.pasted) find("smiles").value = await molxai.pastedText(job.id, signal);
    else find("files").textContent = job.file;
    fill(job.pasted ? find("smiles").value : null, look, job);
  };

  /** The columns that were chosen, as they are sent: what was found is found in each file anew. */
  molxai.columnsOf = () => {
    const named = (name) => (find(name).value === usual[name] ? "" : find(name).value);
    return Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [field, named(name)]));
  };
})();
