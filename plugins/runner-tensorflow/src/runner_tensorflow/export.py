"""Export: a model of TensorFlow as an artifact that other engines run."""

from __future__ import annotations

from pathlib import Path

import attrs

from runner_core.cards import Artifact, Card, format_of
from runner_core.errors import EngineError, NotInstalled
from runner_core.util import write_bytes
from runner_tensorflow.converters import WRITERS
from runner_tensorflow.engine_errors import find_cause
from runner_tensorflow.extract_network import IMAGE, cut_network
from runner_tensorflow.program import Program

_RAW_FAMILY = "boxes-scores"  # reads boxes whose overlaps are not suppressed yet


def export_network(program: Program, card: Card, place: Path, *, half: bool) -> Artifact:
    """Writes the network in the format of ``place``'s suffix. Raises EngineError, NotInstalled."""
    network = cut_network(program, card)
    try:
        data = WRITERS[place.suffix](network, half=half)
    except NotInstalled:
        raise
    except Exception as error:  # what a converter raises is of any type
        raise EngineError(
            f"{program.file}: cannot be converted to {place.suffix}: {find_cause(error)}",
            remedy="another format may have what this one lacks",
        ) from error
    write_bytes(place, data)
    roles = {role: role for role in (IMAGE, *network.roles)}
    artifact = Artifact(place.name, format_of(place), task=card.task, roles=roles, picture=network.picture)
    if network.head is None:
        return artifact
    kept = {key: card.options[key] for key in ("boxes",) if key in card.options}
    options = {"order": "yxyx", "nms": True, "several": True, "first": network.head.first, **kept}
    return attrs.evolve(artifact, task=_RAW_FAMILY, options=options, iou=network.head.iou)
