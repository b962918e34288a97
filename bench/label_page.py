"""How fluent the page for labelling is, in Chromium: a picture of 4,000 x 3,000 with 300 boxes.

Shown: from the key that opens the picture until it is painted with its boxes, against the time that the same browser
takes to fetch and decode that file alone. Drawn on: frames a second while a box is drawn across it, against those of an
empty canvas of the stage's size on which the same pointer draws one rectangle.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from _measure import print_verdict
from PIL import Image
from playwright.sync_api import sync_playwright
from runner_liveview.address import Address
from runner_liveview.labelling.command import serve
from runner_liveview.labelling.desk import Desk
from runner_liveview.labelling.open_labels import open_labels
from runner_liveview.labelling.pictures import find_pictures
from runner_liveview.labelling.sheet import Box

SIZE, BOXES = (4000, 3000), 300
ROUNDS, STROKE = 7, 3000  # strokes in milliseconds
SHOWN, FRAMES = 2.0, 0.8
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

DECODE = """async (name) => {
    const begun = performance.now();
    const bitmap = await createImageBitmap(await (await fetch(`picture?picture=${name}`)).blob());
    const took = performance.now() - begun;
    bitmap.close();
    return took;
}"""
SHOW = """async (name) => {
    const { desk } = window;
    desk.bitmaps.clear();
    const begun = performance.now();
    await desk.open(name);
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    await painted();
    return performance.now() - begun;
}"""
# Both move a pointer at each frame, by events as a hand's, and count the frames.
STROKES = """async ([milliseconds, empty]) => {
    const { stage } = window.desk;
    let root = stage.root;
    if (empty) {
        root = document.body.appendChild(document.createElement("div"));
        const { left, top, width, height } = stage.root.getBoundingClientRect();
        const place = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
        Object.assign(root.style, { position: "fixed", ...place });
        const canvas = root.appendChild(document.createElement("canvas"));
        Object.assign(canvas, { width, height });
        const context = canvas.getContext("2d");
        root.addEventListener("pointermove", ({ offsetX, offsetY }) => requestAnimationFrame(() => {
            context.clearRect(0, 0, width, height);
            context.strokeRect(20, 20, offsetX - 20, offsetY - 20);
        }));
    }
    const { left, top, width, height } = root.getBoundingClientRect();
    const mouse = { pointerId: 1, pointerType: "mouse", bubbles: true, button: 0 };
    const send = (kind, x, y) =>
        root.dispatchEvent(new PointerEvent(kind, { ...mouse, clientX: left + x, clientY: top + y }));
    root.setPointerCapture = () => {};
    send("pointerdown", width * 0.1, height * 0.1);
    const begun = performance.now();
    let frames = 0;
    await new Promise((done) => {
        const step = (now) => {
            const way = (frames++ % 100) / 100;
            send("pointermove", width * (0.2 + 0.7 * way), height * (0.2 + 0.7 * way));
            if (now - begun < milliseconds) requestAnimationFrame(step);
            else done();
        };
        requestAnimationFrame(step);
    });
    const rate = frames / (performance.now() - begun) * 1000;
    send("pointercancel", 0, 0);
    if (empty) root.remove();
    return rate;
}"""


def write_picture(path: Path, seed: int) -> None:
    """A JPEG as large as a photograph's."""
    coarse = np.random.default_rng(seed).integers(0, 256, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8)
    Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=90)


def make_desk(folder: Path) -> Desk:
    """Two such pictures, with all their boxes."""
    random = np.random.default_rng(0)
    for number, name in enumerate(("a.jpg", "b.jpg")):
        write_picture(folder / name, number)
    labels = open_labels(folder)
    for name in ("a.jpg", "b.jpg"):
        corners = random.uniform(0, 0.9, (BOXES, 2)) * SIZE
        rows = np.concatenate([corners, corners + random.uniform(60, 400, (BOXES, 2))], axis=1).clip(0, [*SIZE, *SIZE])
        boxes = [Box(f"class {row % 5}", tuple(map(float, corner))) for row, corner in enumerate(rows)]
        labels.put(name, SIZE, boxes, done=False)
    return Desk(find_pictures(folder), labels)


def measure(page: Any) -> tuple[list[float], list[float], list[float], list[float]]:
    """Milliseconds to decode and to show; frames a second of an empty canvas and of ours; in turns."""
    names = ["a.jpg", "b.jpg"]
    decoded, shown, empty, ours = [], [], [], []
    for turn in range(ROUNDS + 1):
        name = names[turn % 2]
        decoded.append(page.evaluate(DECODE, name))
        shown.append(page.evaluate(SHOW, name))
        empty.append(page.evaluate(STROKES, [STROKE, True]))
        ours.append(page.evaluate(STROKES, [STROKE, False]))
    return decoded[1:], shown[1:], empty[1:], ours[1:]


def main() -> int:
    with tempfile.TemporaryDirectory() as place, sync_playwright() as running:
        desk = make_desk(Path(place))
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with serve(desk, Address(0)) as url:
            page = browser.new_page(viewport={"width": 1600, "height": 1000})
            page.goto(url)
            page.locator("#told", has_text=f"{BOXES} boxes").wait_for()
            times = decoded, shown, empty, ours = measure(page)
        browser.close()
    rows = ("decoded, ms", "shown, ms", "empty canvas, frames/s", "drawn on, frames/s")
    for name, values in zip(rows, times, strict=True):
        print(f"{name:24} {median(values):8.1f}   ({min(values):.1f} to {max(values):.1f})")
    kept = [
        print_verdict("shown", median(shown) / median(decoded), SHOWN, "times the time to decode"),
        print_verdict("a frame", median(empty) / median(ours), 1 / FRAMES, "times that of an empty canvas"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
