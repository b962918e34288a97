"""CenterFace: faces with five points, as a heat map of their centres with logarithms of sizes.

Source: github.com/Star-Clouds/CenterFace, prj-python/centerface.py. For cell x, y, of numbers in the order y, x:
size = exp(number) * 4; centre = (x, y + offset + 0.5) * 4; point = the box's upper left corner + number * size.
"""

from __future__ import annotations

import attrs
import numpy as np

from runner_core.cards import Card
from runner_core.contracts import Signature, Tensors
from runner_core.errors import TaskError
from runner_core.frames import RAW, Frame, PictureSpec, Placement
from runner_core.results import Inference
from runner_core.tasks import (
    PictureCodec,
    bind_normalised_picture,
    bind_roles,
    check_classes,
    draft_input,
)
from runner_detection.faces import FACE, FIVE_POINTS, build_faces
from runner_detection.heat_maps import (
    HEAT,
    OFFSETS,
    SIZES,
    STRIDE,
    activate,
    check_layout,
    find_heat_maps,
    read_maps,
    read_options,
)
from runner_detection.kind import KIND

POINTS = "points"
COUNTS = {HEAT: 1, SIZES: 2, OFFSETS: 2, POINTS: 10}
NAMES = {  # those of the published file, and words
    HEAT: ("537", "heatmap"),
    SIZES: ("538", "scale"),
    OFFSETS: ("539", "offset"),
    POINTS: ("540", "landmarks"),
}
BACKBONE = 32  # pixels that its deepest layer makes one
STRETCHED = PictureSpec(multiple=BACKBONE, layout="nchw")


class CenterFace:
    """Roles: ``image``; ``heat`` (1 x 1 x H/4 x W/4), ``sizes`` and ``offsets`` (two features), ``points`` (ten).

    An input of any size takes a picture that is stretched to whole multiples of 32 pixels.

    Card options:
    ``activation``  what is still to be applied to the heat: ``none``, ``sigmoid`` (of ``logits``). Absent: by the
                    numbers.
    ``offsets``     whether they come ``after`` the sizes (default) or ``before``: the roles of both are then swapped.
    """

    kind = KIND

    def recognise(self, model: Signature) -> Card | None:
        drafted = draft_input(model, STRETCHED, RAW, sure=True)
        if drafted is None:
            return None
        maps = find_heat_maps(model.outputs, drafted.picture.size, NAMES, lambda counts: counts == COUNTS)
        if maps is None:
            return None
        return Card(
            name="",
            task="centerface",
            roles={"image": drafted.image.name} | {role: spec.name for role, spec in maps.roles.items()},
            picture=drafted.picture,
            labels=FACE,
            threshold=0.5,
            iou=0.3,
            options={"keypoint_names": list(FIVE_POINTS)} | maps.find_options(model.ends),
            notes=(
                *drafted.notes,
                *(f"{role} is output {spec.name}, by its shape" for role, spec in maps.roles.items()),
                "threshold 0.5 and iou 0.3, as CenterFace has them",
            ),
            guesses=(*drafted.guesses, *maps.list_guesses()),
        )

    def bind(self, card: Card, model: Signature) -> CenterFaceCodec:
        specs = bind_roles(card, model, needed=("image", *COUNTS))
        picture = bind_normalised_picture(card, specs["image"], model, STRETCHED, RAW)
        first, counts = check_layout(card, {role: specs[role] for role in COUNTS}, picture.size)
        if counts != COUNTS:
            raise TaskError(f"brain {card.name}: the maps have {counts} features", remedy=f"{card.task} reads {COUNTS}")
        _check_size(card, picture)
        check_classes(card, 1)
        return CenterFaceCodec(card, picture, first, read_options(card))


@attrs.frozen
class CenterFaceCodec(PictureCodec):
    features_first: bool
    activation: str | None

    def encode(self, frame: Frame) -> Tensors:
        return {"image": frame.prepared(self._fit(frame)).tensor}

    def placement_of(self, frame: Frame) -> Placement:
        return frame.prepared(self._fit(frame)).placement

    def _fit(self, frame: Frame) -> PictureSpec:
        """The picture's spec, of a size that follows the frame where the input is of any size."""
        if self.picture.size is not None:
            return self.picture
        width, height = (-(-side // self.picture.multiple) * self.picture.multiple for side in frame.size)
        return attrs.evolve(self.picture, size=(width, height))

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        placement = self.placement_of(frame)
        maps = read_maps(self.card, outputs, placement.tensor, first=self.features_first)
        heat = activate(maps[HEAT][0], self.activation)
        lines, columns = np.nonzero(heat >= self.card.threshold)
        sizes, offsets = (
            maps[role][::-1, lines, columns].T.astype(np.float32) for role in (SIZES, OFFSETS)
        )  # N x 2 each, x before y
        sizes = np.exp(sizes) * STRIDE
        centres = (np.stack([columns, lines], axis=1) + offsets + 0.5) * STRIDE
        # As published: a box that begins outside the picture is moved into it, not cut, and its points with it.
        starts = np.clip(centres - sizes / 2, 0, placement.tensor)
        shares = maps[POINTS][:, lines, columns].T.reshape(-1, len(FIVE_POINTS), 2)[..., ::-1]
        points = starts[:, None] + shares * sizes[:, None]
        corners = np.concatenate([starts, np.minimum(starts + sizes, placement.tensor)], axis=1)
        return build_faces(self.card, placement, corners, heat[lines, columns], points.reshape(-1, COUNTS[POINTS]))


def _check_size(card: Card, picture: PictureSpec) -> None:
    """Raises TaskError for the file as published, whose fixed sides are only those of the picture it was made with."""
    if picture.size is None or min(picture.size) > BACKBONE:
        return
    wide, high = picture.size
    raise TaskError(
        f"brain {card.name}: its input is fixed to {wide} x {high} pixels, too few to see a face in",
        remedy="the network takes any size: free the sides in the file, as runner-detection's README shows",
    )
