"""Many brains on one picture: runner against the article's way, same graphs, same JPEGs, in turns.

The rival gives the encoded picture to one TF1 session a brain, one after the other, on TensorFlow's own threads.
runner decodes each picture once for all brains, only as large as they need, as many pictures at a time as there are
cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from _pictures import shifted
from _testdata import testdata
from rivals.article import ArticleBrain

from runner_core import Brain, Inference, open_brain, stream

GRAPH = "fastestdet_coco_tf1_encoded_image_string_tensor.pb"
SIZES = {"640x480": (640, 480), "1920x1080": (1920, 1080)}
CLAIMS = {1: 1.6, 2: 2.1, 4: 2.4}  # brains -> times the rival's pictures a second, at 1920x1080
CONF = 0.5
BLOCK = 50  # pictures a turn


def rival_seconds(brains: Sequence[ArticleBrain], paths: Sequence[Path]) -> float:
    begun = perf_counter()
    for path in paths:
        for brain in brains:
            brain.predict(path, CONF)
    return perf_counter() - begun


def our_seconds(brains: Sequence[Brain], listing: Path) -> float:
    begun = perf_counter()
    for result in stream(f"file:{listing}", brains):
        assert len(result.answers) == len(brains), result.failures
    return perf_counter() - begun


def compare(count: int, paths: Sequence[Path], graph: Path, folder: Path) -> tuple[float, float]:
    """Pictures a second of the rival and of runner, with ``count`` brains."""
    with ExitStack() as stack:
        ours = [stack.enter_context(open_brain(graph, name=f"b{n}", conf=CONF, threads=1, engine="tensorflow"))
                for n in range(count)]  # fmt: skip
        rivals = [ArticleBrain(graph) for _ in range(count)]
        spent = [0.0, 0.0]
        for start in range(-BLOCK, len(paths), BLOCK):  # the first turn warms up
            block = paths[max(start, 0) : max(start, 0) + BLOCK]
            listing = folder / "turn.txt"
            listing.write_text("".join(f"{path}\n" for path in block))
            turn = rival_seconds(rivals, block), our_seconds(ours, listing)
            if start >= 0:
                spent = [total + seconds for total, seconds in zip(spent, turn, strict=True)]
        for rival in rivals:
            rival.close()
    return len(paths) / spent[0], len(paths) / spent[1]


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    sides = [max(0.0, min(one[k + 2], other[k + 2]) - max(one[k], other[k])) for k in (0, 1)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return sides[0] * sides[1] / (sum(areas) - sides[0] * sides[1])


def same(rival: list[dict], ours: Inference) -> bool:
    """Each instance of the rival is ours (IoU 0.9, score 0.03) but for those within 0.03 of the threshold."""
    width, height = ours.size
    for want in rival:
        y1, x1, y2, x2 = want["box"]
        box = (x1 * width, y1 * height, x2 * width, y2 * height)
        near = [have for have in ours.instances
                if have.model_id == want["class"] and abs((have.score or 0) - want["score"]) <= 0.03
                and iou(box, have.box or (0, 0, 0, 0)) >= 0.9]  # fmt: skip
        if not near and want["score"] > CONF + 0.03:
            return False
    return True


def agreement(paths: Sequence[Path], graph: Path, folder: Path) -> float:
    """Share of the pictures on which runner, decoding exactly, finds what the rival finds."""
    listing = folder / "agree.txt"
    listing.write_text("".join(f"{path}\n" for path in paths))
    rival = ArticleBrain(graph)
    with open_brain(graph, name="one", conf=CONF) as one, open_brain(graph, name="two", conf=CONF) as two:
        results = list(stream(f"file:{listing}", [one, two], exact=True))
    agreed = [same(rival.predict(path, CONF), result.answers[0]) for path, result in zip(paths, results, strict=True)]
    return sum(agreed) / len(agreed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    asked = parser.parse_args()
    data = testdata()
    graph = data / "models" / GRAPH
    open_brain(graph).close()  # TensorFlow is imported without its greetings
    kept = True
    print(f"{'pictures':>10} {'brains':>6} {'rival/s':>8} {'runner/s':>8} {'times':>6}")
    for name, size in SIZES.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            paths = shifted(folder, data / "pictures" / "cat_1080p.jpg", size, asked.pictures)
            for count, least in CLAIMS.items():
                rival, ours = compare(count, paths, graph, folder)
                print(f"{name:>10} {count:>6} {rival:8.1f} {ours:8.1f} {ours / rival:6.2f}", flush=True)
                kept &= name != "1920x1080" or ours / rival >= least
            same_share = agreement(paths[:30], graph, folder)
            print(f"{name:>10} the same instances with exact decoding on {same_share:.0%} of 30 pictures")
            kept &= same_share == 1
    print(f"{'ok' if kept else 'MISSED'}: at 1920x1080 at least {CLAIMS} times, and the same instances")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
