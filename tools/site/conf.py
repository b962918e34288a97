"""The documentation as a site: `make docs`. Its pages are the repository's own Markdown files, where they lie.

The folder of sources is the repository, so that every link between pages, plugins and pictures leads to the same file
here and on a code host. What is done to the pages on the way is in the modules beside this one.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "runner"
copyright = "the authors of runner"  # noqa: A001  # Sphinx's name
html_title = "runner"

extensions = ["myst_parser", "sphinx.ext.autodoc", "navigation", "examples", "docstrings"]
root_doc = "README"
source_suffix = dict.fromkeys((".md", ".py", ".sh", ".ipynb"), "markdown")
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/**/*.md",
    "plugins/*/README.md",
    "plugins/*/training/README.md",
    "bench/README.md",
    "examples/*",
]
exclude_patterns = [".*", "out", "dist", "build", "src", "tests", "tools", "requirements", "docs/pictures/README.md"]

myst_enable_extensions = ["html_image"]  # a picture with a width
myst_heading_anchors = 4  # as code hosts name them

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
maximum_signature_line_length = 80

smartquotes = False

html_theme = "furo"
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
pygments_style, pygments_dark_style = "default", "monokai"
