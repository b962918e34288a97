"""Runs models as people have them through runner, without cards and options, and holds each against its own
publisher.

``python tools/field CACHE --pictures DIR`` gathers the models of ``models.tsv`` into CACHE, asks ``runner predict``
about each picture, and prints a table: right, partly, wrong but said (runner names what it guessed), wrong and
silent, refused rightly or wrongly. It exits with 1 if anything is wrong in silence. It needs ``pip install
opencv-python-headless pycocotools`` and, for files of Keras 2, ``tf_keras``.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections import Counter
from pathlib import Path

import attrs

sys.path.insert(0, str(Path(__file__).parent))

from answers import Refusal
from compare import Nearness, compare
from gather import FieldModel, gather, read_table
from pictures import RESIZERS, read_picture, use_resizer
from predict import Prediction, predict
from refer import refer

RIGHT, PARTLY, SAID, SILENT = "right", "partly", "wrong, said", "wrong, silent"
REFUSED, REFUSED_WRONGLY = "refused rightly", "refused wrongly"
UNTOLD, ABSENT = "nothing to find", "not had"  # the pictures, or what is reached, do not tell
PICTURES = ("grace_hopper.bmp", "cat_720p.jpg", "parrot.jpg", "squat.bmp")


@attrs.frozen
class Verdict:
    """How runner did with a model, what was seen, and what runner says that it guessed."""

    state: str
    notes: list[str]
    guesses: list[str]


def judge(model: FieldModel, path: Path, pictures: list[Path]) -> Verdict:
    """Judges a model by what runner answers about each picture, and whether what it guessed can be settled."""
    verdict = _judge(model, path, pictures, "")
    if model.settle and verdict.state in (SAID, PARTLY):
        settled = _judge(model, path, pictures, model.settle)
        verdict = attrs.evolve(verdict, notes=[f"settled by ?{model.settle}: {settled.state}", *verdict.notes])
    return verdict


def _judge(model: FieldModel, path: Path, pictures: list[Path], settle: str) -> Verdict:
    grades: list[Nearness] = []
    notes: list[str] = []
    guesses: dict[str, None] = {}
    for file in pictures:
        prediction = predict(path, file, settle)
        if prediction.answer is None:
            rightly = isinstance(refer(model, path, read_picture(file)), Refusal)
            return Verdict(REFUSED if rightly else REFUSED_WRONGLY, [prediction.message], [])
        grade, note = _grade(model, path, file, prediction)
        grades.append(grade)
        notes.append(f"{file.name}: {prediction.answer['task']}: {note}")
        guesses |= dict.fromkeys(prediction.guesses)
    return Verdict(_sum_up(grades, list(guesses)), notes, list(guesses))


def _grade(model: FieldModel, path: Path, file: Path, prediction: Prediction) -> tuple[Nearness, str]:
    """Holds an answer against the reference by each resizer until one agrees: the best counts, noted by the first."""
    graded = []
    for resizer in RESIZERS:
        use_resizer(resizer)
        graded.append(compare(prediction, refer(model, path, read_picture(file))))
        if graded[-1][0] >= Nearness.RIGHT:
            break
    return max(grade for grade, _ in graded), graded[0][1]


def _sum_up(grades: list[Nearness], guesses: list[str]) -> str:
    told = [grade for grade in grades if grade is not Nearness.EMPTY]
    if not told:
        return UNTOLD
    if min(told) is Nearness.RIGHT:
        return RIGHT
    if min(told) is Nearness.NEAR or sum(told) > len(told):
        return PARTLY
    return SAID if guesses else SILENT


def judge_safely(model: FieldModel, cache: Path, pictures: list[Path]) -> Verdict:
    """As ``judge``; what cannot be had or referred to is said, and the rest goes on."""
    try:
        return judge(model, gather(model, cache), pictures)
    except Exception as error:  # noqa: BLE001 one broken download or reference must not end a long run
        return Verdict(ABSENT, [f"{type(error).__name__}: {error}", traceback.format_exc(limit=-2)], [])


def _print(model: FieldModel, verdict: Verdict) -> None:
    seen = " | ".join(" ".join(note.split()) for note in verdict.notes)
    guesses = "; ".join(verdict.guesses)
    print(model.name, model.family, model.licence, verdict.state, guesses, seen, sep="\t", flush=True)


def main() -> int:
    """Prints the table and gives 1 if anything is wrong in silence."""
    parser = argparse.ArgumentParser(prog="tools/field", description=__doc__.split("\n", 1)[0])
    parser.add_argument("cache", type=Path, help="the folder for what is downloaded")
    parser.add_argument("--pictures", type=Path, required=True, help=f"a folder with {', '.join(PICTURES)}")
    parser.add_argument("--only", default="", help="names or families of models, separated by commas")
    options = parser.parse_args()
    chosen = set(filter(None, options.only.split(",")))
    counts: Counter[str] = Counter()
    print("model", "family", "licence", "state", "guesses", "seen", sep="\t")
    for model in read_table():
        if chosen and not chosen & {model.name, model.family}:
            continue
        verdict = judge_safely(model, options.cache, [options.pictures / name for name in PICTURES])
        counts[verdict.state] += 1
        _print(model, verdict)
    print(", ".join(f"{count} {state}" for state, count in counts.most_common()), file=sys.stderr)
    return int(counts[SILENT] > 0)


if __name__ == "__main__":
    sys.exit(main())
