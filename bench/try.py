"""What ``runner inspect --try`` chooses for real models, by what it sees in real pictures: right on nine of ten.

Each model starts from its draft, of which only the guesses are tried. Right is the range and the order of colours that
its publisher gives, chosen by the pictures or drafted and kept. Three more columns are for information. They try the
range and the colours whatever is known of them, from the draft, from the right card and from each wrong range: whether
the right one comes out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
from _testdata import find_testdata

from runner_core.contracts import Signature
from runner_core.frames.frame import Frame
from runner_core.loading.draft import CardlessModel, draft_card
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import locate_model
from runner_core.loading.open import bind_brain, choose_candidates, open_session
from runner_core.loading.options import LoadOptions
from runner_core.loading.preprocess_search import TRIED, ScoredVariant, choose_variant, search_preprocessing

LEAST = 0.9
TESTDATA = find_testdata()
CASES = Path(os.environ.get("RUNNER_CASES") or TESTDATA.parent / "cases") / "models"
BRAINS = Path(__file__).parents[1] / "plugins" / "runner-demo" / "src" / "runner_demo"
PICTURES = (
    "baseball.jpg", "football.jpg", "grace_hopper.bmp", "squat.bmp", "cat_720p.jpg", "dog_segmentation.bmp",
    "parrot.jpg", "bird_segmentation.bmp",
)  # fmt: skip
RAW, UNIT, SIGNED, IMAGENET = "from 0 to 255", "from 0 to 1", "from -1 to 1", "in ImageNet's deviations"
# What each takes, as its publisher says: see the README beside the cases, and the README of the test data.
MODELS = {
    CASES / "pretrainedResnet.tflite": ("RGB", RAW),
    CASES / "vww_96_float.tflite": ("RGB", UNIT),
    CASES / "face_mask_detection.tflite": ("RGB", UNIT),
    CASES / "face_detection_short_range.tflite": ("RGB", SIGNED),
    CASES / "face_detection_yunet_2026may.onnx": ("BGR", RAW),
    CASES / "face-detection-retail-0005.xml": ("BGR", RAW),
    CASES / "selfie_segmentation.tflite": ("RGB", UNIT),
    CASES / "yolox_nano.onnx": ("BGR", RAW),
    CASES / "nanodet.onnx": ("BGR", IMAGENET),
    TESTDATA / "models" / "fastestdet_coco.onnx": ("BGR", UNIT),
    TESTDATA / "models" / "mobilenet_v2_1.0_224_quant.tflite": ("RGB",),
    TESTDATA / "models" / "deeplabv3_mnv2_dm05_pascal_quant.tflite": ("RGB",),
    TESTDATA / "models" / "movenet_single_pose_lightning_ptq.tflite": ("RGB",),
    BRAINS / "brains" / "page" / "page.tflite": ("RGB",),
    BRAINS / "brains" / "graphs" / "graphs.tflite": ("RGB",),
}


@attrs.frozen
class Outcome:
    """``draft`` and ``chosen`` in words; whether the chosen one is right; how often the right one came out otherwise."""

    draft: str
    chosen: str
    is_right: bool
    blind: str
    keeps: str
    mends: str


@contextmanager
def open_drafted(model: Path) -> Iterator[tuple[LocalBrain, Signature]]:
    """The brain that its draft gives, whatever card lies beside it."""
    files, options = attrs.evolve(locate_model(model), card=None), LoadOptions()
    with open_session(choose_candidates(files, options), options) as (candidate, session):
        cardless = CardlessModel.of(session, candidate.path)
        yield bind_brain(draft_card(cardless), session, candidate, options), cardless.signature
        session.close()


def try_model(model: Path, right: tuple[str, ...], frames: Sequence[Frame]) -> Outcome:
    """Runs every variant once, and chooses from each start."""
    with open_drafted(model) as (brain, signature):
        doubts = {guess.about for guess in brain.card.guesses} & TRIED
        result = search_preprocessing(brain, signature, frames, doubts)
        rows = search_preprocessing(brain, signature, frames).rows
    known = {row.variant.parts: row for row in rows}
    draft, wanted = known[result.draft.variant.parts], known[right]
    wrong = [row for parts, row in known.items() if len(right) > 1 and parts[0] == right[0] and parts != right]
    mended = sum(choose_variant(rows, row) is wanted for row in wrong)
    return Outcome(
        _describe(result.draft),
        _describe(result.chosen),
        result.chosen.variant.parts == right,
        _say(choose_variant(rows, draft) is wanted),
        _say(choose_variant(rows, wanted) is wanted),
        f"{mended}/{len(wrong)}" if wrong else "",
    )


def _describe(row: ScoredVariant) -> str:
    return row.variant.text


def _say(yes: bool) -> str:
    return "yes" if yes else "no"


def print_outcome(name: str, outcome: Outcome) -> None:
    verdict = "right" if outcome.is_right else "WRONG"
    cells = (name, outcome.draft, outcome.chosen, verdict, outcome.blind, outcome.keeps, outcome.mends)
    print(f"{cells[0]:42} {cells[1]:29} {cells[2]:29} {cells[3]:5} {cells[4]:5} {cells[5]:5} {cells[6]}", flush=True)


def main() -> int:
    frames = [Frame.from_path(TESTDATA / "pictures" / name) for name in PICTURES]
    pages = [Frame.from_path(path) for path in sorted((BRAINS / "pictures").glob("*.jpg"))]
    print(f"{'model':42} {'draft':29} {'chosen':29} {'':5} {'blind':5} {'keeps':5} mends")
    right = 0
    for model, wanted in MODELS.items():
        outcome = try_model(model, wanted, pages if BRAINS in model.parents else frames)
        print_outcome(model.name, outcome)
        right += outcome.is_right
    kept = right >= LEAST * len(MODELS)
    print(f"{'ok    ' if kept else 'MISSED'} right on {right} of {len(MODELS)}, at least {LEAST}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
