// The page: a picture at a time, with what is drawn on it, what is proposed, and what is saved.

import { Hands } from "./hands.js";
import { Keys } from "./keys.js";
import { PictureList, byId, showClasses, showTraining, tellProblem } from "./panel.js";
import { Events, PAGE, Saving, ask, askJSON } from "./server.js";
import { Sheet, makeBox } from "./sheet.js";
import { Stage } from "./stage.js";

const KEPT = 3; // decoded pictures
const CHANGED = 409;
const HELD = 423;

class Desk {
  constructor() {
    this.pictures = [];
    this.classes = [];
    this.label = null; // the class that is drawn
    this.sheet = null;
    this.sheets = new Map(); // by the names of pictures
    this.bitmaps = new Map(); // name -> promise
    this.pen = true;
    this.waiting = null; // a box that waits for its class
    this.stage = new Stage(byId("stage"));
    this.stage.colours = (label) => this.classes.find(({ name }) => name === label) ?? { colour: "#ffffff", ink: "#000000" };
    this.stage.least = Number(byId("least").value);
    this.list = new PictureList((name) => this.open(name));
    this.saving = new Saving((told) => this.tellSaving(told), (sheet, answer) => this.takeSaved(sheet, answer));
    this.hands = new Hands(this.stage, this);
    this.keys = new Keys(this.stage, this, this.hands);
    this.listen();
    this.events = new Events((event) => this.hear(event), (connected) => this.connect(connected));
  }

  get mayDraw() {
    return this.pen;
  }

  /** Buttons, fields, and the end of the page. */
  listen() {
    const acts = {
      previous: () => this.go(-1), next: () => this.go(1), done: () => this.finish(), accept: () => this.acceptAll(),
      undo: () => this.edit((sheet) => sheet.undo()), redo: () => this.edit((sheet) => sheet.redo()),
      delete: () => this.remove(), add: () => this.keys.addBox(), reopen: () => this.edit((sheet) => sheet.setDone(false)),
      in: () => this.stage.zoom(1.5), out: () => this.stage.zoom(1 / 1.5), fit: () => this.stage.fit(),
      help: () => this.showKeys(), begin: () => this.train(),
    };
    for (const [id, act] of Object.entries(acts)) byId(id).addEventListener("click", act);
    byId("new").addEventListener("submit", (event) => this.addClass(event));
    byId("name").addEventListener("keydown", ({ key }) => key === "Escape" && this.forgetWaiting());
    byId("least").addEventListener("input", ({ target }) => this.setLeast(Number(target.value)));
    addEventListener("beforeunload", (event) => this.saving.isDone || event.preventDefault());
    addEventListener("hashchange", () => this.openHash());
  }

  async connect(connected) {
    this.connected = connected;
    if (!connected) {
      this.say("lost", "Connection lost, trying again");
      return;
    }
    const first = !this.pictures.length;
    try {
      this.describe(await askJSON("desk"));
    } catch (error) {
      tellProblem("desk", error.message);
      return;
    }
    tellProblem("desk", "");
    this.say("live", this.saving.isDone ? "Saved" : "Saving");
    this.saving.work();
    if (first) this.openHash();
    else if (this.sheet) this.open(this.sheet.name);
  }

  describe({ file, classes, pictures, brains, training }) {
    this.file = file;
    this.pictures = pictures;
    this.brains = brains;
    this.training = training;
    this.list.show(pictures);
    this.takeClasses(classes);
    this.showAll();
  }

  openHash() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const open = this.pictures.find(({ done, doubts }) => !done || doubts) ?? this.pictures[0];
    const name = this.pictures.some((picture) => picture.name === wanted) ? wanted : open.name;
    if (this.sheet?.name !== name) this.open(name);
  }

  /** Shows a picture; what was undone and can be redone in it is still there. */
  async open(name) {
    this.opening = name;
    this.forgetWaiting();
    history.replaceState(null, "", `#${encodeURIComponent(name)}`);
    this.list.setCurrent(name);
    byId("where").textContent = name;
    if (this.sheet?.name !== name) this.notice("Loading");
    try {
      const [told, bitmap] = await Promise.all([askJSON("sheet", { picture: name }), this.decode(name)]);
      if (this.opening !== name) return;
      this.lay(name, told, bitmap);
    } catch (error) {
      if (this.opening === name) this.showNothing(error);
      return;
    }
    const following = this.neighbour(1);
    if (following) this.decode(following).catch(() => {});
  }

  lay(name, told, bitmap) {
    const before = this.sheets.get(name);
    const same = before && sameBoxes(before, told);
    const unsaved = before && (this.saving.waiting.has(name) || this.saving.busy);
    if (!before) this.sheets.set(name, new Sheet(name, told, (sheet) => this.takeStep(sheet)));
    else if (same || unsaved) Object.assign(before, { stamp: told.stamp, size: told.size, doubts: told.doubts });
    else before.take(told);
    this.sheet = this.sheets.get(name);
    if (before) this.sheet.propose(told.proposals);
    this.sheet.chosen = null;
    this.notice("");
    tellProblem("changed", "");
    this.fault = told.fault;
    if (this.stage.sheet !== this.sheet || this.stage.bitmap !== bitmap) this.stage.show(this.sheet, bitmap);
    this.showAll();
    if (told.proposals === null) this.refreshProposals(); // they may have come while the picture was decoded
  }

  showNothing(error) {
    this.sheet = null;
    this.stage.clear();
    this.notice(error.message);
    this.showAll();
  }

  /** The picture, decoded once; of those that were shown the last few are kept. */
  decode(name) {
    if (!this.bitmaps.has(name)) {
      const decoding = ask("picture", { picture: name }).then(async (answer) => createImageBitmap(await answer.blob()));
      decoding.catch(() => this.bitmaps.delete(name));
      this.bitmaps.set(name, decoding);
      for (const old of [...this.bitmaps.keys()].slice(0, -KEPT)) {
        if (old !== this.sheet?.name && old !== this.opening) this.forgetBitmap(old);
      }
    }
    return this.bitmaps.get(name);
  }

  forgetBitmap(name) {
    this.bitmaps.get(name)?.then((bitmap) => bitmap.close(), () => {});
    this.bitmaps.delete(name);
  }

  /** The next picture by `step`; with `open`, the next that is not done or doubtful. */
  neighbour(step, open = false) {
    const { pictures } = this;
    const at = pictures.findIndex(({ name }) => name === this.opening);
    for (let far = 1; far < pictures.length; far++) {
      const { name, done, doubts } = pictures[(at + step * far + pictures.length * far) % pictures.length];
      if (!open || !done || doubts) return name;
    }
    return undefined;
  }

  go(step) {
    const name = this.neighbour(step);
    if (name) this.open(name);
  }

  /** This picture is done; on to the next that is not. */
  finish() {
    if (!this.sheet || !this.mayDraw) return;
    if (this.sheet.doubts.length && !this.sheet.checked) this.sheet.setChecked();
    if (!this.sheet.done) this.sheet.setDone(true);
    const name = this.neighbour(1, true);
    if (name) this.open(name);
    else this.tell("All pictures are done.");
  }

  edit(act) {
    if (!this.sheet || !this.mayDraw) return;
    act(this.sheet);
    this.stage.redraw("boxes");
    this.showAll();
  }

  /** Something was drawn: it is shown, and saved. */
  takeStep(sheet) {
    this.notePicture({ name: sheet.name, done: sheet.done, boxes: sheet.boxes.length, doubts: sheet.doubtful.length });
    this.stage.redraw("boxes", "stroke");
    this.showAll();
    this.saving.save(sheet);
  }

  choose(thing) {
    if (!this.sheet) return;
    this.sheet.chosen = thing === null ? null : thing.proposed ? thing : thing.key;
    if (thing && this.classes.some(({ name }) => name === thing.label)) this.label = thing.label;
    this.stage.redraw("boxes");
    this.showAll();
  }

  accept(...proposals) {
    this.edit((sheet) => proposals.length && sheet.accept(...proposals));
  }

  acceptAll() {
    if (this.sheet) this.accept(...this.sheet.open(this.stage.least));
  }

  acceptOne() {
    const open = this.sheet.open(this.stage.least);
    const one = open.find((proposal) => proposal === this.sheet.chosen) ?? open[0];
    if (one) this.accept(one);
  }

  remove() {
    this.edit((sheet) => {
      if (sheet.box) sheet.remove(sheet.chosen);
      else if (sheet.chosen) {
        sheet.refused.add(sheet.chosen);
        sheet.chosen = null;
      }
    });
  }

  pickNumber(index) {
    if (index < this.classes.length) this.pick(this.classes[index].name);
  }

  /** The class that is drawn from now on, and that of the chosen box. */
  pick(name) {
    this.label = name;
    if (this.waiting) this.placeWaiting();
    else if (this.sheet?.box && this.sheet.box.label !== name) this.edit((sheet) => sheet.replace({ ...sheet.box, label: name }));
    this.showAll();
  }

  /** A box was drawn and there is no class yet: it waits for one. */
  askForClass(box) {
    this.waiting = box;
    Object.assign(this.stage, { draft: { box, label: "" }, moving: null });
    this.stage.redraw("stroke");
    this.tell("What is it? Name its class.");
    this.focusNewClass();
  }

  focusNewClass() {
    byId("name").focus();
    byId("name").scrollIntoView({ block: "nearest" });
  }

  placeWaiting() {
    const box = makeBox(this.label, this.waiting);
    this.forgetWaiting();
    this.edit((sheet) => {
      sheet.chosen = box.key;
      sheet.add(box);
    });
  }

  forgetWaiting() {
    if (!this.waiting) return;
    this.waiting = this.stage.draft = null;
    this.stage.redraw("stroke");
    this.showAll();
  }

  async addClass(event) {
    event.preventDefault();
    const name = byId("name").value.trim();
    if (!name || !this.mayDraw) return;
    try {
      await ask("classes", { method: "POST", page: PAGE, body: { name } });
      tellProblem("class", "");
    } catch (error) {
      tellProblem("class", `The class is not saved yet: ${error.message}`);
    }
    if (!this.classes.some((known) => known.name === name)) this.classes.push({ name, colour: "#ffffff", ink: "#000000" });
    byId("name").value = "";
    byId("stage").focus({ preventScroll: true });
    this.pick(name);
  }

  setLeast(least) {
    this.stage.least = least;
    byId("score").textContent = least.toFixed(2);
    this.stage.redraw("boxes");
    this.showAll();
  }

  async train() {
    const runs = this.training?.state === "running";
    const body = { minutes: Number(byId("minutes").value) };
    try {
      await ask("training", runs ? { method: "DELETE", page: PAGE } : { method: "POST", page: PAGE, body });
      tellProblem("training", "");
    } catch (error) {
      tellProblem("training", error.message);
    }
  }

  /** What the server tells of others, of brains, of the training. */
  hear(event) {
    if ("pen" in event) this.takePen(event.pen, event.others);
    if (event.classes) this.takeClasses(event.classes);
    if (event.sheet) this.notePicture({ ...event.sheet, doubts: this.sheets.get(event.sheet.name)?.doubtful.length ?? event.sheet.doubts });
    if (event.sheet && !this.pen && event.sheet.name === this.sheet?.name) this.open(event.sheet.name);
    if (event.order) this.takeOrder(event.order);
    if (event.doubtful) this.takeDoubtful(event.doubtful);
    if (event.proposals === this.sheet?.name) this.refreshProposals();
    if (event.brains) {
      this.brains = event.brains;
      this.refreshProposals();
    }
    if (event.training) this.training = event.training;
    this.showAll();
  }

  takePen(pen, others) {
    const gained = pen && !this.pen;
    this.pen = pen;
    const text = "Somebody else is drawing here, on another page. You can look.";
    tellProblem("pen", pen ? "" : text, { "Take over": () => this.events.takePen() });
    byId("stage").classList.toggle("locked", !pen);
    if (gained) {
      tellProblem("save", "");
      this.saving.work();
      if (this.sheet) this.open(this.sheet.name);
    }
    this.others = others;
  }

  takeClasses(classes) {
    this.classes = classes;
    if (this.label === null || !classes.some(({ name }) => name === this.label)) this.label = classes[0]?.name ?? null;
    this.stage.redraw("boxes");
  }

  takeOrder(order) {
    const known = new Map(this.pictures.map((picture) => [picture.name, picture]));
    this.pictures = order.map((name) => known.get(name));
    this.list.show(this.pictures);
    this.list.setCurrent(this.opening);
  }

  /** Brains have looked at all labels: on to the most doubtful one, if nothing is being drawn. */
  takeDoubtful(pictures) {
    pictures.forEach((picture) => this.notePicture(picture));
    if (this.sheet && this.saving.isDone && !this.sheet.past.length && pictures.length) this.open(pictures[0].name);
  }

  notePicture(told) {
    const picture = this.pictures.find(({ name }) => name === told.name);
    Object.assign(picture, told);
    this.list.update(picture);
  }

  async refreshProposals() {
    const { sheet } = this;
    if (!sheet) return;
    const turn = (this.turn = {}); // an answer that comes after that to a later question is out of date
    const { proposals, fault } = await askJSON("proposals", { picture: sheet.name }).catch(() => ({ proposals: null }));
    if (sheet !== this.sheet || turn !== this.turn) return;
    sheet.propose(proposals);
    this.fault = fault;
    this.stage.redraw("boxes");
    this.showAll();
  }

  takeSaved(sheet, { changed }) {
    if (!changed || sheet !== this.sheet) return;
    tellProblem("changed", `${changed}. What you drew is kept.`, {
      "Show it as it is now": () => {
        this.forgetBitmap(sheet.name);
        this.open(sheet.name);
      },
    });
  }

  tellSaving({ state, problem }) {
    if (state === "saved" || state === "saving") {
      this.say(state === "saved" ? "live" : "waiting", state === "saved" ? "Saved" : "Saving");
      if (state === "saved") tellProblem("save", "");
      return;
    }
    this.say("lost", "Not saved");
    const buttons = {
      [CHANGED]: { "Write over it": () => this.saving.force() },
      [HELD]: { "Take over": () => this.events.takePen() },
    };
    const again = problem.status in buttons ? "" : " It is tried again until it works.";
    tellProblem("save", `Not saved: ${problem.message}. Your work is kept on this page; leave it open.${again}`, buttons[problem.status]);
  }

  say(state, text) {
    byId("status").dataset.state = state;
    byId("status").textContent = text;
  }

  notice(text) {
    byId("notice").textContent = text;
  }

  tell(text) {
    byId("told").textContent = text;
  }

  showKeys() {
    byId("keys").showModal();
  }

  /** All that depends on what is drawn and proposed. */
  showAll() {
    const { sheet, pictures } = this;
    const done = pictures.filter((picture) => picture.done).length;
    const doubtful = pictures.filter(({ doubts }) => doubts).length;
    byId("count").textContent = `${done} of ${pictures.length} done${doubtful ? `, ${doubtful} doubtful` : ""}`;
    showClasses(this.classes, sheet?.box?.label ?? this.label, (name) => this.pick(name));
    showTraining(this.training, done, this.mayDraw);
    const open = sheet?.open(this.stage.least) ?? [];
    byId("proposing").hidden = !this.brains?.length && !sheet?.proposals?.length;
    byId("brains").textContent = this.brains?.length ? `of ${this.brains.join(", ")}` : "of a run";
    byId("proposed").textContent = sheet ? describeProposals(sheet, open, this.fault) : "";
    const may = Boolean(sheet) && this.mayDraw;
    const able = {
      undo: may && sheet.past.length, redo: may && sheet.future.length, delete: may && sheet.chosen !== null,
      add: may, accept: may && open.length, done: may, reopen: may,
    };
    for (const [id, can] of Object.entries(able)) byId(id).disabled = !can;
    byId("accept").hidden = !open.length;
    byId("accept").textContent = `Accept ${open.length}`;
    byId("reopen").hidden = !sheet?.done;
    byId("done").textContent = sheet?.doubtful.length ? "Checked" : sheet?.done ? "Next to do" : sheet?.boxes.length ? "Done" : "Nothing here";
    if (sheet && !this.waiting) this.tell(describeSheet(sheet, open));
  }
}

function describeSheet(sheet, open) {
  const { boxes, done, box, doubtful } = sheet;
  const told = doubtful.filter(({ of }) => !box || of === box).map(({ message }) => message);
  if (told.length) return `Doubtful: ${told.join("; ")}`;
  if (box) return `${box.label}: ${box.box.map(Math.round).join(", ")}${box.fixed ? "; it belongs to a mask, so it cannot be moved" : ""}`;
  const count = boxes.length ? `${boxes.length} box${boxes.length === 1 ? "" : "es"}` : "no boxes";
  return [count, ...(open.length ? [`${open.length} proposed`] : []), ...(done ? ["done"] : [])].join(", ");
}

function describeProposals(sheet, open, fault) {
  if (fault) return fault;
  if (sheet.proposals === null) return "Looking at the picture";
  return open.length ? "Tap one to accept it." : sheet.proposals.length ? "None left that reaches this score." : "Nothing found.";
}

function sameBoxes(sheet, told) {
  const now = JSON.stringify(told.boxes.map(({ label, box }) => [label, box]));
  return sheet.done === told.done && JSON.stringify(sheet.boxes.map(({ label, box }) => [label, box])) === now;
}

window.desk = new Desk(); // for who looks at the page with a browser's tools
