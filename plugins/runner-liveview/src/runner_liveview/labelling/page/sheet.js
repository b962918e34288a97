// The boxes of one picture while they are drawn: what is there, what is proposed, what was there before.

let keys = 0; // of boxes; a box keeps its key however often it is changed, undone and redone

/** A box {key, label, box: [x1, y1, x2, y2], fixed}; boxes are never changed, but replaced by others of their key. */
export function makeBox(label, box, fixed = false) {
  return { key: ++keys, label, box, fixed };
}

export class Sheet {
  /** From what the server sends of a picture; `onStep` is called when there is something to save. */
  constructor(name, told, onStep) {
    this.name = name;
    this.onStep = onStep;
    this.ids = new Map(); // key -> number in the file
    this.proposals = null; // not known yet
    this.refused = new Set(); // proposals that were put aside
    this.checked = false; // whether somebody has looked at what is doubtful
    this.past = [];
    this.future = [];
    this.chosen = null; // key of a box, or a proposal itself
    this.take(told);
  }

  /** What the server has now becomes the present. */
  take({ size, stamp, done, boxes, proposals, doubts = [] }) {
    Object.assign(this, { size, stamp, done, doubts });
    this.boxes = boxes.map(({ id, label, box, fixed }) => {
      const made = makeBox(label, box, fixed);
      this.ids.set(made.key, id);
      return made;
    });
    this.propose(proposals);
  }

  propose(proposals) {
    this.proposals = proposals?.map((proposal) => ({ ...proposal, proposed: true })) ?? null;
    this.refused.clear();
  }

  /** The proposals that score at least so much and that no box of their class covers. */
  open(least) {
    return (this.proposals ?? []).filter(
      (one) => one.score >= least && !this.refused.has(one) && !this.boxes.some((box) => box.label === one.label && iou(box.box, one.box) > 0.5),
    );
  }

  /** The doubts about boxes that are still as they were doubted, each with its box, and those about what lacks one. */
  get doubtful() {
    const doubts = this.checked ? [] : this.doubts;
    const found = doubts.map((doubt) => ({ ...doubt, of: this.boxes.find(({ key }) => doubt.id !== null && this.ids.get(key) === doubt.id) }));
    return found.filter(({ id, of, label, box }) =>
      id === null ? !this.boxes.some((other) => other.label === label && iou(other.box, box) > 0.5) : of && of.label === label && iou(of.box, box) > 0.99,
    );
  }

  get box() {
    return this.boxes.find(({ key }) => key === this.chosen);
  }

  /** A step that can be undone: these boxes instead of those. */
  step(boxes) {
    this.past.push(this.boxes);
    this.future = [];
    this.show(boxes);
  }

  show(boxes) {
    this.boxes = boxes;
    if (typeof this.chosen === "number" && !this.box) this.chosen = null;
    this.onStep(this);
  }

  add(...made) {
    this.step([...this.boxes, ...made]);
  }

  replace(changed) {
    this.step(this.boxes.map((box) => (box.key === changed.key ? changed : box)));
  }

  remove(key) {
    this.step(this.boxes.filter((box) => box.key !== key));
  }

  accept(...proposals) {
    const made = proposals.map(({ label, box }) => makeBox(label, box));
    this.chosen = null;
    this.add(...made);
    return made;
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.boxes);
    this.show(this.past.pop());
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.boxes);
    this.show(this.future.pop());
    return true;
  }

  setDone(done) {
    this.done = done;
    this.onStep(this);
  }

  /** Somebody has looked at all that is doubtful. */
  setChecked() {
    this.checked = true;
    this.onStep(this);
  }

  /** As the server takes it. */
  toJSON() {
    const boxes = this.boxes.map(({ key, label, box }) => ({ id: this.ids.get(key) ?? null, label, box }));
    return { size: this.size, stamp: this.stamp, done: this.done, checked: this.checked, boxes };
  }
}

function iou(a, b) {
  const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (wide <= 0 || high <= 0) return 0;
  return (wide * high) / (area(a) + area(b) - wide * high);
}

export function area([x1, y1, x2, y2]) {
  return (x2 - x1) * (y2 - y1);
}
