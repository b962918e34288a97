"""Which tasks are asked to draft a card, and what becomes of one that fails at it."""

import pytest

from runner_core.cards.card import Card
from runner_core.contracts import Signature, TensorSpec
from runner_core.loading.draft import CardlessModel, draft_cards, unrecognised_error
from runner_core.plugin import Plugin
from runner_core.tasks import ASKED
from runner_core.testing import registry_of

TASKS = [Plugin("good", f"{__name__}:Good", "Knows it."), Plugin("bad", f"{__name__}:Bad", "Fails.")]


class Good:
    def recognise(self, model):
        return Card("", "good", notes=(f"asked for {model.metadata.get(ASKED)}",))


class Bad:
    def recognise(self, model):
        raise ValueError("boom")


@pytest.fixture
def bare(tmp_path):
    none = Signature((), ())
    return CardlessModel(tmp_path / "model.onnx", none, none)


def test_a_task_that_fails_while_others_are_asked_is_told_of_once(bare, caplog):
    with registry_of(tasks=TASKS):
        assert list(draft_cards(bare)) == list(draft_cards(bare)) == ["good"]
    assert caplog.messages == [f"{bare.path}: task bad is skipped: it fails at this model (ValueError: boom)"]


def test_one_that_was_asked_for_by_name_raises(bare, caplog):
    with registry_of(tasks=TASKS), pytest.raises(ValueError, match="boom"):
        draft_cards(bare, "bad")
    assert not caplog.messages


def test_a_task_hears_that_it_was_asked_for(bare):
    """So that it reads what another would else read, which a guess calls settled by the task."""
    with registry_of(tasks=TASKS):
        assert [draft_cards(bare, family)["good"].notes for family in (None, "good")] == [
            ("asked for None",), ("asked for good",)
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "said"), [((1, 4, 8, 8), True), ((1, 8, 8, 4), True), ((1, 8, 8, 3), False), ((1, 4), False)]
)
def test_four_channels_are_named_as_the_reason(bare, shape, said):
    model = Signature((TensorSpec("image", shape, "float32"),), ())
    message = unrecognised_error(CardlessModel(bare.path, model, model), None).message
    assert ("four channels" in message) == said


def test_tasks_that_are_not_installed_are_named(bare):
    hint = (
        "not installed: runner-classification, runner-detection, runner-keypoints, runner-segmentation "
        "(`pip install 'runner-core[tasks]'` brings all tasks)"
    )
    assert "not installed" not in str(unrecognised_error(bare, None))
    with registry_of(tasks=TASKS):
        assert str(unrecognised_error(bare, None)).endswith(hint)
