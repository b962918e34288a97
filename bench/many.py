"""Many brains on one picture: runner against the article's way, same weights, same JPEGs, in turns.

The rival gives the encoded picture to one TF1 session a brain, one after the other, on TensorFlow's own threads.
runner decodes each picture once for all brains, only as large as they need, as many pictures at a time as there are
cores: with the rival's own graphs on TensorFlow alone, and with the same network as an artifact that ends at its raw
head, on the engine that is the fastest here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import attrs
from _pictures import make_shifted_jpegs
from _testdata import find_testdata
from rivals.article import ArticleBrain

from runner_core import Brain, Inference, open_brain, stream

GRAPH = "fastestdet_coco_tf1_encoded_image_string_tensor.pb"
SIZES = {"640x480": (640, 480), "1920x1080": (1920, 1080)}
CLAIMED = "1920x1080"
CONF = 0.5
BLOCK = 50  # pictures a turn


@attrs.frozen
class Way:
    """An artifact and the engine that runs it; brains -> times the rival's pictures a second, as claimed.

    ``pixels``  whether it is given decoded pictures; then the rival's answers are compared on the same pixels, as JPEG
                decoders differ by enough to move a score by 0.04.
    """

    model: str
    labels: str
    engine: str
    claims: Mapping[int, float]
    pixels: bool = False

    def brain(self, models: Path, name: str) -> Brain:
        return open_brain(models / self.model, name=name, labels=models / self.labels, conf=CONF, threads=1,
                          engine=self.engine)  # fmt: skip


WAYS = (
    Way(GRAPH, "coco80.pbtxt", "tensorflow", {1: 1.6, 2: 2.1, 4: 2.4}),
    Way("fastestdet_coco.onnx", "coco80.txt", "auto", {4: 5.0}, pixels=True),
)


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


def compare(way: Way, count: int, paths: Sequence[Path], models: Path, folder: Path) -> tuple[float, float]:
    """Pictures a second of the rival and of runner, with ``count`` brains."""
    with ExitStack() as stack:
        ours = [stack.enter_context(way.brain(models, f"b{number}")) for number in range(count)]
        rivals = [ArticleBrain(models / GRAPH) for _ in range(count)]
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


def same(rival: list[dict], ours: Inference, names: Sequence[str]) -> bool:
    """Each instance of the rival is ours (IoU 0.9, score 0.03) but for those within 0.03 of the threshold."""
    width, height = ours.size
    for want in rival:
        y1, x1, y2, x2 = want["box"]
        box = (x1 * width, y1 * height, x2 * width, y2 * height)
        near = [have for have in ours.instances
                if have.label == names[want["class"] - 1] and abs((have.score or 0) - want["score"]) <= 0.03
                and iou(box, have.box or (0, 0, 0, 0)) >= 0.9]  # fmt: skip
        if not near and want["score"] > CONF + 0.03:
            return False
    return True


def share_agreeing(way: Way, paths: Sequence[Path], models: Path, folder: Path) -> float:
    """Share of the pictures on which runner, decoding exactly, finds what the rival finds."""
    listing, names = folder / "agree.txt", (models / "coco80.txt").read_text().splitlines()
    listing.write_text("".join(f"{path}\n" for path in paths))
    rival = ArticleBrain(models / GRAPH)
    with way.brain(models, "one") as one, way.brain(models, "two") as two:
        results = list(stream(f"file:{listing}", [one, two], exact=True))
    agreed = []
    for path, result in zip(paths, results, strict=True):
        told = rival.predict_pixels(result.frame.pixels, CONF) if way.pixels else rival.predict(path, CONF)
        agreed.append(same(told, result.answers[0], names))
    rival.close()
    return sum(agreed) / len(agreed)


def run_way(way: Way, size: str, count: int, models: Path) -> bool:
    """Prints the rows of a way and a size; whether its claims are kept."""
    kept = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = make_shifted_jpegs(folder, models.parent / "pictures" / "cat_1080p.jpg", SIZES[size], count)
        for brains, least in way.claims.items():
            rival, ours = compare(way, brains, paths, models, folder)
            print(f"{size:>10} {way.engine:>10} {brains:>6} {rival:8.1f} {ours:8.1f} {ours / rival:6.2f}", flush=True)
            kept &= size != CLAIMED or ours / rival >= least
        share = share_agreeing(way, paths[:30], models, folder)
    print(f"{size:>10} {way.engine:>10} the same instances with exact decoding on {share:.0%} of 30 pictures")
    return kept and share == 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    asked = parser.parse_args()
    models = find_testdata() / "models"
    open_brain(models / GRAPH).close()  # TensorFlow is imported without its greetings
    print(f"{'pictures':>10} {'engine':>10} {'brains':>6} {'rival/s':>8} {'runner/s':>8} {'times':>6}")
    outcomes = [run_way(way, size, asked.pictures, models) for size in SIZES for way in WAYS]
    claims = "; ".join(f"{way.engine} {dict(way.claims)}" for way in WAYS)
    print(f"{'ok' if all(outcomes) else 'MISSED'}: at {CLAIMED} so many times, and the same instances: {claims}")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
