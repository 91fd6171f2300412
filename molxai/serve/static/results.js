// What comes back: the large view of a single input, or a table whose rows come as they are made.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const NARROW = matchMedia("(max-width: 860px)");
  const DOING = { waiting: "waiting: ", running: "explaining: ", cancelled: "cancelled: " };

  /** Show a single input's view; raises if it could not be read. Returns its panel. */
  molxai.showSingle = (view, model, settings, state) => {
    if (view.error) throw new Error(view.error);
    const known = { ...settings, biases: model.biases, views: [view], state };
    const atoms = model.reads === "molecules";
    molxai.fillLook(settings, state, Object.keys(view.methods), { many: false, atoms });
    const redraw = () => molxai.detail(find("result"), view, known, state);
    redraw();
    molxai.say(`Prediction: ${prediction(view)}`);
    const refusals = Object.entries(view.refused || {});
    const reasons = refusals.map(([method, reason]) => `${method}: ${reason}`);
    find("refused").textContent = reasons.join("; ");
    come();
    return { redraw };
  };

  /** What an example is called, or any other molecule. */
  molxai.exampleName = (smiles) => {
    const example = document.querySelector(`[data-smiles="${CSS.escape(smiles)}"]`);
    return example?.textContent || "molecule";
  };

  function prediction(view) {
    const isValue = view.probability === null;
    return isValue ? `${molxai.trueMinus(view.prediction.toFixed(3))} ${view.unit}` : view.prediction;
  }

  /** On a narrow page the answer is below the form: go there. */
  function come() {
    if (NARROW.matches) find("answer").scrollIntoView({ block: "start" });
  }

  /**
   * Show the rows of a table's job; `shown(panel, job)` is told at each look. What the address says
   * of the table is taken up first, when the rows that it needs are there.
   */
  molxai.showTable = async (job, model, settings, state, signal, shown) => {
    const known = { ...settings, biases: model.biases };
    const atoms = job.reads === "molecules";
    molxai.fillLook(settings, state, job.methods, { many: true, atoms });
    const wanted = { ...state.table };
    let isRestored = false;
    let isSeen = false;

    const told = (now, panel, rows) => {
      if (!isSeen && now.done) come();
      isSeen = now.done > 0;
      molxai.progress(now.done, now.total);
      const errors = now.errors ? `, ${now.errors} with errors` : "";
      const rowsDone = `${now.done} of ${molxai.counted(now.total, "row")}`;
      molxai.say(`${DOING[now.state] || ""}${rowsDone}${errors}`);
      const last = Math.max(...(wanted.row || "0").split(",").map(Number));
      const isEnough = rows > last || rows >= now.total;
      if (!isRestored && rows && isEnough) {
        isRestored = true;
        panel.restore?.(wanted);
      }
      if (isRestored) shown(panel, now);
    };
    await molxai.attach(find("result"), job, known, state, signal, told);
  };
})();
