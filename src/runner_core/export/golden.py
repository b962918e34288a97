"""Golden: the answers of an earlier run, read from its JSON lines, to hold later ones against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import attrs

from runner_core.errors import UsageError
from runner_core.results.inference import Inference


@attrs.frozen
class Golden:
    """What one brain answered, by the source of each picture."""

    path: Path
    answers: Mapping[str, Inference]

    @classmethod
    def read(cls, path: Path, brain: str) -> Golden:
        """The answers of ``brain``, or of the only brain there is. Raises UsageError for what is no such file."""
        try:
            records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            answers = {record["source"]: _answer(record, brain) for record in records if "source" in record}
        except FileNotFoundError:
            raise UsageError(f"{path}: no such file", remedy="write one with --write-golden") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            remedy = "give the JSON lines that `runner run` or --write-golden wrote"
            raise UsageError(f"{path}: not the answers of a run ({type(error).__name__})", remedy=remedy) from error
        found = {source: answer for source, answer in answers.items() if answer is not None}
        if not found:
            raise UsageError(f"{path}: no answer of brain {brain}")
        return cls(path, found)

    def answer(self, source: str) -> Inference | None:
        """For the picture as it is named, or else for the only one with that file name; None where there is none."""
        if source in self.answers:
            return self.answers[source]
        alike = [told for name, told in self.answers.items() if PurePath(name).name == PurePath(source).name]
        return alike[0] if len(alike) == 1 else None


def _answer(record: Mapping[str, Any], brain: str) -> Inference | None:
    entries = [entry for entry in record.get("inferences", ()) if "error" not in entry]
    named = [entry for entry in entries if entry["brain"] == brain]
    chosen = named or (entries if len(entries) == 1 else [])
    return Inference.from_json(chosen[0], size=tuple(record["size"])) if chosen else None
