// What is asked and how it is shown, kept in the address, so that it can be linked and gone back
// to.
"use strict";

(() => {
  const DEFAULTS = {
    smiles: "",
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

  /** The state that an address holds, without whatever else is in it: it may come from anybody. */
  molxai.readState = (hash) => {
    const known = new URLSearchParams(hash.replace(/^#/, ""));
    const names = Object.keys(DEFAULTS);
    const state = Object.fromEntries(
      names.map((name) => [name, known.get(name) ?? DEFAULTS[name]]),
    );
    return {
      ...state,
      methods: state.methods.split(",").filter(Boolean),
      scale: scaleOf(state.scale),
      numbers: state.numbers === "1",
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
    return `#${new URLSearchParams(unusual.map((name) => [name, String(told[name])]))}`;
  };
})();
