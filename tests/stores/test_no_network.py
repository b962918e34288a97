"""With the network gone a fetched brain runs, and nothing tries to connect: what Python is asked for is listened to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from runner_store_folder.store import FolderStore

from runner_core.discovery.registry import KINDS, get_registry

DEMO = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo"
PICTURE = DEMO / "pictures" / "1-book.jpg"

# Ends whatever would ask somebody, by Python's audit events. That urllib3 binds a socket to this machine to see whether
# there is IPv6 asks nobody, nor does making one.
BLOCKED = """
import socket, sys
def hook(event, arguments):
    harmless = event == "socket.__new__" or (event == "socket.bind" and arguments[1] == ("::1", 0))
    if event.startswith("socket.") and not harmless:
        sys.stderr.write(f"TRIED {event} {arguments[1:]}\\n")
        raise OSError("there is no network")
sys.addaudithook(hook)
"""
RUN = BLOCKED + "from runner_core.cli.main import main\nmain()\n"

LOOK = """
import json, sys
events = []
sys.addaudithook(lambda event, told: event.startswith("socket.") and events.append([event, repr(told[1:])]))
from runner_core.discovery.registry import get_registry
for found in {kind}:
    get_registry().get(*found).load()
print(json.dumps(events))
"""


def run(script, *arguments, **environment):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=200, env={**os.environ, **environment}
    )


@pytest.fixture
def pulled(home, shelf, server, monkeypatch):
    """The demo's brain, from a server that is there no longer."""
    FolderStore(str(shelf)).push(DEMO / "brains" / "page")
    monkeypatch.setenv("RUNNER_STORES", f"team=http:{server.url}")
    done = run("from runner_core.cli.main import main; main()", "pull", "team:page")
    assert done.returncode == 0, done.stderr
    server.asked.clear()
    return server


def found(done):
    (record, _) = map(json.loads, done.stdout.splitlines())
    (inference,) = record["inferences"]
    return {instance["label"] for instance in inference["instances"]}


def test_the_block_blocks(pulled):
    done = run(RUN, "pull", "team:page@2")
    assert done.returncode == 1
    assert "TRIED socket.getaddrinfo" in done.stderr


@pytest.mark.parametrize(("reference", "offline"), [("page", "1"), ("team:page@1", "")])
def test_a_pulled_brain_runs_without_network(pulled, reference, offline):
    done = run(RUN, "run", PICTURE, "--engine", "onnx", "--brain", reference, RUNNER_OFFLINE=offline)
    assert done.returncode == 0, done.stderr
    assert "TRIED" not in done.stderr
    assert found(done) == {"page"}
    assert pulled.asked == []


def test_without_the_variable_it_tries_and_runs_what_is_here(pulled):
    """No network is no reason to stand still, though nobody set RUNNER_OFFLINE."""
    done = run(RUN, "run", PICTURE, "--engine", "onnx", "--brain", "team:page")
    assert done.returncode == 0, done.stderr
    assert "version 1, fetched before, is used" in done.stderr
    assert found(done) == {"page"}


def test_offline_a_missing_brain_is_reported_without_a_request(pulled):
    done = run(RUN, "run", PICTURE, "--brain", "team:other", RUNNER_OFFLINE="1")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "runner: brain other of store team is not here and RUNNER_OFFLINE is set; unset it, or pull while online"
    ]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if get_registry().all(kind)])
def test_no_plugin_opens_a_connection_when_it_is_imported(kind):
    wanted = [(kind, name) for name in get_registry().all(kind)]
    done = run(LOOK.format(kind=wanted))
    assert done.returncode == 0, done.stderr
    events = json.loads(done.stdout.splitlines()[-1])
    assert [event for event in events if event[0] not in ("socket.__new__", "socket.bind")] == []
    assert {told for event, told in events if event == "socket.bind"} <= {"(('::1', 0),)"}
