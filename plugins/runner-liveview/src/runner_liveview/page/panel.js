// One brain: what is shown of it, and its numbers.

import { element, numbers } from "./elements.js";

const LAYERS = { boxes: "Boxes", masks: "Masks", keypoints: "Keypoints", names: "Names" };

/** What is shown of each brain. */
export class Settings {
  constructor() {
    this.brains = new Map();
  }

  of(brain) {
    if (!this.brains.has(brain)) {
      this.brains.set(brain, { shown: true, conf: 0, boxes: true, masks: true, keypoints: true, names: true });
    }
    return this.brains.get(brain);
  }
}

/** The panels of one camera: what is shown of each brain on it, and its numbers there. */
export class Panels {
  /** `onChange` is called when a setting of this camera changes. */
  constructor(settings, onChange) {
    this.settings = settings;
    this.onChange = onChange;
    this.panels = new Map();
    this.name = element("h2", {});
    this.root = element("div", { class: "group", role: "group" }, this.name);
  }

  show(name, brains) {
    if (this.name.textContent !== name) {
      this.name.textContent = name;
      this.root.setAttribute("aria-label", `Brains on ${name}`);
    }
    for (const told of brains) {
      if (!this.panels.has(told.brain)) this.add(told.brain);
      this.panels.get(told.brain).show(told);
    }
  }

  add(brain) {
    const panel = new Panel(brain, this.settings, this.onChange);
    this.panels.set(brain, panel);
    this.root.append(panel.root);
  }
}

export class Panel {
  /** `onChange` is called when a setting changes. */
  constructor(brain, settings, onChange) {
    this.setting = settings.of(brain);
    this.onChange = onChange;
    this.swatches = element("span", { class: "swatches", "aria-hidden": "true" });
    this.task = element("span", { class: "task" });
    this.layers = element("div", { class: "layers", role: "group", "aria-label": `Layers of ${brain}` });
    this.numbers = element("dl", { "aria-label": `Numbers of ${brain}` });
    this.error = element("p", { class: "error", hidden: true });
    const head = element("div", { class: "head" }, element("h3", {}, brain), this.swatches, this.switch(brain));
    this.root = element("section", { class: "brain", "aria-label": brain }, head, this.task, this.layers,
      this.slider(brain), this.numbers, this.error);
    this.root.dataset.brain = brain;
  }

  switch(brain) {
    const box = element("input", { type: "checkbox", role: "switch", checked: true, "aria-label": `Show ${brain}` });
    box.addEventListener("change", () => {
      this.root.classList.toggle("off", !box.checked);
      this.change({ shown: box.checked });
    });
    return box;
  }

  slider(brain) {
    const input = element("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0, "aria-label": `Score threshold of ${brain}` });
    const output = element("b", { "aria-hidden": "true" }, "all"); // the slider itself says it
    input.addEventListener("input", () => {
      const conf = Number(input.value);
      output.textContent = conf ? `≥ ${conf.toFixed(2)}` : "all";
      input.setAttribute("aria-valuetext", conf ? `at least ${conf.toFixed(2)}` : "all");
      this.change({ conf });
    });
    return element("label", { class: "conf" }, element("span", {}, "Score"), input, output);
  }

  change(changes) {
    Object.assign(this.setting, changes);
    this.onChange();
  }

  show(told) {
    this.error.hidden = !told.error;
    this.error.textContent = told.error ?? "";
    if (told.error) return;
    const task = [told.task, told.parent && `inside ${told.parent}`, told.engine].filter(Boolean).join(" · ");
    if (this.task.textContent !== task) this.task.textContent = task;
    this.showLayers(told.layers);
    this.showSwatches(told.classes);
    const { encode = 0, run = 0, decode = 0 } = told.stages;
    numbers(this.numbers, { ms: told.ms.toFixed(1), encode: encode.toFixed(1), run: run.toFixed(1), decode: decode.toFixed(1), found: told.found });
  }

  showLayers(layers) {
    for (const layer of layers) {
      if (this.layers.querySelector(`[data-layer=${layer}]`)) continue;
      const button = element("button", { type: "button", "aria-pressed": "true", "data-layer": layer }, LAYERS[layer]);
      button.addEventListener("click", () => {
        this.change({ [layer]: !this.setting[layer] });
        button.setAttribute("aria-pressed", this.setting[layer]);
      });
      this.layers.append(button);
    }
  }

  showSwatches(classes) {
    for (const { name, colour } of Object.values(classes).slice(0, 8)) {
      if ([...this.swatches.children].some((one) => one.title === name) || this.swatches.children.length >= 8) continue;
      const swatch = element("i", { title: name });
      swatch.style.background = colour;
      this.swatches.append(swatch);
    }
  }
}
