"""What a network's class numbers mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner_core.cards.labels import Label, LabelMap, is_background
from runner_core.errors import LabelError

MAP = LabelMap((Label(1, 17, "page"), Label(2, 18, "graph"), Label(5, 4, "table")))


def test_the_three_maps():
    assert MAP.model_id_to_file_id == {1: 17, 2: 18, 5: 4}
    assert MAP.file_id_to_model_id == {17: 1, 18: 2, 4: 5}
    assert MAP.file_id_to_name == {17: "page", 18: "graph", 4: "table"}
    assert (len(MAP), MAP.names) == (3, ("page", "graph", "table"))
    assert (MAP.file_id(5), MAP.name(5)) == (4, "table")


def test_a_gap_has_a_number_for_a_name():
    assert (MAP.file_id(3), MAP.name(3)) == (3, "class 3")
    assert MAP.name(4) == "class 4", "4 is the file_id of another class"
    assert MAP.file_id(4) not in MAP.file_id_to_name


@pytest.mark.parametrize("name", ["background", "Background", "__background__", "???", "bg"])
def test_the_background_class_has_several_names(name):
    assert is_background(name)
    assert LabelMap.from_names(["page", name], first=1).background == {2}


def test_other_names_are_of_things():
    assert not MAP.background
    assert not any(map(is_background, ("", "void", "background noise")))


def test_no_labels_at_all():
    nothing = LabelMap()
    assert (nothing.file_id(7), nothing.name(7), len(nothing)) == (7, "class 7", 0)
    nothing.check(np.array([7, 1000]))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), unique_by=(lambda pair: pair[0], lambda pair: pair[1]))
)
def test_no_two_classes_share_an_identity(pairs):
    labels = LabelMap(tuple(Label(model_id, file_id, str(file_id)) for model_id, file_id in pairs))
    identities = [labels.file_id(number) for number in range(40)]
    assert len(set(identities)) == 40
    assert all(labels.file_id(labels.file_id_to_model_id[file_id]) == file_id for _, file_id in pairs)


def test_a_list_of_names():
    assert LabelMap.from_names(["page", "graph"], first=1).labels == (Label(1, 1, "page"), Label(2, 2, "graph"))
    assert LabelMap.from_names(["page"]).model_id_to_file_id == {0: 0}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((Label(1, 1, "a"), Label(1, 2, "b")), "model_id 1 twice"),
        ((Label(1, 3, "a"), Label(2, 3, "b")), "file_id 3 twice"),
        ((Label(-1, 1, "a"),), "negative model_id: -1"),
        ((Label(1, -4, "a"),), "negative file_id: -4"),
    ],
)
def test_maps_that_contradict_themselves(labels, message):
    with pytest.raises(LabelError, match=message):
        LabelMap(labels)


def test_numbers_of_names():
    assert MAP.model_ids_of(["table", "page"]) == (5, 1)
    assert MAP.model_ids_of([]) == ()
    with pytest.raises(LabelError, match="no label named 'chart'; known: graph, page, table"):
        MAP.model_ids_of(["page", "chart"])
    with pytest.raises(LabelError, match="known: none"):
        LabelMap().model_ids_of(["page"])


def test_a_name_of_two_classes_means_both():
    cranes = LabelMap.from_names(["crane", "heron", "crane"])
    assert cranes.model_ids_of(["crane"]) == (0, 2)


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_check_allows_the_borders_and_gaps(number):
    MAP.check(np.array([number]))


@pytest.mark.parametrize("number", [0, 6, -1, 90])
def test_check_refuses_classes_outside_the_map(number):
    with pytest.raises(LabelError, match=f"class {number}, the 3 labels run from 1 to 5"):
        MAP.check(np.array([2, number, 2]))


def test_check_of_nothing():
    MAP.check(np.array([], np.int64))


def test_coco_has_gaps():
    coco = LabelMap.from_names([f"thing {number}" for number in range(80)], first=1)
    with pytest.raises(LabelError, match="class 90"):
        coco.check(np.array([1, 90]))
    LabelMap((*coco.labels, Label(90, 90, "toothbrush"))).check(np.array([85, 90]))


@pytest.mark.parametrize("size", [10_000])
def test_many_labels(size):
    labels = LabelMap.from_names([f"class {number}" for number in range(size)])
    assert labels.name(size - 1) == f"class {size - 1}"
