"""Models in zip archives: found by a path through them, with the labels that lie beside them."""

import shutil
import zipfile

import onnx_models
import pytest

from runner_core import open_brain
from runner_core.cache.leftovers import find_cache_leftovers
from runner_core.errors import EngineError, UsageError
from runner_core.loading import bundle
from runner_core.loading.bundle import resolve_bundle
from runner_core.loading.locate import locate_model
from runner_core.util.home import find_home


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))


@pytest.fixture
def pack(tmp_path):
    """Packs files by their names: bytes, or a path whose bytes are taken."""

    def pack(name, **members):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content if isinstance(content, bytes) else content.read_bytes())
        return tmp_path / name

    return pack


@pytest.fixture
def model(tmp_path):
    return onnx_models.write(tmp_path / "made.onnx")


def test_a_bundle_of_one_model_is_that_model_with_its_labels_beside_it(pack, testdata):
    whole = testdata / "models" / "movenet_single_pose_lightning_ptq.tflite"
    bundle = pack("converted_tflite.zip", **{"model.tflite": whole, "labels.txt": b"0 cat\n1 dog\n"})
    assert locate_model(bundle).path.with_name("labels.txt").read_bytes() == b"0 cat\n1 dog\n"
    with open_brain(bundle) as brain:
        assert brain.name == "model"
        assert brain.family == "movenet"


def test_one_of_several_is_named_by_a_path_through_it(pack, model):
    inner = pack("hand.task", **{"detector.onnx": model, "landmarks.onnx": model})
    bundle = pack("gesture.task", **{"hand.task": inner, "face.onnx": model, "notes.txt": b"hello"})
    with pytest.raises(UsageError, match=r"gesture\.task: holds 3 models") as refused:
        locate_model(bundle)
    named = refused.value.remedy.removeprefix("name one of them: ").split(", ")
    assert named == [f"{bundle}/face.onnx", f"{bundle}/hand.task/detector.onnx", f"{bundle}/hand.task/landmarks.onnx"]
    for each in named:
        files = locate_model(type(bundle)(each))
        assert files.path.name == each.rpartition("/")[2]
        assert files.path.read_bytes() == model.read_bytes()


def test_what_is_not_in_it_is_said_with_what_is(pack, model):
    inner = pack("hand.task", **{"detector.onnx": model})
    bundle = pack("gesture.task", **{"hand.task": inner})
    with pytest.raises(
        UsageError, match=rf"^{bundle}/hand\.task/x: not in .*; .*: {bundle}/hand\.task/detector\.onnx$"
    ):
        locate_model(bundle / "hand.task" / "x")


def test_the_command_line_takes_such_a_path(pack, model, runner):
    bundle = pack("two.zip", **{"a.onnx": model, "b.onnx": model})
    done = runner("inspect", bundle / "c.onnx")
    assert done.returncode == 2
    assert (
        done.stderr
        == f"runner: {bundle}/c.onnx: not in this bundle; name one of them: {bundle}/a.onnx, {bundle}/b.onnx\n"
    )


def test_a_path_through_a_file_that_is_no_bundle(model, runner):
    done = runner("inspect", model / "x.onnx")
    assert done.returncode == 2
    assert "made.onnx/x.onnx: no such file or folder" in done.stderr


def test_a_folder_in_it_is_looked_into_but_not_a_saved_model(pack, model):
    saved = {"model.savedmodel/saved_model.pb": b"\x08\x01", "model.savedmodel/variables/variables.index": b"x"}
    assert locate_model(pack("keras.zip", **saved)).artifacts[0].format == "saved-model"
    assert locate_model(pack("deep.zip", **{"a/b/model.onnx": model, "a/c.txt": b""})).path.name == "model.onnx"


def test_a_card_in_it_speaks_for_all(pack, testdata):
    bundle = pack("brain.zip", **{"brain.json": b"{}", "a.onnx": b"x", "b.onnx": b"y"})
    assert (resolve_bundle(bundle) / "brain.json").is_file()


def test_it_is_unpacked_once(pack, model):
    bundle = pack("one.zip", **{"a.onnx": model})
    first = locate_model(bundle).path
    first.with_name("mark").write_bytes(b"")
    assert locate_model(bundle.rename(bundle.with_name("one2.zip"))).path != first  # its folder is named as it is
    bundle.with_name("one2.zip").rename(bundle)
    assert locate_model(bundle).path.with_name("mark").exists()
    assert not [each for each in bundle.parent.iterdir() if each.name.startswith("one") and each.is_dir()]


def test_what_is_unpacked_now_is_not_left_over(pack, model, monkeypatch):
    found = []

    def copy(path, place):
        shutil.copyfile(path, place)
        found.extend(each.is_free for each in find_cache_leftovers(find_home()) if "unpacking" in each.path.name)

    monkeypatch.setattr(bundle, "copy_plain_file", copy)
    locate_model(pack("one.zip", **{"a.onnx": model}))
    assert found == [False]


def test_a_model_that_is_a_zip_archive_itself_is_none(pack):
    torch = pack("best.zip", **{"best/data.pkl": b"", "best/version": b"3"})
    with pytest.raises(UsageError, match=r"best\.zip: this is a PyTorch checkpoint"):
        locate_model(torch) and open_brain(torch)


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"readme.txt": b"hello"}, r"bundle\.zip: holds no model of a format that is opened; unpack it"),
        ({"yolo.param": b"7767517\n1 1\n", "yolo.bin": b""}, r"yolo\.(bin|param): .*"),
    ],
)
def test_one_without_a_model(pack, members, complaint):
    with pytest.raises(UsageError, match=complaint):
        locate_model(pack("bundle.zip", **members))


@pytest.mark.parametrize("name", ["../outside.onnx", "/outside.onnx"])
def test_nothing_is_unpacked_outside(pack, model, name, tmp_path):
    with pytest.raises(EngineError, match=r"bundle\.zip"):
        locate_model(pack("bundle.zip", **{name: model}))
    assert not list(tmp_path.rglob("outside.onnx"))


def test_a_bomb(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.onnx", bytes(300 << 20))
    with pytest.raises(EngineError, match=r"bomb\.zip: unpacks to far more"):
        locate_model(tmp_path / "bomb.zip")


def test_a_bundle_cut_short_is_no_bundle(pack, model):
    bundle = pack("cut.zip", **{"a.onnx": model})
    bundle.write_bytes(bundle.read_bytes()[:-30])
    with pytest.raises(UsageError, match=r"cut\.zip"):
        open_brain(bundle)
