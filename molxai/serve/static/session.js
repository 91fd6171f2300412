// A session as a file: saved with its results, and opened again.
"use strict";

(() => {
  const SESSION = /\.json(\.gz)?$/i;

  /** Whether a file may be a saved session: no other file that is read ends so. */
  molxai.isSession = (file) => SESSION.test(file.name);

  /** Save what the server holds under a job's id, with the page's address; raises as `ask` does. */
  molxai.saveSession = async (job, address) => {
    const path = `/api/jobs/${encodeURIComponent(job)}`;
    const content = await molxai.askFile(`${path}/session`, { state: address });
    const { file } = await molxai.ask(`${path}?records=false`);
    const stem = file.replace(/\.[^.]*$/, "");
    molxai.save(content, "application/gzip", `${stem}-session.json.gz`);
  };

  /** Open a saved session: the address that it is shown under, and what is said of it. */
  molxai.openSession = async (file, signal) => {
    const form = new FormData();
    form.set("file", file);
    const opened = await molxai.ask("/api/sessions", { method: "POST", body: form, signal });
    const state = molxai.readState(opened.state);
    const job = { job: opened.id, smiles: "", digit: "", from: "" };
    return { address: molxai.hashOf({ ...state, ...job }), says: opened.says };
  };

  /** Pasted text as a file. */
  molxai.txtFile = (text) => new File([text], "pasted.txt");

  /** A drawn digit as a file, white on black. */
  molxai.digitFile = async (rows) => {
    const side = rows.length;
    const canvas = molxai.html("canvas", { width: side, height: side });
    const paper = canvas.getContext("2d");
    const image = paper.createImageData(side, side);
    rows.flat().forEach((grey, pixel) => image.data.set([grey, grey, grey, 255], 4 * pixel));
    paper.putImageData(image, 0, 0);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    return new File([blob], "drawn.png");
  };
})();
