// Files, and molecules as text, dropped anywhere on the page.
"use strict";

(() => {
  const TYPES = ["Files", "text/plain"];
  const overlay = document.getElementById("drop");

  /** Wire the page; `files(files)` or `text(text)` is told what was dropped. */
  molxai.drop = (files, text) => {
    let depth = 0;
    const show = (by) => {
      depth = Math.max(0, depth + by);
      overlay.hidden = !depth;
    };
    const isOurs = ({ dataTransfer }) => dataTransfer?.types.some((type) => TYPES.includes(type));
    addEventListener("dragenter", (event) => {
      if (isOurs(event)) show(1);
    });
    addEventListener("dragleave", (event) => {
      if (isOurs(event)) show(-1);
    });
    addEventListener("dragover", (event) => {
      if (isOurs(event)) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      show(-depth);
      const dropped = [...event.dataTransfer.files];
      if (dropped.length) files(dropped);
      else text(event.dataTransfer.getData("text/plain"));
    });
  };
})();
