// A pen for the pad that is moved by keys: the arrows move it, the space bar puts it down and lifts
// it.
"use strict";

(() => {
  const STEP = 9; // of the pad's grid of 255
  const FINE = 3; // with the shift key
  const MOVES = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

  /** Wire the keys; `pen` has `begin(point)`, `go(point)` and `lift()`. */
  molxai.penKeys = (canvas, pen) => {
    const cursor = document.getElementById("pen");
    const says = document.getElementById("pad-says");
    let point = [128, 128];
    let isDown = false;

    function show() {
      cursor.style.left = `${(100 * point[0]) / 255}%`;
      cursor.style.top = `${(100 * point[1]) / 255}%`;
      cursor.classList.toggle("down", isDown);
      const [across, down] = point.map((value) => Math.round((100 * value) / 255));
      says.textContent = `Pen ${isDown ? "down" : "up"}, ${across} % across, ${down} % down`;
    }

    function move([x, y], step) {
      const clamp = (value) => Math.min(255, Math.max(0, value));
      point = [clamp(point[0] + x * step), clamp(point[1] + y * step)];
      if (isDown) pen.go(point);
    }

    function turn() {
      isDown = !isDown;
      if (isDown) pen.begin(point);
      else pen.lift();
    }

    /** Lift the pen if keys put it down: the pointer or another field takes over. */
    function rest() {
      if (isDown) turn();
      cursor.hidden = true;
    }

    canvas.addEventListener("keydown", (event) => {
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
      const direction = MOVES[event.key];
      if (!isPlain || (!direction && event.key !== " ")) return;
      event.preventDefault();
      cursor.hidden = false;
      if (direction) move(direction, event.shiftKey ? FINE : STEP);
      else turn();
      show();
    });
    canvas.addEventListener("blur", rest);
    canvas.addEventListener("pointerdown", rest, { capture: true });
  };
})();
