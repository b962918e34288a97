"""Which maps are taken for a segmentation, and how a picture comes to them."""

import attrs
from runner_segmentation.semantic import SemanticSegmentation

from runner_core.cards import Clue
from runner_core.contracts import Signature, TensorSpec

TASK = SemanticSegmentation()


def signature(output, side):
    return Signature((TensorSpec("image", (1, side, side, 3), "float32"),), (output,))


def test_a_coarse_map_of_probabilities_is_fomos():
    model = signature(TensorSpec("out", (1, 8, 8, 2), "float32"), 64)
    name = model.outputs[0].name
    assert TASK.recognise(attrs.evolve(model, ends={name: "linear"})) is not None
    assert TASK.recognise(attrs.evolve(model, ends={name: "softmax"})) is None
    whole = signature(TensorSpec("out", (1, 64, 64, 2), "float32"), 64)
    assert TASK.recognise(attrs.evolve(whole, ends={whole.outputs[0].name: "softmax"})) is not None


def test_deeplab_is_padded_unless_its_file_is_run_otherwise():
    model = signature(TensorSpec("out", (1, 513, 513), "int64"), 513)
    card = TASK.recognise(model)
    assert (card.picture.resize, any("padded as DeepLab does" in note for note in card.notes)) == ("pad", True)
    card = TASK.recognise(attrs.evolve(model, clues=(Clue("resize", "stretch", "who runs it does so", 0.7),)))
    assert (card.picture.resize, any("padded" in note for note in card.notes)) == ("stretch", False)
    assert "resize" in {guess.about for guess in card.guesses}
