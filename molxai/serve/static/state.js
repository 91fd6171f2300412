// What is asked and how it is shown, kept in the address, so that it can be linked and gone back
// to.
"use strict";

(() => {
  const DEFAULTS = {
    smiles: "", // a molecule as one line
    digit: "", // the strokes of a drawn digit, as the pad codes them
    job: "", // whatever else was sent, by its id on the server
    from: "", // the address of the table that one came from
    model: "",
    endpoint: "",
    target: "",
    contrast: "",
    methods: "",
    method: "",
    scheme: "",
    palette: "red-blue",
    scale: "own",
    numbers: "",
  };

  /** What a table keeps in the address, as texts that it reads itself. */
  const TABLE = [
    ...["search", "show", "substructure", "filters", "sort", "columns", "frozen", "fragment"],
    ...["group", "chosen", "plot", "core", "rgroups", "opened", "row"],
  ];

  const ID = /^[\w-]{1,64}$/;

  /** The state that an address holds, without whatever else is in it: it may come from anybody. */
  molxai.readState = (hash) => {
    const known = new URLSearchParams(hash.replace(/^#/, ""));
    const names = Object.keys(DEFAULTS);
    const state = Object.fromEntries(
      names.map((name) => [name, known.get(name) ?? DEFAULTS[name]]),
    );
    const entries = TABLE.filter((name) => known.get(name)).map((name) => [name, known.get(name)]);
    return {
      ...state,
      job: ID.test(state.job) ? state.job : "",
      methods: state.methods.split(",").filter(Boolean),
      scale: scaleOf(state.scale),
      numbers: state.numbers === "1",
      table: Object.fromEntries(entries),
    };
  };

  /** A scale: a positive number, or common; else own. */
  function scaleOf(text) {
    const number = Number(text);
    if (number > 0 && Number.isFinite(number)) return number;
    return text === "common" ? "common" : "own";
  }

  /** The address of a state, without what is as usual. */
  molxai.hashOf = (state) => {
    const told = { ...state, methods: state.methods.join(","), numbers: state.numbers ? "1" : "" };
    const isUnusual = (name) => told[name] !== undefined && told[name] !== DEFAULTS[name];
    const unusual = Object.keys(DEFAULTS).filter(isUnusual);
    const entries = unusual.map((name) => [name, String(told[name])]);
    const table = TABLE.filter((name) => state.table[name]);
    entries.push(...table.map((name) => [name, String(state.table[name])]));
    return `#${new URLSearchParams(entries)}`;
  };
})();
