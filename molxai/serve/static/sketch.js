// The sketcher in its dialog, loaded when it is first opened. What it draws goes to the server as a
// molfile and comes back as RDKit's SMILES: its own loses the stereo of some double bonds.
"use strict";

(() => {
  const SOURCE = "/static/vendor/openchemlib/openchemlib.js";
  const REST = 250; // milliseconds without a change until the SMILES is asked for
  const find = (id) => document.getElementById(id);
  let editor = null;
  let library = null;
  let smiles = "";
  let timer = null;
  let asking = null;
  let reading = null; // of what is drawn now; null if that is known
  const states = molxai.states(restore); // the editor itself takes back a single step only

  /** Open the dialog with a molecule; `use(smiles)` is told what was drawn, to be done `doing`. */
  molxai.sketch = async (given, use, doing = "Explain this molecule") => {
    const dialog = find("sketcher");
    find("sketched").textContent = doing;
    dialog.showModal();
    find("sketched").onclick = () => finish(use);
    find("dismiss").onclick = () => dialog.close();
    find("sketch-undo").onclick = states.undo;
    find("sketch-redo").onclick = states.redo;
    // Before the editor hears of the key.
    dialog.addEventListener("keydown", keys, { capture: true });
    say("loading the sketcher …");
    try {
      library = library || (await import(SOURCE));
      editor = editor || made();
      begin(given.trim());
    } catch (error) {
      say("The sketcher does not start: reload the page, or type the SMILES instead.", true);
      console.error(error); // for whoever mends it
    }
  };

  const keys = (event) => molxai.undoKey(event, states);

  /** Show an earlier or a later state. */
  function restore(block) {
    const isEmpty = block === "";
    editor.setMolecule(
      isEmpty ? new library.Molecule(0, 0) : library.Molecule.fromMolfile(block),
    );
    changed();
  }

  /** What is drawn as a molfile; empty if it is nothing. */
  function drawn() {
    const molecule = editor.getMolecule();
    return molecule.getAllAtoms() ? molecule.toMolfile() : "";
  }

  function enable() {
    const { undo, redo } = states.can();
    find("sketch-undo").disabled = !undo;
    find("sketch-redo").disabled = !redo;
  }

  function made() {
    const one = new library.CanvasEditor(find("editor"));
    one.setOnChangeListener((event) => {
      if (event.type !== "molecule" || !event.isUserEvent) return;
      states.add(drawn());
      changed();
    });
    return one;
  }

  function begin(given) {
    forget();
    let molecule = new library.Molecule(0, 0);
    smiles = given;
    try {
      if (given) molecule = library.Molecule.fromSmiles(given);
      say(given || "Nothing is drawn yet.");
    } catch {
      smiles = "";
      say("the SMILES cannot be drawn: start again", true);
    }
    editor.setMolecule(molecule);
    states.begin(drawn());
    enable();
  }

  function changed() {
    enable();
    forget();
    timer = setTimeout(() => settle().catch(report), REST);
  }

  /** Give up what was to be read: something else is drawn now. */
  function forget() {
    clearTimeout(timer);
    timer = null;
    asking?.abort();
    reading = null;
  }

  /** Have the SMILES of what is drawn now, be it on its way. */
  function settle() {
    if (timer) {
      forget();
      reading = read();
    }
    return reading;
  }

  async function read() {
    asking = new AbortController();
    const block = drawn();
    if (!block) {
      smiles = "";
      say("Nothing is drawn yet.");
      return;
    }
    const body = { block };
    const { signal } = asking;
    const answer = await molxai.ask("/api/smiles", { method: "POST", body, signal });
    smiles = answer.smiles;
    say(smiles);
  }

  async function finish(use) {
    try {
      await settle();
      if (!smiles) {
        say("Nothing is drawn yet.", true);
        return;
      }
      find("sketcher").close();
      use(smiles);
    } catch (error) {
      report(error);
    }
  }

  /** Say why the molecule could not be read, unless a newer one is being read. */
  function report(error) {
    if (error.name !== "AbortError") say(error.message, true);
  }

  function say(text, bad = false) {
    find("sketch-smiles").textContent = text;
    find("sketch-smiles").classList.toggle("error", bad);
  }
})();
