// What is asked and how it is shown, kept in the address, so that it can be linked and gone back to.
"use strict";

(() => {
  const DEFAULTS = { smiles: "", model: "", endpoint: "", target: "", contrast: "", methods: "", method: "", scheme: "", palette: "red-blue", scale: "own", numbers: "" };

  /** The state that an address holds. Whatever else is in it is left out: it may come from anybody. */
  molxai.readState = (hash) => {
    const known = new URLSearchParams(hash.replace(/^#/, ""));
    const state = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, known.get(name) ?? DEFAULTS[name]]));
    const fixed = Number(state.scale);
    return {
      ...state,
      methods: state.methods.split(",").filter(Boolean),
      scale: fixed > 0 && Number.isFinite(fixed) ? fixed : state.scale === "common" ? "common" : "own",
      numbers: state.numbers === "1",
    };
  };

  /** The address of a state, without what is as usual. */
  molxai.hashOf = (state) => {
    const told = { ...state, methods: state.methods.join(","), numbers: state.numbers ? "1" : "" };
    const kept = Object.keys(DEFAULTS).filter((name) => told[name] !== DEFAULTS[name] && told[name] !== undefined);
    return `#${new URLSearchParams(kept.map((name) => [name, String(told[name])]))}`;
  };
})();
