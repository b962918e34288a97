"""A person at the labelling page: in a real browser, by mouse, by keyboard, by fingers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import attrs

LONG = 60  # seconds, for what would hang
Box = Sequence[float]
STAGE = """([x, y]) => {
    const { stage } = window.desk;
    const { left, top } = stage.root.getBoundingClientRect();
    return [x * stage.scale + stage.x + left, y * stage.scale + stage.y + top];
}"""


@attrs.frozen
class Person:
    """Points are in pixels of the picture."""

    page: Any
    touch: Any = None  # a CDP session

    def where(self, x: float, y: float) -> tuple[float, float]:
        """In the window."""
        across, down = self.page.evaluate(STAGE, [x, y])
        return across, down

    def drag(self, *points: tuple[float, float]) -> None:
        """Along points, by mouse."""
        places = [self.where(*point) for point in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=3)
        self.page.mouse.up()

    def draw(self, box: Box) -> None:
        """By mouse, from corner to corner."""
        self.drag((box[0], box[1]), (box[2], box[3]))

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.where(x, y))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type_box(self, box: Box) -> None:
        """By keyboard alone: a box in the middle, moved to its place and stretched."""
        self.press("d")
        self.place(box)

    def place(self, box: Box) -> None:
        """By keyboard: moves the chosen box, and stretches it."""
        for _ in range(2):  # a wide one meets the border of the picture before it is where it belongs
            x1, y1, x2, y2 = self.chosen
            self.walk((box[2] - box[0]) - (x2 - x1), "Alt+ArrowRight", "Alt+ArrowLeft")
            self.walk((box[3] - box[1]) - (y2 - y1), "Alt+ArrowDown", "Alt+ArrowUp")
            x1, y1, _, _ = self.chosen
            self.walk(box[0] - x1, "ArrowRight", "ArrowLeft")
            self.walk(box[1] - y1, "ArrowDown", "ArrowUp")

    def walk(self, way: float, there: str, back: str) -> None:
        """So many pixels: tens first, then ones."""
        key, steps = (there if way > 0 else back), round(abs(way))
        self.press(*[f"Shift+{key}"] * (steps // 10), *[key] * (steps % 10))

    def swipe(self, box: Box) -> None:
        """Draws by one finger."""
        (x1, y1), (x2, y2) = self.where(box[0], box[1]), self.where(box[2], box[3])
        self.fingers("touchStart", (x1, y1))
        for step in (1, 2, 3):
            self.fingers("touchMove", (x1 + (x2 - x1) * step / 3, y1 + (y2 - y1) * step / 3))
        self.fingers("touchEnd")

    def tap(self, x: float, y: float) -> None:
        self.page.touchscreen.tap(*self.where(x, y))

    def fingers(self, kind: str, *points: tuple[float, float]) -> None:
        """Fingers at these points of the window."""
        touching = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touching})

    @property
    def chosen(self) -> list[float]:
        return self.page.evaluate("window.desk.sheet.box?.box")

    @property
    def boxes(self) -> list[list[Any]]:
        """[label, x1, y1, x2, y2], in whole pixels."""
        return self.page.evaluate("window.desk.sheet.boxes.map(({ label, box }) => [label, ...box.map(Math.round)])")

    @property
    def proposed(self) -> list[str]:
        return self.page.evaluate("window.desk.sheet.open(window.desk.stage.least).map(({ label }) => label)")

    def wait(self, condition: str) -> None:
        """Until it is so: an expression of JavaScript. The page's policy forbids playwright to ask in the page."""
        deadline = time.monotonic() + LONG
        while not self.page.evaluate(condition):
            assert time.monotonic() < deadline, condition
            self.page.wait_for_timeout(20)

    def saved(self) -> None:
        """Until all is saved."""
        self.wait("window.desk?.saving.isDone && document.querySelector('#status').textContent === 'Saved'")

    def at(self, name: str) -> None:
        """Until this picture is shown."""
        self.wait(f"window.desk?.sheet?.name === {name!r} && window.desk.stage.sheet === window.desk.sheet")

    def says(self, text: str) -> None:
        """Until the page says so."""
        self.page.get_by_text(text).first.wait_for()
