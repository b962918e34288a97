"""What formats of data sets promise (``datasets.DatasetFormat``)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import attrs

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Finding, Truth
from runner_core.datasets.open import DatasetFormat
from runner_core.errors import DatasetError
from runner_core.frames.formats import is_picture_name
from runner_core.testing.check import Check, allow_only, demand, demand_members, demand_refusal
from runner_core.testing.files import list_open_files


@attrs.frozen
class DatasetCase:
    """Checks a format of data sets.

    ``make``     the plugin's target: called with no argument, it returns a DatasetFormat.
    ``folder``   holds a data set of that format, with at least two pictures. It is copied and damaged, not changed.
    ``place``    of the data set below the folder: a file, or nothing for the folder itself.
    ``options``  of ``read``.
    """

    make: Callable[[], DatasetFormat]
    folder: Path = attrs.field(converter=Path)
    place: str = ""
    options: Mapping[str, str] = attrs.field(factory=dict)

    def __str__(self) -> str:
        return f"{getattr(self.make, '__name__', self.make)} at {self.folder / self.place}"

    def read(self, folder: Path | None = None) -> Dataset:
        return self.make().read((folder or self.folder) / self.place, self.options)

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """A copy of the folder."""
        with tempfile.TemporaryDirectory() as place:
            yield Path(shutil.copytree(self.folder, Path(place, self.folder.name)))


def has_the_methods_of_a_format(case: DatasetCase) -> None:
    """A format has recognise, read and the names of its options."""
    format_ = case.make()
    demand_members(format_, DatasetFormat)
    demand(isinstance(format_.options, tuple), f"options is {format_.options!r}, not a tuple of names")


def recognises_its_own_and_nothing_else(case: DatasetCase) -> None:
    """Recognise is more than 0, at most 1, for a data set of the format, and 0 for an empty folder and for nothing."""
    sureness = case.make().recognise(case.folder / case.place)
    demand(0 < sureness <= 1, f"it is {sureness} for its own")
    with tempfile.TemporaryDirectory() as empty:
        demand(case.make().recognise(Path(empty)) == 0, "it takes an empty folder for one")
        demand(case.make().recognise(Path(empty, "missing")) == 0, "it takes for one what is not there")


def names_every_picture_once(case: DatasetCase) -> None:
    """Every example has a picture that is there, and a key of its own: a path with /, not from the root."""
    dataset = case.read()
    demand(len(dataset) > 0, "there is no example")
    keys = [example.key for example in dataset]
    demand(len(set(keys)) == len(keys), "two examples have one key")
    for example in dataset:
        demand(example.picture.is_file(), f"{example.picture} is not there")
        plain = not PurePosixPath(example.key).is_absolute() and "\\" not in example.key
        demand(plain and ".." not in PurePosixPath(example.key).parts, f"a key is {example.key!r}")


def reads_truths_that_fit_their_pictures(case: DatasetCase) -> None:
    """A Truth is of its picture's size and the data set's kind and classes, and says nothing that brains alone say."""
    dataset = case.read()
    numbers = [label.model_id for label in dataset.labels.labels]
    demand(numbers == list(range(len(numbers))), f"the model_ids are {numbers}, not 0, 1, 2, ...")
    for example in dataset:
        truth = example.read()
        demand(isinstance(truth, Truth), f"it is a {type(truth).__name__}, not a Truth")
        answer = truth.answer
        demand(answer.size == example.make_frame().size, f"{example.key} is of another size than its truth")
        demand(answer.scores is None and not answer.brain, f"the truth of {example.key} has scores or a brain")
        demand(answer.task == dataset.kind, f"the truth of {example.key} is of {answer.task}, not {dataset.kind}")
        demand(set(answer.names) <= set(dataset.labels.names), f"{example.key} has a class that is none")
        demand(truth.ignored <= set(range(len(answer))), f"{example.key} ignores a row that is not there")


def reads_the_same_twice(case: DatasetCase) -> None:
    """Reading again, and reading from another folder, gives the same data set."""
    first = case.read().fingerprint()
    demand(case.read().fingerprint() == first, "the second reading gives another fingerprint")
    with case.copied() as folder:
        demand(case.read(folder).fingerprint() == first, "a copy has another fingerprint")


def opens_without_reading_pictures(case: DatasetCase) -> None:
    """A picture that cannot be read is a DatasetError of its own truth, not of the data set."""
    with case.copied() as folder:
        count = len(case.read())
        for path in _list_files(folder, pictures=True):
            path.write_bytes(b"no picture")
        dataset = case.read(folder)
        demand(len(dataset) == count, f"of {count} pictures {len(dataset)} are listed")
        for example in dataset:
            demand_refusal(example.read, DatasetError, f"reading the truth of {example.key}")


def refuses_what_it_cannot_read(case: DatasetCase) -> None:
    """Reading an empty folder raises DatasetError, on one line that names it."""
    with tempfile.TemporaryDirectory() as empty:
        demand_refusal(lambda: case.make().read(Path(empty), {}), DatasetError, "an empty folder", naming=empty)


def survives_damaged_files(case: DatasetCase) -> None:
    """Files of labels that are cut short, empty or no text give a DatasetError or a finding, and nothing else."""
    with case.copied() as folder:
        for path in _list_files(folder, pictures=False):
            whole = path.read_bytes()
            for damaged in (
                b"",
                whole[: len(whole) // 2],
                b"\xff\xfe" + whole,
                whole.replace(b"1", b"-"),
                b"[" * 100_000,
            ):
                path.write_bytes(damaged)
                allow_only(lambda: _read_all(case, folder), DatasetError, f"reading a damaged {path.name}")
            path.write_bytes(whole)


def leaves_no_file_open(case: DatasetCase) -> None:
    """A data set leaves no file open."""
    before = list_open_files()
    _read_all(case, case.folder)
    still_open = sorted(set(list_open_files()) - set(before))
    demand(not still_open, f"{', '.join(still_open)} is still open")


def _read_all(case: DatasetCase, folder: Path) -> None:
    dataset = case.read(folder)
    findings = [finding for example in dataset for finding in example.read().findings]
    demand(all(isinstance(each, Finding) for each in (*findings, *dataset.findings)), "a finding is no Finding")


def _list_files(folder: Path, *, pictures: bool) -> list[Path]:
    """Masks are pictures too, and labels at once: they are neither."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "mask" not in path.parent.name.lower()]
    return [path for path in files if is_picture_name(path.name) == pictures]


check_dataset_format = Check(
    DatasetCase,
    has_the_methods_of_a_format,
    recognises_its_own_and_nothing_else,
    names_every_picture_once,
    reads_truths_that_fit_their_pictures,
    reads_the_same_twice,
    opens_without_reading_pictures,
    refuses_what_it_cannot_read,
    survives_damaged_files,
    leaves_no_file_open,
)
