"""The site's navigation, made of the pages' own lists of links, so that it is written once.

The sections of ``docs/README.md`` become the sections of the side bar. A page that is named README opens onto the
pages of its folder to which it links.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

INDEX = Path("docs/README.md")
PAGES = (".md", ".py", ".sh", ".ipynb")
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("source-read", extend_page)
    app.connect("build-finished", write_start_page)
    return {"parallel_read_safe": True}


def extend_page(app: Sphinx, docname: str, source: list[str]) -> None:
    """Puts what a code host shows by itself into the text of a page: links to folders, lists of pages."""
    root = Path(app.srcdir)
    path = root / f"{docname}.md"
    if not path.is_file():
        return
    text = source[0]
    source[0] = point_at_pages(text, path.parent)
    if docname == app.config.root_doc:
        source[0] += write_sidebar(root)
    elif path.name == "README.md" and path != root / INDEX:
        source[0] += write_toctree(
            "", [page for page in list_links(text, path.parent, root) if _is_below(page, docname)]
        )


def point_at_pages(text: str, folder: Path) -> str:
    """The text with each link to a folder that has a README.md leading to that page. Code stays as it is."""

    def replace(match: re.Match[str]) -> str:
        page = folder / match[1] / "README.md"
        return f"]({match[1].rstrip('/')}/README.md{match[2] or ''})" if page.is_file() else match[0]

    parts = _FENCE.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(replace, part) for part in parts)


def write_sidebar(root: Path) -> str:
    """The toctrees of the first page: what the index names, section by section; then the plugins."""
    index = (root / INDEX).read_text(encoding="utf-8")
    first, *sections = re.split(r"^## ", index, flags=re.MULTILINE)
    home = (root / "README.md").read_text(encoding="utf-8")
    trees = [write_toctree("", [*list_links(first, root / "docs", root), INDEX.with_suffix("").as_posix()])]
    for section in sections:
        title, _, rest = section.partition("\n")
        trees.append(write_toctree(title, [page for page in list_links(rest, root / "docs", root) if page != "README"]))
    plugins = [page for page in list_links(home, root, root) if page.startswith("plugins/")]
    return "".join([*trees, write_toctree("Plugins", plugins)])


def list_links(text: str, folder: Path, root: Path) -> Iterator[str]:
    """The documents to which a text in ``folder`` links, each once, in their order."""
    links = [match[1] for match in _LINK.finditer(point_at_pages(text, folder))]
    for path in dict.fromkeys((folder / link).resolve() for link in links):
        if path.is_file() and path.suffix in PAGES:
            yield path.relative_to(root.resolve()).with_suffix("").as_posix()


def write_toctree(caption: str, pages: Sequence[str]) -> str:
    """As a directive; nothing for no page."""
    if not pages:
        return ""
    told = f":caption: {caption}\n" if caption else ""
    return f"\n\n```{{toctree}}\n:hidden:\n{told}\n" + "".join(f"/{page}\n" for page in pages) + "```\n"


def _is_below(page: str, docname: str) -> bool:
    return page.startswith(docname.removesuffix("README"))


def write_start_page(app: Sphinx, error: Exception | None) -> None:
    """Web servers ask for index.html."""
    if error is None and app.builder.name == "html":
        folder = Path(app.outdir)
        shutil.copyfile(folder / f"{app.config.root_doc}.html", folder / "index.html")
