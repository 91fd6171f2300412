// The form's choices: model, endpoint, class, contrast and methods, each offering what the one
// before allows.
"use strict";

(() => {
  const { html } = molxai;
  const find = (id) => document.getElementById(id);
  const option = (value, text, selected) => html("option", { value, selected }, text);
  const fill = (id, options) => find(id).replaceChildren(...options);
  const readers = (settings, reads) => settings.models.filter((model) => model.reads === reads);

  /** The model that is chosen, if it reads such inputs; else the usual one. */
  molxai.chosenModel = (settings, state, reads) => {
    const models = readers(settings, reads);
    const named = (name) => models.find((model) => model.name === name);
    return named(state.model) || named(settings.usual[reads]) || models[0];
  };

  /** What is asked beside the input. */
  molxai.question = (model, state) => ({
    model: model.name,
    methods: state.methods,
    target: state.target || model.usual_target,
    contrast: state.contrast || null,
    endpoint: state.endpoint,
  });

  /** The methods whose boxes are checked. */
  molxai.checkedMethods = () => {
    const boxes = find("methods").querySelectorAll("input:checked");
    return [...boxes].map((box) => box.value);
  };

  /** Fill the form from a state; what the model does not allow is taken out of the state. */
  molxai.fillChoices = (settings, state, reads, many) => {
    const model = molxai.chosenModel(settings, state, reads);
    const models = readers(settings, reads);
    fill(
      "model",
      models.map(({ name }) => option(name, name, name === model.name)),
    );
    find("quality").textContent = model.quality_line;
    fillEndpoint(model, state);
    fillTarget(model, state, many);
    fillContrast(model, state);
    fillMethods(settings, state);
    if (!state.methods.includes(state.method)) [state.method] = state.methods;
    if (!settings.schemes.includes(state.scheme)) [state.scheme] = settings.schemes;
    if (!Object.hasOwn(settings.palettes, state.palette)) state.palette = "red-blue";
  };

  function fillEndpoint(model, state) {
    if (!model.endpoints.includes(state.endpoint)) state.endpoint = "";
    find("endpoint-label").hidden = !model.endpoints.length;
    fill(
      "endpoint",
      model.endpoints.map((name) => option(name, name, name === state.endpoint)),
    );
  }

  /** The classes to explain; the first choice is what is explained if nobody chooses. */
  function fillTarget(model, state, many) {
    if (!["", "pred", ...model.classes].includes(state.target)) state.target = "";
    const predicted = many ? "each row's predicted class" : "the predicted class";
    const byPrediction = model.usual_target === "pred";
    const usual = byPrediction ? predicted : model.usual_target + (many ? ", in every row" : "");
    const others = byPrediction ? model.classes : ["pred", ...model.classes];
    const text = (name) => (name === "pred" ? predicted : name);
    const choices = others.map((name) => option(name, text(name), name === state.target));
    find("target-label").hidden = !model.classes.length;
    fill("target", [option("", usual, !state.target), ...choices]);
  }

  /** The classes whose logit may be subtracted: the others of a model of several classes. */
  function fillContrast(model, state) {
    const hasContrasts = model.task === "multiclass" && model.classes.includes(state.target);
    const others = hasContrasts ? model.classes.filter((name) => name !== state.target) : [];
    if (!others.includes(state.contrast)) state.contrast = "";
    const choices = others.map((name) => option(name, name, name === state.contrast));
    find("contrast-label").hidden = !others.length;
    fill("contrast", [option("", "nothing", !state.contrast), ...choices]);
  }

  function fillMethods(settings, state) {
    const known = state.methods.filter((name) => Object.hasOwn(settings.methods, name));
    state.methods = known.length ? known : [...settings.usual.methods];
    const box = (name) => methodBox(name, settings.methods[name], state.methods.includes(name));
    const isShown = (name) => [...settings.usual.methods, ...state.methods].includes(name);
    const names = Object.keys(settings.methods);
    const others = names.filter((name) => !isShown(name));
    const title = html("p", { class: "hint" }, "Methods, side by side");
    find("methods").replaceChildren(
      title,
      ...names.filter(isShown).map(box),
      ...more(others.map(box)),
    );
  }

  /** The boxes of the methods that are not in front, folded unless they were open before. */
  function more(boxes) {
    if (!boxes.length) return [];
    const open = Boolean(find("methods").querySelector("details[open]"));
    return [
      html("details", { open }, html("summary", {}, `${boxes.length} more methods`), ...boxes),
    ];
  }

  function methodBox(name, about, checked) {
    const input = html("input", { type: "checkbox", name: "method", value: name, checked });
    input.checked = checked;
    const cost = html("span", { class: "soft" }, about.cost);
    return html("label", { title: about.says }, input, html("span", {}, name), cost);
  }
})();
