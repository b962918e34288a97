"""The two brains in all their forms, on every engine that opens them: the same pages, the same graphs."""

from pathlib import Path

import pytest

from runner_core.cards.card import Card
from runner_core.discovery.registry import get_registry
from runner_core.errors import EngineError
from runner_core.frames.frame import Frame
from runner_core.loading.candidates import find_candidates
from runner_core.loading.locate import locate_model
from runner_core.loading.open import open_candidate
from runner_core.loading.options import LoadOptions
from runner_core.results.compare import Comparison, Tolerance, compare_inferences

PACKAGE = Path(__file__).parents[1] / "src" / "runner_demo"
PICTURES = sorted(PACKAGE.glob("pictures/*.jpg"))
NAMES = ("page", "graphs")
NETWORK = {".onnx", ".tflite"}  # the network alone; the other forms handle pictures by themselves, for TensorFlow
DECODER = Tolerance(iou=0.95, score=0.03)  # TensorFlow reads a JPEG in other colours than Pillow, by a level or two
RESIZE = Tolerance(iou=0.99, score=0.005)  # in the graph with fractions, before it in whole levels
SAME = Tolerance(iou=0.999, score=1e-3)


ENGINES = ",".join(get_registry().all("engines"))


@pytest.fixture(scope="module", params=NAMES)
def told(request):
    """(format, engine) -> an answer a picture; of those that the engine can hold."""
    files = locate_model(PACKAGE / "brains" / request.param)
    answers = {}
    for candidate in find_candidates(files, ENGINES):
        try:
            brain = open_candidate(files, candidate, LoadOptions(threads=1))
        except EngineError:
            continue
        with brain:
            answers[candidate.artifact.format, candidate.engine] = [brain.infer(Frame.from_path(p)) for p in PICTURES]
    return answers, files.card.threshold


def agreed(one, other, tolerance):
    return Comparison.total(compare_inferences(*pair, tolerance) for pair in zip(one, other, strict=True))


def test_each_form_is_run_by_the_engines_there_are(told):
    engines = {form: {engine for other, engine in told[0] if other == form} for form, _ in told[0]}
    assert engines == {
        ".pb": {"tensorflow"},
        "saved-model": {"tensorflow"},
        ".tflite": {"litert", "openvino"},
        ".onnx": {"onnx", "openvino"},
    }


def test_all_find_what_the_frozen_graph_finds(told):
    answers, threshold = told
    first = answers[".pb", "tensorflow"]
    for key, other in answers.items():
        found = agreed(first, other, Tolerance(DECODER.iou, DECODER.score, threshold))
        print(f"{first[0].brain}: {key}: {found}")
        assert found.ok, (key, found)
        assert found.matched >= 12


def test_the_network_alone_finds_what_the_saved_model_finds(told):
    answers, threshold = told
    pixels = answers["saved-model", "tensorflow"]
    alone = {key: other for key, other in answers.items() if key[0] in NETWORK}
    for key, other in alone.items():
        found = agreed(pixels, other, Tolerance(RESIZE.iou, RESIZE.score, threshold))
        assert found.ok, (key, found)
    first, *others = alone.values()
    for other in others:
        assert agreed(first, other, Tolerance(SAME.iou, SAME.score, threshold)).ok


@pytest.mark.parametrize("name", NAMES)
def test_the_package_stays_small(name):
    card = Card.read(PACKAGE / "brains" / name / "brain.json")
    assert {artifact.format for artifact in card.artifacts} == {".pb", "saved-model", ".tflite", ".onnx"}
    assert sum(file.size for artifact in card.artifacts for file in artifact.files) < 4_500_000
