"""Golden: the answers of an earlier run, read from its JSON lines, to compare later ones with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import attrs

from runner_core.errors import UsageError
from runner_core.pipeline.records import Entry, Record, read_lines, read_records
from runner_core.results.inference import Inference
from runner_core.results.result import Failure


@attrs.frozen
class Golden:
    """What one brain answered, by the source of each picture."""

    path: Path
    answers: Mapping[str, Inference]

    @classmethod
    def read(cls, path: Path, brain: str) -> Golden:
        """The answers of ``brain``, or of the only brain there is. Raises UsageError for what is not such a file."""
        answers = {record.source: _find_answer(record.entries, brain) for record in _read_all(path)}
        found = {source: answer for source, answer in answers.items() if answer is not None}
        if not found:
            raise UsageError(f"{path}: no answer of brain {brain}")
        return cls(path, found)

    def answer(self, source: str) -> Inference | None:
        """For the picture of that name, or else for the only one with that file name; None if there is none."""
        if source in self.answers:
            return self.answers[source]
        alike = [answer for name, answer in self.answers.items() if PurePath(name).name == PurePath(source).name]
        return alike[0] if len(alike) == 1 else None


def _read_all(path: Path) -> Sequence[Record]:
    """Every record of the file; a line that is not a record makes it another kind of file."""
    records = []
    try:
        with path.open("rb") as lines:
            for record in read_records(read_lines(lines), str(path)):
                if isinstance(record, Failure):
                    raise UsageError(record.message, remedy="write the file again with --write-golden")
                records.append(record)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file", remedy="write one with --write-golden") from None
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror})", remedy="write one with --write-golden"
        ) from error
    return records


def _find_answer(entries: Sequence[Entry], brain: str) -> Inference | None:
    answers = [entry for entry in entries if isinstance(entry, Inference)]
    named = [answer for answer in answers if answer.brain == brain]
    chosen = named or (answers if len(answers) == 1 else [])
    return chosen[0] if chosen else None
