// The workbench: what is asked, what comes back, and what of it is shown. The newest question wins.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const settings = JSON.parse(find("settings").textContent);
  const state = molxai.readState(location.hash);
  const PICTURE = /\.(png|jpe?g)$/i, DIGITS = /\.(png|jpe?g|npy|npz)$/i;
  const NARROW = matchMedia("(max-width: 860px)");
  let kind = "molecule", file = null, running = null, shown = null;
  let pasted = 1; // molecules that the text box held when it was last asked

  const pad = molxai.pad(find("pad"), () => ask());
  const many = () => (kind === "molecule" ? pasted > 1 : kind === "file" && file !== null && !PICTURE.test(file.name));
  const reads = () => (kind === "digit" || (kind === "file" && file && DIGITS.test(file.name)) ? "digits" : "molecules");
  const model = () => molxai.chosenModel(settings, state, reads());

  function say(text, bad = false) {
    find("status").textContent = text;
    find("status").classList.toggle("error", bad);
  }

  function refill() {
    molxai.fillChoices(settings, state, reads(), many());
    if (!state.methods.includes(state.method)) state.method = state.methods[0];
    state.scheme = settings.schemes.includes(state.scheme) ? state.scheme : settings.schemes[0];
    state.palette = state.palette in settings.palettes ? state.palette : "red-blue";
  }

  const remember = (anew) => history[anew ? "pushState" : "replaceState"](null, "", molxai.hashOf({ ...state, smiles: kind === "molecule" ? state.smiles : "" }));

  /** What is asked beside the input. */
  function question() {
    const usual = molxai.usualTarget(model());
    return { model: model().name, methods: state.methods, target: state.target || usual, contrast: state.contrast || null, endpoint: state.endpoint };
  }

  /** Do some work; what was under way is given up. */
  async function work(doing, act) {
    running?.abort();
    const mine = (running = new AbortController());
    find("busy").hidden = false;
    find("busy").removeAttribute("value");
    find("answer").setAttribute("aria-busy", "true");
    say(doing);
    find("refused").textContent = "";
    try {
      await act(mine.signal);
    } catch (error) {
      if (mine.signal.aborted) return;
      clear();
      say(error.message, true);
    } finally {
      if (running === mine) {
        find("busy").hidden = true;
        find("answer").removeAttribute("aria-busy");
      }
    }
  }

  function clear() {
    shown = null;
    find("look").hidden = true;
    find("result").replaceChildren();
  }

  /** Explain what the form holds. */
  function ask() {
    refill();
    if (kind === "molecule") return askText();
    if (kind === "digit") return pad.empty() ? say("Draw a digit first.", true) : work("explaining the digit …", (signal) => single({ image: pad.image(), name: "drawn" }, "drawn digit", signal));
    if (!file) return say("Choose a file first, or drop one on this page.", true);
    if (file.size > settings.largest_body) return say(`${file.name} is larger than ${settings.largest_body / 2 ** 20} MB: cut it, or use the command line.`, true);
    return PICTURE.test(file.name) ? askPicture() : work(`sending ${file.name} …`, (signal) => table(file, file.name, signal));
  }

  /** What the text box holds: the server says whether it is one molecule or a table of them. */
  function askText() {
    const text = find("smiles").value;
    if (!text.trim()) return say("Type or paste a SMILES first, or draw a molecule.", true);
    if (text.length > settings.largest_body) return say(`the text is longer than ${settings.largest_body / 2 ** 20} MB: cut it, or use the command line.`, true);
    const line = text.includes("\n") ? "" : text.trim(); // only a single line goes into the address
    const anew = line !== state.smiles;
    state.smiles = line;
    remember(anew);
    return work("explaining …", async (signal) => {
      const said = await molxai.ask("/api/recognise", { method: "POST", body: { text }, signal });
      pasted = said.rows;
      refill();
      if (pasted === 1) await single({ text }, said.name || named(line), signal);
      else await table(new File([text], "pasted.txt"), said.file, signal);
    });
  }

  const askPicture = () =>
    work(`explaining ${file.name} …`, async (signal) => {
      const address = await new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.onerror = () => reject(new Error(`${file.name} cannot be read`));
        reader.readAsDataURL(file);
      });
      await single({ picture: address.split(",")[1] || "", name: file.name.slice(-200) }, file.name, signal);
    });

  const named = (smiles) => document.querySelector(`[data-smiles="${CSS.escape(smiles)}"]`)?.textContent || "molecule";

  async function single(subject, name, signal) {
    const asked = question();
    const answer = await molxai.ask("/api/explain", { method: "POST", body: { ...asked, ...subject, views: true }, signal });
    const view = { ...answer.views[0], id: name };
    const known = { ...settings, model: asked.model, biases: model().biases, views: [view], state };
    shown = { redraw: () => molxai.detail(find("result"), view, known, state) };
    if (view.error) return refused(view);
    molxai.fillLook(settings, state, Object.keys(view.methods), { many: false, atoms: reads() === "molecules" });
    shown.redraw();
    say(`Prediction: ${view.probability === null ? `${view.prediction.toFixed(3)} ${view.unit}` : view.prediction}`);
    const refusals = Object.entries(view.refused || {}).map(([method, reason]) => `${method}: ${reason}`);
    find("refused").textContent = refusals.join("; ");
    come();
  }

  /** On a narrow page the answer is below the form: go there. */
  const come = () => NARROW.matches && find("answer").scrollIntoView({ block: "start" });

  function refused(view) {
    clear();
    say(view.error, true);
  }

  /** Explain each row of a file, which is called `name`. */
  async function table(content, name, signal) {
    const asked = question();
    const form = new FormData();
    form.set("file", content);
    for (const [field, value] of Object.entries({ ...asked, methods: asked.methods.join(",") })) form.set(field, value ?? "");
    if (kind === "file") {
      form.set("smiles_column", find("column").value.trim());
      form.set("id_column", find("id-column").value.trim());
    }
    molxai.fillLook(settings, state, asked.methods, { many: true, atoms: reads() === "molecules" });
    let seen = false;
    const smiles = !/\.sdf$/i.test(name);
    await molxai.upload(find("result"), form, { ...settings, biases: model().biases, smiles }, state, signal, (job, panel) => {
      shown = panel;
      if (!seen && job.done) come();
      seen = job.done > 0;
      find("busy").max = job.total;
      find("busy").value = job.done;
      const errors = job.errors ? `, ${job.errors} with errors` : "";
      const doing = { waiting: "waiting: ", running: "explaining: ", cancelled: "cancelled: ", done: "", failed: "" }[job.state];
      say(`${doing}${job.done} of ${job.total} rows${errors}`);
    });
  }

  function redraw(all) {
    remember(false);
    if (!shown) return;
    find("shown").value = state.method;
    shown.redraw(all);
    molxai.redrawRow();
  }

  state.changed = () => redraw(true);

  function turnTo(next) {
    kind = molxai.showTab(next);
    refill();
  }

  function take(chosen) {
    file = chosen;
    turnTo("file");
    ask();
  }

  function useSmiles(smiles) {
    pasted = 1;
    turnTo("molecule");
    find("smiles").value = smiles;
    ask();
  }

  /** Another choice in the form: what is quick is explained again at once, a table when it is asked for. */
  function chosen(name, value) {
    state[name] = value;
    refill();
    remember(false);
    if (shown && !many()) ask();
    else if (shown) say("Press Explain to explain the table again with these choices.");
  }

  for (const name of ["model", "endpoint", "target", "contrast"]) find(name).addEventListener("change", (event) => chosen(name, event.target.value));
  find("methods").addEventListener("change", () => chosen("methods", [...find("methods").querySelectorAll("input:checked")].map((box) => box.value)));
  find("asked").addEventListener("submit", (event) => (event.preventDefault(), ask()));
  find("smiles").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    ask();
  });
  find("clear").addEventListener("click", pad.clear);
  find("sketch").addEventListener("click", () => molxai.sketch(find("smiles").value, useSmiles));
  find("chosen").addEventListener("change", (event) => event.target.files.length && take(event.target.files[0]));
  find("result").addEventListener("change", (event) => event.target.matches("select.scheme") && remember(false));
  document.querySelectorAll("[data-smiles]").forEach((button) => button.addEventListener("click", () => useSmiles(button.dataset.smiles)));
  document.querySelectorAll("[data-digit]").forEach((button) => button.addEventListener("click", () => pad.example(button.dataset.digit)));
  molxai.tabs(turnTo);
  molxai.look(state, redraw);
  molxai.rowDialog((view) => useSmiles(view.input));
  molxai.drop(take, useSmiles);
  addEventListener("popstate", () => {
    Object.assign(state, molxai.readState(location.hash));
    begin();
  });

  function begin() {
    pasted = 1;
    turnTo("molecule");
    find("smiles").value = state.smiles;
    if (state.smiles) ask();
    else if (shown) {
      clear();
      say("");
    }
  }

  find("how").open = !NARROW.matches;
  molxai.page = { settings, state };
  begin();
})();
