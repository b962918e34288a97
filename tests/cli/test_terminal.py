"""What strangers name is shown on a terminal and does nothing there."""

import json
import os
import re
import shutil
import sys
from urllib.parse import quote

import onnx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from onnx_models import write_classifier
from PIL import Image
from terminal import run_in_terminal

from runner_core.cards.card import CARD_FILE
from runner_core.util import make_printable

ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
EVIL = "\x1b]0;title\x07\x1b[2J\x9b31mRED\u202e\x7f\r\t"
SIGNS = st.one_of(st.characters(min_codepoint=1, max_codepoint=0x9F), st.sampled_from("\u202e\u2066猫é😀[]{}<>&"))
TEXTS = st.text(SIGNS, min_size=1, max_size=12)
FILE_NAMES = TEXTS.filter(lambda text: not set(text) & set("/?*[>~#") and text.strip(". \t\n\r"))


def make_model(folder, names, metadata):
    """A classifier whose metadata and labels hold these texts."""
    model = onnx.load(write_classifier(folder / "m.onnx", classes=len(names), end="Softmax"))
    onnx.helper.set_model_props(model, {"task": "classify", "note": metadata, metadata[:5]: "x"})
    onnx.save(model, folder / "m.onnx")
    (folder / "labels.json").write_text(json.dumps(names))
    return f"m.onnx?labels=labels.json&task=classification&name={quote(names[0])}"


def use(runner, folder, names, metadata, file_name):
    """What all that may be printed of them prints."""
    brain = make_model(folder, names, metadata)
    pictures = folder / "pictures"
    pictures.mkdir()
    Image.new("RGB", (40, 30), "red").save(pictures / f"{file_name}.png", "PNG")
    (pictures / f"{file_name}2.png").write_bytes(b"no picture")
    picture = pictures / f"{file_name}.png"
    commands = [
        ("inspect", "m.onnx", "--labels", "labels.json", "--task", "classification", "--write"),
        ("inspect", "m.onnx"),
        ("predict", picture, "-b", brain),
        ("predict", picture, "-b", brain, "--json"),
        ("predict", pictures / f"{file_name}3.png", "-b", brain),
        ("run", pictures, "-b", brain, "-s", f"jsonl:{folder}/out.jsonl", "--explain"),
        ("run", pictures, "-b", brain, "--classes", metadata),
        ("run", metadata, "-b", brain),
        ("replay", folder / "out.jsonl"),
        ("replay", folder / "out.jsonl", "--classes", metadata, "-s", f"csv:{folder}/out.csv"),
        ("predict", picture, "-b", metadata),
        ("predict", picture, "-b", "m.onnx", "--engine", metadata),
        ("pull", metadata),
        ("brains", "remove", metadata),
        (metadata,),
        ("run", picture, "-b", brain, f"--{metadata}"),
    ]
    for words in commands:
        yield words, runner(*words)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([EVIL, EVIL + "2", "c"], EVIL, EVIL.replace("/", ""))
@given(st.lists(TEXTS, min_size=3, max_size=3, unique=True), TEXTS, FILE_NAMES)
def test_no_name_acts_on_a_terminal(runner, tmp_path, names, metadata, file_name):
    folder = tmp_path
    for left in tmp_path.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    for words, done in use(runner, folder, names, metadata, file_name):
        for shown in (done.stdout, done.stderr):
            assert not ACTS.search(shown), (words, shown)


def test_json_keeps_its_meaning_on_a_terminal_and_its_bytes_in_a_file(runner, tmp_path):
    brain = make_model(tmp_path, [EVIL, "b", "c"], "x")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    done = runner("predict", "a.png", "-b", brain, "--json")
    labels = {each["label"] for each in json.loads(done.stdout)["instances"]}
    assert EVIL in labels
    piped = runner("run", "a.png", "-b", brain, "-s", "-")
    runner("run", "a.png", "-b", brain, "-s", "jsonl:out.jsonl")
    lines = [piped.stdout.splitlines()[0], (tmp_path / "out.jsonl").read_text().splitlines()[0]]
    found = [{each["label"] for each in json.loads(line)["inferences"][0]["instances"]} for line in lines]
    assert found == [labels, labels]
    assert "\x9b31m" in lines[1]


def test_a_card_and_a_plugins_summary_act_neither(runner, tmp_path):
    make_model(tmp_path, ["a", "b", "c"], "x")
    assert runner("inspect", "m.onnx", "--labels", "labels.json", "--task", "classification", "--write").returncode == 0
    card = json.loads((tmp_path / CARD_FILE).read_text())
    (tmp_path / CARD_FILE).write_text(json.dumps(card | {"name": EVIL, "licence": EVIL, "notes": [EVIL]}))
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    for words in [("inspect", "."), ("predict", "a.png", "-b", "."), ("verify", ".", "--pictures", "a.png")]:
        done = runner(*words)
        assert not ACTS.search(done.stdout + done.stderr), words


@pytest.mark.parametrize("words", [("run", "pictures", "-s", "jsonl:out.jsonl"), ("run", "pictures"), ("predict", "p")])
def test_on_a_terminal_only_the_codes_of_bars_and_tables_act(tmp_path, words):
    brain = make_model(tmp_path, [f"{EVIL}[/b]", "b", "c"], EVIL)
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (40, 30), "red").save(tmp_path / "p", "PNG")
    for number in range(3):
        (tmp_path / "pictures" / f"{EVIL}{number}.png").write_bytes(b"no picture" if number else b"")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "pictures" / f"a{EVIL}.png")
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100", "RUNNER_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "runner_core.cli.main", *words, "--brain", brain, "--engine", "onnx"]
    _, shown = run_in_terminal(command, cwd=tmp_path, env=environment)
    assert "RED" in shown
    assert "\x1b[" in shown, "no bar, no table"
    for part in ("\x1b]", "\x07", "\x1b[2J", "\x9b", "\u202e", "\x7f"):
        assert part not in shown, shown


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("猫 é\n", "utf-8", "猫 é\n"),
        ("猫 é", "latin-1", "\\u732b é"),
        ("😀", "ascii", "\\ud83d\\ude00"),
        ("a\x1b[2J\x9b", "utf-8", "a\\u001b[2J\\u009b"),
        (os.fsdecode(b"caf\xe9"), "utf-8", "caf\\udce9"),
    ],
)
def test_what_cannot_be_shown_is_escaped_as_in_json(text, encoding, shown):
    assert make_printable(text, encoding) == shown
    escaped = make_printable(json.dumps(text, ensure_ascii=False), encoding)
    assert json.loads(escaped) == text


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_terminal_that_lacks_a_sign_gets_its_escape(runner_process, tmp_path, more):
    brain = make_model(tmp_path, ["猫\x9b", "b", "c"], "x")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    done = runner_process("predict", "a.png", "-b", brain, "--engine", "onnx", *more, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "\\u732b\\u009b" in done.stdout
