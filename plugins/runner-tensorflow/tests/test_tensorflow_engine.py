"""The engine keeps its promises on a model of each format, and brains on it stay apart."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from memory import resident_bytes
from runner_tensorflow.engine import TensorFlowEngine

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_core.testing import check_engine, check_plugin, conformance

PIXELS = np.zeros((1, 96, 96, 3), np.uint8)
FASTESTDET = "fastestdet_coco_tf1_image_tensor.pb"


@conformance(check_plugin)
def test_the_plugin_keeps_its_promises(check):
    check("runner_tensorflow.plugin")


@conformance(check_engine)
def test_a_frozen_graph_keeps_the_promises_of_an_engine(check, testdata):
    check(TensorFlowEngine(), testdata / "models" / FASTESTDET, {"image_tensor:0": PIXELS})


@conformance(check_engine)
def test_a_saved_model_keeps_them(check, tf2_saved_model):
    check(TensorFlowEngine(), tf2_saved_model)


@conformance(check_engine)
def test_a_keras_file_keeps_them(check, keras_file):
    check(TensorFlowEngine(), keras_file)


def test_it_describes_its_version_and_devices():
    told = TensorFlowEngine().describe()
    assert told["tensorflow"][0] == "2"
    assert told["devices"].split(", ")[0] == "cpu"


def test_a_device_that_is_not_there_is_named_with_those_that_are(load, frozen, tf):
    with pytest.raises(EngineError, match=r"no device 'cuda:7'; there are: cpu"):
        load(frozen(lambda: _times(tf, 2.0)), device="cuda:7")


def test_graphs_with_equal_names_stay_apart(load, frozen, tf):
    double, triple = (load(frozen(lambda by=by: _times(tf, by), f"{by}.pb")) for by in (2.0, 3.0))
    assert _answer(double) == 20
    assert _answer(triple) == 30
    double.close()
    assert _answer(triple) == 30


def test_variables_of_equal_names_stay_apart(load, tf2_saved_model, tf1_saved_model):
    first, second = load(tf2_saved_model), load(tf2_saved_model)
    feeds = {"x": np.ones(2, np.float32)}
    first.close()
    assert second.run(feeds, ("z",))["z"].tolist() == [8, 8]


def test_closing_gives_the_memory_back(frozen, tf):
    """A graph that is kept costs 4 MB each time here, a session 21."""
    path = frozen(lambda: tf.matmul(tf.compat.v1.placeholder(tf.float32, [1, 1024], "x"), np.eye(1024), name="y"))
    opened_and_closed(path, times=6)
    before = resident_bytes()
    opened_and_closed(path, times=30)
    assert resident_bytes() - before < 40e6


def opened_and_closed(path, times):
    for _ in range(times):
        session = TensorFlowEngine().load(path, EngineOptions())
        session.run({"x:0": np.ones((1, 1024), np.float32)}, ("y:0",))
        session.close()


def test_closing_while_others_run_ends_them_with_an_engine_error(load, testdata):
    session, failures = load(testdata / "models" / FASTESTDET), []
    running = threading.Event()

    def run_until_closed():
        try:
            while True:
                session.run({"image_tensor:0": PIXELS}, ("detection_boxes:0",))
                running.set()
        except Exception as error:  # noqa: BLE001  # whatever it is, the test looks at it
            failures.append(error)

    threads = [threading.Thread(target=run_until_closed) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert running.wait(60)
    session.close()
    for thread in threads:
        thread.join(60)
    assert [type(error) for error in failures] == [EngineError] * 3


SCRIPT = """
import os, sys
from pathlib import Path
import numpy as np
from runner_core.contracts import EngineOptions
from runner_tensorflow.engine import TensorFlowEngine
def threads_added(count):
    before = len(os.listdir("/proc/self/task"))
    session = TensorFlowEngine().load(Path(sys.argv[1]), EngineOptions(threads=count))
    session.run({"image_tensor:0": np.zeros((1, 96, 96, 3), np.uint8)}, ("detection_boxes:0",))
    return len(os.listdir("/proc/self/task")) - before
print(threads_added(1), threads_added(1), threads_added(9))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_each_session_has_its_own_threads_and_tensorflow_says_nothing(testdata):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = [sys.executable, "-c", SCRIPT, str(testdata / "models" / FASTESTDET)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    _, second, third = map(int, done.stdout.split())
    assert third - second == 8
    assert done.stderr == ""


def test_log_lines_are_held_back_and_the_rest_is_not(capfd):
    from runner_tensorflow.runtime import _log_held_back

    with _log_held_back():
        os.write(2, b"I0000 00:00:1 port.cc:153] oneDNN custom operations are on.\nSegmentation fault\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "Segmentation fault\nafterwards\n"


def _times(tf, by):
    tf.multiply(tf.compat.v1.placeholder(tf.float32, [], "x"), by, name="y")


def _answer(session):
    return session.run({"x:0": np.array(10, np.float32)}, ("y:0",))["y:0"]


@pytest.mark.parametrize("home", ["", "kept"])
def test_keras_writes_nothing_into_the_home_folder(home, tmp_path):
    """Nor, without one, a folder called ~ into the current one."""
    given = {"HOME": str(tmp_path), "RUNNER_HOME": str(tmp_path / home)} if home else {"HOME": ""}
    given |= {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    script = "import platformdirs\n"
    if not home:  # root has a home folder whatever HOME says
        script += "def refuse(*_, **__): raise RuntimeError\nplatformdirs.user_cache_path = refuse\n"
    script += "import runner_tensorflow.runtime, keras"
    subprocess.run([sys.executable, "-c", script], env=given, cwd=tmp_path, check=True)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    left = {path for path in left if not path.startswith("kept/matplotlib/")}  # which Keras imports where it is there
    assert left == ({"kept/keras/keras.json"} if home else set())
