// The workbench: what is asked, what comes back, and what of it is shown. The newest question wins.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const settings = JSON.parse(find("settings").textContent);
  const state = molxai.readState(location.hash);
  const DIGITS = /\.(png|jpe?g|npy|npz)$/i;
  const NARROW = matchMedia("(max-width: 860px)");
  const welcome = find("result").firstElementChild;
  const isAtWork = () => Boolean(job) && ["waiting", "running"].includes(job.state);
  let kind = "molecule";
  let files = []; // that were chosen
  let job = null; // what the server says of the job whose answer is shown
  let shown = null; // the panel of the answer
  let closing = ""; // the address to have when the entry of an open row is left

  const pad = molxai.pad(find("pad"), () => (pad.empty() ? leavePad() : ask()));
  const model = () => molxai.chosenModel(settings, state, reads());
  const work = molxai.worker(failed);
  const { say } = molxai;
  const isTooLarge = (what, size) => molxai.isTooLarge(what, size, settings.largest_body);

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
    find("save").hidden = !shown;
  }

  /** The table has changed what it keeps in the address; from an opened row one goes back. */
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
      const table = shown?.address?.() || state.table;
      state.from = molxai.hashOf({ ...state, from: "", table }).slice(1);
    }
    const before = molxai.hashOf({ ...state, from: "", table: {} });
    find("session").textContent = "";
    Object.assign(state, { smiles: "", digit: "", job: "", table: {} }, subject);
    job = null;
    shown = null;
    molxai.closeRow();
    const isOther = molxai.hashOf({ ...state, from: "", table: {} }) !== before;
    if (isOther) history.pushState(null, "", address());
    remember(false);
  }

  /** What is asked beside the input. */
  const question = () => molxai.question(model(), state);

  function clear() {
    shown = null;
    find("save").hidden = true;
    find("look").hidden = true;
    find("result").replaceChildren();
  }

  /** An answer that is there stays after a failure. */
  function failed() {
    if (!shown) clear();
  }

  /** Nothing is asked: say what can be. */
  function greet() {
    work("", async () => {
      clear();
      find("result").replaceChildren(welcome);
    });
  }

  /** Explain what the form holds. */
  function ask() {
    refill();
    if (kind === "molecule") return askText();
    if (kind === "digit") return askDrawing();
    if (!files.length && !job) return say("Choose a file first, or drop one on this page.", true);
    const size = files.reduce((total, file) => total + file.size, 0);
    if (isTooLarge("what you chose", size)) return undefined;
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
    if (isTooLarge("the text", text.length)) return undefined;
    if (line.includes("\n")) return work("explaining …", (signal) => askList(text, signal));
    molxai.leaveTextColumns();
    turn({ smiles: line });
    return work("explaining …", (signal) => askLine(line, signal));
  }

  /** Explain lines, which may be a table with columns to choose from. */
  async function askList(text, signal) {
    await molxai.offerColumns(text, signal);
    await send([molxai.txtFile(text)], { pasted: true, ...molxai.columnsOf() }, signal);
  }

  async function askLine(line, signal) {
    const body = { text: line };
    const recognised = await molxai.ask("/api/recognise", { method: "POST", body, signal });
    await single({ text: line }, recognised.name || molxai.exampleName(line), signal);
  }

  /** Explain the chosen files, or those of the job once more. */
  async function askFiles(signal) {
    if (files.length) await molxai.offerColumns(files, signal);
    const sent = files.length ? {} : { again: job.id };
    await send(files, { ...sent, ...molxai.columnsOf() }, signal);
  }

  async function send(content, fields, signal) {
    say(`sending ${content.map(({ name }) => name).join(", ") || job.file} …`);
    const sent = await molxai.send(content, { ...question(), ...fields }, signal);
    // The same files with other choices take the place of what is still at work on them.
    if (isAtWork() && !job.single && kind === "file") molxai.cancelJob(job);
    turn({ job: sent.id });
    await showJob(sent.id, signal);
  }

  /** Show what the server holds under a job's id. */
  async function showJob(id, signal) {
    job = await molxai.firstLook(id, signal);
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
    remember(false);
  }

  /** Save the answer; a single input is sent once more, for the server to hold it. */
  async function save() {
    let id = job?.id;
    if (!id) {
      const file = state.digit ? await molxai.digitFile(pad.image()) : molxai.txtFile(state.smiles);
      id = await molxai.sendSingle(file, { ...question(), pasted: !state.digit });
    }
    await molxai.saveSession(id, address());
  }

  /** Show a saved session as it was. */
  function openSession(file) {
    return work(`opening ${file.name} …`, async (signal) => {
      const { address, says } = await molxai.openSession(file, signal);
      history.pushState(null, "", address);
      begin();
      find("session").textContent = says;
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
    if (molxai.isSession(chosen[0])) return openSession(chosen[0]);
    files = chosen;
    const isNamed = find("chosen").files[0] === chosen[0];
    find("files").textContent = isNamed ? "" : chosen.map(({ name }) => name).join(", ");
    turnTo("file");
    return ask();
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
    else if (shown) say("Press Explain to apply these choices to the table.");
  }

  /** Show what the address says. */
  function begin() {
    find("session").textContent = "";
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
    molxai.leaveTextColumns();
    find("smiles").value = state.smiles;
    refill();
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
    await molxai.fillSource(job, signal);
    await showJob(job.id, signal);
  }

  const on = (id, event, act) => find(id).addEventListener(event, act);

  for (const name of ["model", "endpoint", "target", "contrast"]) {
    on(name, "change", (event) => choose(name, event.target.value));
  }
  on("columns", "change", () => say("Press Explain to use these columns."));
  on("methods", "change", () => choose("methods", molxai.checkedMethods()));
  on("asked", "submit", (event) => {
    event.preventDefault();
    ask();
  });
  molxai.onEnter(find("smiles"), ask);
  for (const name of ["clear", "undo", "redo"]) on(name, "click", pad[name]);
  on("digit", "keydown", (event) => molxai.undoKey(event, pad));
  on("sketch", "click", () => molxai.sketch(find("smiles").value.trim().split(/\s/)[0], useSmiles));
  on("chosen", "change", (event) => {
    if (event.target.files.length) take([...event.target.files]);
  });
  on("result", "change", (event) => {
    if (event.target.matches("select.scheme")) remember(false);
  });
  on("save", "click", () => save().catch((error) => say(error.message, true)));
  on("back", "click", () => {
    history.pushState(null, "", `#${state.from}`);
    begin();
  });
  on("asked", "click", ({ target }) => {
    if (target.dataset.smiles) useSmiles(target.dataset.smiles);
    if (target.dataset.digit) pad.example(target.dataset.digit);
  });
  molxai.tabs(turnTo);
  molxai.look(state, redraw);
  molxai.rowDialog(async (view) => useSmiles(await molxai.rowLine(job.id, view)));
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
