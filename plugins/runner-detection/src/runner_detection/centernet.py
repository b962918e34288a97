"""CenterNet: things of several classes, as heat maps of their centres with sizes in cells.

Source: github.com/xingyizhou/CenterNet, src/lib/models/decode.py, ctdet_decode, and src/lib/detectors/ctdet.py. A cell
counts that is the highest of the 3 x 3 around it, of all cells and classes the 100 best; centre = (x, y + offset) * 4,
or the middle of the cell without offsets; width and height = number * 4.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np

from runner_core.cards import Card, Guess
from runner_core.contracts import Signature, Tensors
from runner_core.errors import TaskError
from runner_core.frames import IMAGENET, Frame, Normalization, PictureSpec
from runner_core.results import Inference, centred_to_corners
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    build_inference,
    check_classes,
    draft_input,
    drop_wrong_labels,
    labels_from_metadata,
    select_best_rows,
)
from runner_detection.heat_maps import (
    HEAT,
    OFFSETS,
    SIZES,
    STRIDE,
    activate,
    are_peaks,
    check_layout,
    find_heat_maps,
    read_maps,
    read_options,
)
from runner_detection.kind import KIND

NAMES = {
    HEAT: ("hm", "heatmap"),
    SIZES: ("wh",),
    OFFSETS: ("reg", "offset"),
}
LETTERBOXED = PictureSpec(size=(512, 512), resize="letterbox", colour="bgr", layout="nchw")
# Of blue, green and red, as src/lib/datasets/dataset/coco.py and pascal.py have them; those of Pascal VOC are
# torchvision's of red, green and blue, in that order all the same.
COCO = Normalization("in COCO's deviations", (104.014, 114.034, 119.917), (73.603, 69.891, 70.915))
PASCAL = Normalization("in ImageNet's deviations", IMAGENET.mean, IMAGENET.std)
PASCAL_CLASSES = 20
MOST = 100
MIDDLE = 0.5  # of a cell
UNNAMED = Guess("kind", "its maps say where things have their centres, as CenterNet's do", ("task",))


class CenterNet:
    """Roles: ``image``; ``heat`` (1 x C x H/4 x W/4), ``sizes`` (two features, or two for each class), maybe
    ``offsets`` (two). Or the features last.

    Card options:
    ``activation``  what is still to be applied to the heat: ``none``, ``sigmoid`` (of ``logits``). Absent: by the
                    numbers.
    ``offsets``     whether they come ``after`` the sizes (default) or ``before``: the roles of both are then swapped.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, LETTERBOXED, COCO)
        maps = find_heat_maps(model.outputs, drafted.picture.size, NAMES, _are_counts) if drafted else None
        if maps is None or not (maps.named or len(maps.roles) == len(NAMES)):
            return None
        classes = maps.counts[HEAT]
        drafted = draft_input(model, LETTERBOXED, PASCAL) if classes == PASCAL_CLASSES else drafted
        assert drafted is not None
        how = "name" if maps.named else "shape"
        card = Card(
            name="",
            task="centernet",
            roles={"image": drafted.image.name} | {role: spec.name for role, spec in maps.roles.items()},
            picture=drafted.picture,
            labels=labels_from_metadata(model.metadata),
            threshold=0.3,
            options=maps.find_options(model.ends),
            notes=(
                *drafted.notes,
                *(f"{role} is output {spec.name}, by its {how}" for role, spec in maps.roles.items()),
                f"threshold 0.3 and the {MOST} best peaks, as CenterNet has them",
            ),
            guesses=(*drafted.guesses, *maps.list_guesses(), *(() if maps.named else (UNNAMED,))),
        )
        return drop_wrong_labels(card, classes)

    def bind(self, card: Card, model: Signature) -> CenterNetCodec:
        specs = bind_roles(card, model, needed=("image", HEAT, SIZES), optional=(OFFSETS,))
        picture = bind_normalised_picture(card, specs["image"], model, LETTERBOXED, COCO)
        maps = {role: spec for role, spec in specs.items() if role != "image"}
        first, counts = check_layout(card, maps, picture.size)
        if not _are_counts(counts):
            raise TaskError(
                f"brain {card.name}: the maps have {dict(counts)} features",
                remedy=f"{card.task} reads {HEAT} of C, {SIZES} of 2 or 2 C, and {OFFSETS} of 2",
            )
        check_classes(card, counts[HEAT])
        return CenterNetCodec(card, picture, first, read_options(card))


@attrs.frozen
class CenterNetCodec(PictureCodec):
    features_first: bool
    activation: str | None

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        maps = read_maps(self.card, outputs, placement.tensor, first=self.features_first)
        heat = activate(maps[HEAT], self.activation)
        likely = np.nonzero(heat >= self.card.threshold)
        classes, lines, columns = (axis[are_peaks(heat, likely)] for axis in likely)
        best = select_best_rows(heat[classes, lines, columns], self.card.threshold)[:MOST]
        classes, lines, columns = classes[best], lines[best], columns[best]
        sizes = maps[SIZES].reshape(-1, 2, *heat.shape[1:])  # one for all classes, or one for each
        extents = sizes[classes if len(sizes) > 1 else 0, :, lines, columns]
        offsets = maps[OFFSETS][:, lines, columns].T if OFFSETS in maps else MIDDLE
        centres = np.stack([columns, lines], axis=1) + offsets
        corners = centred_to_corners(np.concatenate([centres, extents], axis=1)) * STRIDE
        boxes = placement.to_picture(corners)
        return build_inference(self.card, KIND, frame.size, boxes, heat[classes, lines, columns], classes)


def _are_counts(counts: Mapping[str, int]) -> bool:
    """Whether maps with so many features, by role, are CenterNet's."""
    known = counts.keys() in ({HEAT, SIZES}, {HEAT, SIZES, OFFSETS})
    return known and counts[SIZES] in (2, 2 * counts[HEAT]) and counts.get(OFFSETS, 2) == 2
