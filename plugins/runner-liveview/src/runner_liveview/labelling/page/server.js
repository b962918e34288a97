// What the page asks the server, and how what is drawn is saved.

export const PAGE = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`; // which of the open pages this is
const AGAIN = 2000; // ms until something that was not saved is tried again
const CHANGED = 409; // the file: see app.py
const HELD = 423;

/** An answer that is no success; `status` is 0 where there was no answer at all. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Asks for `path` with these parameters; `body` is sent as JSON. The answer as it came. */
export async function ask(path, { method = "GET", body, ...parameters } = {}) {
  const query = new URLSearchParams(parameters);
  const options = { method, body: body === undefined ? undefined : JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(`${path}?${query}`, options);
  } catch {
    throw new Refused(0, "the server does not answer");
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, told.error ?? answer.statusText);
}

export async function askJSON(path, options) {
  return (await ask(path, options)).json();
}

/** Saves sheets, one at a time and each as it is by then, until all are saved. */
export class Saving {
  /** `tell({state, problem})`: "saving", "saved", or "unsaved" with what is the matter, a Refused; `onSaved(sheet, answer)`. */
  constructor(tell, onSaved) {
    this.tell = tell;
    this.onSaved = onSaved;
    this.waiting = new Map(); // name of a picture -> sheet
    this.busy = false;
    this.overwrite = false;
  }

  get isDone() {
    return !this.busy && !this.waiting.size;
  }

  save(sheet) {
    this.waiting.set(sheet.name, sheet);
    this.work();
  }

  /** Tries again now, over what another program has written. */
  force() {
    this.overwrite = true;
    this.work();
  }

  async work() {
    if (this.busy || !this.waiting.size) return;
    clearTimeout(this.timer);
    this.busy = true;
    this.tell({ state: "saving" });
    const [name, sheet] = this.waiting.entries().next().value;
    this.waiting.delete(name);
    try {
      await this.send(sheet);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (!this.waiting.has(name)) this.waiting.set(name, sheet);
      this.busy = false;
      this.tell({ state: "unsaved", problem });
      const asksPeople = problem.status === CHANGED || problem.status === HELD;
      if (!asksPeople) this.timer = setTimeout(() => this.work(), AGAIN);
      return;
    }
    this.busy = false;
    if (this.waiting.size) this.work();
    else this.tell({ state: "saved" });
  }

  async send(sheet) {
    const keys = sheet.boxes.map(({ key }) => key);
    const overwrite = this.overwrite ? { overwrite: 1 } : {};
    const answer = await askJSON("sheet", { method: "PUT", picture: sheet.name, page: PAGE, ...overwrite, body: sheet });
    this.overwrite = false;
    answer.ids.forEach((id, index) => sheet.ids.set(keys[index], id));
    this.onSaved(sheet, answer);
  }
}

/** Hears what happens, until the page is closed; `onEvent(event)`, `onState(connected)`. */
export class Events {
  constructor(onEvent, onState) {
    Object.assign(this, { onEvent, onState });
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/events?page=${PAGE}`);
    this.socket.onopen = () => this.onState(true);
    this.socket.onmessage = ({ data }) => this.onEvent(JSON.parse(data));
    this.socket.onclose = () => {
      this.onState(false);
      setTimeout(() => this.connect(), AGAIN);
    };
  }

  takePen() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send("take");
  }
}
