"""The script that makes the table of how sure a figure is: its numbers, and the page that has them."""

from importlib.resources import files

import pytest
from tool_scripts import load_script

from runner_core import Project
from runner_core.datasets import open_dataset


@pytest.fixture(scope="module")
def script():
    return load_script("sample_sizes")


@pytest.fixture(scope="module")
def rows(script):
    data = open_dataset(f"{files('runner_demo') / 'pictures'}?classes=graph")
    with Project("demo").get_model(name="graphs", local=True, engine="onnx") as brain:
        return script.list_rows(brain, data)


def test_each_figure_is_the_surer_the_more_pictures_there_are(script, rows):
    assert [row[0] for row in rows] == list(script.SIZES)
    for column in (1, 2):
        halves = [row[column] for row in rows]
        assert halves == sorted(halves, reverse=True)
        assert halves[1] / halves[3] == pytest.approx(2, rel=0.3), "four times the pictures halve it"


def test_the_page_has_a_table_as_the_script_writes_it(script, rows):
    page = script.PAGE.read_text()
    table = script.format_table(rows)
    changed = script.replace_table(page, table)
    assert table in changed
    assert script.replace_table(changed, table) == changed
    assert len(changed.splitlines()) == len(page.splitlines()), "the page has a row for each size, and no other"
    with pytest.raises(ValueError, match="no table"):
        script.replace_table("nothing", table)
