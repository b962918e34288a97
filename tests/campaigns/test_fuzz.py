"""Campaigns over a toy that breaks in every way: each is found, named, counted once, and found again by its recipe."""

import fuzz
import pytest
from children import Broken, Child
from edits import apply_edits, parse_edits

TOY = """
import faulthandler, os, signal, sys, time, warnings
from pathlib import Path

NAMED = False
TOKENS = (b"RAISE", b"CRASH", b"LEAVE", b"PRINT")
kept = []

def make_seeds():
    return {"one": b"sound", "two": b"another sound one"}

def fuzz_one_input(data):
    if b"RAISE" in data:
        raise ValueError(f"no such thing as {len(data)}")
    if b"CRASH" in data:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"LEAVE" in data:
        os._exit(7)
    if b"PRINT" in data:
        os.write(2, b"Traceback (most recent call last):\\n  in a thread\\nKeyError: 3\\n")
    if b"SLEEP" in data:
        time.sleep(600)
    if b"GROW" in data:
        for _ in range(200):
            kept.append(bytearray(os.urandom(1 << 10) * 1024))
        time.sleep(600)
    if b"WHOLE" in data:
        raise OSError
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The name of the campaign."""
    (tmp_path / "fuzz_toy.py").write_text(TOY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "toy"


@pytest.fixture
def child(toy):
    with Child(toy, memory=100 << 20) as started:
        yield started


def test_a_sound_input_is_no_fault_and_one_process_takes_many(child):
    assert child.seeds == {"one": b"sound", "two": b"another sound one"}
    assert [child.ask(b"sound") for _ in range(50)] == [None] * 50


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"RAISE", "ValueError: no such thing as 5"),
        (b"CRASH", "the process ended with SIGSEGV"),
        (b"LEAVE", "the process ended with exit code 7"),
        (b"PRINT", "a traceback is printed"),
        (b"GROW", "MB above what whole files take"),
    ],
)
def test_each_way_to_break_is_told_and_the_next_input_is_taken(child, data, what):
    fault = child.ask(data)
    assert fault
    assert what in fault.what
    assert child.ask(b"sound") is None


def test_where_it_hangs_is_told(toy):
    with Child(toy, patience=1) as child:
        fault = child.ask(b"SLEEP")
    assert fault
    assert "no end within 1 s" in fault.what
    assert "in fuzz_one_input" in fault.where


def test_a_whole_file_that_fails_ends_the_campaign(tmp_path, toy):
    (tmp_path / "fuzz_toy.py").write_text(TOY.replace('b"sound"', 'b"WHOLE"'))
    with pytest.raises(Broken, match="one, which is whole"), Child(toy):
        pass


def run(toy, said, first, count):
    campaign = fuzz.run_campaign(toy, 3, first=first, goes_on=lambda done: done < count, say=said.append)
    return campaign.findings


def test_a_campaign_tells_each_fault_once_with_what_makes_it_again(toy):
    said = []
    findings = run(toy, said, 0, 40)
    assert len(findings) == 4
    assert sum(each.count for each in findings.values()) > 4
    for finding in findings.values():
        edits = parse_edits(finding.recipe.rpartition(": ")[2])
        assert len(apply_edits(b"", edits)) == 5, "a recipe is as short as it can be"
    assert f"--replay '{finding.recipe}'" in "".join(said)
    assert "seed 3" in said[0]
    again = fuzz.replay(toy, finding.recipe)
    assert again == finding.fault
    assert [each.recipe for each in run(toy, [], finding.number, 1).values()] == [finding.recipe]
