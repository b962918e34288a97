"""What runner adds to an engine, and whether ``--engine auto`` takes the best.

The run stage of ``brain.predict`` against the engine's bare call on a ready tensor, one thread a call. Each rival is
written by hand with the same settings, the way that engine's own documentation calls it, and keeps what can be kept
between calls. Brain and rival take turns in this process; what runner adds is the median of the differences between
neighbours, which a busy machine moves less than the difference of two medians.

Then ``page``, which ships in four forms: the brain that ``engine="auto"`` opens against every engine with every form
that it can hold, each from the bytes of a JPEG to the answer.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from _measure import alternate, format_table, neighbours, print_verdict, time_call
from _testdata import find_testdata
from runner_demo.store import BRAINS, PICTURES

from runner_core import Brain, Frame, PictureSpec, open_brain
from runner_core.discovery.registry import get_registry
from runner_core.errors import EngineError
from runner_core.loading.candidates import find_candidates
from runner_core.loading.locate import locate_model
from runner_core.loading.open import open_candidate
from runner_core.loading.options import AUTO, LoadOptions

ROUNDS, WARM_UP = 120, 4
SHARE, LEAST = 0.05, 0.3  # of the bare call, in ms: at most, whichever is more
NEAR = 1.05  # times the fastest engine that the one chosen may take
PICTURE = "football.jpg"

Tensor = np.ndarray[Any, np.dtype[Any]]
Call = Callable[[], Tensor]


def onnx_runtime(model: Path, tensor: Tensor) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)
    feeds = {session.get_inputs()[0].name: tensor}
    return lambda: session.run(None, feeds)[0]


def openvino(model: Path, tensor: Tensor) -> Call:
    from openvino import Core

    asked = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    request = Core().compile_model(model, "CPU", asked).create_infer_request()
    return lambda: request.infer([tensor], share_inputs=True, share_outputs=True)[0]


def litert(model: Path, tensor: Tensor) -> Call:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    fed, found = (details()[0]["index"] for details in (interpreter.get_input_details, interpreter.get_output_details))

    def call() -> Tensor:
        interpreter.set_tensor(fed, tensor)
        interpreter.invoke()
        return interpreter.get_tensor(found)

    return call


def tensorflow(model: Path, tensor: Tensor) -> Call:
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        tf.import_graph_def(tf.GraphDef.FromString(model.read_bytes()), name="")
    session = tf.Session(
        graph=graph, config=tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    )
    fetches = [f"{name}:0" for name in ("detection_boxes", "detection_scores", "detection_classes", "num_detections")]
    return lambda: session.run(fetches, {"image_tensor:0": tensor})[0]


PAGE = BRAINS / "page"
BGR = PictureSpec(size=(352, 352), colour="bgr", layout="nchw", dtype="float32", std=(255.0, 255.0, 255.0))
PIXELS = PictureSpec(size=(224, 224))
WHOLE = PictureSpec(size=(512, 512))


@attrs.frozen
class Duel:
    """An engine, its bare call, the model, its labels, and how the picture becomes its tensor."""

    engine: str
    bare: Callable[[Path, Tensor], Call]
    model: Path
    labels: str | None
    picture: PictureSpec

    def brain(self) -> Brain:
        labels = {"labels": MODELS / self.labels} if self.labels else {}
        return open_brain(self.model, engine=self.engine, threads=1, **labels)


MODELS = find_testdata() / "models"
DUELS = (
    Duel("onnx", onnx_runtime, MODELS / "fastestdet_coco.onnx", "coco80.txt", BGR),
    Duel("openvino", openvino, MODELS / "fastestdet_coco.onnx", "coco80.txt", BGR),
    Duel("tensorflow", tensorflow, MODELS / "fastestdet_coco_tf1_image_tensor.pb", "coco80.pbtxt", PictureSpec()),
    Duel("litert", litert, MODELS / "mobilenet_v2_1.0_224_quant.tflite", "imagenet_labels.txt", PIXELS),
    Duel("openvino", openvino, MODELS / "mobilenet_v2_1.0_224_quant.tflite", "imagenet_labels.txt", PIXELS),
    Duel("onnx", onnx_runtime, PAGE / "page.onnx", None, WHOLE),
    Duel("openvino", openvino, PAGE / "page.onnx", None, WHOLE),
    Duel("litert", litert, PAGE / "page.tflite", None, WHOLE),
    Duel("openvino", openvino, PAGE / "page.tflite", None, WHOLE),
)


def run_duel(duel: Duel) -> float:
    """Prints a line of the table; what runner adds, of what it may."""
    page = duel.model.parent == PAGE
    frame = Frame.from_path(PICTURES / "1-book.jpg" if page else find_testdata() / "pictures" / PICTURE)
    brain = duel.brain()
    bare = duel.bare(duel.model, frame.prepared(duel.picture).tensor.copy())
    assert len(brain.infer(frame)), "nothing is found: the comparison would be of nothing"
    # The frame keeps its tensor: from now on nothing but the engine and the decoding runs.
    direct, by_runner, over = neighbours(
        lambda: time_call(bare), lambda: brain.infer(frame).ms["run"], rounds=ROUNDS, warm_up=WARM_UP
    )
    print(
        f"{duel.engine:10} {duel.model.name:36} {direct:8.3f} {by_runner:8.3f} {over:8.3f} {100 * over / direct:6.1f} %"
    )
    return over / max(SHARE * direct, LEAST)


def compare_auto() -> float:
    """Prints a line for each engine and form of ``page``; what the chosen one takes, in times of the fastest."""
    files, options, picture = locate_model(PAGE), LoadOptions(threads=1), (PICTURES / "1-book.jpg").read_bytes()
    with tempfile.TemporaryDirectory() as memory, ExitStack() as stack:
        os.environ["RUNNER_HOME"] = memory  # nothing is known yet
        auto = stack.enter_context(open_brain(PAGE, engine=AUTO, threads=1))
        brains = {f"auto: {auto.engine}": auto}
        for candidate in find_candidates(files):
            try:
                brain = stack.enter_context(open_candidate(files, candidate, options))
            except EngineError:  # it cannot hold this form
                continue
            brains[f"{candidate.engine}, {candidate.artifact.path}"] = brain
        rivals = {name: partial(lambda brain: brain.infer(Frame.from_bytes(picture)), brain)
                  for name, brain in brains.items()}  # fmt: skip
        spent = alternate(rivals, rounds=ROUNDS // 2, warm_up=WARM_UP)
    print(format_table(spent))
    first, *others = spent.values()
    return first / min(others)


def main() -> int:
    print(f"medians of {ROUNDS} alternating calls in ms, one thread; {PICTURE}, and for page a picture of 1280 x 960")
    print(f"{'engine':10} {'model':36} {'bare':>8} {'runner':>8} {'over':>8}")
    duels = [duel for duel in DUELS if duel.engine in get_registry().all("engines")]
    worst = max([run_duel(duel) for duel in duels])
    times = compare_auto()
    claim = f"what runner adds, of the {100 * SHARE:.0f} % or {LEAST} ms that it may, on the worst engine"
    kept = [
        print_verdict(claim, worst, 1.0, "times"),
        print_verdict("what --engine auto took, of the fastest", times, NEAR, "times"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    # Nothing phones home, whichever of a pair is imported first.
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "ORT_DISABLE_TELEMETRY": "1"}
    sys.exit(main())
