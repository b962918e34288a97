// The page: a connection to the run, and for each camera a tile, and panels for the brains that look at it.

import { numbers } from "./elements.js";
import { read } from "./message.js";
import { Tile } from "./tile.js";

const TICK = 200; // ms between two updates of the clock
const SLOWEST = 4000; // ms between two attempts to connect
const FULL = 1013; // close code: see app.py

const tiles = new Map();
const byId = (id) => document.getElementById(id);

let paused = false;
let owed = []; // answers that the server waits for while the page is paused
let attempts = 0;
let began = null; // the server's clock when the run began
let summary = null; // of a run that has ended

function say(state, text) {
  const status = byId("status");
  status.dataset.state = state;
  if (status.textContent !== text) status.textContent = text;
}

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/frames`);
  socket.binaryType = "arraybuffer";
  let work = Promise.resolve();
  socket.onopen = () => {
    [attempts, summary, owed] = [0, null, []];
    say("waiting", "Waiting for frames");
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") summary = JSON.parse(data).summary;
    else work = work.then(() => take(data, socket)).catch((error) => console.error(error));
  };
  socket.onclose = ({ code }) => {
    work.then(() => closed(code));
    attempts = code === FULL ? Infinity : attempts + 1;
    setTimeout(connect, Math.min(SLOWEST, 500 * 2 ** attempts));
  };
}

function closed(code) {
  if (summary) {
    const why = summary.interrupted ? "interrupted" : summary.broken;
    say("ended", why ? `Run ended: ${why}` : "Run ended");
    showRun(summary);
  } else if (code === FULL) say("lost", "Too many viewers, trying again");
  else if (code === 1001 || code === 1012) say("ended", "Run stopped");
  else if (byId("status").dataset.state !== "ended") say("lost", "Connection lost, trying again");
}

async function take(data, socket) {
  const frame = await read(data);
  await new Promise(requestAnimationFrame); // a hidden page draws nothing
  show(frame);
  const answer = () => socket.readyState === WebSocket.OPEN && socket.send("drawn");
  if (paused) owed.push(answer);
  else answer();
}

function show(frame) {
  const { camera, run } = frame.head;
  if (began !== run.began) forget(run.began);
  byId("empty").hidden = true;
  if (!tiles.has(camera)) addTile(camera);
  tiles.get(camera).show(frame);
  if (!paused) say("live", frame.age === null ? "Running" : "Live");
  showRun(total(run));
}

/** A new run: removes everything of the one before. */
function forget(begun) {
  began = begun;
  for (const tile of tiles.values()) tile.remove();
  tiles.clear();
}

/** Over all cameras. */
function total(run) {
  const runs = [...tiles.values()].map((tile) => tile.frame?.head.run ?? run);
  const sum = (key) => runs.reduce((sum, each) => sum + each[key], 0);
  return { frames: sum("frames"), dropped: sum("dropped"), failed: sum("failed") };
}

function showRun({ frames, dropped = 0, failed = 0 }) {
  numbers(byId("run"), { frames: frames.toLocaleString("en"), dropped: dropped.toLocaleString("en"), failed });
}

function addTile(camera) {
  const tile = new Tile(camera, enlarge);
  tiles.set(camera, tile);
  byId("cameras").append(tile.root);
  byId("brains").append(tile.panels.root);
  for (const id of ["cameras", "brains"]) byId(id).dataset.count = Math.min(tiles.size, 5);
}

function enlarge(chosen) {
  const already = chosen.root.classList.contains("enlarged");
  for (const tile of tiles.values()) tile.setEnlarged(tile === chosen && !already);
  for (const id of ["cameras", "brains"]) byId(id).classList.toggle("one", !already);
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", paused);
  if (byId("status").dataset.state === "live" || paused) say(paused ? "paused" : "live", paused ? "Paused" : "Live");
  if (!paused) owed.splice(0).forEach((answer) => answer());
});

setInterval(() => {
  if (!paused && byId("status").dataset.state !== "ended") tiles.forEach((tile) => tile.tick());
}, TICK);

connect();
