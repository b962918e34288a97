"""Truth: an annotated dataset whose numbers a COCO file uses, so that it can be evaluated against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePath

import attrs

from runner_core.errors import UsageError


@attrs.frozen
class Truth:
    """``file_name -> image_id`` and ``name -> category_id`` of a COCO dataset."""

    images: Mapping[str, int]
    categories: Mapping[str, int]

    @classmethod
    def read(cls, path: Path) -> Truth:
        """Reads a COCO dataset. Raises UsageError for anything else."""
        try:
            data = json.loads(path.read_bytes())
            images = {str(image["file_name"]): int(image["id"]) for image in data["images"]}
            categories = {str(category["name"]): int(category["id"]) for category in data.get("categories", ())}
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror})", remedy="name a COCO dataset") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{path}: not a COCO dataset ({type(error).__name__}: {error})",
                remedy="it needs images with id and file_name, and categories with id and name",
            ) from error
        return cls(images, categories)

    def find_name(self, source: str) -> str | None:
        """The longest file name of the truth that the source ends with; None if there is none."""
        parts = PurePath(source).parts
        endings = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((ending for ending in (source, *endings) if ending in self.images), None)
