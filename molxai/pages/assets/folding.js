// Which of the parts of a page that can be folded are open, as an address holds it.
"use strict";

(() => {
  /**
   * Follow `details`, elements by their names; `changed()` is called after one is opened or closed.
   * `isOpen`, whether they are open at first: the entry of an address holds the names of the others.
   */
  molxai.folding = (entry, details, isOpen, changed) => {
    for (const element of Object.values(details)) element.addEventListener("toggle", changed);
    const isUnusual = ([, element]) => element.open !== isOpen;

    function entries() {
      const names = Object.entries(details).filter(isUnusual).map(([name]) => name);
      return names.length ? { [entry]: names.join(",") } : {};
    }

    function restore(content) {
      const names = (content[entry] ?? "").split(",");
      for (const [name, element] of Object.entries(details)) {
        element.open = names.includes(name) !== isOpen;
      }
    }

    return { entries, restore };
  };
})();
