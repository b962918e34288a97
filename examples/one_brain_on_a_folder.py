"""One brain on a folder: how many of each thing it finds in each picture.

    python one_brain_on_a_folder.py pictures/

Without a folder, it looks at the pictures that ship with runner.
"""

import sys
from collections import Counter

from runner_core import open_brain, stream

source = sys.argv[1] if len(sys.argv) > 1 else "demo:pictures"

with open_brain("page", conf=0.4) as page:  # or a model file: open_brain("cats.onnx")
    for frame, inferences in stream(source, [page]):
        for inference in inferences:
            print(frame.source, dict(Counter(inference.names)))
