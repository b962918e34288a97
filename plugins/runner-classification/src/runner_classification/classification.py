"""Classification: one score for each class, for the whole picture."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from runner_classification.numbers import Numbers, count_numbers, read_numbers
from runner_classification.probabilities import to_probabilities
from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.results import Inference
from runner_core.tasks import (
    PictureCodec,
    bind_picture,
    bind_roles,
    check_classes,
    draft_input,
    drop_wrong_labels,
    labels_from_metadata,
    read_activation,
    read_background,
    size_from_metadata,
)

USUAL = PictureSpec(size=(224, 224))
IMAGENET_AND_BACKGROUND = 1001  # TF-Slim's models put a background class before ImageNet's thousand
TOP_K = 5


class Classification:
    """Roles: ``image``, ``scores``: one number a class, or a single one, the probability that it is class 1 and not 0.

    Card options:
    ``top_k``       how many classes an answer has at most; 5 where absent. ``threshold`` cuts it further.
    ``activation``  what is still to be applied to the scores: ``softmax``, ``sigmoid`` or ``none``. Absent: softmax for
                    an answer with a value outside 0 to 1, else none.
    ``background``  the class, or classes, that no instance has, which are never in an answer. Absent: those that the
                    labels call background; 0 where there are 1001 classes and the labels have no name for it.
    """

    kind = "classification"

    def recognise(self, model: Signature) -> Card | None:
        exported = model.metadata.get("task") == "classify"  # by Ultralytics
        size = size_from_metadata(model.metadata) or USUAL.size
        like = attrs.evolve(USUAL, size=size, resize="crop" if exported else "stretch")
        drafted = draft_input(model, like, UNIT if exported else None, sure=exported)
        numbers = read_numbers(model)
        if drafted is None or numbers is None or not numbers.classes:
            return None
        classes = max(2, numbers.count)
        first = 1 if classes == IMAGENET_AND_BACKGROUND else 0
        notes = _write_notes(model.outputs[0], numbers, exported=exported)
        card = Card(
            name="",
            task="classification",
            roles={"image": drafted.image.name, "scores": model.outputs[0].name},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata, first=first),
            threshold=0.0,
            first_class=first,
            notes=(*drafted.notes, *notes),
            guesses=(*drafted.guesses, *_list_guesses(numbers)),
        )
        return drop_wrong_labels(card, classes, _find_background(card, classes))

    def bind(self, card: Card, model: Signature) -> ClassificationCodec:
        specs = bind_roles(card, model, needed=("image", "scores"))
        count = count_numbers(specs["scores"])
        if count is None:
            raise TaskError(
                f"brain {card.name}: scores is {specs['scores']}, {card.task} reads [1 x C]",
                remedy="give the output that has one score a class",
            )
        classes = max(2, count)
        background = _find_background(card, classes)
        check_classes(card, classes, background)
        return ClassificationCodec(
            card,
            bind_picture(card, specs["image"], USUAL),
            classes=classes,
            background=background,
            top_k=_read_top_k(card),
            activation=read_activation(card, logits="softmax"),
        )


@attrs.frozen
class ClassificationCodec(PictureCodec):
    """The best ``top_k`` of ``classes``, without ``background`` and without those that score 0."""

    classes: int
    background: frozenset[int]
    top_k: int
    activation: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        values = outputs["scores"].reshape(-1)
        if max(2, len(values)) != self.classes:
            raise TaskError(f"brain {self.card.name}: {len(values)} scores came, the model has {self.classes} classes")
        scores = to_probabilities(values, self.activation)
        kept = (scores >= self.card.threshold) & (scores > 0)
        kept[list(self.background)] = False
        rows = np.argsort(-scores, kind="stable")
        rows = rows[kept[rows]][: self.top_k]
        return Inference(
            brain=self.card.name,
            task=Classification.kind,
            size=frame.size,
            version=self.card.version,
            labels=self.card.labels,
            model_ids=rows,
            scores=scores[rows],
        )


def _find_background(card: Card, classes: int) -> frozenset[int]:
    """Of 1001 classes the first; of two a "no" that the labels have no name for."""
    unnamed = classes == IMAGENET_AND_BACKGROUND or (classes == 2 and len(card.labels) == 1)
    return read_background(card, default=0 if unnamed else None)


def _read_top_k(card: Card) -> int:
    option = card.options.get("top_k", TOP_K)
    if type(option) is not int or option < 1:
        raise TaskError(f"brain {card.name}: the option top_k is {option!r}", remedy="give a whole number from 1")
    return option


def _write_notes(scores: TensorSpec, numbers: Numbers, *, exported: bool) -> tuple[str, ...]:
    what = f"one number for each of {numbers.count} classes" if numbers.count > 1 else "the probability of class 1"
    notes = [f"scores is output {scores.name}, the only one: {what}"]
    if numbers.sure:
        notes.append(f"they are scores of classes: {numbers.reason}")
    if exported:
        return (*notes, "task, labels, size and resize are as Ultralytics wrote and makes them")
    return tuple(notes)


def _list_guesses(numbers: Numbers) -> Iterator[Guess]:
    if not numbers.sure:
        yield Guess("kind", f"its numbers are scores of classes ({numbers.reason})", ("task", "labels"))
    if numbers.count == IMAGENET_AND_BACKGROUND:
        yield Guess("background", "class 0 of 1001 is the background, names begin with class 1", ("first_class",))
