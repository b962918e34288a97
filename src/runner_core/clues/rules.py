"""The rules that look for clues, and all that they find."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
import numpy as np

from runner_core.cards.clue import Clue
from runner_core.clues.backbones import TRAINED_ON_IMAGENET, find_backbone, recognise_backbone
from runner_core.clues.batch_norm import find_batch_norm
from runner_core.clues.converter_options import find_converter_options
from runner_core.clues.exporters import find_exporter
from runner_core.clues.first_weights import find_first_weights
from runner_core.clues.fit import find_fit
from runner_core.clues.frameworks import find_colour_of_caffe, find_colour_of_framework, find_dataset
from runner_core.clues.graph_scaling import find_graph_scaling
from runner_core.clues.model_file import ModelFile
from runner_core.clues.quantised_input import find_eight_bits, find_quantised_input
from runner_core.clues.sibling import find_sibling
from runner_core.contracts import Signature
from runner_core.frames.normalization import CAFFE, Normalization
from runner_core.frames.picture_spec import PictureSpec
from runner_core.graphs import Graph
from runner_core.tasks.input_draft import find_picture_input

log = logging.getLogger("runner")

Rule = Callable[[ModelFile], Iterator[Clue]]

# Those that read values, of use for an input of floats alone: bytes have no range.
RULES_OF_VALUES: tuple[Rule, ...] = (
    find_quantised_input,
    find_sibling,
    find_batch_norm,
    find_first_weights,
    find_dataset,
)
RULES: tuple[Rule, ...] = (
    find_graph_scaling,
    find_converter_options,
    find_exporter,
    find_backbone,
    find_fit,
    find_eight_bits,
)
_BY_TRAINING: tuple[Rule, ...] = (find_batch_norm, find_first_weights)
_TRAINED_FURTHER = 0.85  # what the training of a backbone says of a model that was trained further, perhaps otherwise


def find_clues(path: Path, signature: Signature, graph: Graph | None) -> tuple[Clue, ...]:
    """What the file of a model and the files beside it say of its one picture input, the surest first.

    ``graph`` is what ``read_graph`` gives for the path. Empty for models without one picture input. Never raises for
    what is in the files.
    """
    try:
        found = find_picture_input(signature, PictureSpec())
    except ValueError:  # sides of no length
        found = None
    if found is None:
        return ()
    model = ModelFile(path, signature, graph, *found)
    rules = (*RULES_OF_VALUES, *RULES) if model.takes_floats else RULES
    clues = [clue for rule in rules for clue in _apply(rule, model)]
    clues += _apply(find_colour_of_caffe if _is_centred(clues) else find_colour_of_framework, model)
    clues.sort(key=lambda clue: -clue.confidence)
    return tuple(_put_in_order(clue, clues) for clue in clues)


def _is_centred(clues: Sequence[Clue]) -> bool:
    """Whether the surest range is that of Caffe."""
    ranges = [clue for clue in clues if clue.about == "range"]
    return bool(ranges) and max(ranges, key=lambda clue: clue.confidence).value == CAFFE


def _apply(rule: Rule, model: ModelFile) -> Iterator[Clue]:
    """What a rule finds; nothing where it stumbles over the file, for the model opens without its clues."""
    try:
        with np.errstate(all="ignore"):
            found = list(rule(model))
    except Exception as error:  # noqa: BLE001  # damaged graphs make numpy raise anything
        log.debug("%s: %s finds nothing (%s)", model.path, rule.__name__, error)
        return
    doubted = rule in _BY_TRAINING and _is_trained_further(model)
    for clue in found:
        if (model.takes_floats or clue.about != "range") and not (model.is_grey and clue.about == "colour"):
            yield _doubt(clue) if doubted else clue


def _is_trained_further(model: ModelFile) -> bool:
    """Whether it is a backbone with other classes: its first layers may be left from a training with other values."""
    return model.classes not in (None, *TRAINED_ON_IMAGENET) and recognise_backbone(model) is not None


def _doubt(clue: Clue) -> Clue:
    says = f"{clue.says}, unless it was trained further on others"
    return attrs.evolve(clue, says=says, confidence=min(clue.confidence, _TRAINED_FURTHER))


def _put_in_order(clue: Clue, clues: Sequence[Clue]) -> Clue:
    """Rules give ranges for red, green and blue: for a model that takes BGR, the other way round."""
    colour = next((each.value for each in clues if each.about == "colour"), "rgb")
    if colour == "bgr" and isinstance(clue.value, Normalization):
        return attrs.evolve(clue, value=clue.value.reversed())
    return clue
