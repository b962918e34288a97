"""Card: what must be known to run a model file, kept as ``brain.json`` beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from runner_core.artifact import Artifact, ArtifactFile
from runner_core.atomic import write_text
from runner_core.errors import CardError
from runner_core.labels import Label, LabelMap
from runner_core.picture import PictureSpec

FILE_NAME = "brain.json"


@attrs.frozen
class Card:
    """A brain on paper.

    ``task``       the family that decodes it: ``tf-detection``.
    ``roles``      what a codec calls a tensor -> what the model calls it.
    ``picture``    how a picture becomes the input; None lets the task choose from the input's shape.
    ``threshold``  the least score that counts, 0 to 1; ``iou`` the overlap at which a codec's own NMS drops a box.
    ``first_class``  the number of the first class where labels come as a bare list.
    ``options``    what only the task understands.
    ``training``   how it came to be, for people.
    ``notes``      how a drafted card knew, line by line; a card from a file has none.
    """

    name: str
    task: str
    version: str = "1"
    artifacts: tuple[Artifact, ...] = ()
    roles: Mapping[str, str] = attrs.field(factory=dict)
    picture: PictureSpec | None = None
    labels: LabelMap = LabelMap()
    threshold: float = 0.5
    iou: float = 0.45
    first_class: int = 0
    options: Mapping[str, Any] = attrs.field(factory=dict)
    licence: str = ""
    origin: str = ""
    training: Mapping[str, Any] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()

    def for_artifact(self, artifact: Artifact) -> Card:
        """The same card for one artifact alone, with what that artifact overrides."""
        return attrs.evolve(
            self,
            artifacts=(artifact,),
            task=artifact.task or self.task,
            roles=self.roles if artifact.roles is None else artifact.roles,
            picture=artifact.picture or self.picture,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str = FILE_NAME) -> Card:
        """Raises CardError naming each field that is missing, unknown or of the wrong type."""
        try:
            card = _CONVERTER.structure(data, cls)
        except cattrs.BaseValidationError as error:
            raise CardError(
                f"{where}: {'; '.join(cattrs.transform_error(error, path='card', format_exception=_describe))}"
            ) from error
        for artifact in card.artifacts:
            for path in (artifact.path, *(file.path for file in artifact.files)):
                _check_inside(path, where)
        return card

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; what has its default value is left out."""
        return _CONVERTER.unstructure(self)  # type: ignore[no-any-return]  # cattrs is untyped here

    @classmethod
    def read(cls, path: Path) -> Card:
        """Reads a ``brain.json``. Raises CardError."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CardError(f"{path}: no such card") from None
        except (OSError, ValueError) as error:
            raise CardError(f"{path}: not a readable card ({error})") from error
        if not isinstance(data, dict):
            raise CardError(f"{path}: a card is a JSON object")
        return cls.from_json(data, where=str(path))

    def write(self, path: Path) -> None:
        """Writes a ``brain.json``, whole or not at all."""
        try:
            write_text(path, json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise CardError(f"{path}: cannot be written ({error.strerror})") from error


def _check_inside(path: str, where: str) -> None:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path:
        raise CardError(f"{where}: {path} lies outside the card's folder")


def _describe(error: BaseException, expected: type | None) -> str:
    known = cattrs.v.format_exception(error, expected)
    return known if not known.startswith("unknown error") else str(error)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    _register(converter, Label, ArtifactFile, PictureSpec, Artifact)
    converter.register_structure_hook(
        LabelMap, lambda value, _: LabelMap(converter.structure(value, tuple[Label, ...]))
    )
    converter.register_unstructure_hook(LabelMap, lambda labels: converter.unstructure(labels.labels))
    _register(converter, Card)
    return converter


def _register(converter: cattrs.Converter, *classes: type) -> None:
    """Inner classes first: a hook takes the hooks of its fields as they are when it is made."""
    for cls in classes:
        converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter))
        converter.register_unstructure_hook(cls, make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True))


_CONVERTER = _converter()
