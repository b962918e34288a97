// What is beside the picture: classes, the list of pictures, problems, the training.

import { element } from "./elements.js";

export const byId = (id) => document.getElementById(id);

/** The classes as buttons, with the key of each; `onPick(name)`. */
export function showClasses(classes, picked, onPick) {
  const buttons = classes.map(({ name, colour }, index) => {
    const swatch = element("i", { "aria-hidden": "true" });
    swatch.style.background = colour;
    const key = index < 9 ? element("kbd", { "aria-hidden": "true" }, String(index + 1)) : "";
    const button = element("button", { type: "button", "aria-pressed": String(name === picked) }, swatch, element("span", {}, name), key);
    button.addEventListener("click", () => onPick(name));
    return button;
  });
  byId("classes").replaceChildren(...buttons);
}

/** The list of pictures; the entries are kept and changed, as there may be thousands. */
export class PictureList {
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.entries = new Map();
  }

  show(pictures) {
    this.entries.clear();
    byId("pictures").replaceChildren(...pictures.map((picture) => this.make(picture)));
  }

  make(picture) {
    const button = element("button", { type: "button" }, element("span", { class: "name" }, picture.name), element("span", { class: "mark" }));
    button.addEventListener("click", () => this.onOpen(picture.name));
    this.entries.set(picture.name, button);
    this.update(picture);
    return element("li", {}, button);
  }

  update({ name, done, boxes, doubts }) {
    const button = this.entries.get(name);
    if (!button) return;
    const said = boxes ? `${boxes} box${boxes === 1 ? "" : "es"}` : "nothing here";
    const mark = done ? `✓ ${said}` : boxes ? `${said}, not done` : "";
    button.querySelector(".mark").textContent = doubts ? `${mark}, ${doubts} doubtful` : mark;
    button.classList.toggle("doubtful", Boolean(doubts));
    button.classList.toggle("done", done);
  }

  setCurrent(name) {
    this.current?.removeAttribute("aria-current");
    this.current = this.entries.get(name);
    this.current?.setAttribute("aria-current", "true");
    const list = byId("pictures");
    const entry = this.current?.parentElement;
    if (entry) list.scrollTop = entry.offsetTop - list.clientHeight / 2;
  }
}

const problems = new Map();

/** Says that something is the matter, once for each `kind`, with buttons {text: function}; an empty text ends it. */
export function tellProblem(kind, text, buttons = {}) {
  problems.get(kind)?.remove();
  problems.delete(kind);
  if (!text) return;
  const made = Object.entries(buttons).map(([name, act]) => {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", act);
    return button;
  });
  const row = element("p", {}, element("span", {}, text), ...made);
  row.dataset.kind = kind;
  problems.set(kind, row);
  byId("problems").append(row);
}

/** How far the training is; `done`: how many pictures it would learn from. */
export function showTraining(progress, done, mayDraw) {
  const runs = progress?.state === "running";
  const button = byId("begin");
  button.textContent = runs ? "Stop" : `Train on ${done} picture${done === 1 ? "" : "s"}`;
  button.disabled = !mayDraw || (!runs && !done);
  byId("minutes").disabled = runs;
  byId("share").hidden = !runs;
  byId("share").value = progress?.share ?? 0;
  byId("training").textContent = describeTraining(progress);
  byId("training").classList.toggle("bad", progress?.state === "failed");
}

function describeTraining(progress) {
  if (!progress) return "A brain learns from the pictures that are done; then it proposes boxes in the others.";
  const { state, stage, share, figures, error, brain } = progress;
  if (state === "done") return `${brain} is trained; its proposals are shown now.`;
  if (state === "failed") return error;
  if (state === "stopped") return "Stopped before there was anything to keep.";
  const told = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(2)}`);
  return [stage, `${Math.round(share * 100)} %`, ...told].join(" · ");
}
