"""``--brain 'page[page] > graphs'``."""

import json
from pathlib import Path

import pytest

from runner_core.cli.chain_syntax import Step, parse_chain
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


@pytest.mark.parametrize(
    "text", ["page >", "> graphs", "page > > graphs", "[page] > graphs", "page[margin=big] > graphs"]
)
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
