"""The kit itself: checks without pytest, fakes, registries and results for authors' tests."""

import json
import subprocess
import sys

import numpy as np
import pytest

from runner_core import testing
from runner_core.errors import EngineError, ImageError, TaskError
from runner_core.pipeline.pipeline import run
from runner_core.project import open_brain
from runner_core.results.inference import Inference
from runner_core.results.result import Failure
from runner_core.testing import (
    FAKE_ENGINE,
    FAKE_TASK,
    BrokenPromise,
    Check,
    FakeTask,
    conformance,
    fake_brain,
    fake_rows,
    registry_of,
    sample_frame,
    sample_pixels,
    sample_results,
    write_fake_model,
)

FIND = (24.0, 16.0, 72.0, 48.0)


def keeps_one(case):
    """One is kept."""


def breaks_two(case):
    """Two is kept."""
    raise KeyError(case)


COUNTED = Check(str, keeps_one, breaks_two)


def test_the_kit_works_without_pytest():
    script = (
        "import sys; sys.modules['pytest'] = None; from runner_core.testing import *; import pathlib, tempfile\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "check_engine(FakeEngine(), write_fake_model(folder / 'model.npz', fake_rows()))\n"
        "print('all kept')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "all kept\n", done.stderr


def test_its_names_are_sorted_and_all_there():
    assert testing.__all__ == sorted(testing.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(testing, name) for name in testing.__all__)


def test_a_check_tries_its_promises_in_order_and_says_which_is_broken():
    with pytest.raises(BrokenPromise) as broken:
        COUNTED("thing")
    assert str(broken.value) == "thing breaks a promise: Two is kept. Instead: KeyError: 'thing'"
    assert isinstance(broken.value.__cause__, KeyError)


def test_each_promise_is_a_check_of_its_own():
    kept, broken = COUNTED.each().values()
    kept("thing")
    with pytest.raises(BrokenPromise):
        broken("thing")


def test_conformance_makes_a_test_of_each_promise():
    mark = conformance(COUNTED, argument="promise").mark
    names, values = mark.args
    assert names == "promise"
    assert list(mark.kwargs["ids"]) == ["keeps_one", "breaks_two"]
    assert [promise.promises for promise in values] == [(keeps_one,), (breaks_two,)]


def test_a_fake_brain_finds_the_rows_it_was_given():
    answer = fake_brain(outputs=fake_rows((*FIND, 0.5, 1), (0, 0, 5, 5, 0.9, 3))).predict(sample_pixels())
    assert answer.scores.tolist() == [np.float32(0.9), 0.5]
    assert answer.instances[1].box == FIND
    assert answer.engine == "fake"


def test_a_fake_brain_refuses_tensors_that_its_task_does_not_know():
    with pytest.raises(TaskError, match="FakeTask does not recognise"):
        fake_brain(FakeTask(), outputs={"other": np.zeros(3)})


def test_a_fake_session_keeps_what_it_was_fed():
    brain = fake_brain(outputs=fake_rows())
    brain.predict(sample_pixels())
    assert [feeds["picture"].shape for feeds in brain.session.fed] == [(1, 32, 32, 3)]
    brain.close()
    with pytest.raises(EngineError, match="closed"):
        brain.predict(sample_pixels())


def test_a_fake_model_is_opened_like_any_other(tmp_path):
    path = write_fake_model(tmp_path / "model.npz", fake_rows((*FIND, 0.8, 0)))
    with registry_of(engines=[FAKE_ENGINE], tasks=[FAKE_TASK]), open_brain(path, labels=["page"]) as brain:
        assert brain.predict(sample_pixels()).names == ["page"]


def test_a_registry_of_modules_has_their_problems(tmp_path):
    with registry_of("no_such_module", "runner_files.plugin") as registry:
        assert list(registry.all("sources")) == ["file"]
        assert [problem.origin.entry for problem in registry.problems] == ["no_such_module"]
    with registry_of(json) as registry:
        assert "json implements no hook of runner" in str(registry.problems[0])


def test_sample_results_have_every_kind_of_answer_and_make_json_lines():
    results = sample_results()
    assert [result.frame.index for result in results] == list(range(len(results)))
    answers = [answer for result in results for answer in result.answers]
    for column in ("boxes", "scores", "masks", "keypoints", "class_map"):
        assert any(getattr(answer, column) is not None for answer in answers), column
        assert any(getattr(answer, column) is None for answer in answers), column
    assert any(not len(answer) for answer in answers)
    assert any(isinstance(entry, Failure) for result in results for entry in result.inferences)
    assert [result.error is not None for result in results] == [False] * 6 + [True]
    with pytest.raises(ImageError):
        _ = results[-1].frame.pixels
    for answer in answers:
        assert Inference.from_json(json.loads(json.dumps(answer.to_json()))) == answer
    json.dumps([result.to_json() for result in results])


def test_a_run_can_be_tested_with_fakes_alone():
    class Three:
        live = False

        def frames(self):
            return (sample_frame(index) for index in range(3))

    summary = run(Three(), [fake_brain(outputs=fake_rows((*FIND, 0.8, 0)))])
    assert summary.frames == 3
    assert summary.brains["fake"].found == 3
