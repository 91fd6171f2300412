// The strokes of a drawn digit: lists of points from 0 to 255, undone and done again, and coded as
// a text that an address can hold.
"use strict";

(() => {
  const LONGEST = 255; // points of a stroke: its code begins with their number, a byte
  const MOST = 20000; // letters of a code that is read

  /** Strokes as a text: of each stroke the number of its points, then their x and y. */
  molxai.codeOf = (strokes) => {
    const bytes = strokes.flatMap((stroke) => [stroke.length, ...stroke.flat()]);
    const text = btoa(String.fromCharCode(...bytes));
    return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };

  /** The strokes of a text, which may come from anybody: none if it is no such code. */
  molxai.strokesOf = (code) => {
    if (!/^[\w-]+$/.test(code) || code.length > MOST || code.length % 4 === 1) return [];
    const text = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Array.from(text, (letter) => letter.charCodeAt(0));
    const strokes = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes[at];
      const points = bytes.slice(at + 1, at + 1 + 2 * length);
      if (!length || points.length < 2 * length) return [];
      strokes.push(Array.from({ length }, (_, i) => points.slice(2 * i, 2 * i + 2)));
      at += 1 + 2 * length;
    }
    return strokes;
  };

  /** Strokes with what was undone. */
  molxai.strokes = () => {
    let strokes = [];
    let undone = [];
    return {
      all: () => strokes,
      /** Begin a stroke, or go on with it; a long one goes on as another. */
      begin: (point) => {
        strokes.push([point]);
        undone = [];
      },
      go: (point) => {
        const last = strokes.at(-1);
        if (last.length < LONGEST) last.push(point);
        else strokes.push([last.at(-1), point]);
      },
      set: (others) => {
        strokes = others;
        undone = [];
      },
      undo: () => {
        if (strokes.length) undone.push(strokes.pop());
      },
      redo: () => {
        if (undone.length) strokes.push(undone.pop());
      },
      can: () => ({ undo: strokes.length > 0, redo: undone.length > 0 }),
    };
  };
})();
