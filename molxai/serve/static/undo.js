// Undo and redo: the keys for them, and the states that they lead through.
"use strict";

(() => {
  const MOST = 200; // states that are kept

  /** What the keys for undo and redo do to something that has both; other keys do nothing. */
  molxai.undoKey = (event, target) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const isRedo = key === "y" || (key === "z" && event.shiftKey);
    if (!isRedo && key !== "z") return;
    event.preventDefault();
    event.stopPropagation();
    if (isRedo) target.redo();
    else target.undo();
  };

  /** The states of a drawing in order; `go(state)` is called to show an earlier or later one. */
  molxai.states = (go) => {
    let states = [];
    let at = -1;
    const move = (by) => {
      if (states[at + by] === undefined) return;
      at += by;
      go(states[at]);
    };
    return {
      /** Begin anew with a state. */
      begin: (state) => {
        states = [state];
        at = 0;
      },
      /** A change led to a state; what was undone before is gone. */
      add: (state) => {
        if (state === states[at]) return;
        states = [...states.slice(0, at + 1), state].slice(-MOST);
        at = states.length - 1;
      },
      undo: () => move(-1),
      redo: () => move(1),
      can: () => ({ undo: at > 0, redo: at + 1 < states.length }),
    };
  };
})();
