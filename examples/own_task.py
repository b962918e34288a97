"""A task of your own: it reads a family of models that runner does not know, without installing a plugin.

    python own_task.py photo.jpg

The network gives many boxes with scores. This task keeps the best one.
"""

import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import attrs
import numpy as np

from runner_core import Card, PictureSpec, open_brain
from runner_core.frames import UNIT
from runner_core.plugin import Plugin
from runner_core.results import points_to_picture
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_suppressed_inference,
    draft_input,
    find_tensor,
)
from runner_core.testing import registry_of


class Best:
    kind = "object-detection"

    def recognise(self, model):
        image = draft_input(model, PictureSpec(), UNIT)
        boxes, scores = find_tensor(model.outputs, "boxes"), find_tensor(model.outputs, "scores")
        if image is None or boxes is None or scores is None:
            return None
        roles = {"image": image.image.name, "boxes": boxes.name, "scores": scores.name}
        return Card("", "best", roles=roles, picture=image.picture, notes=image.notes, guesses=image.guesses)

    def bind(self, card, model):
        specs = bind_roles(card, model, needed=("image", "boxes", "scores"))
        return BestCodec(card, bind_normalised_picture(card, specs["image"], model, PictureSpec(), UNIT))


@attrs.frozen
class BestCodec(PictureCodec):
    def decode(self, outputs, frame):
        scores = outputs["scores"][0, :, 0]
        best = [scores.argmax()]
        boxes = outputs["boxes"][0, best][:, [1, 0, 3, 2]]  # y1, x1, y2, x2, as TensorFlow has them
        boxes = points_to_picture(boxes, self.placement_of(frame), normalised=True)
        return build_suppressed_inference(self.card, Best.kind, frame.size, boxes, scores[best], np.zeros(1, int))


with tempfile.TemporaryDirectory() as folder:
    model = Path(folder, "page.onnx")  # alone: beside it there would be a card, which names another task
    shutil.copy(files("runner_demo") / "brains" / "page" / "page.onnx", model)
    plugins = [Plugin("best", "__main__:Best", "the best box")]
    with registry_of("runner_onnx.plugin", "runner_files.plugin", tasks=plugins), open_brain(model) as brain:
        best = brain(sys.argv[1])[0]
        print(brain.family, round(best.score, 2), best.box)
