"""Campaigns by name: where each has its seeds, and what it does with an input."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import attrs

_ENGINES = ("onnx", "openvino", "litert", "tensorflow")
NAMES = (
    *(f"models-{engine}" for engine in _ENGINES),
    "pictures",
    "videos",
    "cards",
    "answers",
    "stores",
    "view",
    "datasets",
)


@attrs.frozen
class Campaign:
    """``fuzz_one_input`` raises for a finding; ``tokens`` are words of the format; ``named``: see ``join``."""

    make_seeds: Callable[[], Mapping[str, bytes]]
    fuzz_one_input: Callable[[bytes], None]
    tokens: Sequence[bytes]
    named: bool

    def join(self, seed: str, data: bytes) -> bytes:
        """The input for a seed's bytes, which may begin with the name of the seed."""
        return seed.encode() + b"\n" + data if self.named else data


def open_campaign(name: str) -> Campaign:
    """Imports ``fuzz_NAME``, and with it what is tried; of ``models-ENGINE`` the campaign of one engine."""
    kind, _, engine = name.partition("-")
    module = importlib.import_module(f"fuzz_{kind}")
    make, ask = module.make_seeds, module.fuzz_one_input
    if engine:
        make, ask = partial(make, engine), partial(module.ask_mutant, engine)
    return Campaign(make, ask, module.TOKENS, module.NAMED)
