"""Every promise of a format of data sets can be broken, and the check says which one."""

import importlib

import attrs
import pytest
from labelled_folders import write_picture

from runner_core.cards import LabelMap
from runner_core.datasets import Annotation, Dataset, Example, build_truth
from runner_core.errors import DatasetError, ImageError
from runner_core.testing import BrokenPromise, check_dataset_format, conformance

LABELS = LabelMap.from_names(["cup"])


@pytest.fixture
def folder(tmp_path):
    for number in range(2):
        write_picture(tmp_path / f"{number}.jpg", number)
        (tmp_path / f"{number}.box").write_text(f"{number + 1} 10 30 40")
    return tmp_path


class Boxes:
    """A sound format: ``0.jpg`` and ``0.box`` with four numbers."""

    options = ()

    def recognise(self, place):
        return 1.0 if place.is_dir() and any(place.glob("*.box")) else 0.0

    def read(self, place, options):
        examples = tuple(self.make_example(path) for path in sorted(place.glob("*.box")))
        if not examples:
            raise DatasetError(f"{place}: no boxes")
        return Dataset(str(place), "object-detection", LABELS, examples)

    def make_example(self, path):
        picture = path.with_suffix(".jpg")

        def read():
            try:
                numbers = tuple(map(float, path.read_text().split()))
                size = Example(picture, "", read).make_frame().size
            except (UnicodeDecodeError, ImageError, ValueError) as error:
                raise DatasetError(f"{path}: cannot be read") from error
            if len(numbers) != 4:
                raise DatasetError(f"{path}: no four numbers")
            return self.make_truth(size, Annotation("cup", str(path), numbers))

        return Example(picture, picture.name, read)

    def make_truth(self, size, annotation):
        return build_truth(size, [annotation], kind="object-detection", labels=LABELS)


def changed(**methods):
    return type("Changed", (Boxes,), methods)


def change_example(**values):
    def make_example(self, path):
        return attrs.evolve(Boxes.make_example(self, path), **values)

    return changed(make_example=make_example)


def change_truth(change):
    def make_truth(self, size, annotation):
        return change(Boxes.make_truth(self, size, annotation))

    return changed(make_truth=make_truth)


def read_eagerly(self, place, options):
    dataset = Boxes.read(self, place, options)
    for example in dataset:
        example.read()
    return dataset


def read_to_the_end_of_the_world(self, path):
    example = Boxes.make_example(self, path)

    def read():
        if "-" in path.read_text():
            raise ValueError("minus")
        return example.read()

    return attrs.evolve(example, read=read)


def answer_with(**values):
    return change_truth(lambda truth: attrs.evolve(truth, answer=attrs.evolve(truth.answer, **values)))


turns = iter(range(1000))


@conformance(check_dataset_format)
def test_a_sound_format_keeps_all_promises(check, folder):
    check(Boxes, folder)


BROKEN = {
    "has_the_methods_of_a_format": [changed(options=["part"]), changed(read=None)],
    "recognises_its_own_and_nothing_else": [
        changed(recognise=lambda self, place: 0.0),
        changed(recognise=lambda self, place: 1.0),
        changed(recognise=lambda self, place: 7.0),
    ],
    "names_every_picture_once": [change_example(key="same"), change_example(key="/a.jpg"), change_example(key="a\\b")],
    "reads_truths_that_fit_their_pictures": [
        answer_with(brain="mine"),
        answer_with(scores=[0.5]),
        answer_with(size=(8, 6)),
        answer_with(task="keypoints"),
        change_truth(lambda truth: attrs.evolve(truth, ignored=frozenset({7}))),
    ],
    "reads_the_same_twice": [
        changed(
            make_truth=lambda self, size, row: Boxes.make_truth(
                self, size, attrs.evolve(row, box=(1, 1, 20 + next(turns) % 40, 30))
            )
        )
    ],
    "opens_without_reading_pictures": [changed(read=read_eagerly)],
    "refuses_what_it_cannot_read": [
        changed(read=lambda self, place, options: Dataset(str(place), "object-detection", LABELS, ()))
    ],
    "survives_damaged_files": [
        changed(make_example=read_to_the_end_of_the_world),
        change_truth(lambda truth: attrs.evolve(truth, findings=("odd",))),
    ],
    "leaves_no_file_open": [
        changed(
            read=lambda self, place, options, kept=[]: (
                kept.append((place / "0.box").open()) or Boxes.read(self, place, options)
            )
        )
    ],
}


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("promise", "number"), [(name, n) for name, kinds in BROKEN.items() for n in range(len(kinds))]
)
def test_a_broken_promise_is_named(promise, number, folder):
    with pytest.raises(BrokenPromise) as broken:
        check_dataset_format.each()[promise](BROKEN[promise][number], folder)
    module = importlib.import_module("runner_core.testing.datasets")
    assert " ".join(getattr(module, promise).__doc__.split()).rstrip(".") in str(broken.value)


def test_every_promise_is_broken_here():
    assert set(BROKEN) == set(check_dataset_format.each())
