// The form's choices: model, endpoint, class, contrast and methods, each offering what the one before allows.
"use strict";

(() => {
  const { html } = molxai;
  const find = (id) => document.getElementById(id);
  const SLOW = 60; // passes from which a method is called slow

  const option = (value, text, selected) => html("option", { value, selected }, text);
  const fill = (id, options) => find(id).replaceChildren(...options);

  /** The model that is chosen, among those that read such inputs; else the usual one. */
  molxai.chosenModel = (settings, state, reads) => {
    const fitting = settings.models.filter((model) => model.reads === reads);
    const usual = settings.usual[reads];
    return fitting.find((model) => model.name === state.model) || fitting.find((model) => model.name === usual) || fitting[0];
  };

  /** Fill the form from a state; what the model does not allow is taken out of the state. */
  molxai.fillChoices = (settings, state, reads, many) => {
    const model = molxai.chosenModel(settings, state, reads);
    fill("model", settings.models.filter((one) => one.reads === reads).map((one) => option(one.name, one.name, one === model)));
    find("quality").textContent = quality(model);
    if (!model.endpoints.includes(state.endpoint)) state.endpoint = "";
    find("endpoint-label").hidden = !model.endpoints.length;
    fill("endpoint", model.endpoints.map((name) => option(name, name, name === state.endpoint)));
    fillTarget(model, state, many);
    fillMethods(settings, state);
  };

  function fillTarget(model, state, many) {
    if (!["", "pred", ...model.classes].includes(state.target)) state.target = "";
    const own = many ? "each row's predicted class" : "the predicted class";
    const usual = molxai.usualTarget(model) === "pred" ? own : `${model.classes[1]}${many ? ", in every row" : ""}`;
    const others = usual === own ? model.classes : ["pred", ...model.classes];
    const shown = (name) => (name === "pred" ? own : name);
    find("target-label").hidden = !model.classes.length;
    fill("target", [option("", usual, !state.target), ...others.map((name) => option(name, shown(name), name === state.target))]);
    const against = model.task === "multiclass" && model.classes.includes(state.target) ? model.classes.filter((name) => name !== state.target) : [];
    if (!against.includes(state.contrast)) state.contrast = "";
    find("contrast-label").hidden = !against.length;
    fill("contrast", [option("", "nothing", !state.contrast), ...against.map((name) => option(name, name, name === state.contrast))]);
  }

  /** What is explained where nothing is chosen: the second of two classes, so that colours always mean the same; else the prediction. */
  molxai.usualTarget = (model) => (model.task === "binary" ? model.classes[1] : "pred");

  function fillMethods(settings, state) {
    const known = state.methods.filter((name) => name in settings.methods);
    state.methods = known.length ? known : [...settings.usual.methods];
    const box = ([name, about]) => {
      const slow = about.largest !== null || about.passes[0] + about.passes[1] > SLOW;
      const cost = `${about.conserves ? "adds up" : "does not add up"}${slow ? ", slow" : ""}`;
      const input = html("input", { type: "checkbox", name: "method", value: name, checked: state.methods.includes(name) });
      input.checked = state.methods.includes(name);
      return html("label", { title: about.says }, input, html("span", {}, name), html("span", { class: "soft" }, cost));
    };
    const all = Object.entries(settings.methods);
    const shown = all.filter(([name]) => settings.usual.methods.includes(name) || state.methods.includes(name));
    const others = all.filter((one) => !shown.includes(one));
    const wasOpen = Boolean(find("methods").querySelector("details[open]"));
    const more = html("details", { open: wasOpen }, html("summary", {}, `${others.length} more methods`), ...others.map(box));
    find("methods").replaceChildren(html("p", { class: "hint" }, "Methods, side by side"), ...shown.map(box), ...(others.length ? [more] : []));
  }

  /** A model's quality in a line. */
  function quality(model) {
    const NAMES = { roc_auc: "ROC-AUC", accuracy: "accuracy", rmse: "RMSE", r2: "R²", mae: "MAE" };
    const found = Object.entries(NAMES).filter(([name]) => Array.isArray(model.quality[name]) && typeof model.quality[name][0] === "number");
    const said = found.slice(0, 2).map(([name, text]) => {
      const [value, low, high] = model.quality[name].map((one) => Number(one.toPrecision(3)));
      return `${text} ${value} (${low}–${high})`;
    });
    const members = model.members > 1 ? `${model.members} members; ` : "";
    return said.length ? `${members}on unseen data ${said.join(", ")}` : members;
  }
})();
