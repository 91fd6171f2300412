// The workbench: what is asked, what comes back, and what of it is shown. The newest question wins.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const settings = JSON.parse(find("settings").textContent);
  const state = molxai.readState(location.hash);
  const PICTURE = /\.(png|jpe?g)$/i;
  const DIGITS = /\.(png|jpe?g|npy|npz)$/i;
  const NARROW = matchMedia("(max-width: 860px)");
  let kind = "molecule";
  let file = null;
  let running = null; // of the work under way, what gives it up
  let shown = null; // the panel of the result
  let pasted = 1; // molecules that the text box held when it was last asked

  const pad = molxai.pad(find("pad"), () => ask());
  const model = () => molxai.chosenModel(settings, state, reads());

  /** Whether what is asked is a table. */
  function many() {
    if (kind === "molecule") return pasted > 1;
    return kind === "file" && file !== null && !PICTURE.test(file.name);
  }

  /** What the model must read. */
  function reads() {
    const isDigitFile = kind === "file" && file !== null && DIGITS.test(file.name);
    return kind === "digit" || isDigitFile ? "digits" : "molecules";
  }

  function say(text, bad = false) {
    find("status").textContent = text;
    find("status").classList.toggle("error", bad);
  }

  function refill() {
    molxai.fillChoices(settings, state, reads(), many());
    if (!state.methods.includes(state.method)) state.method = state.methods[0];
    if (!settings.schemes.includes(state.scheme)) state.scheme = settings.schemes[0];
    if (!(state.palette in settings.palettes)) state.palette = "red-blue";
  }

  /** Keep the state in the address; `anew` makes it something to go back to. */
  function remember(anew) {
    const smiles = kind === "molecule" ? state.smiles : "";
    const address = molxai.hashOf({ ...state, smiles });
    if (anew) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }

  /** What is asked beside the input. */
  const question = () => ({
    model: model().name,
    methods: state.methods,
    target: state.target || model().usual_target,
    contrast: state.contrast || null,
    endpoint: state.endpoint,
  });

  /** Do some work; what was under way is given up. */
  async function work(doing, act) {
    running?.abort();
    const mine = new AbortController();
    running = mine;
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

  const tooLarge = (what) => {
    const most = settings.largest_body / 2 ** 20;
    return `${what} than ${most} MB: cut it, or use the command line.`;
  };

  /** Explain what the form holds. */
  function ask() {
    refill();
    if (kind === "molecule") return askText();
    if (kind === "digit") return askDrawing();
    if (!file) return say("Choose a file first, or drop one on this page.", true);
    if (file.size > settings.largest_body) return say(tooLarge(`${file.name} is larger`), true);
    if (PICTURE.test(file.name)) return askPicture();
    return work(`sending ${file.name} …`, (signal) => table(file, file.name, signal));
  }

  function askDrawing() {
    if (pad.empty()) return say("Draw a digit first.", true);
    const subject = { image: pad.image(), name: "drawn" };
    return work("explaining the digit …", (signal) => single(subject, "drawn digit", signal));
  }

  /** What the text box holds: the server says whether it is one molecule or a table of them. */
  function askText() {
    const text = find("smiles").value;
    if (!text.trim()) return say("Type or paste a SMILES first, or draw a molecule.", true);
    if (text.length > settings.largest_body) return say(tooLarge("the text is longer"), true);
    const line = text.includes("\n") ? "" : text.trim(); // only a single line goes into the address
    const anew = line !== state.smiles;
    state.smiles = line;
    remember(anew);
    return work("explaining …", (signal) => explainText(text, line, signal));
  }

  async function explainText(text, line, signal) {
    const body = { text };
    const recognised = await molxai.ask("/api/recognise", { method: "POST", body, signal });
    pasted = recognised.rows;
    refill();
    if (pasted === 1) await single({ text }, recognised.name || nameOf(line), signal);
    else await table(new File([text], "pasted.txt"), recognised.file, signal);
  }

  function askPicture() {
    const { name } = file;
    return work(`explaining ${name} …`, async (signal) => {
      const address = await dataAddress(file);
      const picture = address.split(",")[1] || "";
      await single({ picture, name: name.slice(-200) }, name, signal);
    });
  }

  /** A file's content as a data URL. */
  const dataAddress = (content) =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(new Error(`${content.name} cannot be read`));
      reader.readAsDataURL(content);
    });

  /** What an example is called. */
  function nameOf(smiles) {
    const example = document.querySelector(`[data-smiles="${CSS.escape(smiles)}"]`);
    return example?.textContent || "molecule";
  }

  /** Explain one input, which is called `name`. */
  async function single(subject, name, signal) {
    const body = { ...question(), ...subject, views: true };
    const answer = await molxai.ask("/api/explain", { method: "POST", body, signal });
    const view = { ...answer.views[0], id: name };
    if (view.error) {
      clear();
      say(view.error, true);
      return;
    }
    const known = { ...settings, biases: model().biases, views: [view], state };
    shown = { redraw: () => molxai.detail(find("result"), view, known, state) };
    const atoms = reads() === "molecules";
    molxai.fillLook(settings, state, Object.keys(view.methods), { many: false, atoms });
    shown.redraw();
    say(`Prediction: ${prediction(view)}`);
    const refusals = Object.entries(view.refused || {});
    const reasons = refusals.map(([method, reason]) => `${method}: ${reason}`);
    find("refused").textContent = reasons.join("; ");
    come();
  }

  function prediction(view) {
    const isValue = view.probability === null;
    return isValue ? `${view.prediction.toFixed(3)} ${view.unit}` : view.prediction;
  }

  /** On a narrow page the answer is below the form: go there. */
  function come() {
    if (NARROW.matches) find("answer").scrollIntoView({ block: "start" });
  }

  const DOING = { waiting: "waiting: ", running: "explaining: ", cancelled: "cancelled: " };

  /** Explain each row of a file, which is called `name`. */
  async function table(content, name, signal) {
    const asked = question();
    const known = { ...settings, biases: model().biases, smiles: !/\.sdf$/i.test(name) };
    const atoms = reads() === "molecules";
    molxai.fillLook(settings, state, asked.methods, { many: true, atoms });
    let seen = false;
    const told = (job, panel) => {
      shown = panel;
      if (!seen && job.done) come();
      seen = job.done > 0;
      find("busy").max = job.total;
      find("busy").value = job.done;
      const errors = job.errors ? `, ${job.errors} with errors` : "";
      say(`${DOING[job.state] || ""}${job.done} of ${job.total} rows${errors}`);
    };
    const form = formOf(content, asked);
    await molxai.upload(find("result"), form, known, state, signal, told);
  }

  /** A file and what is asked of it, as it is sent. */
  function formOf(content, asked) {
    const form = new FormData();
    form.set("file", content);
    for (const [field, value] of Object.entries(asked)) form.set(field, value ?? "");
    form.set("methods", asked.methods.join(","));
    if (kind === "file") {
      form.set("smiles_column", find("column").value.trim());
      form.set("id_column", find("id-column").value.trim());
    }
    return form;
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

  function take(dropped) {
    file = dropped;
    turnTo("file");
    ask();
  }

  function useSmiles(smiles) {
    pasted = 1;
    turnTo("molecule");
    find("smiles").value = smiles;
    ask();
  }

  /** Another choice in the form: one input is explained again at once, a table when asked for. */
  function choose(name, value) {
    state[name] = value;
    refill();
    remember(false);
    if (shown && !many()) ask();
    else if (shown) say("Press Explain to explain the table again with these choices.");
  }

  /** The methods whose boxes are checked. */
  function checkedMethods() {
    const boxes = find("methods").querySelectorAll("input:checked");
    return [...boxes].map((box) => box.value);
  }

  const on = (id, event, act) => find(id).addEventListener(event, act);

  for (const name of ["model", "endpoint", "target", "contrast"]) {
    on(name, "change", (event) => choose(name, event.target.value));
  }
  on("methods", "change", () => choose("methods", checkedMethods()));
  on("asked", "submit", (event) => {
    event.preventDefault();
    ask();
  });
  on("smiles", "keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    ask();
  });
  on("clear", "click", pad.clear);
  on("sketch", "click", () => molxai.sketch(find("smiles").value, useSmiles));
  on("chosen", "change", (event) => {
    if (event.target.files.length) take(event.target.files[0]);
  });
  on("result", "change", (event) => {
    if (event.target.matches("select.scheme")) remember(false);
  });
  for (const button of document.querySelectorAll("[data-smiles]")) {
    button.addEventListener("click", () => useSmiles(button.dataset.smiles));
  }
  for (const button of document.querySelectorAll("[data-digit]")) {
    button.addEventListener("click", () => pad.example(button.dataset.digit));
  }
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
