"""What makes pages of the site from the repository's files."""

import json
import textwrap
from pathlib import Path

import pytest
from tool_scripts import load_script

ROOT = Path(__file__).parents[2]


navigation, examples, docstrings = map(load_script, ("site/navigation", "site/examples", "site/docstrings"))


def test_a_link_to_a_folder_leads_to_its_page():
    text = "[a](plugins/runner-onnx) [b](plugins/runner-onnx#x) [c](docs) [d](src) [e](https://example.org)\n"
    told = navigation.point_at_pages(text, ROOT)
    assert "(plugins/runner-onnx/README.md) [b](plugins/runner-onnx/README.md#x)" in told
    assert "[c](docs/README.md) [d](src) [e](https://example.org)" in told


def test_code_stays_as_it_is():
    text = "```text\n[a](docs)\n```\n"
    assert navigation.point_at_pages(text, ROOT) == text


def test_the_side_bar_has_the_sections_of_the_index():
    told = navigation.write_sidebar(ROOT)
    for part in (":caption: Run models\n\n/docs/how-to/two-brains-on-a-webcam\n", "\n/plugins/runner-onnx/README\n"):
        assert part in told
    assert "\n/README\n" not in told


def test_a_script_becomes_a_page():
    told = examples.describe_python('"""A thing: do it.\n\nMore.\n"""\n\nimport sys\n')
    assert told == "# A thing\n\nDo it.\n\nMore.\n\n```python\nimport sys\n```\n"
    told = examples.describe_shell("# Do it.\n#\n#     more\nset -e\n")
    assert told == "# Do it\n\n\n    more\n\n```sh\nset -e\n```\n"


def test_a_notebook_becomes_a_page():
    cells = [{"cell_type": "markdown", "source": ["# A\n", "b"]}, {"cell_type": "code", "source": ["1 + 1"]}]
    assert examples.describe_notebook(json.dumps({"cells": cells})) == "# A\nb\n\n```python\n1 + 1\n```\n"


@pytest.mark.parametrize(
    ("docstring", "laid"),
    [
        ("Prose.\nMore of it.", "Prose.\nMore of it.\n"),
        ("``a``   one\n``bb``  two\n        of it", "* ``a``: one\n* ``bb``: two\n  of it\n"),
        ("``a``, ``b``  both", "* ``a``, ``b``: both\n"),
        ("``brain`` is empty.", "``brain`` is empty.\n"),
        ("``a`` are those of\n``b`` alone,\nor not", "``a`` are those of\n``b`` alone,\nor not\n"),
        ("So::\n\n@hook\ndef f():", "So::\n\n    @hook\n    def f():\n"),
        ("So:\n\n    a = 1", "So:\n\n::\n\n        a = 1\n"),
        ("A\n├── B  b", "::\n\n    A\n    ├── B  b\n"),
    ],
)
def test_a_docstring_is_laid_out(docstring, laid):
    lines = docstring.splitlines()
    docstrings.lay_out(None, "class", "X", None, None, lines)
    assert "\n".join(lines) == textwrap.dedent(laid)
