"""The code of docs/how-to/use-processes-and-threads.md runs as it is written, block by block, in files and servers."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Thread

import pytest

from runner_core.errors import ForkedError
from runner_core.util.forks import Birthplace

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "use-processes-and-threads.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PICTURES = ROOT / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures"
OPENED, LOOP, SERVER, STARLETTE, POOL, INITIALIZED = BLOCKS


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    (tmp_path / "pictures").mkdir()
    for picture in sorted(PICTURES.glob("*.jpg"))[:3]:
        shutil.copy(picture, tmp_path / "pictures")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def names(folder) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(OPENED, names)
    return names


def test_threads_and_the_event_loop_give_the_same_answers(names):
    alone = [names["brain"].predict(picture).boxes.tolist() for picture in names["pictures"]]
    assert [answer.boxes.tolist() for answer in names["answers"]] == alone
    exec(LOOP, names)
    assert [answer.boxes.tolist() for answer in names["answers"]] == alone


def test_the_server_answers(names):
    exec(SERVER, names)
    server, picture = names["server"], names["pictures"][1]
    names["Answers"].log_message = lambda *_: None
    Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(
        f"http://127.0.0.1:{server.server_port}", data=picture.read_bytes(), timeout=60
    ) as answer:
        found = json.load(answer)["instances"]
    server.shutdown()
    server.server_close()
    assert len(found) == len(names["brain"].predict(picture)) > 0


def test_so_does_starlette(names):
    testclient = pytest.importorskip("starlette.testclient", exc_type=ImportError)
    exec(LOOP, names)
    exec(STARLETTE, names)
    picture = names["pictures"][1]
    with testclient.TestClient(names["app"]) as client:
        found = client.post("/predict", content=picture.read_bytes()).json()["instances"]
    assert len(found) == len(names["brain"].predict(picture)) > 0


@pytest.mark.parametrize("pool", [POOL, INITIALIZED], ids=["pickled", "opened in each"])
def test_a_pool_that_spawns_works_from_a_file(pool, folder):
    guarded = OPENED.replace("with Thread", 'if __name__ == "__main__":\n  with Thread')
    script = f"{guarded}import multiprocessing\n{pool}    print([len(answer) for answer in answers])\n"
    (folder / "look.py").write_text(script.replace("  answers = list", "    answers = list", 1))
    done = subprocess.run(
        [sys.executable, "look.py"], check=False, cwd=folder, capture_output=True, text=True, timeout=240
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == 3


def test_the_page_quotes_the_error_as_it_is():
    place = Birthplace()
    place._forks = -1
    with pytest.raises(ForkedError) as raised:
        place.check("brain page")
    assert f"ForkedError: {raised.value}" in " ".join(PAGE.split())
