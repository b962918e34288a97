"""What fails costs what it must and no more: an answer, a frame, in the end a brain."""

import logging

import pytest
from parts import MemorySink, ScriptedBrain, ScriptedSource, frame

from runner_core import Frame, stream
from runner_core.cli.console import show_log
from runner_core.errors import EngineError, ImageError, UsageError
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.failures import PATIENCE
from runner_core.pipeline.pipeline import run
from runner_core.util.tracebacks import keep_tracebacks


class Failing(ScriptedBrain):
    """Raises ``error`` on these frames."""

    def __init__(self, name, on, error=None):
        super().__init__(name, self.fail)
        self.on, self.error = on, error or EngineError("out of memory")

    def fail(self, frame):
        if frame.index in self.on:
            raise self.error


class Pictures:
    live = False

    def __init__(self, *frames):
        self._frames = frames

    def frames(self):
        return iter(self._frames)


@pytest.mark.parametrize("error", [EngineError("out of memory"), ValueError("no such shape"), MemoryError()])
def test_a_failure_costs_one_inference(error):
    sink = MemorySink()
    summary = run(ScriptedSource(6), [Failing("bad", {2}, error), ScriptedBrain("good")], [sink], threads=2)
    assert [len(result.answers) for result in sink.results] == [2, 2, 1, 2, 2, 2]
    (failure,) = sink.results[2].failures
    assert (failure.brain, failure.kind) == ("bad", type(error).__name__)
    assert sink.results[2].answers[0].brain == "good"
    assert (summary.failed, summary.brains["bad"].failed, summary.brains["good"].failed) == (1, 1, 0)


def test_ten_failures_in_a_row_leave_a_brain_out_with_a_message(caplog):
    bad, good, sink = Failing("bad", range(100)), ScriptedBrain("good"), MemorySink()
    with caplog.at_level(logging.WARNING, "runner"):
        run(ScriptedSource(30), [bad, good], [sink], threads=1)
    assert len(bad.asked) == PATIENCE
    assert len(good.asked) == 30
    (message,) = caplog.messages
    assert "brain bad is left out: 10 failures in a row (out of memory)" in message
    messages = [result.failures[0].message for result in sink.results]
    assert messages[:PATIENCE] == ["out of memory"] * PATIENCE
    assert set(messages[PATIENCE:]) == {"left out after 10 failures in a row"}


def test_side_by_side_a_brain_is_left_out_with_one_message(caplog):
    bad = Failing("bad", range(100))
    with caplog.at_level(logging.WARNING, "runner"):
        run(ScriptedSource(60), [bad], threads=4)
    assert PATIENCE <= len(bad.asked) < PATIENCE + 4
    assert len(caplog.messages) == 1


def test_one_answer_in_between_begins_the_count_again(caplog):
    bad = Failing("bad", set(range(100)) - {9, 19, 29})
    run(ScriptedSource(40), [bad], threads=1)
    assert bad.asked == list(range(40))
    assert caplog.messages == ["brain bad is left out: 10 failures in a row (out of memory)"]


def test_a_picture_that_cannot_be_read_is_not_the_brains_fault(testdata):
    whole = (testdata / "pictures" / "football.jpg").read_bytes()
    pictures = [Frame.from_bytes(data, source=f"{n}.jpg", index=n) for n, data in enumerate([whole, b"", whole[:9000]])]
    brains = [ScriptedBrain(name, lambda frame: frame.pixels) for name in ("one", "two")]
    results = list(stream(Pictures(*pictures), brains, threads=2))
    assert [len(result.answers) for result in results] == [2, 0, 0]
    for result in results[1:]:
        (failure,) = result.failures
        assert (failure.kind, failure.brain) == ("ImageError", "")
        assert result.frame.source in failure.message


def test_bad_pictures_leave_no_brain_out():
    def unreadable(frame):
        raise ImageError("cut short")

    brain = ScriptedBrain(act=unreadable)
    run(ScriptedSource(3 * PATIENCE), [brain], threads=1)
    assert len(brain.asked) == 3 * PATIENCE


def test_who_looks_into_a_failed_answer_fails_too_and_is_not_blamed():
    first, second = Failing("first", {0}), ScriptedBrain("second")
    executor = FrameExecutor([first.then(second)])
    failures = executor.run_frame(frame(0)).failures
    assert [failure.brain for failure in failures] == ["first", "second"]
    assert failures[1].message == "first, whose answer it looks into, failed"
    assert [answer.brain for answer in executor.run_frame(frame(1)).answers] == ["first", "second"]


def test_two_brains_of_one_name_are_refused():
    with pytest.raises(UsageError, match="two brains are named page"):
        run(ScriptedSource(1), [ScriptedBrain("page"), ScriptedBrain("page")])


def test_on_the_terminal_what_a_brain_says_again_and_again_is_reported_once(capsys):
    show_log()
    brains = [Failing("bad", range(100)), Failing("other", {1}), ScriptedBrain("good")]
    list(stream(ScriptedSource(30), brains, threads=1))
    assert capsys.readouterr().err.splitlines() == [
        "runner: test: brain bad: out of memory",
        "runner: test: brain other: out of memory",
        "runner: brain bad is left out: 10 failures in a row (out of memory)",
    ]


def test_with_debug_the_first_of_a_brains_unforeseen_errors_is_told_with_file_and_line(caplog):
    brains = [Failing("bad", range(30), ValueError("one\ntwo")), Failing("known", range(30))]
    with keep_tracebacks():
        run(ScriptedSource(30), brains, threads=2)
    traced = [message for message in caplog.messages if "Traceback" in message]
    assert len(traced) == 1
    assert traced[0].startswith("brain bad, task test:\n")
    assert f'File "{__file__}", line' in traced[0]
    assert "brain bad is left out: 10 failures in a row (one two)" in caplog.messages


def test_without_debug_no_traceback_is_told(caplog):
    run(ScriptedSource(3), [Failing("bad", range(3), ValueError("no"))], threads=2)
    assert not [message for message in caplog.messages if "Traceback" in message]
