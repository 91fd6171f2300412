// How results are shown: method in front, scale, colours, atom numbers.
"use strict";

(() => {
  const { html } = molxai;
  const find = (id) => document.getElementById(id);

  const options = (values, chosen) =>
    values.map((value) => html("option", { value, selected: value === chosen }, value));

  /** Fill the controls from the state. */
  molxai.fillLook = (settings, state, methods, { many, atoms }) => {
    find("look").hidden = false;
    find("shown-label").hidden = methods.length < 2;
    find("shown").replaceChildren(...options(methods, state.method));
    find("palette").replaceChildren(...options(Object.keys(settings.palettes), state.palette));
    if (!many && state.scale === "common") state.scale = "own";
    find("scale").querySelector('[value="common"]').hidden = !many;
    const fixed = typeof state.scale === "number";
    find("scale").value = fixed ? "fixed" : state.scale;
    find("fixed").hidden = !fixed;
    if (fixed) find("fixed").value = state.scale;
    else if (!find("fixed").value) find("fixed").value = 1;
    find("numbers-label").hidden = !atoms;
    find("numbers").checked = state.numbers;
  };

  /** Wire the controls; `redraw(all)` shows results anew, `all` if more than colours changes. */
  molxai.look = (state, redraw) => {
    const on = (id, act) => find(id).addEventListener("change", act);
    const rescale = () => {
      const chosen = find("scale").value;
      find("fixed").hidden = chosen !== "fixed";
      const value = Number(find("fixed").value);
      state.scale = chosen === "fixed" ? (value > 0 ? value : 1) : chosen;
      redraw(false);
    };
    on("shown", (event) => {
      state.method = event.target.value;
      redraw(true);
    });
    on("palette", (event) => {
      state.palette = event.target.value;
      redraw(false);
    });
    on("numbers", (event) => {
      state.numbers = event.target.checked;
      redraw(false);
    });
    on("scale", rescale);
    on("fixed", rescale);
  };
})();
