"""A model registry as a store, against a real MLflow server."""

import uuid

import pytest
from cutting_proxy import CuttingProxy
from runner_store_mlflow.store import MlflowStore
from shelves import write_brain

from runner_core import open_brain
from runner_core.cache.cache import Cache
from runner_core.cache.receipt import Receipt
from runner_core.cards.artifact import sha256_of
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import NoSuchBrain, OfflineError, StoreError, UnreachableError
from runner_core.stores.resolve import resolve_brain
from runner_core.testing import check_store, conformance

LOGGED = """
import mlflow, onnx
needs = ["onnxruntime"]  # or mlflow would try it out to see
mlflow.onnx.log_model(onnx.load({model!r}), name="model", registered_model_name={name!r}, pip_requirements=needs)
"""


@pytest.fixture
def name():
    """Of a model that no other test knows."""
    return f"page-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def publish(server, name, tmp_path):
    """The next version, with weights of its own."""

    def publish(seed=0):
        made = write_brain(tmp_path / f"made-{seed}", name, version=str(seed), seed=seed)
        files = {path.name: path.read_bytes() for path in made.iterdir()}
        return server.publish(name, files)

    return publish


def version_in(folder):
    return Card.read(folder / CARD_FILE).version


def fetched():
    return [receipt.version for _, receipt in Cache().brains()]


@conformance(check_store)
def test_store(check, publish, server, tmp_path, monkeypatch):
    publish()
    models = MlflowStore.list
    monkeypatch.setattr(
        MlflowStore, "list", lambda self: iter([ref for ref in models(self) if ref.name[:5] == "page-"])
    )
    check(MlflowStore, tmp_path / "cache", server.url)


def test_a_brain_with_a_card(publish, name, tmp_path):
    publish()
    folder = resolve_brain(f"models:/{name}/1")
    assert {path.name for path in folder.iterdir()} == {CARD_FILE, "weights.bin", Receipt.RECEIPT_FILE}
    assert sha256_of(folder / "weights.bin") == sha256_of(tmp_path / "made-0" / "weights.bin")
    assert Cache().verify() == []


def test_what_mlflow_itself_logs_runs(server, name, testdata):
    """A model, its weights in a file of their own, and much that is not for us: a conda.yaml, an MLmodel, ..."""
    server.python(LOGGED, model=str(testdata / "models" / "fastestdet_coco.onnx"), name=name)
    with open_brain(f"models:/{name}/1", labels=testdata / "models" / "coco80.txt") as brain:
        assert set(brain.predict(testdata / "pictures" / "football.jpg").names) == {"person", "sports ball"}


@pytest.mark.parametrize("kind", ["saved model", "model.keras", "model.h5"])
def test_where_mlflow_puts_a_keras_model(server, name, kind, testdata):
    """Its own module for TensorFlow would need TensorFlow in the server's environment: the layout is made by hand."""
    saved = testdata / "models" / "fastestdet_coco_savedmodel"
    files = {"MLmodel": b"flavors: {}", "data/keras_module.txt": b"tensorflow.keras"}
    if kind != "saved model":
        files[f"data/{kind}"] = b"PK"
    else:
        files |= {f"data/model/{path.relative_to(saved)}": path.read_bytes() for path in saved.rglob("*.*")}
    server.publish(name, files)
    folder = resolve_brain(f"models:/{name}/1")
    assert (folder / ("model/saved_model.pb" if kind == "saved model" else kind)).is_file()
    if kind == "saved model":
        with open_brain(f"models:/{name}/1") as brain:
            assert len(brain.predict(testdata / "pictures" / "football.jpg")) == 5


def test_versions_and_aliases(server, publish, name):
    for seed in range(11):
        publish(seed)
    server.post("registered-models/alias", name=name, alias="champion", version="3")
    assert version_in(resolve_brain(f"models:/{name}")) == "10"  # the eleventh
    assert version_in(resolve_brain(f"models:/{name}/2")) == "1"
    assert version_in(resolve_brain(f"models:/{name}@champion")) == "2"
    server.post("registered-models/alias", name=name, alias="champion", version="4")
    assert version_in(resolve_brain(f"models:/{name}@champion")) == "3"
    assert version_in(resolve_brain(f"mlflow:{server.url}/{name}@2")) == "1"


def test_what_was_fetched_by_number_is_not_asked_for_again(server, publish, name, monkeypatch):
    publish()
    folder = resolve_brain(f"models:/{name}/1")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("somebody is asked"))
    assert resolve_brain(f"models:/{name}/1") == folder


def test_what_was_fetched_by_alias_is_not_fetched_again(server, publish, name):
    publish()
    server.post("registered-models/alias", name=name, alias="champion", version="1")
    assert resolve_brain(f"models:/{name}@champion") == resolve_brain(f"models:/{name}@champion")
    assert fetched() == ["champion"]


@pytest.mark.parametrize("reference", ["models:/{}/9", "models:/{}@nobody", "models:/{}x", "models:/{}x/1"])
def test_what_the_registry_has_not(publish, name, reference):
    publish()
    with pytest.raises(NoSuchBrain, match="the registry has no"):
        resolve_brain(reference.format(name))


def test_a_model_without_versions(server, name):
    server.post("registered-models/create", name=name)
    with pytest.raises(NoSuchBrain, match="has no version"):
        resolve_brain(f"models:/{name}")


def test_a_version_without_files(server, name):
    server.publish(name, {})
    with pytest.raises(StoreError, match=r"version 1 of .* has no files"):
        resolve_brain(f"models:/{name}/1")


def test_a_version_whose_files_are_elsewhere(server, name):
    server.post("registered-models/create", name=name)
    server.post("model-versions/create", name=name, source="s3://bucket/model")
    with pytest.raises(StoreError, match=r"s3://bucket/model: the server does not serve these files itself"):
        resolve_brain(f"models:/{name}/1")


def test_paths_with_blanks_and_folders(server, name):
    files = {"MLmodel": b"flavors: {}", "a b/c%d.txt": b"1", "a b/e/f": b"2"}
    server.publish(name, files, "1 of 2")
    folder = resolve_brain(f"models:/{name}/1")
    assert {path: (folder / path).read_bytes() for path in files} == files


def test_the_server_gone(server, publish, name, monkeypatch, caplog):
    publish()
    server.post("registered-models/alias", name=name, alias="champion", version="1")
    with CuttingProxy(server.url) as proxy:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", proxy.url)
        found = {end: resolve_brain(f"models:/{name}{end}") for end in ("", "/1", "@champion")}
    monkeypatch.setattr("urllib3.Retry.get_backoff_time", lambda _: 0)
    assert {end: resolve_brain(f"models:/{name}{end}") for end in found} == found
    assert "version champion, fetched before, is used" in caplog.text
    with pytest.raises(UnreachableError, match="cannot be reached"):
        resolve_brain(f"models:/{name}/2")


def test_a_connection_that_is_cut_again_and_again(server, publish, name, monkeypatch, tmp_path):
    """Only what goes on where it was cut ever ends: the weights are three times as long as what comes through."""
    publish()
    monkeypatch.setattr("urllib3.Retry.get_backoff_time", lambda _: 0)
    with CuttingProxy(server.url, after=100_000) as proxy:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", proxy.url)
        folder = resolve_brain(f"models:/{name}/1")
    assert sha256_of(folder / "weights.bin") == sha256_of(tmp_path / "made-0" / "weights.bin")


def test_offline(publish, name, monkeypatch, caplog):
    publish()
    folder = resolve_brain(f"models:/{name}")
    monkeypatch.setenv("RUNNER_OFFLINE", "1")
    assert resolve_brain(f"models:/{name}") == resolve_brain(f"models:/{name}/1") == folder
    assert "RUNNER_OFFLINE is set; version 1, fetched before, is used" in caplog.text
    with pytest.raises(OfflineError):
        resolve_brain(f"models:/{name}/2")


@pytest.mark.parametrize(
    ("data", "said"), [(b"short", "5 in the store, 300000 in the card"), (bytes(300_000), "the sha256 of")]
)
def test_a_card_tells_what_its_files_must_be(server, publish, name, data, said):
    """The server itself offers no checksum."""
    server.put(f"{publish()}/weights.bin", data)
    with pytest.raises(StoreError, match=said):
        resolve_brain(f"models:/{name}/1")
    assert Cache().verify() == fetched() == []
