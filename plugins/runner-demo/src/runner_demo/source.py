"""The source ``demo:``: pictures and a clip to try brains on."""

from __future__ import annotations

from runner_core.contracts import Source
from runner_core.errors import SourceError
from runner_core.pipeline import open_source
from runner_demo.camera import TURNS, DemoCamera
from runner_demo.store import PICTURES


def demo_source(location: str) -> Source:
    """``demo:pictures`` are eight pictures, ``demo:camera`` and ``demo:clip`` the clip. Raises SourceError."""
    if location == "pictures":
        return open_source(f"file:{PICTURES}")
    if location not in TURNS:
        known = ("pictures", *TURNS)
        raise SourceError(f"demo:{location}: there is no such source", remedy=f"there are demo:{', demo:'.join(known)}")
    return DemoCamera(location)
