"""However a run ends, each sink leaves whole files of what was finished, or what was there before."""

import csv
import json
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from runner_core.errors import SinkError
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.testing import sample_results

PLACES = (
    "coco:out.json", "coco:list.json?form=results", "label-studio:tasks.json", "csv:out.csv", "parquet:out.parquet",
    "yolo:labels", "voc:voc", "crops:crops",
)  # fmt: skip
FILES = ("out.json", "list.json", "list.images.json", "tasks.json", "tasks.config.xml", "out.csv", "out.parquet")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_until(error: BaseException, count: int = 1) -> None:
    """A run with every sink at once that ends by ``error`` after so many results."""
    with ExitStack() as stack:
        writers = [stack.enter_context(open_sink(place).open()) for place in PLACES]
        for result in sample_results()[:count]:
            for writer in writers:
                writer.write(result)
        raise error


def check_whole(folder: Path, rows: int) -> None:
    """Every file can be read by who reads its format, and has so many rows."""
    dataset = json.loads((folder / "out.json").read_text())
    assert (len(dataset["annotations"]), len(dataset["images"]), len(dataset["categories"])) == (rows, 1, 2)
    assert len(json.loads((folder / "list.json").read_text())) == rows
    assert json.loads((folder / "list.images.json").read_text())["categories"] == dataset["categories"]
    (task,) = json.loads((folder / "tasks.json").read_text())
    assert len(task["predictions"][0]["result"]) == rows
    assert len(list(ET.parse(folder / "tasks.config.xml").getroot().iter("Label"))) == 2
    assert len(list(csv.DictReader((folder / "out.csv").read_text().splitlines()))) == rows
    assert pq.read_table(folder / "out.parquet").num_rows == rows
    assert len((folder / "labels" / "sample" / "labels" / "sample-0.txt").read_text().splitlines()) == 2
    assert len(list(ET.parse(folder / "voc" / "Annotations" / "sample-0.xml").getroot().iter("object"))) == 2
    assert (folder / "voc" / "labelmap.txt").read_text().count("\n") == 4
    assert len(list((folder / "crops").rglob("*.png"))) >= 2
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize(
    "error",
    [ValueError("a fault"), KeyboardInterrupt(), SinkError("another sink's disk is full"), BrokenPipeError("a pipe")],
    ids=lambda error: type(error).__name__,
)
def test_what_breaks_off_a_run_leaves_what_was_finished(here, error):
    """Also if another sink fails: these keep what they have, and its error is raised unchanged."""
    with pytest.raises(type(error)) as caught:
        write_until(error)
    assert caught.value is error
    check_whole(here, rows=2)


INTERRUPTED = """
import itertools, signal, sys
sys.path[:0] = sys.argv[1:2]
from test_ways_out import PLACES
from contextlib import ExitStack
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.testing import sample_results
with ExitStack() as stack:
    writers = [stack.enter_context(open_sink(place).open()) for place in PLACES]
    for count in itertools.count():
        for writer in writers:
            writer.write(sample_results()[0])
        if not count:
            print("begun", flush=True)
"""


@pytest.mark.parametrize("after", [0.0, 0.11, 0.23])
def test_an_interrupt_at_any_moment_leaves_whole_files(here, after):
    """Between two bytes of a row, too: the list is ended behind a whole one."""
    command = [sys.executable, "-c", INTERRUPTED, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(after)
        process.send_signal(signal.SIGINT)
        stderr = process.communicate(timeout=20)[1]
    assert b"KeyboardInterrupt" in stderr
    dataset = json.loads((here / "out.json").read_text())
    rows = json.loads((here / "list.json").read_text())
    images = json.loads((here / "list.images.json").read_text())["images"]
    tasks = json.loads((here / "tasks.json").read_text())
    table = list(csv.DictReader((here / "out.csv").read_text().splitlines()))
    assert abs(len(tasks) - len(images)) <= 1
    assert ET.parse(here / "tasks.config.xml").getroot().tag == "View"
    assert abs(len(dataset["annotations"]) - 2 * len(dataset["images"])) <= 2
    assert abs(len(rows) - 2 * len(images)) <= 2
    assert all(row["parent_brain"] is not None for row in table)  # the last cell of each line is there
    assert abs(pq.read_table("out.parquet").num_rows - len(table)) <= 2
    assert not list(here.glob(".*"))


def test_a_kill_leaves_what_was_there_before(here):
    for name in FILES:
        (here / name).write_text("of yesterday")
    command = [sys.executable, "-c", INTERRUPTED, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.kill()
    assert [(here / name).read_text() for name in FILES] == ["of yesterday"] * len(FILES)


LIMITED = """
import resource, sys
from runner_core.errors import SinkError
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.testing import sample_results
sys.dont_write_bytecode = True  # else with half of the code of what is imported now
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, resource.RLIM_INFINITY))
try:
    with open_sink(sys.argv[1]).open() as writer:
        for number in range(100_000):
            writer.write(sample_results()[0])
            if number % 50 == 0 and hasattr(writer, "flush"):
                writer.flush()
except SinkError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


@pytest.mark.parametrize("place", PLACES[:5])
def test_a_disk_that_fills_up_leaves_what_was_there_before(here, place):
    for name in FILES:
        (here / name).write_text("of yesterday")
    ended = subprocess.run([sys.executable, "-c", LIMITED, place], text=True, capture_output=True, check=False)
    assert ended.returncode == 3, ended.stderr
    assert "cannot be written (File too large); make room" in ended.stderr
    assert [(here / name).read_text() for name in FILES] == ["of yesterday"] * len(FILES)
    assert sorted(path.name for path in here.iterdir()) == sorted(FILES)


@pytest.mark.parametrize("place", PLACES)
def test_an_unwritable_place_is_reported_before_the_first_frame(here, place):
    (here / "file").write_text("no folder")
    name, _, rest = place.partition(":")
    with (
        pytest.raises(SinkError, match=r"file/.* cannot be written .*; make room"),
        open_sink(f"{name}:file/{rest}").open(),
    ):
        pytest.fail("it was opened")


def test_a_run_that_never_began_leaves_the_previous_file(here):
    """Another sink cannot be opened, or the run is stopped while the models load."""
    for name in FILES:
        (here / name).write_text("of yesterday")
    with pytest.raises(KeyboardInterrupt):
        write_until(KeyboardInterrupt(), count=0)
    assert [(here / name).read_text() for name in FILES] == ["of yesterday"] * len(FILES)
    assert not list(here.glob(".*"))


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="this system has no /dev/null")
def test_a_device_or_a_pipe_is_written_to_and_not_replaced(here):
    Path("nowhere.csv").symlink_to("/dev/null")
    with open_sink("csv:nowhere.csv").open() as writer:
        writer.write(sample_results()[0])
    assert Path("nowhere.csv").is_char_device()
    script = "from runner_core.pipeline.sources_sinks import open_sink\nwith open_sink('csv:/dev/stdout').open(): pass"
    told = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert told.startswith("source,index")


def test_a_link_stays_one_and_what_it_leads_to_is_replaced(here):
    (here / "elsewhere").mkdir()
    (here / "elsewhere" / "real.csv").write_text("of yesterday")
    (here / "link.csv").symlink_to("elsewhere/real.csv")
    with open_sink("csv:link.csv").open():
        pass
    assert (here / "link.csv").is_symlink()
    assert (here / "elsewhere" / "real.csv").read_text().startswith("source,index")
