"""Two brains on a camera: what both see in the newest picture.

    python two_brains_on_a_webcam.py 0

`0` is the first camera; a video or an `rtsp://` address will do as well. Without one, a clip that ships with runner is
played. Ctrl-C ends it.
"""

import sys

from runner_core import open_brain, stream

camera = sys.argv[1] if len(sys.argv) > 1 else "demo:camera"

with open_brain("page") as page, open_brain("graphs") as graphs:
    for frame, inferences in stream(camera, [page, graphs]):
        for inference in inferences:
            print(f"{frame.time:.1f} s", inference.brain, *inference.names)
