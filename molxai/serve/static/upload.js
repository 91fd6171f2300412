// An upload: sent, and watched while its rows are explained.
"use strict";

(() => {
  const WAIT = 300; // milliseconds between looks

  /**
   * Send a file and show its rows; `told(job, panel)` is called at each look, and
   * `panel.redraw(all)` shows them anew. Ends when all rows are there; raises as `ask` does. If it
   * is given up, the job is cancelled on the server too.
   */
  molxai.upload = async (container, form, settings, state, signal, told) => {
    const job = await molxai.ask("/api/upload", { method: "POST", body: form, signal });
    const panel = molxai.uploadPanel(container, job, settings, state);
    const stop = () => molxai.cancelJob(job);
    signal.addEventListener("abort", stop, { once: true });
    let start = 0;
    for (;;) {
      const page = `start=${start}&records=false&views=true`;
      const now = await molxai.ask(`/api/jobs/${job.id}?${page}`, { signal });
      panel.add(now.views);
      start += now.views.length;
      told(now, panel);
      if (now.state === "failed") throw new Error(now.error);
      if (["done", "cancelled"].includes(now.state) && now.next === null) break;
      if (now.next === null) await molxai.pause(WAIT, signal);
    }
    signal.removeEventListener("abort", stop);
    await panel.end();
  };

  /** Stop an upload; if it is forgotten already, there is nothing to stop. */
  molxai.cancelJob = (job) =>
    molxai.ask(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {});
})();
