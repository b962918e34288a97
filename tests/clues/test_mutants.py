"""One network, as if trained with each range and order of colours: what its files say of it is right, or a guess."""

from collections.abc import Mapping
from pathlib import Path

import exported_models
import pytest
from mutants import Mutant, list_mutants

from runner_core.cards import Clue
from runner_core.clues import find_clues
from runner_core.clues.ranges import USUAL
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames import RAW, SIGNED, UNIT
from runner_core.frames.normalization import CAFFE
from runner_core.graphs import read_graph

UNFOLDED, FOLDED = (".pb", "saved-model", ".keras", ".h5"), (".tflite", ".onnx", ".xml")
WHOLE = list_mutants()
SCALING = [Mutant(each, scales=True) for each in USUAL if each != RAW]
Found = Mapping[str, tuple[Clue, ...]]


def clues_of(path: Path) -> tuple[Clue, ...]:
    graph = read_graph(path)
    assert graph is not None
    inputs, outputs = (
        tuple(TensorSpec(value.name, value.shape, "float32") for value in side)
        for side in (graph.inputs, graph.outputs)
    )
    return find_clues(path, Signature(inputs, outputs), graph)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The clues of a mutant by format, each built once."""
    known: dict[Mutant, Found] = {}

    def find(mutant: Mutant) -> Found:
        if mutant not in known:
            paths = exported_models.export(mutant.build(), tmp_path_factory.mktemp("mutant"))
            known[mutant] = {form: clues_of(path) for form, path in paths.items()}
        return known[mutant]

    return find


def best(clues: tuple[Clue, ...], about: str) -> Clue | None:
    return next((clue for clue in clues if clue.about == about), None)


def by_rules(clues: tuple[Clue, ...]) -> list[Clue]:
    """Without what is only usual with TensorFlow, which these mutants contradict on purpose."""
    return [clue for clue in clues if "TensorFlow" not in clue.says]


@pytest.mark.parametrize("mutant", [*WHOLE, *SCALING], ids=str)
def test_no_file_says_for_sure_what_is_wrong(found, mutant):
    taken = RAW if mutant.scales else mutant.range
    for form, clues in found(mutant).items():
        for clue in by_rules(clues):
            if clue.is_sure and clue.about == "range":
                assert clue.value in (taken, taken.reversed()), (form, clue)
            elif clue.is_sure:
                assert clue.value == ("bgr" if mutant.bgr else "rgb"), (form, clue)


@pytest.mark.parametrize("form", [*UNFOLDED, *FOLDED])
@pytest.mark.parametrize("mutant", SCALING, ids=str)
def test_scaling_in_the_graph_is_sure(found, mutant, form):
    clue = best(found(mutant)[form], "range")
    assert clue is not None
    assert clue.is_sure
    assert clue.value == RAW


@pytest.mark.parametrize("form", UNFOLDED)
@pytest.mark.parametrize("mutant", WHOLE, ids=str)
def test_a_batch_normalisation_is_sure(found, mutant, form):
    clue = best(found(mutant)[form], "range")
    assert clue is not None
    assert clue.is_sure
    assert clue.value in (mutant.range, mutant.range.reversed())


@pytest.mark.parametrize("form", UNFOLDED)
@pytest.mark.parametrize("mutant", [each for each in WHOLE if each.range in (RAW, UNIT, SIGNED)], ids=str)
def test_a_batch_normalisation_tells_the_colours(found, mutant, form):
    colours = {clue.value for clue in by_rules(found(mutant)[form]) if clue.about == "colour" and clue.is_sure}
    assert colours == {"bgr" if mutant.bgr else "rgb"}


@pytest.mark.parametrize("form", FOLDED)
@pytest.mark.parametrize("mutant", [each for each in WHOLE if each.range in (RAW, UNIT)], ids=str)
def test_folded_weights_tell_values_from_black(found, mutant, form):
    """Sure of values up to 255 alone: a published network for values about 0 looks as those from 0 to 1 do."""
    clue = best(found(mutant)[form], "range")
    assert clue is not None
    assert clue.is_sure == (mutant.range == RAW)
    assert clue.value == mutant.range


@pytest.mark.parametrize("form", [".pb", *FOLDED])
@pytest.mark.parametrize("mutant", [Mutant(each, separable=True) for each in (RAW, UNIT, SIGNED)], ids=str)
def test_a_separable_convolution_tells_as_a_whole_one_does(found, mutant, form):
    clue = best(found(mutant)[form], "range")
    if mutant.range == SIGNED and form in FOLDED:  # a guess, as of a whole one
        assert clue is None or not clue.is_sure
    else:
        assert clue is not None
        assert clue.value == mutant.range


@pytest.mark.parametrize("form", FOLDED)
@pytest.mark.parametrize("mutant", [each for each in WHOLE if each.range not in (RAW, UNIT)], ids=str)
def test_folded_weights_about_zero_leave_a_guess(found, mutant, form):
    clue = best(found(mutant)[form], "range")
    assert clue is None or not clue.is_sure
    if mutant.range in (CAFFE, CAFFE.reversed()):
        assert clue is not None
        assert clue.value in (RAW, CAFFE, CAFFE.reversed())
