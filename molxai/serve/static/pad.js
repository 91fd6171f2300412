// The pad that a digit is drawn on: dark ink on white paper, by mouse, finger or keys. What is sent
// is white ink on black, in grey values.
"use strict";

(() => {
  // Width of the line: of the pad's 280 pixels as much as MNIST's strokes are of 28.
  const PEN = 24;
  const SENT = 112; // rows and columns that are sent
  const FINEST = 2; // steps of the grid below which the pointer has not moved

  /** Points of an arc around x, y, between two angles in degrees. */
  const arc = (x, y, radius, from, to, steps = 24) =>
    Array.from({ length: steps + 1 }, (_, step) => {
      const degrees = from + ((to - from) * step) / steps;
      const angle = (degrees * Math.PI) / 180;
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    });

  /** Digits to try, as strokes on the pad. */
  const EXAMPLES = {
    two: [[...arc(140, 100, 48, -160, 40), [95, 215], [195, 212]]],
    five: [[[190, 62], [112, 64], [106, 128], ...arc(132, 172, 48, -110, 140)]],
    seven: [
      [
        [84, 70],
        [192, 66],
        [130, 222],
      ],
    ],
    eight: [[...arc(140, 98, 38, 90, 450), ...arc(140, 180, 46, -90, 270)]],
  };

  /**
   * Make the pad work: `changed()` is called when the pen is lifted, and when a stroke is undone or
   * the pad cleared.
   * Returns { image, code, load, clear, example, empty, undo, redo }.
   */
  molxai.pad = (canvas, changed) => {
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    const strokes = molxai.strokes();
    const side = canvas.width;
    let drawing = false;

    /** A place on the canvas as a point of the grid, and back. */
    const pointOf = (place) =>
      place.map((value) => Math.round((255 * Math.min(side, Math.max(0, value))) / side));
    const placeOf = (point) => point.map((value) => (value * side) / 255);

    function draw() {
      ink.fillStyle = "#fff";
      ink.fillRect(0, 0, side, side);
      strokes.all().forEach((stroke) => line(ink, stroke.map(placeOf)));
      const { undo, redo } = strokes.can();
      document.getElementById("undo").disabled = !undo;
      document.getElementById("redo").disabled = !redo;
    }

    function begin(point) {
      drawing = true;
      strokes.begin(point);
      draw();
    }

    function go(point) {
      const [x, y] = strokes.all().at(-1).at(-1);
      if (Math.hypot(point[0] - x, point[1] - y) < FINEST) return;
      strokes.go(point);
      draw();
    }

    function lift() {
      if (!drawing) return;
      drawing = false;
      changed();
    }

    function set(others) {
      strokes.set(others);
      drawing = false;
      draw();
    }

    const change = (act) => () => {
      act();
      drawing = false;
      draw();
      changed();
    };

    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width;
      const y = (event.clientY - box.top) / box.height;
      return pointOf([x * side, y * side]);
    };
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      begin(place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (drawing && canvas.hasPointerCapture(event.pointerId)) go(place(event));
    });
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    molxai.penKeys(canvas, { begin, go, lift });
    draw();

    return {
      clear: change(() => strokes.set([])),
      undo: change(strokes.undo),
      redo: change(strokes.redo),
      empty: () => !strokes.all().length,
      code: () => molxai.codeOf(strokes.all()),
      load: (code) => set(molxai.strokesOf(code)),
      example: (name) => {
        set(EXAMPLES[name].map((stroke) => stroke.map(pointOf)));
        changed();
      },
      image: () => imageOf(canvas),
    };
  };

  /** A stroke, or of a single point a dot. */
  function line(ink, places) {
    Object.assign(ink, {
      lineWidth: PEN,
      lineCap: "round",
      lineJoin: "round",
      strokeStyle: "#111",
    });
    ink.beginPath();
    ink.moveTo(...places[0]);
    places.forEach((place) => ink.lineTo(...place));
    ink.stroke();
  }

  /** Rows of grey values. */
  function imageOf(canvas) {
    const small = molxai.html("canvas", { width: SENT, height: SENT });
    const paper = small.getContext("2d");
    paper.drawImage(canvas, 0, 0, SENT, SENT);
    const { data } = paper.getImageData(0, 0, SENT, SENT);
    const grey = (row, column) => 255 - data[4 * (row * SENT + column)]; // four channels
    const places = [...Array(SENT).keys()];
    return places.map((row) => places.map((column) => grey(row, column)));
  }
})();
