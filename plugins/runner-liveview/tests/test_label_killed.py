"""A server that is killed: what was answered is in the file, and a page that is open goes on with the next one."""

import json
import random
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from itertools import count

import pytest
import requests
from label_desk import SIZE, write_pictures
from label_page import Person

ROUNDS = 30
LONG = 120  # seconds, for what would hang


@contextmanager
def served(folder, port):
    """``runner label`` as a process of its own, which is killed at the end."""
    command = [
        sys.executable,
        "-m",
        "runner_core.cli.main",
        "label",
        str(folder),
        "--classes",
        "cup",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                if line.startswith("label: http"):
                    break
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path):
    write_pictures(tmp_path / "pictures", 2)
    return tmp_path / "pictures"


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def box(number):
    return [number % 40 * 10, number // 40 * 10, number % 40 * 10 + 8, number // 40 * 10 + 8]


def draw_until_it_ends(port, begun):
    """Strokes one after the other, each with all before it; how many were answered."""
    boxes, url = [], f"http://127.0.0.1:{port}/sheet?picture=a.png&page=test"
    with requests.Session() as session:
        for number in count():
            boxes.append({"id": number or None, "label": "cup", "box": box(number)})
            body = {"size": SIZE, "stamp": "", "done": True, "boxes": [{**each, "id": None} for each in boxes]}
            begun.set()
            try:
                session.put(url, json=body, timeout=LONG).raise_for_status()
            except requests.ConnectionError:
                return number
    raise AssertionError


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_kill_at_any_moment_loses_at_most_the_stroke_at_hand(folder, port):
    moments = random.Random(7)
    for _ in range(ROUNDS):
        with served(folder, port) as process:
            begun = threading.Event()
            moment = moments.uniform(0, 0.5)
            killer = threading.Thread(
                target=lambda begun=begun, moment=moment, process=process: (
                    begun.wait(LONG), threading.Event().wait(moment), process.send_signal(signal.SIGKILL),
                )
            )  # fmt: skip
            killer.start()
            answered = draw_until_it_ends(port, begun)
            killer.join()
        path = folder / "labels.json"
        found = len(json.loads(path.read_text())["annotations"]) if path.exists() else 0
        assert answered <= found <= answered + 1
        path.unlink(missing_ok=True)


def test_a_page_goes_on_with_the_next_server(folder, port, browser):
    with browser.new_context() as context, served(folder, port) as process:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/#a.png")
        person = Person(page)
        person.at("a.png")
        person.draw((10, 10, 100, 100))
        person.saved()
        process.kill()
        process.wait()
        person.says("Connection lost")
        person.press("Escape")
        person.draw((200, 100, 300, 200))
        person.says("Not saved: the server does not answer. Your work is kept on this page")
        with served(folder, port):
            person.saved()
            document = json.loads((folder / "labels.json").read_text())
            assert len(document["unfinished"]["annotations"]) == 2
            assert len(person.boxes) == 2
