"""Scripts and notebooks of ``examples/`` as pages: their text as text, their code as code."""

from __future__ import annotations

import ast
import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("source-read", show_code)
    return {"parallel_read_safe": True}


def show_code(app: Sphinx, docname: str, source: list[str]) -> None:
    """Puts Markdown in the place of the text of a script or a notebook."""
    describe = {".py": describe_python, ".sh": describe_shell, ".ipynb": describe_notebook}
    suffix = app.env.doc2path(docname).suffix
    if suffix in describe:
        source[0] = describe[suffix](source[0])


def describe_python(text: str) -> str:
    """A script as Markdown: its docstring, then all below it."""
    tree = ast.parse(text)
    code = "\n".join(text.splitlines()[tree.body[0].end_lineno :])
    return _describe(ast.get_docstring(tree) or "", code, "python")


def describe_shell(text: str) -> str:
    """As of Python; the comment at its beginning is what it says of itself."""
    told = list(takewhile(lambda line: line.startswith("#"), text.splitlines()))
    code = "\n".join(text.splitlines()[len(told) :])
    return _describe("\n".join(line[1:].removeprefix(" ") for line in told), code, "sh")


def _describe(told: str, code: str, language: str) -> str:
    """The first line up to a colon is the title."""
    first, _, rest = told.partition("\n")
    title, _, more = first.partition(": ")
    told = f"{more[:1].upper()}{more[1:]}\n{rest}" if more else rest
    return f"# {title.rstrip('.')}\n\n{told}\n\n```{language}\n{code.strip()}\n```\n"


def describe_notebook(text: str) -> str:
    """A notebook as Markdown, without outputs."""
    return "\n\n".join(map(_describe_cell, json.loads(text)["cells"])) + "\n"


def _describe_cell(cell: dict[str, Any]) -> str:
    text = "".join(cell["source"])
    return text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```"
