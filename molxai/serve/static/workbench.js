// The workbench: what is asked, what comes back, and what of it is shown. The newest question wins.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const settings = JSON.parse(find("settings").textContent);
  const state = molxai.readState(location.hash);
  const DIGITS = /\.(png|jpe?g|npy|npz)$/i;
  const SOON = 100; // milliseconds between looks at a single input
  const NARROW = matchMedia("(max-width: 860px)");
  const welcome = find("result").firstElementChild;
  let kind = "molecule";
  let files = []; // that were chosen
  let looked = null; // those whose columns were looked at
  let job = null; // what the server says of the job whose answer is shown
  let shown = null; // the panel of the answer
  let closing = ""; // the address to have when the entry of an open row is left

  const pad = molxai.pad(find("pad"), () => (pad.empty() ? leavePad() : ask()));
  const model = () => molxai.chosenModel(settings, state, reads());
  const work = molxai.worker(clear);
  const { say } = molxai;

  /** Whether what is asked is a table. */
  const many = () => (job ? !job.single : kind === "file" && files.length > 1);

  /** What the model must read. */
  function reads() {
    if (kind === "file" && files.length) return DIGITS.test(files[0].name) ? "digits" : "molecules";
    if (kind === "file" && job) return job.reads;
    return kind === "digit" ? "digits" : "molecules";
  }

  function refill() {
    molxai.fillChoices(settings, state, reads(), many());
  }

  /** The address of what is shown. */
  function address() {
    const table = job && !job.single ? shown?.address?.() || state.table : {};
    return molxai.hashOf({ ...state, table });
  }

  /** Keep the state in the address; `anew` makes it something to go back to. */
  function remember(anew) {
    if (anew) history.pushState(null, "", address());
    else history.replaceState(history.state, "", address());
    find("back").hidden = !state.from;
  }

  /** What the table keeps in the address has changed; an opened row is something to go back from. */
  function rememberTable() {
    if (!shown?.address) return;
    const isOpen = Boolean(shown.address().row);
    const wasOpen = molxai.readState(location.hash).table.row;
    if (isOpen && !wasOpen) history.pushState({ opened: true }, "", address());
    else if (!isOpen && wasOpen && history.state?.opened) {
      closing = address();
      history.back();
    } else remember(false);
  }

  /** Ask about something else: the table that is left stays within reach. */
  function turn(subject) {
    if (job && !job.single) {
      const table = { ...(shown?.address?.() || state.table), row: "" };
      state.from = molxai.hashOf({ ...state, from: "", table }).slice(1);
    }
    const before = molxai.hashOf({ ...state, from: "", table: {} });
    Object.assign(state, { smiles: "", digit: "", job: "", table: {} }, subject);
    job = null;
    shown = null;
    molxai.closeRow();
    const isOther = molxai.hashOf({ ...state, from: "", table: {} }) !== before;
    // The entry of an opened row is used up, so that Back leads to the table.
    if (isOther && history.state?.opened) history.replaceState(null, "", address());
    else if (isOther) history.pushState(null, "", address());
    remember(false);
  }

  /** What is asked beside the input. */
  const question = () => molxai.question(model(), state);

  function clear() {
    shown = null;
    find("look").hidden = true;
    find("result").replaceChildren();
  }

  /** Nothing is asked: say what can be. */
  function greet() {
    work("", async () => {
      clear();
      find("result").replaceChildren(welcome);
    });
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
    if (!files.length && !job) return say("Choose a file first, or drop one on this page.", true);
    const size = files.reduce((total, file) => total + file.size, 0);
    if (size > settings.largest_body) return say(tooLarge("what you chose is larger"), true);
    return work("reading the columns …", askFiles);
  }

  function askDrawing() {
    if (pad.empty()) return say("Draw a digit first.", true);
    const digit = pad.code();
    turn({ digit });
    const body = { image: pad.image(), name: "drawn" };
    return work("explaining the digit …", (signal) => single(body, "drawn digit", signal));
  }

  /** Nothing is drawn any more, so nothing is answered. */
  function leavePad() {
    if (!state.digit) return;
    greet();
    turn({});
  }

  /** A single line is in the address as it is; more is sent, and kept by the server. */
  function askText() {
    const text = find("smiles").value;
    const line = text.trim();
    if (!line) return say("Type or paste a SMILES first, or draw a molecule.", true);
    if (text.length > settings.largest_body) return say(tooLarge("the text is longer"), true);
    if (line.includes("\n")) return work("explaining …", (signal) => askList(text, signal));
    turn({ smiles: line });
    return work("explaining …", (signal) => askLine(line, signal));
  }

  async function askLine(line, signal) {
    const body = { text: line };
    const recognised = await molxai.ask("/api/recognise", { method: "POST", body, signal });
    await single({ text: line }, recognised.name || molxai.exampleName(line), signal);
  }

  const askList = (text, signal) => send([new File([text], "pasted.txt")], { pasted: true }, signal);

  /** Explain the chosen files, or those of the job once more. */
  async function askFiles(signal) {
    if (files.length && files !== looked) {
      const look = await molxai.lookAt(files, signal);
      looked = files;
      molxai.fillColumns(look);
      if (look.error) throw new Error(look.error);
    }
    const sent = files.length ? {} : { again: job.id };
    await send(files, { ...sent, ...molxai.columnsOf() }, signal);
  }

  async function send(content, fields, signal) {
    say(`sending ${content.map(({ name }) => name).join(", ") || job.file} …`);
    const sent = await molxai.send(content, { ...question(), ...fields }, signal);
    // The same files with other choices take the place of what is still at work on them.
    const isAgain = job && !job.single && ["waiting", "running"].includes(job.state);
    if (isAgain && kind === "file") molxai.cancelJob(job.id);
    turn({ job: sent.id });
    await showJob(sent.id, signal);
  }

  /** Show what the server holds under a job's id. */
  async function showJob(id, signal) {
    let now = await molxai.job(id, 0, signal);
    while (now.single && !now.views.length && now.error === null) {
      await molxai.pause(SOON, signal);
      now = await molxai.job(id, 0, signal);
    }
    job = now;
    if (job.single && job.error) throw new Error(job.error);
    refill();
    if (!job.methods.includes(state.method)) [state.method] = job.methods;
    const made = settings.models.find(({ name }) => name === job.model);
    if (job.single) {
      const [view] = job.views;
      const id = view.id === String(view.row) ? "molecule" : view.id;
      shown = molxai.showSingle({ ...view, id }, made, settings, state);
      remember(false);
      return;
    }
    state.from = "";
    remember(false);
    const known = { ...settings, remember: rememberTable };
    await molxai.showTable(job, made, known, state, signal, (panel, { state: now }) => {
      shown = panel;
      job = { ...job, state: now };
    });
    remember(false);
  }

  /** Explain one input, which is called `name`. */
  async function single(subject, name, signal) {
    const body = { ...question(), ...subject, views: true };
    const answer = await molxai.ask("/api/explain", { method: "POST", body, signal });
    const view = { ...answer.views[0], id: name };
    shown = molxai.showSingle(view, model(), settings, state);
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
    files = chosen;
    find("files").textContent = chosen.map(({ name }) => name).join(", ");
    turnTo("file");
    ask();
  }

  function useSmiles(smiles) {
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

  /** Show what the address says. */
  function begin() {
    const address = molxai.readState(location.hash);
    const isShown = job && address.job === job.id && shown;
    Object.assign(state, address);
    find("back").hidden = !state.from;
    if (isShown) {
      refill();
      shown.restore?.(state.table);
      shown.redraw(true);
      return undefined;
    }
    job = null;
    shown = null;
    files = [];
    molxai.closeRow();
    find("smiles").value = state.smiles;
    if (state.job) return work("fetching the results …", open);
    if (state.digit) {
      pad.load(state.digit);
      turnTo("digit");
      return ask();
    }
    turnTo("molecule");
    if (state.smiles) return ask();
    return greet();
  }

  /** Show the job of the address, and in the form what it was made of. */
  async function open(signal) {
    job = await molxai.ask(`/api/jobs/${state.job}?records=false`, { signal });
    state.methods = job.methods;
    turnTo(job.pasted ? "molecule" : "file");
    if (model().name !== job.model) state.model = job.model;
    if (job.pasted) find("smiles").value = await molxai.pastedText(job.id, signal);
    else {
      find("files").textContent = job.file;
      molxai.fillColumns(await molxai.ask(`/api/jobs/${job.id}/columns`, { signal }), job);
    }
    await showJob(job.id, signal);
  }

  const on = (id, event, act) => find(id).addEventListener(event, act);

  for (const name of ["model", "endpoint", "target", "contrast"]) {
    on(name, "change", (event) => choose(name, event.target.value));
  }
  for (const id of ["column", "id-column", "label-column"]) {
    on(id, "change", () => say("Press Explain to explain the table with these columns."));
  }
  on("methods", "change", () => choose("methods", molxai.checkedMethods()));
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
  on("undo", "click", pad.undo);
  on("redo", "click", pad.redo);
  on("digit", "keydown", (event) => molxai.undoKey(event, pad));
  on("sketch", "click", () => molxai.sketch(find("smiles").value, useSmiles));
  on("chosen", "change", (event) => {
    if (event.target.files.length) take([...event.target.files]);
  });
  on("result", "change", (event) => {
    if (event.target.matches("select.scheme")) remember(false);
  });
  on("back", "click", () => {
    history.pushState(null, "", `#${state.from}`);
    begin();
  });
  for (const button of document.querySelectorAll("[data-smiles]")) {
    button.addEventListener("click", () => useSmiles(button.dataset.smiles));
  }
  for (const button of document.querySelectorAll("[data-digit]")) {
    button.addEventListener("click", () => pad.example(button.dataset.digit));
  }
  molxai.tabs(turnTo);
  molxai.look(state, redraw);
  molxai.rowDialog(async (view) => useSmiles(await molxai.rowSmiles(job.id, view)));
  molxai.drop(take, useSmiles);
  addEventListener("popstate", () => {
    if (closing) history.replaceState(null, "", closing);
    else begin();
    closing = "";
  });

  find("how").open = !NARROW.matches;
  molxai.page = { settings, state };
  begin();
})();
