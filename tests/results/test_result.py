"""What a run says of one frame, and of all."""

import json

import numpy as np
import pytest

from runner_core.cards.labels import LabelMap
from runner_core.errors import EngineError, ImageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.profile import KEPT
from runner_core.pipeline.summary import Summary
from runner_core.results.inference import Inference
from runner_core.results.result import Failure, Result

FRAME = Frame.from_array(np.zeros((40, 60, 3), np.uint8), source="clip.mp4", index=3, time=0.12)


def inference(brain: str = "page", found: int = 2, ms: float = 1.0) -> Inference:
    return Inference(
        brain=brain, task="object-detection", size=(60, 40), model_ids=[0] * found, boxes=np.zeros((found, 4)),
        scores=[0.5] * found, labels=LabelMap.from_names(["page"]), ms={"run": ms, "encode": 0.5},
    )  # fmt: skip


class TestResult:
    def test_the_line_of_a_frame(self):
        outcome = inference()
        failure = Failure.from_error(EngineError("no memory", remedy="close a brain"), brain="graphs")
        line = json.loads(json.dumps(Result(FRAME, (outcome, failure)).to_json()))
        assert list(line) == ["source", "index", "time", "size", "inferences"]
        assert (line["source"], line["index"], line["time"], line["size"]) == ("clip.mp4", 3, 0.12, [60, 40])
        assert "size" not in line["inferences"][0]
        assert Inference.from_json(line["inferences"][0], size=tuple(line["size"])) == outcome
        assert line["inferences"][1] == {
            "brain": "graphs",
            "error": {"kind": "EngineError", "message": "no memory; close a brain"},
        }

    def test_the_line_of_a_picture(self):
        line = Result(Frame.from_array(np.zeros((4, 6, 3), np.uint8), source="a.png")).to_json()
        assert line == {"source": "a.png", "index": 0, "time": None, "size": [6, 4], "inferences": []}

    def test_the_line_of_a_picture_that_cannot_be_read(self):
        frame = Frame.from_bytes(b"", source="broken.jpg", index=1)
        line = Result(frame, error=Failure.from_error(ImageError("broken.jpg: the file is empty"))).to_json()
        error = {"kind": "ImageError", "message": "broken.jpg: the file is empty"}
        assert line == {"source": "broken.jpg", "index": 1, "error": error}

    def test_answers_and_failures(self):
        failure = Failure("EngineError", "no", "graphs")
        result = Result(FRAME, (inference(), failure, inference("other")))
        assert [answer.brain for answer in result.answers] == ["page", "other"]
        assert result.failures == (failure,)
        unread = Failure("ImageError", "no")
        assert Result(FRAME, error=unread).failures == (unread,)


class TestFailure:
    @pytest.mark.parametrize(
        ("error", "failure"),
        [
            (ImageError("a.jpg: cut short"), Failure("ImageError", "a.jpg: cut short")),
            (KeyError("boxes"), Failure("KeyError", "'boxes'")),
            (ValueError("one\n  two\n"), Failure("ValueError", "one two")),
            (ZeroDivisionError(), Failure("ZeroDivisionError", "ZeroDivisionError")),
        ],
    )
    def test_is_one_line(self, error, failure):
        assert Failure.from_error(error) == failure


class TestSummary:
    def test_counts(self):
        summary = Summary()
        failure = Failure("EngineError", "no", "graphs")
        summary.add(Result(FRAME, (inference(ms=1.0), failure)))
        summary.add(Result(FRAME, (inference(found=1, ms=4.0), inference("graphs", found=0, ms=2.0))))
        summary.add(Result(FRAME, (inference(found=0, ms=2.0),)))
        summary.add(Result(FRAME, error=Failure("ImageError", "no")))
        page = {"answered": 3, "found": 3, "failed": 0, "labels": {"page": 3}, "ms": 2.5}
        graphs = {"answered": 1, "found": 0, "failed": 1, "labels": {}, "ms": 2.5}
        assert summary.to_json() == {"frames": 4, "failed": 2, "brains": {"page": page, "graphs": graphs}}

    def test_a_brain_that_never_answered_has_no_time(self):
        summary = Summary()
        summary.add(Result(FRAME, (Failure("EngineError", "no", "graphs"),)))
        assert "ms" not in summary.to_json()["brains"]["graphs"]

    def test_does_not_grow_with_the_run(self):
        summary = Summary()
        result = Result(FRAME, (inference(),))
        for _ in range(KEPT + 10):
            summary.add(result)
        tally = summary.brains["page"]
        assert (tally.answered, len(tally.ms)) == (KEPT + 10, KEPT)
