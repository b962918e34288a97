"""Card to JSON and back. Errors name a field by its path: ``card.picture.size``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from runner_core.cards.artifact import Artifact, ArtifactFile, Trunk
from runner_core.cards.crop_rule import CropRule
from runner_core.cards.guess import Guess
from runner_core.cards.labels import Label, LabelMap
from runner_core.cards.tolerance import Tolerance
from runner_core.errors import CardError
from runner_core.frames.picture_spec import PictureSpec

T = TypeVar("T")
Structure = Callable[[Any, type], Any]
_TYPE_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def make_converter(card: type) -> cattrs.Converter:
    """A converter between a class like Card, with all values in it, and plain JSON data."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for plain in _TYPE_NAMES:
        converter.register_structure_hook(plain, _structure_plain)
    _register(converter, Label, ArtifactFile, PictureSpec, Tolerance, Trunk, Artifact, Guess, CropRule)
    converter.register_structure_hook(
        LabelMap, lambda value, _: LabelMap(converter.structure(value, tuple[Label, ...]))
    )
    converter.register_unstructure_hook(LabelMap, lambda labels: converter.unstructure(labels.labels))
    _register(converter, card)
    return converter


def _register(converter: cattrs.Converter, *classes: type) -> None:
    """Inner classes must come first: a hook is built from the hooks that its fields have at that moment."""
    for cls in classes:
        converter.register_structure_hook(cls, _check_types(cls, make_dict_structure_fn(cls, converter)))
        converter.register_unstructure_hook(cls, make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True))


def structure_card(converter: cattrs.Converter, data: Any, card: type[T], where: str) -> T:
    """The card in ``data``. Raises CardError that begins with ``where`` and names every faulty field."""
    try:
        return converter.structure(data, card)
    except cattrs.BaseValidationError as error:
        faults = cattrs.transform_error(error, path="card", format_exception=_describe_fault)
        raise CardError(f"{where}: {'; '.join(faults)}") from error
    except ValueError as error:
        raise CardError(f"{where}: {error} @ card") from error


def _describe_fault(error: BaseException, expected: type | None) -> str:
    known = cattrs.v.format_exception(error, expected)
    own = type(error) is ValueError or known.startswith("unknown error")
    return " ".join(str(error).split()) if own else known


def _structure_plain(value: Any, plain: type) -> Any:
    """Strict, unlike cattrs, which reads 5 as a text, "0.5" as a number and "no" as true."""
    if not isinstance(value, (int, float) if plain is float else plain) or isinstance(value, bool) != (plain is bool):
        raise ValueError(f"{value!r} is not {_TYPE_NAMES[plain]}")
    return plain(value)


def _check_types(cls: type, structure: Structure) -> Structure:
    """Strict, unlike cattrs, which splits a text into a list, and reports attributes that an object does not have."""
    lists = [name for name, hint in get_type_hints(cls).items() if _is_list(hint)]

    def structure_checked(value: Any, _: type) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(f"an object is expected, not {value!r}")
        for name in lists:
            if not isinstance(value.get(name), (list, tuple, type(None))):
                raise ValueError(f"{name} must be a list, not {value[name]!r}")
        return structure(value, cls)

    return structure_checked


def _is_list(hint: Any) -> bool:
    return hint is LabelMap or tuple in {get_origin(part) for part in (hint, *get_args(hint))}
