"""Card to JSON and back. What is missing, unknown or of the wrong type is said by its path: ``card.picture.size``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from runner_core.cards.artifact import Artifact, ArtifactFile
from runner_core.cards.labels import Label, LabelMap
from runner_core.cards.tolerance import Tolerance
from runner_core.errors import CardError
from runner_core.frames.preprocess import PictureSpec

T = TypeVar("T")
Structure = Callable[[Any, type], Any]
_KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def converter_for(card: type) -> cattrs.Converter:
    """What turns a class like Card, and the values in it, into plain JSON data and back."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in _KINDS:
        converter.register_structure_hook(kind, _plain)
    _register(converter, Label, ArtifactFile, PictureSpec, Tolerance, Artifact)
    converter.register_structure_hook(
        LabelMap, lambda value, _: LabelMap(converter.structure(value, tuple[Label, ...]))
    )
    converter.register_unstructure_hook(LabelMap, lambda labels: converter.unstructure(labels.labels))
    _register(converter, card)
    return converter


def _register(converter: cattrs.Converter, *classes: type) -> None:
    """Inner classes first: a hook takes the hooks of its fields as they are when it is made."""
    for cls in classes:
        converter.register_structure_hook(cls, _checked(cls, make_dict_structure_fn(cls, converter)))
        converter.register_unstructure_hook(cls, make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True))


def structure(converter: cattrs.Converter, data: Any, card: type[T], where: str) -> T:
    """Raises CardError that begins with ``where`` and names every field at fault."""
    try:
        return converter.structure(data, card)
    except cattrs.BaseValidationError as error:
        faults = cattrs.transform_error(error, path="card", format_exception=_describe)
        raise CardError(f"{where}: {'; '.join(faults)}") from error
    except ValueError as error:
        raise CardError(f"{where}: {error} @ card") from error


def _describe(error: BaseException, expected: type | None) -> str:
    known = cattrs.v.format_exception(error, expected)
    own = type(error) is ValueError or known.startswith("unknown error")
    return " ".join(str(error).split()) if own else known


def _plain(value: Any, kind: type) -> Any:
    """Left alone, cattrs takes 5 for a text, "0.5" for a number and "no" for true."""
    if not isinstance(value, (int, float) if kind is float else kind) or isinstance(value, bool) != (kind is bool):
        raise ValueError(f"{value!r} is not {_KINDS[kind]}")
    return kind(value)


def _checked(cls: type, structure: Structure) -> Structure:
    """Left alone, cattrs takes a text apart into a list, and speaks of attributes that an object has not."""
    lists = [name for name, kind in get_type_hints(cls).items() if _is_list(kind)]

    def checked(value: Any, _: type) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(f"an object is wanted, not {value!r}")
        for name in lists:
            if not isinstance(value.get(name), (list, tuple, type(None))):
                raise ValueError(f"{name} must be a list, not {value[name]!r}")
        return structure(value, cls)

    return checked


def _is_list(kind: Any) -> bool:
    return kind is LabelMap or tuple in {get_origin(part) for part in (kind, *get_args(kind))}
