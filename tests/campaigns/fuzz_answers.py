"""Answers: damaged JSON lines are replayed into every sink; a broken line costs itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from commands import run_command
from PIL import Image
from runner_files.jsonl import JsonlSink

from runner_core.results import Result
from runner_core.testing import sample_pixels, sample_results

NAMED = False
TOKENS = (
    b"null", b"true", b"-1", b"1e999", b"NaN", b"Infinity", b"[]", b"{}", b'""', b"[[[[[[[[", b"\n", b'{"summary":{}}',
    b"1e30", b"99999999999999999999", b"\\ud800", b"\\u0000", b"../../../x", b'"size":[0,0]', b'"size":[1000000,1]',
    b'"counts":', b'"parents":[0]', b'"model_ids":', b"0.5", b"\x1b[2J", b"\xff", b'"error":{"kind":"","message":""}',
)  # fmt: skip
_SINKS = (
    "jsonl:out.jsonl", "coco:out.json", "yolo:yolo", "voc:voc", "label-studio:studio.json", "csv:out.csv",
    "parquet:out.parquet",
)  # fmt: skip
_DRAWING = ("images:drawn", "crops:crops")


def make_seeds() -> Mapping[str, bytes]:
    """The answers of a run of every kind, all in one file and each by itself."""
    results = sample_results()
    return {"all": _write(results), **{f"line {number}": _write([each]) for number, each in enumerate(results)}}


def fuzz_one_input(data: bytes) -> None:
    """Raises Breach where the command does not end as it promises."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "answers.jsonl").write_bytes(data)
        for index in range(len(sample_results())):
            Image.fromarray(sample_pixels()).save(folder / f"sample-{index}.png")
        os.chdir(folder)
        try:
            for sink in _SINKS:
                run_command("replay", "answers.jsonl", "--quiet", "--sink", sink)
            drawing = [word for sink in _DRAWING for word in ("--sink", sink)]
            run_command("replay", "answers.jsonl", "--quiet", "--conf", 0.6, "--pictures", "*.png", *drawing)
        finally:
            os.chdir(before)
        outside = [path.name for path in folder.parent.iterdir() if path.name == "x"]
        assert not outside, f"written outside of its folder: {outside}"


def _write(results: Sequence[Result]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.jsonl"
        with JsonlSink(path).open() as writer:
            for result in results:
                writer.write(result)
            writer.finish({"frames": len(results)})
        return path.read_bytes()
