"""Heat maps: how likely a centre is in each cell of a quarter of the picture's sides, and maps of what is there.

Source: Zhou, Wang, Krähenbühl, Objects as Points, 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.cards import Card, Guess
from runner_core.contracts import Tensors, TensorSpec
from runner_core.errors import TaskError
from runner_core.results import Floats
from runner_core.tasks import (
    ACTIVATIONS,
    are_probabilities,
    drop_batch_axis,
    find_tensor,
    format_shape,
    read_activation,
    read_choice,
    sigmoid,
)

STRIDE = 4  # pixels a cell
HEAT, SIZES, OFFSETS = "heat", "sizes", "offsets"
IN_ORDER, SWAPPED = "after", "before"  # where the offsets stand among the outputs, seen from the sizes
_ENDS = {"sigmoid": "none", "linear": "sigmoid"}  # by the graph's last operation, what is still to be applied

Size = tuple[int, int]
Names = Mapping[str, Sequence[str]]


@attrs.frozen
class HeatMaps:
    """The outputs of a model by role, whether their features are the axis after the batch, and how many each has.

    ``named``  whether their names tell which is which; otherwise their order does.
    """

    roles: Mapping[str, TensorSpec]
    first: bool
    counts: Mapping[str, int]
    named: bool

    def find_options(self, ends: Mapping[str, str]) -> dict[str, str]:
        """The card's, by how the graph makes the heat; ``ends`` are those of the model."""
        activation = _ENDS.get(ends.get(self.roles[HEAT].name, ""))
        return {"activation": activation} if activation else {}

    def list_guesses(self) -> list[Guess]:
        """That sizes and offsets come in the usual order, where no name says so: they have the same shape."""
        if self.named or OFFSETS not in self.roles:
            return []
        sizes, offsets = self.roles[SIZES].name, self.roles[OFFSETS].name
        text = (
            f"{sizes} holds the sizes of boxes and {offsets}, which comes {IN_ORDER} it, the offsets of their centres"
        )
        return [Guess("outputs", text, (f"options.{OFFSETS}",))]


def find_heat_maps(
    outputs: Sequence[TensorSpec], size: Size | None, names: Names, fits: Callable[[Mapping[str, int]], bool]
) -> HeatMaps | None:
    """All outputs as maps of an input of (width, height), by their short names, else in the order of ``names``.

    ``size`` None: the input and the maps are of any size. ``fits`` says whether the numbers of features, by role, are
    those of the family: the first order of the outputs that fits counts, as they come if it does.
    """
    layout = read_layout(outputs, size)
    if layout is None or len(outputs) > len(names):
        return None
    first, counts = layout
    features = {spec.name: count for spec, count in zip(outputs, counts, strict=True)}
    found = {role: find_tensor(outputs, *each) for role, each in names.items()}
    by_name = {role: spec for role, spec in found.items() if spec is not None}
    by_order = (dict(zip(names, each, strict=False)) for each in permutations(outputs))
    for roles in (by_name, *by_order):
        known = {role: features[spec.name] for role, spec in roles.items()}
        if len({spec.name for spec in roles.values()}) == len(outputs) and fits(known):
            return HeatMaps(roles, first, known, roles is by_name)
    return None


def read_layout(outputs: Sequence[TensorSpec], size: Size | None) -> tuple[bool, list[int]] | None:
    """Whether features are the axis after the batch, and how many each output has; None where one is no such map."""
    for first in (True, False):
        counts = [count for spec in outputs if (count := _count_features(spec, size, first))]
        if outputs and len(counts) == len(outputs):
            return first, counts
    return None


def _count_features(spec: TensorSpec, size: Size | None, first: bool) -> int | None:
    shape = spec.shape or ()
    if len(shape) != 4 or shape[0] not in (1, None):
        return None
    features, grid = (shape[1], shape[2:]) if first else (shape[3], shape[1:3])
    if size is None:
        return features if grid == (None, None) else None
    cells = size[1] // STRIDE, size[0] // STRIDE
    whole = not any(side % STRIDE for side in size)
    fits = all(side in (None, wanted) for side, wanted in zip(grid, cells, strict=True))
    return features if whole and fits else None


def check_layout(card: Card, specs: Mapping[str, TensorSpec], size: Size | None) -> tuple[bool, Mapping[str, int]]:
    """As ``read_layout``, by role. Raises TaskError where a tensor is no such map of an input of (width, height)."""
    layout = read_layout(list(specs.values()), size)
    if layout is None:
        raise TaskError(
            f"brain {card.name}: {', '.join(f'{role} is {spec}' for role, spec in specs.items())}, the input is {size}",
            remedy=f"{card.task} reads [1 x F x H/{STRIDE} x W/{STRIDE}], or the same with the features last",
        )
    first, counts = layout
    return first, dict(zip(specs, counts, strict=True))


def read_options(card: Card) -> str | None:
    """What is still to be applied to the heat; None: by the numbers. Raises TaskError for a value that is not known."""
    read_choice(card, OFFSETS, IN_ORDER, SWAPPED)
    return read_activation(card, logits="sigmoid", among=("none", "sigmoid"))


def read_maps(card: Card, outputs: Tensors, size: Size, *, first: bool) -> dict[str, Floats]:
    """F x H x W, by role. Raises TaskError where a map has not a cell for each ``STRIDE`` pixels of (width, height)."""
    maps = {role: drop_batch_axis(card, role, tensor, (None, None)) for role, tensor in outputs.items()}
    maps = maps if first else {role: tensor.transpose(2, 0, 1) for role, tensor in maps.items()}
    grid = size[1] // STRIDE, size[0] // STRIDE
    for role, tensor in maps.items():
        if tensor.shape[1:] != grid:
            shape, wanted = format_shape(tensor.shape), format_shape((None, *grid))
            raise TaskError(f"brain {card.name}: {role} came as {shape}, {card.task} reads {wanted}")
    if card.options.get(OFFSETS) == SWAPPED:
        maps[SIZES], maps[OFFSETS] = maps[OFFSETS], maps[SIZES]
    return maps


def activate(heat: Floats, activation: str | None) -> Floats:
    """The heat as scores from 0 to 1; None: by a sigmoid where numbers are not from 0 to 1."""
    if activation is None:
        return heat if are_probabilities(heat) else sigmoid(heat)
    return ACTIVATIONS[activation](heat)


def are_peaks(heat: Floats, places: tuple[NDArray[np.intp], ...]) -> NDArray[np.bool_]:
    """Whether each of N cells of C x H x W, by class, line and column, is the highest of the 3 x 3 around it.

    Of equal ones all are.
    """
    classes, lines, columns = places
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    around = [padded[classes, lines + down, columns + across] for down in range(3) for across in range(3)]
    peaks: NDArray[np.bool_] = heat[places] >= np.fmax.reduce(around)
    return peaks
