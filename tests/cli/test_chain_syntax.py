"""``--brain 'page[page] > graphs'``."""

import json
from pathlib import Path

import attrs
import pytest

from runner_core import CropRule, LabelMap
from runner_core.brain import Brain
from runner_core.cli.chain_syntax import Step, build_chain, parse_chain
from runner_core.errors import UsageError

PICTURES = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures"


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("page", [Step("page")]),
        ("nets/[new]/cats.pb?conf=0.4", [Step("nets/[new]/cats.pb?conf=0.4")]),
        ("folder[1]", [Step("folder[1]")]),
        ("a folder[", [Step("a folder[")]),
        ("page [page, margin = 0.1] > graphs", [Step("page", ("page",), {"margin": 0.1}), Step("graphs")]),
        ("page>graphs", [Step("page"), Step("graphs")]),
        ("page[page] > graphs", [Step("page", ("page",)), Step("graphs")]),
        (
            "a?conf=0.4 [big page, cup, margin=0.05] > b[] > c?name=d",
            [Step("a?conf=0.4", ("big page", "cup"), {"margin": 0.05}), Step("b"), Step("c?name=d")],
        ),
    ],
)
def test_what_is_typed(text, steps):
    assert list(parse_chain(text)) == steps


def test_a_file_that_is_there_is_no_chain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a>b.onnx").write_text("x")
    for text in ("a>b.onnx", "./a>b.onnx?conf=0.4", "file:a>b.onnx"):
        assert parse_chain(text) == (Step(text),)
    assert parse_chain("a>c.onnx") == (Step("a"), Step("c.onnx"))
    chained = parse_chain("a>b.onnx?conf=0.4[cup] > a>b.onnx > c")
    assert chained == (Step("a>b.onnx?conf=0.4", ("cup",)), Step("a>b.onnx"), Step("c"))


@pytest.mark.parametrize(
    "text",
    [
        "page >", "> graphs", "page > > graphs", "[page] > graphs", "page[margin=big] > graphs",
        "page[align=0] > graphs",
        "page[align=0-1-2] > graphs", "page[align=wrist-tip] > graphs", "page[square=yes] > graphs",
    ],
)  # fmt: skip
def test_what_makes_no_sense(text):
    with pytest.raises(UsageError):
        parse_chain(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("page[page, margn=1] > graphs", "no option 'margn'; did you mean margin? known: margin"),
        ("page[page > graphs", "the bracket of 'page[page' is not closed"),
        ("page > page[page > graphs", "the bracket of 'page[page' is not closed"),
        ("page[[page] > graphs", "the bracket of 'page[' is not closed"),
        ("page page] > graphs", "the bracket of 'page page]' was never opened"),
        ("page[scale=big] > graphs", "scale=big cannot be read; write scale=1.5"),
        ("page[around=all] > graphs", "around=all cannot be read; write around=box, around=line, around=circle"),
        ("page[page] > graphs]", "the bracket of 'graphs]' was never opened"),
    ],
)
def test_a_slip_is_reported(text, message):
    with pytest.raises(UsageError) as caught:
        parse_chain(text)
    assert message in str(caught.value)


def test_a_chain_runs_and_the_brain_named_twice_is_one(runner):
    brains = ("--brain", "page", "--brain", "page[page, margin=0.05] > graphs")
    done = runner("run", PICTURES / "3-two.jpg", *brains)
    assert done.returncode == 0, done.stderr
    line, summary = map(json.loads, done.stdout.splitlines())
    page, graphs = line["inferences"]
    assert (page["brain"], graphs["brain"], graphs["parent_brain"]) == ("page", "graphs", "page")
    known = {row["id"] for row in page["instances"]}
    assert graphs["instances"]
    assert {row["parent"] for row in graphs["instances"]} <= known
    assert summary["summary"]["brains"]["page"]["answered"] == 1


class Silent(Brain):
    """Has a name, and crops that it wants."""

    task = family = engine = "none"
    version, labels = "1", LabelMap()

    def __init__(self, name, crops=()):
        self.name, self.crops = name, crops

    def infer(self, frame):
        raise NotImplementedError


HAND = CropRule((0, 2), 90, shift=(0, -0.5), square=True, scale=2.6, keypoints=7)


@pytest.mark.parametrize(
    ("words", "wanted", "rules"),
    [
        ("", (HAND,), (HAND,)),
        ("margin=0.2", (HAND,), (HAND,)),
        ("align=none", (HAND,), ()),
        ("scale=3", (HAND,), (attrs.evolve(HAND, scale=3),)),
        ("shift_x=0.1", (HAND,), (attrs.evolve(HAND, shift=(0.1, -0.5)),)),
        ("align=5-1, at=45", (HAND,), (CropRule((5, 1), 45),)),
        ("align=box, square=1", (HAND,), (CropRule(square=True),)),
        ("align=0-1, around=circle", (), (CropRule((0, 1), around="circle"),)),
        ("scale=1.5", (), (CropRule(scale=1.5),)),
        ("scale=2", (HAND, CropRule((3, 4))), (attrs.evolve(HAND, scale=2), CropRule((3, 4), scale=2))),
    ],
)
def test_crops_are_as_the_next_brain_wants_them_and_as_is_typed(words, wanted, rules):
    steps = parse_chain(f"palm[{words}] > hand")
    assert build_chain(steps, {"palm": Silent("palm"), "hand": Silent("hand", wanted)}).rules == rules


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("align=none, scale=2", "align=none with scale: a crop is upright then"),
        ("around=circle", "without a line there is only the box"),
        ("align=0-0", "it must be the numbers of two keypoints"),
        ("scale=0", "scale above 0"),
    ],
)
def test_crops_that_make_no_sense(words, message):
    steps = parse_chain(f"palm[{words}] > hand")
    with pytest.raises(UsageError, match=message):
        build_chain(steps, {"palm": Silent("palm"), "hand": Silent("hand")})
