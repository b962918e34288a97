"""Brains in several processes and threads: a fork is refused at once, threads get the same answers to the bit."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from parts import MemorySink, ScriptedSource
from runner_demo.store import BRAINS, PICTURES

from runner_core import open_brain, run, stream

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
PICTURE = PICTURES / "5-several.jpg"
MODELS = {
    "onnx": "fastestdet_coco.onnx",
    "openvino": "fastestdet_coco.onnx",
    "litert": "mobilenet_v2_1.0_224_quant.tflite",
    "tensorflow": "fastestdet_coco_tf1_image_tensor.pb",
}


@pytest.fixture(scope="module", params=list(MODELS))
def brain(request, testdata):
    labels = testdata / "models" / ("imagenet_labels.txt" if request.param == "litert" else "coco80.txt")
    with open_brain(testdata / "models" / MODELS[request.param], engine=request.param, labels=labels) as brain:
        yield brain


def in_fork(act) -> str:
    """What the action raises in a forked child: the error's type and message."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(60)  # the child hangs
        told = "nothing raised"
        try:
            act()
        except BaseException as error:  # noqa: BLE001  # the parent sees it
            told = f"{type(error).__name__}: {error}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(reading) as told:
        assert status == 0, f"the child ended by {status}"
        return told.read()


def test_a_brain_is_refused_in_a_forked_child_at_once(brain):
    before = brain(PICTURE)
    refused = f"ForkedError: brain {brain.name} was opened in the process that this one is a fork of; open it in each"
    assert in_fork(lambda: brain(PICTURE)).startswith(refused)
    assert in_fork(lambda: list(brain.predict_many([PICTURE]))).startswith(refused)
    assert in_fork(lambda: brain.run(PICTURE)).startswith(refused)
    assert in_fork(lambda: brain.at_threshold(0.123)(PICTURE)).startswith(refused)
    assert in_fork(lambda: list(stream(str(PICTURE), [brain]))).startswith(refused)
    assert in_fork(lambda: run(str(PICTURE), [brain], [MemorySink()])).startswith(refused)
    assert in_fork(lambda: run(ScriptedSource(3, live=True), [brain], [MemorySink()])).startswith(refused)
    assert in_fork(brain.close) == "nothing raised"
    assert brain(PICTURE).model_ids.tolist() == before.model_ids.tolist(), "the process that opened it goes on"


def test_a_chain_says_which_of_its_brains_is_refused():
    with open_brain(BRAINS / "page", engine="onnx") as page, open_brain(BRAINS / "graphs", engine="onnx") as graphs:
        chain = page.then(graphs)
        assert in_fork(lambda: chain(PICTURE)).startswith("ForkedError: brain page was opened")

        def with_first_of_its_own():
            open_brain(BRAINS / "page", engine="onnx").then(graphs)(PICTURE)

        assert in_fork(with_first_of_its_own).startswith("ForkedError: brain graphs was opened")


def test_graphs_that_decode_by_themselves_are_refused_too(testdata):
    models = testdata / "models"
    encoded = models / "fastestdet_coco_tf1_encoded_image_string_tensor.pb"
    opened = [open_brain(encoded, name=name, labels=models / "coco80.txt") for name in ("one", "two")]
    assert in_fork(lambda: run(str(PICTURE), opened, [MemorySink()])).startswith("ForkedError: brain one was")
    for each in opened:
        each.close()


def test_tensorflow_is_not_begun_again_in_a_fork_of_a_process_that_used_it(testdata):
    """It would wait for threads that are not there; the other engines begin anew."""

    def reopen(engine):
        labels = testdata / "models" / "coco80.txt"
        open_brain(testdata / "models" / MODELS[engine], engine=engine, labels=labels)(PICTURE)

    reopen("tensorflow")
    assert in_fork(lambda: reopen("tensorflow")).startswith("ForkedError: TensorFlow was opened in the process")
    assert in_fork(lambda: reopen("onnx")) == "nothing raised"


def test_a_fork_of_a_fork_has_brains_of_its_own():
    def open_in_the_child():
        with open_brain(BRAINS / "page", engine="onnx") as page:
            assert len(page(PICTURE))
            assert in_fork(lambda: page(PICTURE)).startswith("ForkedError")

    assert in_fork(open_in_the_child) == "nothing raised"


def in_a_pool(method: str, work: str, folder: Path, engine: str = "onnx") -> subprocess.CompletedProcess[str]:
    script = textwrap.dedent(f"""
        import multiprocessing
        from runner_core import open_brain

        def look(picture):
            return brain.predict(picture)

        if __name__ == "__main__":
            brain = open_brain({str(BRAINS / "page")!r}, engine="{engine}")
            pictures = [{str(PICTURE)!r}] * 3
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                answers = pool.map({work}, pictures)
            assert [answer.boxes.tolist() for answer in answers] == [brain(pictures[0]).boxes.tolist()] * 3
            assert answers[0].frame.size == answers[0].size
    """)
    (folder / "pool.py").write_text(script)
    return subprocess.run(
        [sys.executable, "pool.py"], check=False, cwd=folder, capture_output=True, text=True, timeout=240
    )


def test_a_pool_that_forks_is_told_so(tmp_path):
    done = in_a_pool("fork", "look", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("runner_core.errors.ForkedError: brain page was opened in the")


def test_a_pool_that_forks_ends_although_the_brain_cannot_be_opened_there(tmp_path):
    done = in_a_pool("fork", "brain.predict", tmp_path, engine="tensorflow")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("runner_core.errors.ForkedError: TensorFlow was opened in the")


def test_a_pool_that_spawns_opens_the_brain_anew(tmp_path):
    done = in_a_pool("spawn", "brain.predict", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_eight_threads_get_the_same_answers_to_the_bit(brain):
    pictures = sorted(PICTURES.glob("*.jpg"))[:4]
    alone = [brain(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(brain, pictures * 8))
    for one, other in zip(alone * 8, together, strict=True):
        assert one.model_ids.tolist() == other.model_ids.tolist()
        for name in ("boxes", "scores", "vectors"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
