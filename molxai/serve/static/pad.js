// The pad that a digit is drawn on: dark ink on white paper; what is sent is white ink on black, in grey values.
"use strict";

(() => {
  const PEN = 24; // width of the line: of the pad's 280 pixels as much as MNIST's strokes are of 28
  const SENT = 112; // rows and columns that are sent
  const ROUND = (x, y, r, from, to, n = 24) =>
    Array.from({ length: n + 1 }, (_, i) => {
      const angle = ((from + ((to - from) * i) / n) * Math.PI) / 180;
      return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
    });

  /** Digits to try, as strokes on the pad. */
  const EXAMPLES = {
    two: [[...ROUND(140, 100, 48, -160, 40), [95, 215], [195, 212]]],
    five: [[[190, 62], [112, 64], [106, 128], ...ROUND(132, 172, 48, -110, 140)]],
    seven: [[[84, 70], [192, 66], [130, 222]]],
    eight: [[...ROUND(140, 98, 38, 90, 450), ...ROUND(140, 180, 46, -90, 270)]],
  };

  /** Make the pad work: `changed()` is called when the pen is lifted. Returns { image, clear, example, empty }. */
  molxai.pad = (canvas, changed) => {
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    let last = null, drawn = false;

    function clear() {
      ink.fillStyle = "#fff";
      ink.fillRect(0, 0, canvas.width, canvas.height);
      Object.assign(ink, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
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
      return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
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
        for (const stroke of EXAMPLES[name]) stroke.slice(1).forEach((point, i) => line(stroke[i], point));
        changed();
      },
      image: () => {
        const small = molxai.html("canvas", { width: SENT, height: SENT });
        const paper = small.getContext("2d");
        paper.drawImage(canvas, 0, 0, SENT, SENT);
        const { data } = paper.getImageData(0, 0, SENT, SENT);
        return Array.from({ length: SENT }, (_, row) => Array.from({ length: SENT }, (_, column) => 255 - data[4 * (row * SENT + column)]));
      },
    };
  };
})();
