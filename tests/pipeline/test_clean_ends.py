"""However a run ends, what was written is whole, and the process goes quickly: real graphs, real processes."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

BRAIN = "fastestdet_coco.onnx"


def brain_of(testdata):
    """With its labels, so that nothing is said of others beside it."""
    return f"{testdata / 'models' / BRAIN}?labels={testdata / 'models' / 'coco80.txt'}"


RUNNER = [sys.executable, "-m", "runner_core.cli.main"]


@pytest.fixture
def arguments(testdata, tmp_path) -> list[str]:
    """A run over more pictures than any test waits for."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(300):
        os.link(shutil.copy(testdata / "pictures" / "football.jpg", tmp_path), folder / f"{number:03}.jpg")
        (tmp_path / "football.jpg").unlink()
    brain, labels = (str(testdata / "models" / name) for name in (BRAIN, "coco80.txt"))
    return ["run", "pictures", "--brain", brain, "--labels", labels, "--engine", "onnx", "--quiet"]


def started(arguments: list[str], folder: Path, **options) -> subprocess.Popen[str]:
    # Without compiled code: on a full disk it would be cut, and not be read again.
    environment = os.environ | {"RUNNER_HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen([*RUNNER, *arguments], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True,
                            **options)  # fmt: skip


def with_helpers() -> dict[str, str]:
    """The environment of a process that imports the stand-ins."""
    folders = [str(Path(__file__).parents[1] / "helpers"), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders))}


def wait_for(ready, process: subprocess.Popen[str]) -> None:
    while not ready():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def whole_lines(path: Path) -> list[dict]:
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_interrupt_closes_every_sink(arguments, tmp_path, threads):
    out = tmp_path / "out.jsonl"
    sinks = ["--sink", "jsonl:out.jsonl", "--sink", "images:drawn", "--threads", threads]
    process = started([*arguments, *sinks], tmp_path)
    wait_for(lambda: out.exists() and out.stat().st_size > 2000, process)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=60)[1]
    assert (process.returncode, stderr.strip()) == (130, "runner: interrupted")
    *records, last = whole_lines(out)
    assert len(records) < 300
    assert (last["summary"]["frames"], last["summary"]["interrupted"]) == (len(records), True)
    drawn = list((tmp_path / "drawn").rglob("*.jpg"))
    assert len(drawn) == len(records)
    assert all(path.read_bytes().endswith(b"\xff\xd9") for path in drawn), "a picture was cut short"


def test_an_interrupt_is_the_end_of_a_cameras_run(testdata, tmp_path):
    pytest.importorskip("av")
    out, camera = tmp_path / "out.jsonl", "lavfi:testsrc=size=64x48:rate=30,realtime"
    arguments = ["run", camera, "--brain", brain_of(testdata), "--engine", "onnx", "--explain"]
    process = started([*arguments, "--sink", "jsonl:out.jsonl"], tmp_path, stdout=subprocess.PIPE)
    wait_for(lambda: out.exists() and out.stat().st_size > 2000, process)
    process.send_signal(signal.SIGINT)
    output, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr.splitlines()[-1]) == (130, "runner: interrupted")
    assert "age of the answers" in output
    *records, last = whole_lines(out)
    assert last["summary"]["frames"] == len(records)
    assert last["summary"]["interrupted"]
    assert last["summary"]["explain"]["age"]["p50"] > 0


def test_terminating_a_cameras_run_is_its_end_too(testdata, tmp_path):
    """As `docker stop` and systemd end a service; `timeout` says it twice."""
    pytest.importorskip("av")
    out, camera = tmp_path / "out.jsonl", "lavfi:testsrc=size=64x48:rate=30,realtime"
    arguments = ["run", camera, "--brain", brain_of(testdata), "--engine", "onnx", "--quiet"]
    process = started([*arguments, "--sink", "jsonl:out.jsonl", "--sink", "csv:out.csv"], tmp_path)
    wait_for(lambda: out.exists() and out.stat().st_size > 2000, process)
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
    stderr = process.communicate(timeout=60)[1]
    assert (process.returncode, stderr.splitlines()[-1]) == (143, "runner: terminated")
    *records, last = whole_lines(out)
    assert (last["summary"]["frames"], last["summary"]["interrupted"]) == (len(records), True)
    assert (tmp_path / "out.csv").is_file()
    assert not list(tmp_path.rglob("*.part"))


def test_terminating_a_run_over_files_keeps_what_was_finished(arguments, tmp_path):
    out = tmp_path / "out.jsonl"
    process = started([*arguments, "--sink", "jsonl:out.jsonl", "--sink", "csv:out.csv"], tmp_path)
    wait_for(lambda: out.exists() and out.stat().st_size > 2000, process)
    process.terminate()
    stderr = process.communicate(timeout=60)[1]
    assert (process.returncode, stderr.strip()) == (143, "runner: terminated")
    assert 1 < len(whole_lines(out)) < 300
    assert (tmp_path / "out.csv").is_file()
    assert not list(tmp_path.rglob("*.part"))


def test_a_terminal_that_closes_is_its_end_too(testdata, tmp_path):
    pytest.importorskip("av")
    pty = pytest.importorskip("pty")
    out, camera = tmp_path / "out.jsonl", "lavfi:testsrc=size=64x48:rate=30,realtime"
    arguments = ["run", camera, "--brain", brain_of(testdata), "--engine", "onnx"]
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*RUNNER, *arguments, "--sink", "jsonl:out.jsonl", "--sink", "csv:out.csv"], cwd=tmp_path,
        env=os.environ | {"RUNNER_HOME": str(tmp_path / "home")}, stdin=its, stdout=its, stderr=its,
    )  # fmt: skip
    os.close(its)
    drain = threading.Thread(target=_read_all, args=(ours,), daemon=True)
    drain.start()
    while not (out.exists() and out.stat().st_size > 2000):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGHUP)  # as the system does to what a terminal has started
    assert process.wait(timeout=60) == 129
    *records, last = whole_lines(out)
    assert (last["summary"]["frames"], last["summary"]["interrupted"]) == (len(records), True)
    assert (tmp_path / "out.csv").is_file()
    assert not list(tmp_path.rglob("*.part"))
    drain.join(60)
    os.close(ours)


def _read_all(descriptor: int) -> None:
    with suppress(OSError):  # nobody writes any more
        while os.read(descriptor, 1 << 16):
            pass


@pytest.mark.parametrize("ignored", [signal.SIGHUP, signal.SIGTERM])
def test_who_has_a_signal_ignored_as_by_nohup_is_not_stopped_by_it(arguments, tmp_path, ignored):
    out = tmp_path / "out.jsonl"
    for picture in sorted((tmp_path / "pictures").iterdir())[40:]:
        picture.unlink()
    process = started([*arguments, "--sink", "jsonl:out.jsonl"], tmp_path,
                      preexec_fn=lambda: signal.signal(ignored, signal.SIG_IGN))  # fmt: skip
    wait_for(lambda: out.exists() and out.stat().st_size > 2000, process)
    process.send_signal(ignored)
    assert (process.communicate(timeout=60)[1], process.returncode) == ("", 0)
    assert len(whole_lines(out)) == 41


def test_an_interrupt_does_not_wait_for_a_brain_to_close_the_sinks(tmp_path):
    script = textwrap.dedent("""
        import sys, time
        from parts import MemorySink, ScriptedBrain, ScriptedSource
        from runner_core import run

        class Telling(MemorySink):
            def open(self):
                from contextlib import contextmanager
                @contextmanager
                def opened():
                    try:
                        yield self
                    finally:
                        print("closed", flush=True)
                return opened()

        def slow(frame):
            print("working", flush=True)
            sys.stdin.read()

        run(ScriptedSource(5), [ScriptedBrain(act=slow)], [Telling()], threads=1)
    """)
    environment = with_helpers()
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    assert process.stdout.readline() == "working\n"
    time.sleep(0.3)  # until the pool's thread is known to it, or Python waits for that thread for ever at its exit
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "closed\n"  # and the brain goes on until it may read
    process.communicate(timeout=60)


SINKS = ("jsonl:out.jsonl", "csv:out.csv", "coco:out.json", "yolo:yolo", "images:drawn")


@pytest.mark.parametrize("place", [0, len(SINKS)])
def test_an_interrupt_while_a_sink_writes_is_the_end_of_a_cameras_run_too(tmp_path, place):
    """Files are whole and hold the same frames: one that keeps nothing gets a result last, wherever it was named."""
    script = textwrap.dedent(f"""
        import time
        from parts import MemorySink, ScriptedBrain, ScriptedSource
        from runner_core import run

        def slow(result):
            if result.frame.index >= 2:  # that one may be passed over
                print("writing", flush=True)
                time.sleep(100)

        sinks = [*{SINKS}]
        sinks.insert({place}, MemorySink(slow))
        run(ScriptedSource(5000, live=True, pause=0.05), [ScriptedBrain()], sinks)
    """)
    environment = with_helpers()
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)  # the sink would write for longer
    *lines, last = whole_lines(tmp_path / "out.jsonl")
    assert (process.returncode, last["summary"]["interrupted"]) == (0, True)
    table = (tmp_path / "out.csv").read_text().splitlines()
    images = json.loads((tmp_path / "out.json").read_text())["images"]
    drawn = list((tmp_path / "drawn").iterdir())
    counts = [len(lines), len(table) - 1, len(images), len(list(tmp_path.glob("yolo/*/labels/*"))), len(drawn)]
    assert counts == [last["summary"]["frames"]] * len(SINKS)
    assert not list(tmp_path.rglob("*.part"))


def test_a_full_disk_leaves_whole_lines(arguments, tmp_path):
    room = 20_000  # of bytes that a file may have
    process = started([*arguments, "--sink", "jsonl:out.jsonl", "--sink", "jsonl:second/out.jsonl"], tmp_path,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))  # fmt: skip
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "out.jsonl: cannot take another line (File too large)" in stderr
    assert "Traceback" not in stderr
    first, second = whole_lines(tmp_path / "out.jsonl"), whole_lines(tmp_path / "second" / "out.jsonl")
    assert 1 < len(first) < 300
    assert len(second) == len(first)


def test_a_reader_that_goes_away_ends_the_run(arguments, tmp_path):
    process = started(arguments, tmp_path, stdout=subprocess.PIPE)
    assert json.loads(process.stdout.readline())["index"] == 0
    process.stdout.close()
    stderr = process.communicate(timeout=60)[1]
    assert (process.returncode, stderr) == (1, "")


def test_a_killed_run_leaves_whole_lines(arguments, tmp_path):
    out = tmp_path / "out.jsonl"
    process = started([*arguments, "--sink", "jsonl:out.jsonl"], tmp_path)
    wait_for(lambda: out.exists() and out.stat().st_size > 2000, process)
    process.kill()
    process.communicate(timeout=60)
    assert len(whole_lines(out)) >= 2
