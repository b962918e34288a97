// Mouse, pen and fingers on the stage. One draws or moves; two, the middle button, or Space held move the picture.

import { makeBox } from "./sheet.js";

const STILL = 5; // px within which a press is a click
const SMALLEST = 3; // pixels of the picture that a box has at least
const REACH = { mouse: 8, pen: 12, touch: 22 }; // px around a handle
const CURSORS = { "0": "ew-resize", "1": "ns-resize", "01": "nwse-resize", "23": "nwse-resize", "21": "nesw-resize", "03": "nesw-resize", "2": "ew-resize", "3": "ns-resize" };

export class Hands {
  /** `desk` has `sheet`, `label`, `mayDraw`, `choose(thing)`, `askForClass()`. */
  constructor(stage, desk) {
    this.stage = stage;
    this.desk = desk;
    this.pointers = new Map(); // id -> [x, y]
    this.stroke = null;
    this.holdsSpace = false;
    const { root } = stage;
    root.addEventListener("pointerdown", (event) => this.down(event));
    root.addEventListener("pointermove", (event) => this.move(event));
    root.addEventListener("pointerup", (event) => this.up(event));
    root.addEventListener("pointercancel", (event) => this.cancel(event));
    root.addEventListener("touchstart", (event) => this.claim(event), { passive: false });
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    root.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  at(event) {
    const { left, top } = this.stage.root.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** A stroke is no gesture of the browser's, which would take the tap after it for a part of it. */
  claim(event) {
    if (!event.target.closest("button")) event.preventDefault();
  }

  down(event) {
    if (event.target.closest("button") || !this.desk.sheet) return;
    this.stage.root.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    if (this.pointers.size > 1 || event.button === 1 || event.button === 2 || this.holdsSpace) {
      this.drop();
      this.stroke = { kind: "pan" };
    } else if (!this.stroke && event.button === 0) {
      this.stroke = this.begin(event);
    }
  }

  /** What a press may become: a handle's or the chosen box's move, else a new box. */
  begin(event) {
    const at = this.at(event);
    const { sheet } = this.desk;
    const reach = REACH[event.pointerType] ?? REACH.mouse;
    const stroke = { from: at, reach, moved: false };
    if (!this.desk.mayDraw) return { ...stroke, kind: "look" };
    const sides = this.stage.findHandle(at, reach);
    if (sides) return { ...stroke, kind: "resize", sides, box: sheet.box };
    const [x, y] = this.stage.toPicture(at);
    const chosen = sheet.box;
    const inside = chosen && !chosen.fixed && x > chosen.box[0] && x < chosen.box[2] && y > chosen.box[1] && y < chosen.box[3];
    if (inside && !event.shiftKey) return { ...stroke, kind: "move", box: chosen };
    return { ...stroke, kind: "draw" };
  }

  move(event) {
    const at = this.at(event);
    if (!this.pointers.has(event.pointerId)) {
      this.hover(event, at);
      return;
    }
    const before = [...this.pointers.values()];
    this.pointers.set(event.pointerId, at);
    if (this.stroke?.kind === "pan") this.pan(before, [...this.pointers.values()]);
    else if (this.stroke && this.stroke.kind !== "look") this.drag(at);
  }

  hover(event, at) {
    if (!this.desk.sheet || event.pointerType === "touch") return;
    const sides = this.stage.findHandle(at, REACH.mouse);
    const cursor = this.holdsSpace ? "grab" : sides ? CURSORS[sides.join("")] : this.desk.mayDraw ? "crosshair" : "default";
    if (this.stage.root.style.cursor !== cursor) this.stage.root.style.cursor = cursor;
  }

  pan(before, now) {
    const [from, to] = [middle(before), middle(now)];
    this.stage.move(to[0] - from[0], to[1] - from[1]);
    if (now.length > 1) this.stage.zoom(spread(now) / spread(before), to);
  }

  drag(at) {
    const { stroke, stage } = this;
    stroke.moved ||= Math.hypot(at[0] - stroke.from[0], at[1] - stroke.from[1]) > STILL;
    if (!stroke.moved) return;
    const box = this.shape(at);
    if (stroke.kind !== "draw" && stage.moving !== stroke.box.key) {
      stage.moving = stroke.box.key;
      stage.redraw("boxes");
    }
    stage.draft = { box, label: stroke.box?.label ?? this.desk.label ?? "" };
    stage.redraw("stroke");
  }

  /** The box that the stroke would leave, in the picture. */
  shape(at) {
    const { stroke, stage } = this;
    const from = stage.toPicture(stroke.from);
    const to = stage.toPicture(at);
    const { size } = this.desk.sheet;
    if (stroke.kind === "draw") return within([...from, ...to], size);
    const change = [to[0] - from[0], to[1] - from[1]];
    if (stroke.kind === "move") return shift(stroke.box.box, change, size);
    return within(stroke.box.box.map((value, index) => (stroke.sides.includes(index) ? value + change[index % 2] : value)), size);
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    const { stroke } = this;
    if (stroke?.kind === "pan") {
      if (!this.pointers.size) this.stroke = null;
      return;
    }
    const box = this.stage.draft?.box;
    this.drop();
    if (!stroke) return;
    if (!stroke.moved) this.click(stroke);
    else if (box && box[2] - box[0] >= SMALLEST && box[3] - box[1] >= SMALLEST) this.leave(stroke, box);
  }

  /** What a stroke has drawn. */
  leave(stroke, box) {
    const { sheet } = this.desk;
    if (stroke.kind !== "draw") sheet.replace({ ...stroke.box, box });
    else if (this.desk.label === null) this.desk.askForClass(box);
    else {
      const made = makeBox(this.desk.label, box);
      sheet.chosen = made.key;
      sheet.add(made);
    }
  }

  click({ from, reach }) {
    const { sheet } = this.desk;
    const found = this.stage.find(from, reach / 2);
    if (found?.proposed && this.desk.mayDraw) this.desk.accept(found);
    else this.desk.choose(found === undefined || found.key === sheet.chosen ? null : found);
  }

  cancel(event) {
    this.pointers.delete(event.pointerId);
    this.drop();
  }

  /** Leaves everything as it was before the stroke. */
  drop() {
    this.stroke = null;
    Object.assign(this.stage, { draft: null, moving: null });
    this.stage.redraw("boxes", "stroke");
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.stage.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), this.at(event));
  }
}

function middle(points) {
  return [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
}

function spread([a, b]) {
  return Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
}

/** A box between two corners in any order, cut at the borders of the picture, to tenths of a pixel. */
export function within([xa, ya, xb, yb], [width, height]) {
  const xs = [xa, xb].map((x) => round(Math.min(width, Math.max(0, x)))).toSorted((a, b) => a - b);
  const ys = [ya, yb].map((y) => round(Math.min(height, Math.max(0, y)))).toSorted((a, b) => a - b);
  return [xs[0], ys[0], xs[1], ys[1]];
}

/** The same box elsewhere, as far as the borders allow. */
export function shift([x1, y1, x2, y2], [across, down], [width, height]) {
  const dx = Math.min(width - x2, Math.max(-x1, across));
  const dy = Math.min(height - y2, Math.max(-y1, down));
  return [x1 + dx, y1 + dy, x2 + dx, y2 + dy].map(round);
}

function round(value) {
  return Math.round(value * 10) / 10;
}
