"""What tasks and their codecs promise (``contracts.Task``, ``contracts.Codec``)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import attrs
import numpy as np

from runner_core.cards.card import Card
from runner_core.contracts import Codec, Signature, Task, Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference
from runner_core.testing.check import Check, allow_only, demand, demand_members, demand_refusal
from runner_core.testing.tensors import demand_fits, demand_same, make_read_only

_FOREIGN = (
    Signature((), ()),
    Signature((TensorSpec("left", None, "complex64"),), (TensorSpec("right", None, "complex64"),)),
    Signature((TensorSpec("left", (7,), "int16"),), (TensorSpec("right", (None, 3, 5, 7, 9), "bool"),)),
)
_THREADS, _RUNS = 4, 12


@attrs.frozen(slots=False)
class TaskCase:
    """Checks a task on one model of its family.

    ``task``       as runner makes it: the plugin's target, called without arguments.
    ``signature``  the model's tensors.
    ``outputs``    what the model returned for ``frame``, by role; something scores above the card's threshold.
    ``frame``      any picture, better one that is not square.
    ``card``       for a task that cannot recognise its models by their tensors; if None, ``recognise`` drafts it.
    """

    task: Task
    signature: Signature
    outputs: Tensors
    frame: Frame
    card: Card | None = None

    def __str__(self) -> str:
        return type(self.task).__name__

    @cached_property
    def drafted(self) -> Card:
        """The card, named as runner names it."""
        card = self.card or self.task.recognise(self.signature)
        demand(isinstance(card, Card), f"recognise returns {card!r} for a model of its family")
        assert card is not None
        return attrs.evolve(card, name=card.name or "checked", task=card.task or "checked")

    def codec(self, **changes: object) -> Codec:
        return self.task.bind(attrs.evolve(self.drafted, **changes), self.signature)  # type: ignore[arg-type]

    def answer(self, **changes: object) -> Inference:
        return self.codec(**changes).decode(make_read_only(self.outputs), self.frame)


def has_the_methods_of_a_task(case: TaskCase) -> None:
    """A task has a kind, recognise and bind; its codecs have encode and decode."""
    demand_members(case.task, Task)
    kind = case.task.kind
    demand(
        isinstance(kind, str) and bool(kind) and " " not in kind,
        f"its kind is {kind!r}: write a word, such as 'object-detection'",
    )
    demand_members(case.codec(), Codec)


def recognises_its_models(case: TaskCase) -> None:
    """Recognise drafts a card for a model of its family; its notes say why, and its roles name tensors of the model."""
    card = case.task.recognise(case.signature)
    if card is None and case.card is not None:
        return
    card = case.drafted if card is None else card
    demand(bool(card.notes), "the notes are empty")
    unknown = {role: name for role, name in card.roles.items() if case.signature.tensor(name) is None}
    demand(bool(card.roles) and not unknown, f"the model has no tensor for {unknown or 'any role'}")
    demand(0 <= card.threshold <= 1, f"the threshold is {card.threshold}, not 0 to 1")


def ignores_foreign_models(case: TaskCase) -> None:
    """Recognise returns None for a model of another family, and raises nothing."""
    for model in _FOREIGN:
        card = case.task.recognise(model)
        demand(card is None, f"for a model of another family with {len(model.inputs)} inputs it drafts {card!r:.200}")


def refuses_bad_cards_at_bind(case: TaskCase) -> None:
    """Bind raises TaskError and nothing else for a card that does not fit the model; it does not wait for a frame."""
    card, task = case.drafted, case.task
    demand_refusal(lambda: task.bind(attrs.evolve(card, roles={}), case.signature), TaskError, "a card without roles")
    for model in _FOREIGN:
        demand_refusal(lambda model=model: task.bind(card, model), TaskError, "a model without these tensors")  # type: ignore[misc]
    for role in card.roles:
        fewer = {other: name for other, name in card.roles.items() if other != role}
        allow_only(lambda fewer=fewer: case.codec(roles=fewer), TaskError, f"a card without the role {role}")  # type: ignore[misc]


def encodes_the_inputs(case: TaskCase) -> None:
    """Encode returns every input of the model, by role, with the declared dtype and shape."""
    roles, specs = case.drafted.roles, {spec.name: spec for spec in case.signature.inputs}
    tensors = case.codec().encode(case.frame)
    named = {roles.get(role, role): tensor for role, tensor in tensors.items()}
    demand(set(named) == set(specs), f"it returns {sorted(named)}, the model takes {sorted(specs)}")
    for name, tensor in named.items():
        demand_fits(name, tensor, specs[name])


def shares_its_largest_tensor(case: TaskCase) -> None:
    """Encode takes its largest tensor from the frame, which computes it once for all brains."""
    first, second = (case.codec().encode(case.frame) for _ in range(2))
    role = max(first, key=lambda name: first[name].nbytes)
    demand(np.may_share_memory(first[role], second[role]), f"two codecs get two copies of {role}: use frame.prepared")


def does_not_change_the_outputs(case: TaskCase) -> None:
    """Decode does not change what the session returned."""
    outputs = {role: tensor.copy() for role, tensor in case.outputs.items()}
    case.codec().decode(outputs, case.frame)
    demand_same(outputs, case.outputs, "after decode")


def fills_in_the_inference(case: TaskCase) -> None:
    """An Inference carries the card's name, version and labels, the task's kind and the picture's size."""
    card, answer = case.drafted, case.answer()
    demand(isinstance(answer, Inference), f"decode returns a {type(answer).__name__}")
    carried = (answer.brain, answer.version, answer.task, answer.size, answer.labels)
    expected = (card.name, card.version, case.task.kind, case.frame.size, card.labels)
    demand(carried == expected, f"it carries {carried}, not {expected}")


def orders_rows_by_score(case: TaskCase) -> None:
    """Rows are in order of descending score, 0 to 1, and none is below the threshold."""
    answer = case.answer()
    demand(bool(len(answer)), f"there is no row: give the check outputs with a score above {case.drafted.threshold}")
    if answer.scores is None:
        return
    scores = answer.scores
    demand(bool(np.all((scores >= 0) & (scores <= 1))), f"scores are not 0 to 1: {scores!r:.200}")
    demand(bool(np.all(np.diff(scores) <= 0)), f"scores are not in order: {scores!r:.200}")
    for threshold in (case.drafted.threshold, float(np.median(scores))):
        kept = np.asarray(case.answer(threshold=threshold).scores)
        demand(bool(np.all(kept >= np.float32(threshold))), f"a score is below {threshold}: {kept!r:.200}")


def keeps_boxes_in_the_picture(case: TaskCase) -> None:
    """Boxes are x1, y1, x2, y2, and keypoints x, y, in pixels of the picture; no box reaches far out of it."""
    answer = case.answer()
    points = np.zeros(0) if answer.keypoints is None else answer.keypoints
    demand(bool(np.isfinite(points).all()), f"keypoints are not numbers: {points!r:.200}")
    boxes = np.zeros((0, 4)) if answer.boxes is None else answer.boxes
    demand(bool(np.isfinite(boxes).all()), f"boxes are not numbers: {boxes!r:.200}")
    least, most = boxes[:, :2], boxes[:, 2:]
    demand(bool(np.all(least <= most)), f"boxes are not x1, y1, x2, y2: {boxes!r:.200}")
    inside = bool(np.all((least < case.frame.size) & (most > 0)))
    demand(inside, f"boxes lie outside the picture of {case.frame.size}: {boxes!r:.200}")
    size = np.array(case.frame.size * 2)
    near = bool(np.all((boxes >= -size) & (boxes <= 2 * size)))  # a model may see a little past the border
    remedy = "carry them from the tensor to the picture by frame.prepared's placement, and clip them"
    demand(near, f"boxes reach far out of the picture of {case.frame.size}, {remedy}: {boxes!r:.200}")


def answers_when_nothing_is_found(case: TaskCase) -> None:
    """Outputs in which nothing is found give an Inference without rows, with the same columns."""
    silent = {role: np.zeros_like(tensor) for role, tensor in case.outputs.items()}
    answer, full = case.codec(threshold=1.0).decode(silent, case.frame), case.answer()
    if full.scores is not None:
        demand(len(answer) == 0, f"there are {len(answer)} rows at threshold 1 for outputs that are all zero")
    for column in ("boxes", "scores", "keypoints"):
        empty, there = getattr(answer, column), getattr(full, column)
        same = np.shape(empty)[1:] == np.shape(there)[1:] and (empty is None) == (there is None)
        demand(same, f"{column} is {empty!r:.100} when nothing is found, not empty with the same shape")


def keeps_codecs_apart(case: TaskCase) -> None:
    """Codecs of one task are independent: binding another card leaves the first as it was."""
    first, before = case.codec(), case.answer()
    case.codec(threshold=1.0, name="another")
    after = first.decode(make_read_only(case.outputs), case.frame)
    demand(after == before, "the answers of the first change when another card is bound")


def answers_several_threads(case: TaskCase) -> None:
    """A codec gives the same answers to several threads at the same time."""
    codec, outputs = case.codec(), make_read_only(case.outputs)
    alone = codec.decode(outputs, case.frame)
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = list(pool.map(lambda _: codec.decode(outputs, case.frame), range(_RUNS)))
    demand(all(answer == alone for answer in answers), "answers differ when several threads decode")


check_task = Check(
    TaskCase,
    has_the_methods_of_a_task,
    recognises_its_models,
    ignores_foreign_models,
    refuses_bad_cards_at_bind,
    encodes_the_inputs,
    shares_its_largest_tensor,
    does_not_change_the_outputs,
    fills_in_the_inference,
    orders_rows_by_score,
    keeps_boxes_in_the_picture,
    answers_when_nothing_is_found,
    keeps_codecs_apart,
    answers_several_threads,
)
