// Tabs for the kind of input, by mouse or arrow keys.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const KINDS = ["molecule", "digit", "file"];

  /** Show one kind; returns it. */
  molxai.showTab = (kind) => {
    for (const name of KINDS) {
      const tab = find(`tab-${name}`);
      tab.setAttribute("aria-selected", String(name === kind));
      tab.tabIndex = name === kind ? 0 : -1;
      find(name).hidden = name !== kind;
    }
    return kind;
  };

  /** Wire the tabs; `chosen(kind)` is told. */
  molxai.tabs = (chosen) => {
    KINDS.forEach((kind, place) => {
      find(`tab-${kind}`).addEventListener("click", () => chosen(kind));
      find(`tab-${kind}`).addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = KINDS[(place + step + KINDS.length) % KINDS.length];
        chosen(next);
        find(`tab-${next}`).focus();
      });
    });
  };
})();
