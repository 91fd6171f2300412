// Files, and molecules as text, dropped anywhere on the page.
"use strict";

(() => {
  const overlay = document.getElementById("drop");

  /** Wire the page; `file(file)` or `text(text)` is told what was dropped. */
  molxai.drop = (file, text) => {
    let depth = 0;
    const show = (by) => {
      depth = Math.max(0, depth + by);
      overlay.hidden = !depth;
    };
    const ours = (event) => event.dataTransfer && [...event.dataTransfer.types].some((type) => type === "Files" || type === "text/plain");
    addEventListener("dragenter", (event) => ours(event) && show(1));
    addEventListener("dragleave", (event) => ours(event) && show(-1));
    addEventListener("dragover", (event) => ours(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!ours(event)) return;
      event.preventDefault();
      show(-depth);
      const { files } = event.dataTransfer;
      if (files.length) file(files[0]);
      else text(event.dataTransfer.getData("text/plain"));
    });
  };
})();
