"""Brains that share a trunk: real networks in real engines, whose runs are counted where they arrive."""

from __future__ import annotations

import gc
import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import attrs
import numpy as np
import pytest
from encoded import PNG
from trunk_models import SIDE, rewrite_trunk, write_onnx

from runner_core import Frame, open_brain, run, stream
from runner_core.cards.tolerance import Tolerance
from runner_core.errors import EngineError
from runner_core.frames.memo import Memo
from runner_core.loading import open as opening
from runner_core.loading import shared_trunk
from runner_core.loading.joined_session import JoinedSession
from runner_core.loading.local_brain import BehindDecoder, signature_of
from runner_core.loading.speed_cache import Speed
from runner_core.pipeline.executor import FrameExecutor
from runner_core.results.compare import compare_inferences

TASKS = ("classification", "boxes-scores")


@pytest.fixture(autouse=True)
def nothing_stays_open():
    yield
    gc.collect()
    assert not shared_trunk._open, "a trunk was not closed"


@pytest.fixture
def opened(tmp_path):
    with ExitStack() as stack:
        yield lambda *given, **options: stack.enter_context(open_brain(*given, **{"engine": "onnx", **options}))


@pytest.fixture
def counted(monkeypatch):
    """Counts the runs of a brain's trunk in its engine, by the pictures in each."""

    def call(brain):
        sizes, session = [], brain.session.trunk.session
        real = session.run

        def count(feeds, fetches):
            sizes.append(len(next(iter(feeds.values()))))
            return real(feeds, fetches)

        monkeypatch.setattr(session, "run", count)
        return sizes

    return call


def frames(count, side=(90, 70)):
    random = np.random.default_rng(3)
    return [Frame.from_array(random.integers(0, 255, (*side, 3)).astype(np.uint8), index=n) for n in range(count)]


class Pictures:
    live = False

    def __init__(self, count):
        self.count = count

    def frames(self):
        yield from frames(self.count)


def check_alike(one, other):
    near = Tolerance(iou=0.99, score=1e-4, threshold=0.25)
    told = compare_inferences(one, other, near)
    assert not told.faults
    assert told.matched == len(one) > 0


@pytest.mark.parametrize("engine", ["onnx", "openvino", "tensorflow", "litert"])
def test_a_head_on_its_trunk_answers_as_the_whole_network(engine, tmp_path, opened):
    for task in TASKS:
        if engine in ("onnx", "openvino"):
            folder, suffix = write_onnx(tmp_path / task, task, forms=("whole", "head")), ".onnx"
        else:
            from trunk_tensorflow import write_tensorflow

            form, suffix = ("saved-model", "") if engine == "tensorflow" else (".tflite", ".tflite")
            folder = write_tensorflow(tmp_path / task, form, task, forms=("whole", "head"))
        shared, whole = (opened(folder / f"{form}{suffix}", engine=engine) for form in ("head", "whole"))
        assert shared.trunk.startswith(f"trunk{suffix} ")
        assert whole.trunk == ""
        for frame in frames(3):
            check_alike(shared.infer(frame), whole.infer(frame))


def test_many_brains_compute_a_trunk_once_a_frame(tmp_path, opened, counted):
    brains = [opened(write_onnx(tmp_path / f"b{n}", TASKS[n % 2], head=n)) for n in range(5)]
    sizes = counted(brains[0])
    results = list(stream(Pictures(4), brains, threads=2))
    assert sizes == [1] * 4
    for result in results:
        assert [answer.brain for answer in result.answers] == [f"b{n}" for n in range(5)]
    alone = [[brain.infer(frame) for brain in brains] for frame in frames(4)]
    for result, answers in zip(results, alone, strict=True):
        for pair in zip(result.answers, answers, strict=True):
            check_alike(*pair)


def test_threads_that_ask_at_once_wait_for_the_one_that_computes(tmp_path, opened, counted):
    brains = [opened(write_onnx(tmp_path / f"b{n}", head=n)) for n in range(4)]
    sizes, barrier = counted(brains[0]), Barrier(4)

    def ask(brain, frame):
        barrier.wait(60)
        return brain.infer(frame)

    with ThreadPoolExecutor(4) as pool:
        for frame in frames(10):
            list(pool.map(ask, brains, [frame] * 4))
    assert sizes == [1] * 10


def test_heads_that_want_other_taps_share_one_run(tmp_path, opened, counted):
    one, other = (opened(write_onnx(tmp_path / task, task)) for task in TASKS)
    sizes = counted(one)
    for frame in frames(2):
        assert len(one.infer(frame)) * len(other.infer(frame)) > 0
    assert sizes == [1, 1]


def test_a_brain_that_is_opened_later_gets_what_is_kept_or_computes_what_is_not(tmp_path, opened):
    one = opened(write_onnx(tmp_path / "one", "classification"))
    (frame,) = frames(1)
    before = one.infer(frame)
    other = opened(write_onnx(tmp_path / "other", "boxes-scores"))  # wants a tap that was not kept
    assert len(other.infer(frame)) > 0
    check_alike(one.infer(frame), before)


def test_another_size_is_another_tensor_and_not_shared(tmp_path, opened, counted):
    one, other = (opened(write_onnx(tmp_path / name)) for name in ("one", "other"))
    assert one.session.trunk is other.session.trunk
    changed = other.rebind(
        attrs.evolve(other.card, picture=attrs.evolve(other.picture, mean=(9.0, 9.0, 9.0))), signature_of(other.session)
    )
    sizes = counted(one)
    (frame,) = frames(1)
    assert not np.array_equal(one.infer(frame).scores, changed.infer(frame).scores)
    assert sizes == [1, 1]


def test_features_are_those_of_the_array_that_was_fed(tmp_path, opened):
    trunk, memo = opened(write_onnx(tmp_path / "one")).session.trunk, Memo()
    for level in range(20):  # one array is gone before the next is made, perhaps at the same place
        found = trunk.compute_features(fill(level), memo.compute_apart)
        np.testing.assert_array_equal(found["far"], trunk.run(fill(level), ["far"])["far"])


def fill(level):
    return {"image": np.full((1, 3, SIDE, SIDE), level, np.float32)}


def test_features_are_freed_with_the_frame(tmp_path, opened):
    brain = opened(write_onnx(tmp_path / "one"))
    (frame,) = frames(1)
    held, compute = [], brain.session.trunk.run

    def watch(fed, wanted):
        found = compute(fed, wanted)
        held.extend(weakref.ref(each) for each in found.values())
        return found

    brain.session.trunk.run = watch
    brain.infer(frame)
    gc.collect()
    assert held
    assert all(ref() is not None for ref in held)
    frame.forget()
    gc.collect()
    assert all(ref() is None for ref in held)


def test_a_trunk_that_fails_fails_once_a_frame_and_costs_each_brain_its_answer(tmp_path, opened, monkeypatch):
    brains = [opened(write_onnx(tmp_path / f"b{n}", head=n)) for n in range(3)]
    asked = []

    def fail(_feeds, _fetches):
        asked.append(1)
        raise EngineError("it broke", remedy="mend it")

    monkeypatch.setattr(brains[0].session.trunk.session, "run", fail)
    (result,) = stream(Pictures(1), brains)
    assert [failure.message for failure in result.failures] == ["it broke; mend it"] * 3
    assert len(asked) == 1


def test_the_last_brain_closes_the_trunk(tmp_path, opened):
    one, other = (opened(write_onnx(tmp_path / name, head=n)) for n, name in enumerate(("one", "other")))
    trunk = one.session.trunk
    one.close()
    one.close()
    assert other.infer(frames(1)[0]).size == (70, 90)
    with pytest.raises(EngineError, match="closed"):
        one.infer(frames(1)[0])
    other.close()
    with pytest.raises(EngineError, match="closed"):
        trunk.run(fill(0), ("far",))
    assert opened(tmp_path / "one").session.trunk is not trunk


def test_a_brain_that_nobody_closes_takes_its_trunk_with_it(tmp_path):
    brain = open_brain(write_onnx(tmp_path / "one"), engine="onnx")
    trunk = weakref.ref(brain.session.trunk)
    del brain
    gc.collect()
    assert trunk() is None


@pytest.mark.parametrize("options", [{"engine": "openvino"}, {"threads": 2}], ids=["engine", "threads"])
def test_a_trunk_that_is_opened_otherwise_is_another(options, tmp_path, opened):
    one, other = opened(write_onnx(tmp_path / "one"), threads=1), opened(write_onnx(tmp_path / "b"), **options)
    assert one.session.trunk is not other.session.trunk
    assert one.trunk != other.trunk, "--explain tells why they are not shared"


def test_other_contents_are_another_trunk_and_another_name_is_not(tmp_path, opened):
    one = opened(write_onnx(tmp_path / "one"))
    assert opened(write_onnx(tmp_path / "b", trunk=9)).session.trunk is not one.session.trunk
    folder = write_onnx(tmp_path / "c")
    (folder / "trunk.onnx").rename(folder / "base.onnx")
    rewrite_trunk(folder, path="base.onnx", files=[])
    assert opened(folder).session.trunk is one.session.trunk


@pytest.mark.parametrize("batch", [1, 3], ids=["one", "three"])
def test_a_fixed_batch(batch, tmp_path, opened, counted):
    brains = [opened(write_onnx(tmp_path / f"b{n}", TASKS[n], batch=batch)) for n in range(2)]
    wholes = [
        opened(write_onnx(tmp_path / f"w{n}", TASKS[n], batch=batch, forms=("whole",), name=f"b{n}")) for n in range(2)
    ]
    sizes = []
    run_trunk = brains[0].session.trunk.session.run
    brains[0].session.trunk.session.run = lambda *asked: sizes.append(1) or run_trunk(*asked)
    for frame in frames(2):
        for one, other in zip(brains, wholes, strict=True):
            check_alike(one.infer(frame), other.infer(frame))
    assert len(sizes) == 2


def test_crops_are_run_together_and_each_has_its_own_features(tmp_path, opened, counted):
    first = opened(write_onnx(tmp_path / "finder", "boxes-scores"), max_det=5)
    second = opened(write_onnx(tmp_path / "namer"))
    whole = opened(write_onnx(tmp_path / "whole", forms=("whole",), name="namer"))
    sizes = counted(first)
    (frame,) = frames(1)
    chained = first.then(second)
    answer = chained.infer(frame)
    assert sizes == [1, *[1] * 5, 5], "the picture; the crops one by one and together"
    check_alike(answer, first.then(whole).infer(frame))
    sizes.clear()
    chained.infer(frames(1)[0])
    assert sizes == [1, 5]
    profile = run(Pictures(2), [chained], explain=True).to_json()["explain"]
    assert [each["computed"] for each in profile["trunks"]] == [2], "of the pictures themselves"


def test_explain_shows_the_trunk_once_and_who_shared_it(tmp_path, opened):
    brains = [opened(write_onnx(tmp_path / f"b{n}", head=n), threads=1) for n in range(3)]
    whole = opened(write_onnx(tmp_path / "whole", forms=("whole",)), threads=1)
    profile = run(Pictures(4), [*brains, whole], explain=True).to_json()["explain"]
    assert profile["trunks"] == [{"trunk": brains[0].trunk, "computed": 4, "brains": ["b0", "b1", "b2"]}]
    assert profile["stages"]["trunk"]["p50"] > 0


def test_a_card_with_both_forms_is_opened_on_its_trunk(tmp_path, opened):
    folder = write_onnx(tmp_path / "both", forms=("whole", "head"))
    assert isinstance(opened(folder, engine=None).session, JoinedSession)
    assert isinstance(opened(folder, engine="openvino,onnx").session, JoinedSession)


def test_auto_prefers_what_is_open_then_a_head_that_is_about_as_fast(tmp_path, opened, monkeypatch):
    folder = write_onnx(tmp_path / "both", forms=("whole", "head"))
    speeds = {("onnx", "head.onnx"): 10.5, ("onnx", "whole.onnx"): 10.0, ("openvino", "head.onnx"): 30.0,
              ("openvino", "whole.onnx"): 31.0}  # fmt: skip

    def rank(files, options, _open):
        found = [(each, Speed(speeds[each.engine, each.artifact.path])) for each in opening.find_candidates(files)]
        extra = [attrs.evolve(each, engine="openvino") for each, _ in found]
        return found + [(each, Speed(speeds["openvino", each.artifact.path])) for each in extra]

    monkeypatch.setattr(opening, "rank_engines", rank)
    assert opened(folder, engine="auto").trunk.endswith("on onnx")
    speeds["onnx", "head.onnx"] = 11.5
    other = write_onnx(tmp_path / "other", trunk=5, forms=("whole", "head"))
    assert opened(other, engine="auto").trunk == "", "it would take too long alone"
    third = write_onnx(tmp_path / "third", trunk=6)
    opened(third, engine="openvino")
    forth = write_onnx(tmp_path / "forth", trunk=6, head=8, forms=("whole", "head"))
    assert opened(forth, engine="auto").trunk.endswith("on openvino"), "it is computed anyway"


def test_a_trunk_that_decodes_pictures_is_fed_pixels_once_for_all(tmp_path, opened, counted):
    from runner_tensorflow.runtime import tf

    def decode():
        encoded = tf.compat.v1.placeholder(tf.string, [1], name="encoded")
        image = tf.io.decode_image(tf.reshape(encoded, []), channels=3, expand_animations=False)
        image.set_shape([None, None, 3])
        resized = tf.raw_ops.ResizeBilinear(images=tf.cast(image[None], tf.float32), size=[32, 32])
        tf.reduce_mean(resized, [1, 2], name="means")

    def classify():
        tf.nn.softmax(tf.compat.v1.placeholder(tf.float32, [None, 3], name="means") / 64, name="scores")

    files, brains = {}, []
    for file, build in (("trunk.pb", decode), ("head.pb", classify)):
        with tf.Graph().as_default() as graph:
            build()
        files[file] = graph.as_graph_def().SerializeToString()
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        card = {
            "name": name, "task": "classification", "threshold": 0.1, "picture": {"encoded": True},
            "roles": {"image": "encoded:0", "scores": "scores:0"},
            "artifacts": [{"path": "head.pb", "format": ".pb", "trunk": {
                "path": "trunk.pb", "format": ".pb", "taps": {"means:0": "means:0"}}}],
            "labels": [{"model_id": n, "file_id": n, "name": str(n)} for n in range(3)],
        }  # fmt: skip
        (folder / "brain.json").write_text(json.dumps(card))
        brains.append(opened(folder, engine="tensorflow"))
    executor = FrameExecutor(brains, exact=False)
    assert all(isinstance(brain, BehindDecoder) for brain in executor.brains)
    executor.run_frame(Frame.from_bytes(PNG))  # each asks the decoder once what it makes of a picture
    sizes = counted(brains[0])
    result = executor.run_frame(Frame.from_bytes(PNG))
    assert len(sizes) == 1
    for answer, brain in zip(result.answers, brains, strict=True):
        check_alike(answer, brain.predict(PNG))
    assert [brain.trunk for brain in executor.brains] == [brains[0].trunk] * 2
