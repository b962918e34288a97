"""What ``runner inspect --try`` chooses for real models, by what it sees in real pictures: right on nine of ten.

Each model starts from its draft, of which only the guesses are tried. Right is the range and the order of colours that
its publisher gives, chosen by the pictures or drafted and kept. The last three columns are for information: they try
range and colours whatever is known of them.
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
from runner_core.loading.preprocess_search import TRIED, choose_variant, search_preprocessing, vary_picture

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
    CASES / "palm_detection_lite.tflite": ("RGB", UNIT),
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
    """``draft`` and ``chosen`` in words, and whether that is right.

    With nothing known of the range and the colours: ``blind``, whether it comes from the draft to the right card;
    ``keeps``, whether it stays there; ``mends``, from how many of the wrong ranges it comes there.
    """

    draft: str
    chosen: str
    is_right: bool
    blind: bool
    keeps: bool
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
        rows = search_preprocessing(brain, signature, frames).rows
        doubts = {guess.about for guess in brain.card.guesses} & TRIED
        assert brain.picture is not None
        draft, *others = (each.parts for each in vary_picture(brain.card, brain.picture, doubts))
    by_parts = {row.variant.parts: row for row in rows}
    tried, wanted = [by_parts[parts] for parts in (draft, *others)], by_parts[right]
    chosen = choose_variant(tried, by_parts[draft])
    wrong = [row for parts, row in by_parts.items() if len(right) > 1 and parts[0] == right[0] and row is not wanted]
    mended = sum(choose_variant(rows, row) is wanted for row in wrong)
    return Outcome(
        by_parts[draft].variant.text,
        chosen.variant.text,
        chosen is wanted,
        choose_variant(rows, by_parts[draft]) is wanted,
        choose_variant(rows, wanted) is wanted,
        f"{mended}/{len(wrong)}" if wrong else "-",
    )


def print_row(*cells: str) -> None:
    widths = (42, 40, 40, 6, 6, 6, 6)
    print(*(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)), flush=True)


def main() -> int:
    frames = [Frame.from_path(TESTDATA / "pictures" / name) for name in PICTURES]
    pages = [Frame.from_path(path) for path in sorted((BRAINS / "pictures").glob("*.jpg"))]
    print_row("model", "draft", "chosen", "", "blind", "keeps", "mends")
    outcomes = []
    for model, wanted in MODELS.items():
        outcome = try_model(model, wanted, pages if BRAINS in model.parents else frames)
        said = (
            "right" if outcome.is_right else "WRONG",
            *("yes" if yes else "no" for yes in (outcome.blind, outcome.keeps)),
        )
        print_row(model.name, outcome.draft, outcome.chosen, *said, outcome.mends)
        outcomes.append(outcome)
    right = sum(outcome.is_right for outcome in outcomes)
    kept = right >= LEAST * len(MODELS)
    print(f"{'ok    ' if kept else 'MISSED'} right on {right} of {len(MODELS)}, at least {LEAST}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
