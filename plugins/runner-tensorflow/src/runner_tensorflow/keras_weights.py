"""Weights that were saved under names, put into the variables of a Keras model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
from numpy.typing import NDArray

_COUNT = re.compile(r"(_\d+)?(:\d+)?$")  # what made a name unique in its graph: "kernel_1:0"
_OLDER = {"kernel": ("depthwise_kernel",), "variable": ("gamma",)}  # what Keras 2 called a variable
_STATES = frozenset({"StateVar", "Variable", "seed_generator_state"})  # of random layers, idle outside training


@attrs.frozen
class SavedWeight:
    """A weight in a file: its name there, as ``"conv1/kernel:0"``, its shape, and what reads it."""

    name: str
    shape: tuple[int, ...]
    read: Callable[[], NDArray[Any]]

    @property
    def role(self) -> str:
        """What it is to its layer: ``"kernel"``."""
        return self._parts[-1]

    @property
    def keys(self) -> Iterator[str]:
        """What it may be called in Keras 3, where names have no slashes: ``"conv/kernel"``, ``"conv1_conv/kernel"``."""
        *owner, role = self._parts
        return (f"{'_'.join(owner[start:])}/{role}" for start in range(len(owner)))

    @property
    def _parts(self) -> list[str]:
        return _COUNT.sub("", self.name).split("/")


def assign_weights(layer: Any, saved: Sequence[SavedWeight]) -> None:
    """Fills the variables of a layer or model, by names where these are those of its layers, else in order.

    Raises ValueError unless each variable gets a weight of its shape and role, and none is left over.
    """
    variables = layer.trainable_weights + layer.non_trainable_weights
    wanted = [each for each in saved if each.role not in _STATES]
    if len(wanted) != len(variables):
        raise ValueError(f"its layer {layer.name!r} has {len(variables)} weights, the file holds {len(wanted)}")
    for variable, weight in zip(variables, _order_by_name(variables, wanted) or wanted, strict=True):
        if tuple(variable.shape) != weight.shape or weight.role not in _roles_of(variable):
            raise ValueError(
                f"its weight {weight.name!r} of shape {weight.shape} does not fit {variable.path!r} "
                f"of shape {tuple(variable.shape)}"
            )
        variable.assign(weight.read())
    for each in _list_layers(layer):
        if hasattr(each, "finalize_state"):  # a Normalization computes with numbers made of its weights
            each.finalize_state()


def _order_by_name(variables: Sequence[Any], saved: Sequence[SavedWeight]) -> list[SavedWeight] | None:
    """The weights in the order of the variables; None unless the names of all of them tell which is whose."""
    by_key: dict[str, list[SavedWeight]] = {}
    for each in saved:
        for key in each.keys:
            by_key.setdefault(key, []).append(each)
    found = [next((by_key[key] for key in _keys_of(variable) if key in by_key), []) for variable in variables]
    ordered = [candidates[0] for candidates in found if len(candidates) == 1]
    return ordered if len({id(each) for each in ordered}) == len(saved) else None


def _keys_of(variable: Any) -> Iterator[str]:
    """As ``SavedWeight.keys``, in the words of Keras 3, then of Keras 2."""
    owner = "/".join(variable.path.split("/")[-2:-1])
    return (f"{owner}/{role}" for role in _roles_of(variable))


def _roles_of(variable: Any) -> tuple[str, ...]:
    """As ``SavedWeight.role``, in the words of Keras 3, then of Keras 2."""
    role = _COUNT.sub("", variable.name)
    return (role, *_OLDER.get(role, ()))


def _list_layers(layer: Any) -> Iterator[Any]:
    """The layer, and those in it."""
    yield layer
    for inner in (*getattr(layer, "layers", ()), *filter(None, [getattr(layer, "layer", None)])):
        yield from _list_layers(inner)
