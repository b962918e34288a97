// The keyboard: everything that a mouse can do.

import { makeBox } from "./sheet.js";
import { shift, within } from "./hands.js";

const ZOOM = 1.25;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAN = 60; // px

export class Keys {
  /** `desk` as Hands has it; `hands` is told whether Space is held. */
  constructor(stage, desk, hands) {
    Object.assign(this, { stage, desk, hands });
    addEventListener("keydown", (event) => this.down(event));
    addEventListener("keyup", ({ key }) => key === " " && (hands.holdsSpace = false));
    addEventListener("blur", () => (hands.holdsSpace = false));
  }

  down(event) {
    const { desk } = this;
    if (event.target.closest("input, dialog") || document.querySelector("dialog[open]")) return;
    const onButton = event.target.closest("button") !== null;
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    const act = this.find(event);
    if (!act || !desk.sheet) return;
    event.preventDefault();
    act();
  }

  /** What a key does, a function; undefined: nothing. */
  find(event) {
    const { desk, stage, hands } = this;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") return () => desk.edit((sheet) => (event.shiftKey ? sheet.redo() : sheet.undo()));
      return key === "y" ? () => desk.edit((sheet) => sheet.redo()) : undefined;
    }
    if (key in STEPS) return () => this.arrow(event);
    if (/^[1-9]$/.test(key)) return () => desk.pickNumber(Number(key) - 1);
    const acts = {
      Enter: () => desk.finish(),
      n: () => desk.go(1),
      PageDown: () => desk.go(1),
      p: () => desk.go(-1),
      PageUp: () => desk.go(-1),
      a: () => desk.acceptAll(),
      y: () => desk.acceptOne(),
      b: () => this.cycle(event.shiftKey ? -1 : 1),
      d: () => this.addBox(),
      c: () => desk.focusNewClass(),
      Delete: () => desk.remove(),
      Backspace: () => desk.remove(),
      Escape: () => desk.choose(null),
      "+": () => stage.zoom(ZOOM),
      "=": () => stage.zoom(ZOOM),
      "-": () => stage.zoom(1 / ZOOM),
      0: () => stage.fit(),
      "?": () => desk.showKeys(),
      " ": () => (hands.holdsSpace = true),
    };
    return acts[key];
  }

  /** Moves the chosen box, or its lower right corner; without one, the picture. */
  arrow(event) {
    const { desk, stage } = this;
    const [across, down] = STEPS[event.key].map((value) => value * (event.shiftKey ? 10 : 1));
    const { box } = desk.sheet;
    if (!box) stage.move(-across * PAN, -down * PAN);
    else if (!box.fixed) desk.edit((sheet) => sheet.replace({ ...box, box: this.moved(box.box, [across, down], event.altKey) }));
  }

  moved(box, [across, down], resizes) {
    const { size } = this.desk.sheet;
    if (!resizes) return shift(box, [across, down], size);
    const [x1, y1, x2, y2] = box;
    return within([x1, y1, Math.max(x1 + 3, x2 + across), Math.max(y1 + 3, y2 + down)], size);
  }

  /** Chooses the next box or proposal, from the left to the right. */
  cycle(step) {
    const { desk, stage } = this;
    const all = [...desk.sheet.boxes, ...desk.sheet.open(stage.least)].toSorted((a, b) => a.box[0] - b.box[0] || a.box[1] - b.box[1]);
    if (!all.length) return;
    const at = all.findIndex((one) => (one.proposed ? one : one.key) === desk.sheet.chosen);
    desk.choose(all[(at < 0 ? (step < 0 ? -1 : 0) : at + step + all.length) % all.length] ?? all.at(-1));
  }

  /** Puts a box in the middle of what is seen. */
  addBox() {
    const { desk, stage } = this;
    const [x, y] = stage.toPicture([stage.width / 2, stage.height / 2]);
    const [wide, high] = [stage.width / stage.scale / 8, stage.height / stage.scale / 8];
    const box = within([x - wide, y - high, x + wide, y + high].map(Math.round), desk.sheet.size);
    if (desk.label === null) desk.askForClass(box);
    else {
      desk.edit((sheet) => {
        const made = makeBox(desk.label, box);
        sheet.chosen = made.key;
        sheet.add(made);
      });
    }
  }
}
