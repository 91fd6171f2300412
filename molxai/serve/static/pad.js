// The pad that a digit is drawn on: dark ink on white paper. What is sent is white ink on black, in
// grey values.
"use strict";

(() => {
  // Width of the line: of the pad's 280 pixels as much as MNIST's strokes are of 28.
  const PEN = 24;
  const SENT = 112; // rows and columns that are sent

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
   * Make the pad work: `changed()` is called when the pen is lifted.
   * Returns { image, clear, example, empty }.
   */
  molxai.pad = (canvas, changed) => {
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    let last = null;
    let drawn = false;

    function clear() {
      ink.fillStyle = "#fff";
      ink.fillRect(0, 0, canvas.width, canvas.height);
      Object.assign(ink, {
        lineWidth: PEN,
        lineCap: "round",
        lineJoin: "round",
        strokeStyle: "#111",
      });
      drawn = false;
    }

    function line(from, to) {
      ink.beginPath();
      ink.moveTo(...from);
      ink.lineTo(...to);
      ink.stroke();
      drawn = true;
    }

    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width;
      const y = (event.clientY - box.top) / box.height;
      return [x * canvas.width, y * canvas.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      last = place(event);
      line(last, last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const now = place(event);
      line(last, now);
      last = now;
    });
    const lift = () => {
      if (!last) return;
      last = null;
      changed();
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    clear();

    return {
      clear,
      empty: () => !drawn,
      example: (name) => {
        clear();
        for (const stroke of EXAMPLES[name]) {
          stroke.slice(1).forEach((point, i) => line(stroke[i], point));
        }
        changed();
      },
      image: () => {
        const small = molxai.html("canvas", { width: SENT, height: SENT });
        const paper = small.getContext("2d");
        paper.drawImage(canvas, 0, 0, SENT, SENT);
        const { data } = paper.getImageData(0, 0, SENT, SENT);
        const grey = (row, column) => 255 - data[4 * (row * SENT + column)]; // four channels
        const places = [...Array(SENT).keys()];
        return places.map((row) => places.map((column) => grey(row, column)));
      },
    };
  };
})();
