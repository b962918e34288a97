"""20,000 pictures through two brains: the memory held after the last against that after the first thousand.

Small pictures, each of another size than its neighbours, and JSON lines of all answers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from _measure import print_verdict
from _memory import get_resident_bytes
from _testdata import find_testdata
from PIL import Image

from runner_core import Result, open_brain, run

WARM, GROWTH = 1000, 0.05
DIFFERENT = 200  # pictures; a list names them again and again
BRAINS = (("fastestdet_coco.onnx", "coco80.txt"), ("mobilenet_v2_1.0_224_quant.tflite", "imagenet_labels.txt"))


def write_list(folder: Path, source: Path, count: int) -> Path:
    """Writes ``count`` pictures and a list of them."""
    with Image.open(source) as opened:
        base = opened.convert("RGB")
        for number in range(DIFFERENT):
            base.resize((160 + number % 20, 120 + number // 20)).save(folder / f"{number:03}.jpg", quality=85)
    listing = folder / "pictures.txt"
    listing.write_text("".join(f"{number % DIFFERENT:03}.jpg\n" for number in range(count)))
    return listing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20_000)
    asked = parser.parse_args()
    data, held = find_testdata(), {}

    def on_result(result: Result) -> None:
        done = result.frame.index + 1
        if done % WARM == 0 or done == asked.pictures:
            held[done] = get_resident_bytes()
            print(f"{done:>6} pictures {held[done] / 1e6:8.1f} MB", flush=True)

    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        brains = [
            stack.enter_context(open_brain(data / "models" / model, labels=data / "models" / labels, threads=1))
            for model, labels in BRAINS
        ]
        listing = write_list(folder, data / "pictures" / "cat_1080p.jpg", asked.pictures)
        summary = run(f"file:{listing}", brains, [f"jsonl:{folder / 'out.jsonl'}"], explain=True, on_result=on_result)
    assert summary.ok
    assert summary.frames == asked.pictures
    grown = held[asked.pictures] / held[WARM]
    claim = f"memory after {asked.pictures} pictures over that after {WARM}"
    return 0 if print_verdict(claim, grown, 1 + GROWTH, "times") else 1


if __name__ == "__main__":
    sys.exit(main())
