"""Draws docs/pictures/architecture.svg: the floors of the core, and the two journeys through them.

The rooms and what lies above what come from ``.importlinter``; a room that is missing here, or on a wrong floor, is an
error. ``make architecture`` runs it, and a test holds the committed picture to it.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"

# Floor, what it is for, and its rooms from left to right; None leaves a place free.
FLOORS: list[tuple[str, str, list[str | None]]] = [
    ("people", "what is called", ["project", "train", "cli", "testing"]),
    ("journeys", "what happens", ["stores", "loading", "export", "pipeline", "clues"]),
    ("roles", "who does it", ["cache", "engines", "tasks", "brain", "contracts", "training"]),
    ("nouns", "what it is about", ["graphs", "cards", "frames", "results", "drawing", "datasets"]),
    ("ground", "what all use", ["discovery", "hookspecs", "plugin", "util", "errors"]),
]
CAPTIONS = {
    "project": "names to brains",
    "train": "pictures to a brain",
    "cli": "one command a file",
    "testing": "the conformance kit",
    "stores": "a name to a folder",
    "loading": "a path to a brain",
    "export": "for other engines",
    "pipeline": "brains over a source",
    "clues": "what the input takes",
    "cache": "fetched, by content",
    "engines": "shared by engines",
    "tasks": "shared by tasks",
    "brain": "answers for a frame",
    "contracts": "what a plugin must be",
    "training": "how brains are made",
    "cards": "how to run a model",
    "frames": "one picture, read once",
    "graphs": "what a file says",
    "results": "what brains answer",
    "drawing": "answers on a picture",
    "datasets": "labelled pictures",
    "discovery": "plugins installed",
    "hookspecs": "how one registers",
    "plugin": "what it registers",
    "util": "small things",
    "errors": "every error",
}
OUTSIDE = {"a source": 1, "a sink": 4}  # plugins that a journey begins or ends at, by floor: beside the house
LOADING = ["project", "stores", "cache", "loading", "engines", "tasks", "brain"]
RUNNING = ["a source", "pipeline", "frames", "brain", "results", "drawing", "a sink"]
JOURNEYS = [
    ("#b4451f", "from a name or a path to a brain", LOADING, 0.25),
    ("#1f63b4", "from a source to answers", RUNNING, 0.75),
]

COLUMNS = 6
LEFT, TOP, WIDE, HIGH, ACROSS, DOWN = 132, 82, 138, 52, 30, 52
SIZE = (LEFT + COLUMNS * (WIDE + ACROSS) + 102, TOP + 5 * (HIGH + DOWN) - 24)
BADGE, RADIUS = 9, 9


def layers() -> list[set[str]]:
    """The rooms of the core by layer, the highest first, as the import rules have them."""
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    lines = rules["importlinter:contract:layers"]["layers"].strip().splitlines()
    return [set(re.split(r"[\s|:]+", line.strip())) for line in lines]


def check_floors() -> None:
    """Raises ValueError where the picture and the import rules contradict each other."""
    floor_of = {room: number for number, (_, _, rooms) in enumerate(FLOORS) for room in rooms if room}
    rooms = [room for layer in layers() for room in layer]
    if set(rooms) != set(floor_of) or set(rooms) != set(CAPTIONS):
        raise ValueError(f"rooms differ from .importlinter: {set(rooms) ^ set(floor_of) | set(rooms) ^ set(CAPTIONS)}")
    lowest = 0
    for layer in layers():
        above = {room for room in layer if floor_of[room] < lowest}
        if above:
            raise ValueError(f"{', '.join(sorted(above))}: drawn above a room that may import it")
        lowest = max(lowest, min(floor_of[room] for room in layer))


def place_of(room: str) -> tuple[float, float, float]:
    """Left, top and width of a room, or of a plugin beside the house."""
    if room in OUTSIDE:
        return LEFT + COLUMNS * (WIDE + ACROSS), TOP + OUTSIDE[room] * (HIGH + DOWN), 86
    for number, (_, _, rooms) in enumerate(FLOORS):
        if room in rooms:
            return LEFT + rooms.index(room) * (WIDE + ACROSS), TOP + number * (HIGH + DOWN), WIDE
    raise KeyError(room)


def stop_of(room: str, share: float) -> tuple[float, float]:
    """Where a journey's number sits: on the upper edge of the room."""
    left, top, width = place_of(room)
    return left + width * share, top


def draw_floors() -> Iterator[str]:
    for number, (name, purpose, _) in enumerate(FLOORS):
        top = TOP + number * (HIGH + DOWN)
        width = LEFT + COLUMNS * (WIDE + ACROSS) - 32
        yield f'<rect class="floor" x="16" y="{top - 36}" width="{width}" height="{HIGH + 48}" rx="8"/>'
        yield f'<text class="name" x="28" y="{top + 22}">{name}</text>'
        yield f'<text class="note" x="28" y="{top + 40}">{purpose}</text>'


def draw_rooms() -> Iterator[str]:
    yield from (draw_room(room, CAPTIONS[room]) for _, _, rooms in FLOORS for room in rooms if room)
    yield from (draw_room(name, "plugin", kind="outside") for name in OUTSIDE)


def draw_room(room: str, caption: str, kind: str = "room") -> str:
    left, top, width = place_of(room)
    middle = left + width / 2
    return (
        f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{HIGH}" rx="6"/>'
        f'<text class="name middle" x="{middle}" y="{top + 25}">{room}</text>'
        f'<text class="note middle" x="{middle}" y="{top + 42}">{caption}</text>'
    )


def corners_of(one: str, other: str, share: float) -> list[tuple[float, float]]:
    """The corners of a line from stop to stop: between floors, down behind its own room, up beside the rooms."""
    (x1, y1), (x2, y2) = stop_of(one, share), stop_of(other, share)
    if y2 - y1 == HIGH + DOWN:
        return [(x1, y1), (x1, y2 - 24), (x2, y2 - 24), (x2, y2)]
    if y1 == y2:
        return [(x1, y1), (x1, y1 - 24), (x2, y2 - 24), (x2, y2)]
    rises = y2 < y1
    left, _, width = place_of(one)
    gap = (left + width + ACROSS / 2 if x2 > x1 else left - ACROSS / 2) + (5 if rises else -5)
    leaving, arriving = (17, 30) if rises else (24, 29)
    return [(x1, y1), (x1, y1 - leaving), (gap, y1 - leaving), (gap, y2 - arriving), (x2, y2 - arriving), (x2, y2)]


def draw_line(colour: str, rooms: list[str], share: float) -> str:
    """A line through the stops of a journey, its corners rounded."""
    steps = []
    for one, other in pairwise(rooms):
        corners = corners_of(one, other, share)
        steps.append("M {:g} {:g}".format(*corners[0]))
        for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
            for end, way in ((before, "L"), (after, "Q {:g} {:g}".format(*corner))):
                length = max(abs(end[0] - corner[0]), abs(end[1] - corner[1])) or 1
                part = min(RADIUS, length / 2) / length
                x, y = (a + (b - a) * part for a, b in zip(corner, end, strict=True))
                steps.append(f"{way} {x:g} {y:g}")
        steps.append("L {:g} {:g}".format(*corners[-1]))
    return f'<path d="{" ".join(steps)}" stroke="{colour}"/>'


def draw_stops(colour: str, rooms: list[str], share: float) -> Iterator[str]:
    for number, room in enumerate(rooms, start=1):
        x, y = stop_of(room, share)
        yield f'<circle cx="{x}" cy="{y}" r="{BADGE}" fill="{colour}"/>'
        yield f'<text class="number" x="{x}" y="{y + 4}">{number}</text>'


def draw_key() -> Iterator[str]:
    left = 28
    for colour, text, _, _ in JOURNEYS:
        yield f'<path d="M {left} 22 h 26" stroke="{colour}"/><text class="key" x="{left + 34}" y="26">{text}</text>'
        left += 290
    yield f'<text class="note" x="{left}" y="26">a room imports only what is below it</text>'


STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1d232b; }
.name { font-size: 15px; font-weight: 600; } .note { font-size: 11.5px; fill: #4d5763; } .key { font-size: 13px; }
.middle, .number { text-anchor: middle; } .number { font-size: 11px; font-weight: 700; fill: #fff; }
.page { fill: #fff; stroke: #c9d0d8; } .floor { fill: #eef1f4; } .room { fill: #fff; stroke: #8b96a3; }
.outside { fill: none; stroke: #8b96a3; stroke-dasharray: 4 3; }
path { fill: none; stroke-width: 3; stroke-linecap: round; }
"""


def draw() -> str:
    """The picture as SVG."""
    check_floors()
    width, height = SIZE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        "<title>The floors of runner_core and the two journeys through them</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"/>',
        *draw_key(),
        *draw_floors(),
        *(draw_line(colour, rooms, share) for colour, _, rooms, share in JOURNEYS),
        *draw_rooms(),
        *(stop for colour, _, rooms, share in JOURNEYS for stop in draw_stops(colour, rooms, share)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
