// The keyboard in the large view of a row: the arrow keys go to the rows before and after it.
"use strict";

(() => {
  const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  const TYPING = "input, select, textarea";

  /** Let the arrow keys go on; in a picture they walk its atoms, a field has its own. */
  molxai.stepByKeys = (dialog, step) => {
    dialog.addEventListener("keydown", (event) => {
      const by = STEPS[event.key];
      const isOwn = event.defaultPrevented || event.target.matches(TYPING);
      if (!by || isOwn || event.altKey || event.ctrlKey || event.metaKey) return;
      const isUpright = event.key === "ArrowUp" || event.key === "ArrowDown";
      if (isUpright && dialog.scrollHeight > dialog.clientHeight) return; // they scroll
      event.preventDefault();
      step(by);
    });
  };
})();
