"""What goes to another process by pickle: brains as what they were opened from, frames and answers whole."""

import copy
import pickle
import shutil

import numpy as np
import pytest
from parts import ScriptedBrain
from PIL import Image
from runner_demo.store import BRAINS, PICTURES

from runner_core import Frame, Inference, LabelMap, Mask, Project, open_brain, stream
from runner_core.errors import ImageError, UsageError
from runner_core.loading.local_brain import LocalBrain
from runner_core.pipeline.executor import FrameExecutor

PICTURE = PICTURES / "5-several.jpg"


def again(value):
    return pickle.loads(pickle.dumps(value))


@pytest.fixture
def folder(tmp_path, testdata, monkeypatch):
    """A model with labels beside it, the working folder."""
    shutil.copy(testdata / "models" / "fastestdet_coco.onnx", tmp_path / "coco.onnx")
    shutil.copy(testdata / "models" / "coco80.txt", tmp_path / "names.txt")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_brain_is_opened_anew_with_its_options_wherever_it_is_unpickled(folder, monkeypatch):
    options = {"labels": "names.txt", "conf": 0.2, "max_det": 2, "name": "coco", "range": "0..255", "threads": 1}
    with open_brain("coco.onnx", engine="auto", **options) as brain:
        data = pickle.dumps(brain)
        assert len(data) < 4000, "a reference, not a model"
        monkeypatch.chdir(folder.parent)
        with pickle.loads(data) as other:
            assert other is not brain
            assert other.conditions == brain.conditions
            assert (other.name, other.threads, other.labels) == ("coco", 1, brain.labels)
            picture = PICTURES / "2-one.jpg"
            assert other(picture, conf=0.01).boxes.tolist() == brain(picture, conf=0.01).boxes.tolist()


def test_a_brain_by_name_and_one_at_another_threshold(tmp_path):
    with Project("demo").get_model("page", engine="onnx") as page, page.at_threshold(0.2) as low:
        assert (page.conditions["conf"], again(page).conditions) == (page.card.threshold, page.conditions)
        assert again(low).conditions == low.conditions != page.conditions


def test_a_chain_is_opened_as_one(folder):
    with open_brain(BRAINS / "page", engine="onnx") as page, open_brain(BRAINS / "graphs", engine="onnx") as graphs:
        one, other = page.then(graphs, on=["page"], margin=0.1), page
        chain, first = again((one, other))
        assert chain.first is first, "one brain in two chains is opened once"
        assert chain(PICTURE).boxes.tolist() == one(PICTURE).boxes.tolist()
        assert (chain.on, chain.margin, chain.name) == (("page",), 0.1, "graphs")


def test_a_brain_of_a_store_is_fetched_where_it_is_not(tmp_path, monkeypatch):
    shutil.copytree(BRAINS / "page", tmp_path / "store" / "page")
    with open_brain(f"folder:{tmp_path}/store/page", engine="onnx") as brain:
        data = pickle.dumps(brain)
        model, options = brain.opened.for_other_process()
        shutil.move(tmp_path / "store", tmp_path / "moved")
        shutil.copytree(tmp_path / "moved", tmp_path / "store")
        with pickle.loads(data) as other:
            assert other.conditions == brain.conditions
    assert options.engine == "onnx"
    assert model.fetch() == tmp_path / "store" / "page"


def test_a_model_that_has_changed_is_not_the_brain_that_was_pickled(folder, testdata):
    with open_brain("coco.onnx", labels="names.txt") as brain:
        data = pickle.dumps(brain)
    with (folder / "coco.onnx").open("ab") as model:
        model.write(b"\x1a\x00")  # an empty field: the same network, other contents
    with pytest.raises(UsageError, match=r"coco.onnx: not the model that the brain was opened from; open it anew"):
        pickle.loads(data)


def test_a_brain_made_of_parts_says_so(folder):
    with open_brain("coco.onnx", labels="names.txt") as brain:
        made = LocalBrain(brain.card, brain._task, brain.session, engine="onnx")
        with pytest.raises(UsageError, match="brain coco was made of parts, and cannot be pickled; open it from a"):
            pickle.dumps(made)


FRAMES = {
    "path": lambda: Frame.from_path(PICTURE, index=3),
    "bytes": lambda: Frame.from_bytes(PICTURE.read_bytes(), source="a.jpg"),
    "array": lambda: Frame.from_array(np.arange(60, dtype=np.uint8).reshape(4, 5, 3), time=1.5),
    "function": lambda: Frame.from_function(lambda: np.full((4, 5, 3), 7, np.uint8), (5, 4), source="clip", time=2.0),
    "own": lambda: Frame(source="own", read=PICTURE.read_bytes, index=9),
}


@pytest.mark.parametrize("kind", list(FRAMES))
@pytest.mark.parametrize("read_before", [True, False])
def test_a_frame_is_what_it_was_made_of(kind, read_before):
    frame = FRAMES[kind]()
    frame.file_name, frame.taken = "below/it.jpg", 4.5
    if read_before:
        _ = frame.pixels
    other = again(frame)
    for name in ("source", "index", "time", "taken", "file_name", "size", "encoded"):
        assert getattr(other, name) == getattr(frame, name), name
    np.testing.assert_array_equal(other.pixels, frame.pixels)
    assert not other.pixels.flags.writeable
    other.forget()
    np.testing.assert_array_equal(other.pixels, frame.pixels)


def test_a_frame_of_a_path_is_not_read_to_be_pickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (400, 300)).save("a.bmp")
    frame = Frame.from_path("a.bmp")
    data = pickle.dumps(frame)
    assert len(data) < 1000
    assert not frame.computed
    monkeypatch.chdir(tmp_path.parent)
    assert pickle.loads(data).size == (400, 300)
    assert len(pickle.dumps(Frame.from_url("https://me:secret@example.test/a.jpg"))) < 1000
    assert copy.deepcopy(frame).source == "a.bmp"


def test_a_frame_that_cannot_be_read_is_one_there_too(tmp_path):
    def read():
        raise ImageError("cam: cut short", remedy="wait")

    for frame in (Frame.from_path(tmp_path / "gone.jpg"), Frame(source="cam", read=read)):
        with pytest.raises(ImageError) as here:
            _ = frame.pixels
        with pytest.raises(ImageError) as there:
            _ = again(frame).pixels
        assert str(there.value) == str(here.value)


def full_inference() -> Inference:
    """One of two rows, with every column."""
    first = np.zeros((6, 8), bool)
    first[1:3, 2:5] = True
    return Inference(
        brain="all", task="object-detection", size=(8, 6), model_ids=[1, 0], version="2", engine="onnx",
        labels=LabelMap.from_names(["cat", "dog"]), boxes=[[0, 1, 2, 3], [1, 1, 4, 4]], angles=[0.1, 0.2],
        scores=[0.9, 0.8], masks=(Mask(array=first), Mask(array=~first)), keypoints=np.full((2, 3, 3), 0.5),
        vectors=[[0.1], [0.3]], tracks=[4, -1], parents=[0, 0], class_map=np.ones((6, 8), int), ms={"run": 1.25},
        parent_brain="first", frame=Frame.from_path(PICTURE),
    )  # fmt: skip


def test_an_answer_is_equal_and_whole():
    inference = full_inference()
    other = again(inference)
    assert other == inference
    assert list(other) == list(inference)
    assert other.labels == inference.labels
    assert other.to_json() == inference.to_json()
    assert other.frame.source == inference.frame.source
    for name in ("model_ids", "boxes", "scores", "keypoints", "class_map", "tracks"):
        assert not getattr(other, name).flags.writeable, name
    assert all(not mask.array.flags.writeable for mask in other.masks)
    assert again(inference[0]) == inference[0]
    assert again(inference.masks[0]) == inference.masks[0]
    assert again(inference.labels) == inference.labels


def test_a_mask_goes_as_its_run_lengths():
    mask = Mask(array=np.ones((1000, 1000), bool))
    assert len(pickle.dumps(mask)) < 300
    assert again(mask).area == 1_000_000


def test_a_result_is_equal_with_its_failures(tmp_path):
    def fail(frame):
        raise ValueError("no")

    result = FrameExecutor([ScriptedBrain(), ScriptedBrain("second", fail)]).run_frame(Frame.from_path(PICTURE))
    other = again(result)
    assert other == result
    assert (other.failures, other.to_json()) == (result.failures, result.to_json())
    broken = FrameExecutor([ScriptedBrain()]).run_frame(Frame.from_path(tmp_path / "gone.jpg"))
    assert again(broken) == broken != result


def test_the_results_of_a_video_go_too():
    pytest.importorskip("av")
    for result in stream("lavfi:testsrc=size=64x48:rate=5:duration=0.5", [ScriptedBrain()]):
        other = again(result)
        assert other == result
        np.testing.assert_array_equal(other.frame.pixels, result.frame.pixels)
