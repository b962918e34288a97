// The stage: three canvases over each other. A stroke redraws the upper one alone, a step the boxes, a zoom all.

import { area } from "./sheet.js";

const LETTERS = 13; // px
const HANDLE = 9; // px, of the side of a handle
const DOUBT = "#ff9f1a";
const MOST_ZOOM = 40; // screen pixels a pixel of the picture
const NAMES = { x1: 0, y1: 1, x2: 2, y2: 3 };

/** The handles of a box: which of its sides each moves, and where it is. */
export const HANDLES = [
  ["x1", "y1"], ["x2", "y1"], ["x1", "y2"], ["x2", "y2"], ["x1"], ["x2"], ["y1"], ["y2"],
].map((sides) => sides.map((side) => NAMES[side]));

export class Stage {
  constructor(root) {
    this.root = root;
    this.layers = Object.fromEntries(["picture", "boxes", "stroke"].map((name) => [name, root.querySelector(`#${name}`)]));
    this.contexts = Object.fromEntries(Object.entries(this.layers).map(([name, canvas]) => [name, canvas.getContext("2d")]));
    this.sheet = null;
    this.bitmap = this.reduced = null;
    this.least = 0; // score of proposals
    this.colours = () => ({ colour: "#ffffff", ink: "#000000" });
    this.draft = null; // {box, label}: the stroke at hand
    this.moving = null; // key of the box that the stroke changes
    this.wanted = new Set();
    this.dirty = null; // what of the upper canvas is drawn on
    new ResizeObserver(() => this.resize()).observe(root);
  }

  /** Shows a picture: its bitmap, which has the sheet's proportions if not its size. */
  show(sheet, bitmap) {
    if (this.reduced !== this.bitmap) this.reduced?.close();
    Object.assign(this, { sheet, bitmap, reduced: null, draft: null, moving: null });
    this.fit();
  }

  clear() {
    Object.assign(this, { sheet: null, bitmap: null, draft: null });
    this.redraw("picture", "boxes", "stroke");
  }

  resize() {
    this.density = window.devicePixelRatio || 1;
    this.width = this.root.clientWidth;
    this.height = this.root.clientHeight;
    for (const canvas of Object.values(this.layers)) {
      canvas.width = Math.round(this.width * this.density);
      canvas.height = Math.round(this.height * this.density);
    }
    if (this.scale === this.fitting) this.fit();
    else this.move(0, 0);
  }

  /** The whole picture, as large as there is room. */
  fit() {
    if (!this.sheet || !this.width) return;
    const [width, height] = this.sheet.size;
    const margin = Math.min(16, this.width / 20);
    this.scale = this.fitting = Math.min((this.width - 2 * margin) / width, (this.height - 2 * margin) / height);
    this.x = (this.width - width * this.scale) / 2;
    this.y = (this.height - height * this.scale) / 2;
    this.redraw("picture", "boxes", "stroke");
  }

  /** So many times as large, about a point of the stage. */
  zoom(times, [x, y] = [this.width / 2, this.height / 2]) {
    if (!this.sheet) return;
    const scale = Math.min(MOST_ZOOM, Math.max(this.fitting * 0.8, this.scale * times));
    const change = scale / this.scale;
    this.move((x - this.x) * (1 - change), (y - this.y) * (1 - change), scale);
  }

  move(across, down, scale = this.scale) {
    if (!this.sheet) return;
    const [width, height] = this.sheet.size;
    this.scale = scale;
    this.x = hold(this.x + across, width * scale, this.width);
    this.y = hold(this.y + down, height * scale, this.height);
    this.redraw("picture", "boxes", "stroke");
  }

  /** A point of the stage in pixels of the picture. */
  toPicture([x, y]) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  toStage([x1, y1, x2, y2]) {
    return [x1 * this.scale + this.x, y1 * this.scale + this.y, x2 * this.scale + this.x, y2 * this.scale + this.y];
  }

  /** The box or the proposal at a point of the stage: of several the smallest. */
  find(at, reach) {
    const [x, y] = this.toPicture(at);
    const far = reach / this.scale;
    const near = ({ box }) => x > box[0] - far && x < box[2] + far && y > box[1] - far && y < box[3] + far;
    return [...this.sheet.boxes, ...this.sheet.open(this.least)].filter(near).toSorted((a, b) => area(a.box) - area(b.box))[0];
  }

  /** The sides [index in a box, ...] that a handle of the chosen box at this point moves; none: undefined. */
  findHandle([x, y], reach) {
    const box = this.sheet.box;
    if (!box || box.fixed) return undefined;
    const corners = this.toStage(box.box);
    const near = HANDLES.map((sides) => {
      const [across, down] = placeHandle(corners, sides);
      return { sides, far: Math.max(Math.abs(across - x), Math.abs(down - y)) };
    }).filter(({ far }) => far <= reach);
    return near.toSorted((a, b) => a.far - b.far)[0]?.sides;
  }

  /** Draws these layers at the next frame. */
  redraw(...layers) {
    if (!this.wanted.size) requestAnimationFrame(() => this.draw());
    for (const layer of layers) this.wanted.add(layer);
  }

  draw() {
    const wanted = [...this.wanted];
    this.wanted.clear();
    for (const layer of wanted) {
      const context = this.contexts[layer];
      context.setTransform(1, 0, 0, 1, 0, 0);
      const [x, y, width, height] = (layer === "stroke" && this.dirty) || [0, 0, context.canvas.width, context.canvas.height];
      context.clearRect(x, y, width, height);
      if (this.sheet && this.scale) this[`draw_${layer}`](context);
    }
  }

  draw_picture(context) {
    if (!this.bitmap) return;
    const { density, scale } = this;
    const [width, height] = this.sheet.size;
    const source = this.reduced && scale * density * width <= this.reduced.width ? this.reduced : this.bitmap;
    context.imageSmoothingEnabled = scale * density < 4; // pixels are seen as such when they are large
    context.drawImage(source, this.x * density, this.y * density, width * scale * density, height * scale * density);
    if (!this.reduced) this.reduce();
  }

  /** Once it is shown: a copy of a large picture that is drawn faster while it is small. */
  async reduce() {
    const { bitmap } = this;
    const width = Math.round(Math.max(1, this.sheet.size[0] * this.fitting * this.density * 1.5));
    this.reduced = bitmap;
    if (width * 1.3 > bitmap.width) return;
    const height = Math.max(1, Math.round((bitmap.height * width) / bitmap.width));
    const made = await createImageBitmap(bitmap, { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" });
    if (this.bitmap === bitmap) this.reduced = made;
    else made.close();
  }

  draw_boxes(context) {
    context.scale(this.density, this.density);
    const proposals = this.sheet.open(this.least);
    const boxes = this.sheet.boxes.filter(({ key }) => key !== this.moving && key !== this.sheet.chosen);
    context.setLineDash([7, 5]);
    for (const proposal of proposals) this.outline(context, proposal, proposal === this.sheet.chosen ? 3 : 2);
    context.setLineDash([]);
    for (const box of boxes) this.outline(context, box, 2);
    for (const one of proposals) this.name(context, one, `${one.label} ${one.score.toFixed(2)}?`, one === this.sheet.chosen);
    for (const box of boxes) this.name(context, box, box.label, false);
    const chosen = this.sheet.box;
    if (chosen && chosen.key !== this.moving) this.drawChosen(context, chosen);
    for (const doubt of this.sheet.doubtful) this.drawDoubt(context, doubt);
  }

  /** A frame around what is doubtful, with a question mark at its lower right corner. */
  drawDoubt(context, { box }) {
    const [x1, y1, x2, y2] = this.toStage(box);
    context.lineWidth = 3;
    context.strokeStyle = DOUBT;
    context.setLineDash([2, 4]);
    context.strokeRect(x1 - 5, y1 - 5, x2 - x1 + 10, y2 - y1 + 10);
    context.setLineDash([]);
    context.beginPath();
    context.arc(x2 + 5, y2 + 5, LETTERS * 0.75, 0, 2 * Math.PI);
    context.fillStyle = DOUBT;
    context.fill();
    context.font = `700 ${LETTERS}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.fillStyle = "#000000";
    context.fillText("?", x2 + 5 - context.measureText("?").width / 2, y2 + 6);
  }

  drawChosen(context, box) {
    const { colour } = this.colours(box.label);
    const corners = this.toStage(box.box);
    context.globalAlpha = 0.18;
    context.fillStyle = colour;
    context.fillRect(corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]);
    context.globalAlpha = 1;
    this.outline(context, box, 3);
    this.name(context, box, box.label, true);
    if (box.fixed) return;
    for (const sides of HANDLES) {
      const [x, y] = placeHandle(corners, sides);
      context.fillStyle = "#ffffff";
      context.strokeStyle = "#000000";
      context.lineWidth = 1;
      context.fillRect(x - HANDLE / 2, y - HANDLE / 2, HANDLE, HANDLE);
      context.strokeRect(x - HANDLE / 2, y - HANDLE / 2, HANDLE, HANDLE);
    }
  }

  outline(context, { label, box }, line) {
    const { colour, ink } = this.colours(label);
    const [x1, y1, x2, y2] = this.toStage(box);
    for (const [style, width] of [[ink, line + 1.5], [colour, line]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }

  /** The name, where the box is wide enough for one, or is chosen. */
  name(context, { label, box }, text, chosen) {
    const [x1, y1, x2] = this.toStage(box);
    if (!chosen && x2 - x1 < LETTERS * 2.5) return;
    const { colour, ink } = this.colours(label);
    context.font = `600 ${LETTERS}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    const width = Math.min(context.measureText(text).width, chosen ? 400 : x2 - x1 - 8) + 8;
    const top = y1 - LETTERS * 1.4 < 0 ? y1 : y1 - LETTERS * 1.4;
    context.fillStyle = colour;
    context.fillRect(x1 - 1, top, width, LETTERS * 1.4);
    context.fillStyle = ink;
    context.fillText(text, x1 + 3, top + LETTERS * 0.75, width - 8);
  }

  draw_stroke(context) {
    this.dirty = null;
    if (!this.draft) return;
    context.scale(this.density, this.density);
    this.drawChosen(context, { ...this.draft, fixed: this.moving === null });
    const [x1, y1, x2, y2] = this.toStage(this.draft.box);
    const room = LETTERS * 2;
    const wide = Math.max(x2 - x1, 410) + 2 * room;
    this.dirty = [x1 - room, y1 - room, wide, y2 - y1 + 2 * room].map((value) => value * this.density);
  }
}

function placeHandle([x1, y1, x2, y2], sides) {
  const at = [(x1 + x2) / 2, (y1 + y2) / 2];
  for (const side of sides) at[side % 2] = [x1, y1, x2, y2][side];
  return at;
}

/** Keeps a picture in sight: at least a quarter of the stage, or of itself, shows some of it. */
function hold(at, length, room) {
  const seen = Math.min(length, room) / 4;
  return Math.min(room - seen, Math.max(seen - length, at));
}
