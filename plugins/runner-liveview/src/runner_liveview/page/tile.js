// One camera: its picture, its numbers and its panels.

import { draw, passing } from "./draw.js";
import { element, numbers } from "./elements.js";
import { Panels, Settings } from "./panel.js";

const LETTERS = 13; // CSS pixels
const STALE = 3000; // ms: an older picture is not live

export class Tile {
  /** `onEnlarge` is called with the tile when it should fill the page. */
  constructor(camera, onEnlarge) {
    this.settings = new Settings();
    this.panels = new Panels(this.settings, () => this.redraw());
    this.frame = null;
    this.canvas = element("canvas", { role: "img" });
    this.error = element("p", { class: "error", hidden: true });
    this.name = element("span", { class: "name" });
    this.found = element("span", { class: "found" });
    this.numbers = element("dl", { "aria-label": "This camera" });
    this.enlarge = element("button", { type: "button", "aria-pressed": "false" }, "Enlarge");
    this.enlarge.addEventListener("click", () => onEnlarge(this));
    const words = element("p", { class: "words" }, this.name, this.found);
    const caption = element("figcaption", {}, words, this.numbers, this.enlarge);
    this.root = element("figure", { class: "camera" }, element("div", { class: "stage" }, this.canvas, this.error), caption);
    this.root.dataset.camera = camera;
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
  }

  show(frame) {
    this.frame?.picture?.close();
    this.frame = frame;
    const { source, file, index, error, size, brains } = frame.head;
    const live = file ? `${source}: ${file}` : source;
    this.name.textContent = frame.age === null ? source.split(/[\\/]/).at(-1) : live;
    this.name.title = `${source}, frame ${index}`;
    this.error.hidden = !error;
    this.error.textContent = error ?? "";
    if (size) this.canvas.style.setProperty("--ratio", size[0] / size[1]);
    this.panels.show(frame.age === null ? "files" : source, brains);
    this.redraw();
    this.tick();
  }

  remove() {
    this.root.remove();
    this.panels.root.remove();
  }

  redraw() {
    if (!this.frame) return;
    const dense = window.devicePixelRatio || 1;
    const [width, height] = [this.canvas.clientWidth * dense, this.canvas.clientHeight * dense].map(Math.round);
    if (!width || !height) return;
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    draw(this.canvas, this.frame, this.settings, LETTERS * dense);
    this.found.textContent = this.counts();
    this.canvas.setAttribute("aria-label", `${this.frame.head.source}: ${this.found.textContent}`);
  }

  /** The numbers that change only with time. */
  tick() {
    if (!this.frame) return;
    const { run, time } = this.frame.head;
    const stale = this.frame.age !== null && this.age() > STALE;
    this.root.classList.toggle("stale", stale);
    numbers(this.numbers, {
      "frames/s": run.fps === null || stale ? "–" : run.fps.toFixed(run.fps < 10 ? 1 : 0),
      ...(this.frame.age === null ? (time === null ? {} : { at: clock(time) }) : { age: milliseconds(this.age()) }),
      gaps: this.frame.age === null ? undefined : run.gaps,
    });
  }

  /** Milliseconds since the frame was taken. */
  age() {
    return this.frame.age * 1000 + performance.now() - this.frame.arrived;
  }

  setEnlarged(enlarged) {
    for (const root of [this.root, this.panels.root]) root.classList.toggle("enlarged", enlarged);
    this.enlarge.setAttribute("aria-pressed", enlarged);
  }

  /** "2 page, 3 graph": what is drawn of the brains that are shown. */
  counts() {
    const counts = new Map();
    for (const brain of this.frame.head.brains) {
      const setting = this.settings.of(brain.brain);
      if (!brain.instances || !setting.shown) continue;
      for (const row of passing(brain, setting.conf)) counts.set(row.name, (counts.get(row.name) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => `${count} ${name}`).join(", ") || "nothing found";
  }
}

function clock(seconds) {
  const tenths = Math.floor(seconds * 10);
  return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
}

function milliseconds(age) {
  return age < 1000 ? `${Math.round(age)} ms` : `${(age / 1000).toFixed(1)} s`;
}
