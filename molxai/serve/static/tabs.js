// Tabs for the kind of input, by mouse or arrow keys.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const KINDS = ["molecule", "digit", "file"];

  /** Show one kind; returns it. */
  molxai.showTab = (kind) => {
    for (const one of KINDS) {
      const tab = find(`tab-${one}`);
      tab.setAttribute("aria-selected", String(one === kind));
      tab.tabIndex = one === kind ? 0 : -1;
      find(one).hidden = one !== kind;
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
