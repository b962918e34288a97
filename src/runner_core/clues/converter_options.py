"""What a converter was asked for, where the file keeps it: OpenVINO's keeps its options."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner_core.cards.clue import Clue
from runner_core.clues.model_file import ModelFile
from runner_core.frames.normalization import RAW

_RANGE, _COLOUR = 0.95, 0.93  # confidence
_SCALES = ("mean_values", "scale_values", "scale")
_NUMBER = re.compile(r"\d")


def find_converter_options(model: ModelFile) -> Iterator[Clue]:
    """Scaling that was put into the graph leaves values up to 255; channels are reversed for those who read BGR."""
    options = model.graph.metadata if model.graph and model.graph.format == ".xml" else {}
    asked = [name for name in _SCALES if _NUMBER.search(options.get(name, ""))]
    if asked:
        yield Clue("range", RAW, f"OpenVINO's converter put {asked[0]} into the graph", _RANGE)
    if options.get("reverse_input_channels") == "True":
        yield Clue("colour", "bgr", "OpenVINO's converter reversed the channels for it", _COLOUR)
