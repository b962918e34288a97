"""YOLO's exports, made here with random weights, are recognised without a card in every form, and all say the same."""

from __future__ import annotations

import numpy as np
import pytest
from yolo_exports import EXPORTS, FORMS, HIGH, NAMES, WIDE

from runner_core.frames.frame import Frame
from runner_core.project import open_brain
from runner_core.results.compare import Tolerance, compare_inferences
from runner_core.testing import sample_pixels

NEAR = Tolerance(iou=0.99, score=1e-3, threshold=0.25, keypoints=1e-2)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """``written(export, form)``: the export's path, made once."""
    pytest.importorskip("tensorflow")
    folder, known = tmp_path_factory.mktemp("exports"), {}

    def write(export, form):
        if (export.name, form) not in known:
            known[export.name, form] = FORMS[form](export, folder)
        return known[export.name, form]

    return write


@pytest.fixture(scope="module")
def frame():
    """Neither of the input's size nor of its proportions."""
    return Frame.from_array(np.ascontiguousarray(np.repeat(np.repeat(sample_pixels(), 3, axis=0), 2, axis=1)))


def with_masks(answer):
    """Without the rows whose mask is empty, as it may be with random weights: two empty ones have nothing in common."""
    if answer.masks is None:
        return answer
    return answer.take(np.flatnonzero([mask.area > 20 for mask in answer.masks]))


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_every_form_is_recognised_and_gives_the_same(export, written, frame):
    answers = {}
    for form in FORMS:
        with open_brain(written(export, form)) as brain:
            assert brain.family == export.family, form
            assert brain.labels.names == tuple(export.names.values())
            picture = brain.card.picture
            assert (picture.size, picture.resize, picture.pad) == ((WIDE, HIGH), "letterbox", (114,) * 3)
            assert (picture.colour, picture.std) == ("rgb", (255.0,) * 3)
            assert not brain.guesses
            answers[form] = with_masks(brain.infer(frame))
    first = answers["onnx"]
    assert len(first) > 2, "random weights that find nothing show nothing"
    for form, answer in answers.items():
        comparison = compare_inferences(first, answer, NEAR)
        assert comparison.ok, f"{form}: {comparison}"


@pytest.mark.parametrize("form", FORMS)
def test_inspect_names_its_sources(form, written, runner):
    path = written(next(export for export in EXPORTS if export.name == "v8"), form)
    done = runner("inspect", path)
    assert done.returncode == 0, done.stderr
    beside = form in ("saved-model", "openvino")
    found = "task, names, imgsz, stride, args: from " + (
        "metadata.yaml beside the model" if beside else "the model itself"
    )
    assert found in done.stdout
    assert "recognised by task yolo" in done.stdout
    assert all(name in done.stdout for name in NAMES.values())
