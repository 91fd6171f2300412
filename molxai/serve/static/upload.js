// Uploads: sent, and watched while their rows are explained.
"use strict";

(() => {
  const WAIT = 300; // milliseconds between looks
  const SOON = 100; // the same at a single input

  /** Send files, or none if the fields name a job that is asked again: the job. */
  molxai.send = (files, fields, signal) => {
    const form = new FormData();
    files.forEach((file) => form.append("file", file));
    for (const [name, value] of Object.entries(fields)) form.set(name, String(value ?? ""));
    return molxai.ask("/api/upload", { method: "POST", body: form, signal });
  };

  /** The text that a job of pasted text was made of. */
  molxai.pastedText = async (id, signal) => {
    const answer = await fetch(`/api/jobs/${encodeURIComponent(id)}/text`, { signal });
    return answer.ok ? answer.text() : "";
  };

  /** What the server says of a job, and its views from row `start` on. */
  molxai.job = (id, start, signal) => {
    const page = `start=${start}&records=false&views=true`;
    return molxai.ask(`/api/jobs/${encodeURIComponent(id)}?${page}`, { signal });
  };

  /** The same, however long the server does not answer. */
  const look = (id, start, signal) =>
    molxai.patiently((limited) => molxai.job(id, start, limited), signal);

  /** The same of a job's beginning; of a single input when it is done. */
  molxai.firstLook = async (id, signal) => {
    let now = await molxai.job(id, 0, signal);
    while (now.single && !now.views.length && now.error === null) {
      await molxai.pause(SOON, signal);
      now = await look(id, 0, signal);
    }
    return now;
  };

  /** Have the server hold a single input and its answer; returns the job's id. */
  molxai.sendSingle = async (file, fields) => {
    const { id } = await molxai.send([file], fields);
    await molxai.firstLook(id, new AbortController().signal);
    return id;
  };

  /** Stop a job; what is done stays. */
  molxai.cancelJob = (job) =>
    molxai.ask(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {});

  /**
   * Show the rows of a table's job as they are made; `told(job, panel)` is called at each look, and
   * `panel.redraw(all)` shows them anew. Ends when all rows are there; raises as `ask` does. Who
   * looks away gives nothing up: the job goes on, and can be attached to again.
   */
  molxai.attach = async (container, job, settings, state, signal, told) => {
    const panel = molxai.uploadPanel(container, job, settings, state);
    let start = 0;
    for (let now = job; ; now = await look(job.id, start, signal)) {
      panel.add(now.views);
      start += now.views.length;
      told(now, panel, start);
      if (now.state === "failed") throw new Error(now.error);
      if (["done", "cancelled"].includes(now.state) && now.next === null) break;
      if (now.next === null) await molxai.pause(WAIT, signal);
    }
    await panel.end(signal);
  };
})();
