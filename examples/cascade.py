"""A cascade: one brain looks into what another one finds.

    python cascade.py photo.jpg

`graphs` sees each page alone, cut out of the picture; its boxes are in pixels of the whole picture.
"""

import sys

from runner_core import Frame, open_brain

source = sys.argv[1]

with open_brain("page") as page, open_brain("graphs") as graphs:
    inside = page.then(graphs, on=["page"], margin=0.05)
    pages, found = inside.infer_all(Frame.of(source))
    for graph in found:
        sheet = pages[graph.parent]
        print(f"{graph.label} {graph.score:.2f} at {graph.box} on the page at {sheet.box}")
