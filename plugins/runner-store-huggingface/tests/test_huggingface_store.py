"""The Hub as a store, against a stand-in on loopback that huggingface_hub itself fetches from."""

import json
import sys

import attrs
import pytest
from hub_server import LARGE, SIGNATURE, TOKEN, HubServer
from runner_store_huggingface.store import HuggingFaceStore

from runner_core import open_brain
from runner_core.cache.cache import Cache
from runner_core.cache.receipt import Receipt
from runner_core.cards.artifact import Artifact, describe_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.errors import CardError, NoSuchBrain, StoreError, UnreachableError, UsageError
from runner_core.stores.resolve import resolve_brain
from runner_core.testing import check_plugin, conformance

MODEL = "me/cats"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """huggingface_hub reads its environment when it is imported: it is imported anew, and forgotten afterwards."""
    with HubServer() as server, pytest.MonkeyPatch.context() as patch:
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            patch.delenv(name, raising=False)
        patch.setenv("HF_ENDPOINT", server.url)
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
        forget()
        yield server
    forget()


def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "huggingface_hub"]:
        del sys.modules[name]


@pytest.fixture
def server(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    hub.clear()
    return hub


@pytest.fixture(scope="module")
def onnx(testdata):
    return (testdata / "models" / "fastestdet_coco.onnx").read_bytes()


@pytest.fixture(scope="module")
def names(testdata):
    return (testdata / "models" / "coco80.txt").read_text().split("\n")[:80]


@pytest.fixture(scope="module")
def bare(onnx, names):
    """As transformers and optimum leave a repository."""
    config = json.dumps({"model_type": "any", "id2label": dict(enumerate(names))})
    return {"onnx/model.onnx": onnx, "config.json": config.encode(), "README.md": b"cats", "vocab.txt": b"a\nb\n"}


@pytest.fixture(scope="module")
def carded_files(testdata, onnx, names, tmp_path_factory):
    """A repository with a card, a model in a folder, and more that the card does not name."""
    folder = tmp_path_factory.mktemp("carded")
    (folder / "net").mkdir()
    path = folder / "net" / "model.onnx"
    path.write_bytes(onnx)
    with open_brain(path, labels=names) as brain:
        artifact = Artifact("net/model.onnx", ".onnx", describe_files(folder, path))
        attrs.evolve(brain.card, name="cats", version="7", artifacts=(artifact,)).write(folder / CARD_FILE)
    card = (folder / CARD_FILE).read_bytes()
    return {CARD_FILE: card, "net/model.onnx": onnx, "other.onnx": b"x" * LARGE, "README.md": b"cats"}


def fetch(name=MODEL, version=None):
    return HuggingFaceStore().fetch(name, version, Cache())


def held(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {Receipt.RECEIPT_FILE}


def nothing_is_kept():
    assert list(Cache().brains()) == []
    assert Cache().verify() == []
    assert Cache().size() == 0


@conformance(check_plugin)
def test_plugin(check):
    check("runner_store_huggingface.plugin")


def test_huggingface_hub_itself_fetches_from_the_stand_in(server, bare, tmp_path):
    from huggingface_hub import snapshot_download

    server.commit(MODEL, bare)
    snapshot_download(MODEL, local_dir=tmp_path / "there")
    assert {path: (tmp_path / "there" / path).read_bytes() for path in bare} == bare


def test_a_repository_with_a_card(server, carded_files, testdata):
    server.commit(MODEL, carded_files)
    folder = fetch()
    assert held(folder) == {CARD_FILE, "net/model.onnx"}
    assert Card.read(folder / CARD_FILE).version == "7"
    with open_brain(f"hf:{MODEL}") as brain:
        assert (brain.name, brain.version) == ("cats", "7")
        assert set(brain.predict(testdata / "pictures" / "football.jpg").names) == {"person", "sports ball"}
    assert fetch() == folder
    assert server.sent == {CARD_FILE: 1, "net/model.onnx": 1}
    assert Cache().verify() == []


def test_a_bare_model_with_the_names_of_its_configuration(server, bare, testdata):
    server.commit(MODEL, bare)
    with open_brain(f"hf:{MODEL}") as brain:
        assert brain.card.notes[-1] == "labels: config.json beside the model, 80 names"
        assert set(brain.predict(testdata / "pictures" / "football.jpg").names) == {"person", "sports ball"}
    folder = resolve_brain(f"hf:{MODEL}")
    assert held(folder) == {"model.onnx", "config.json"}
    assert server.sent == {"onnx/model.onnx": 1, "config.json": 1}


def test_nobody_else_is_asked_and_nothing_else(server, bare):
    commit = server.commit(MODEL, bare)
    fetch()
    files = [f"/{MODEL}/resolve/{commit}/onnx/model.onnx", f"/{MODEL}/resolve/{commit}/config.json"]
    assert [asked.path for asked in server.asked if not asked.elsewhere] == [
        f"/api/models/{MODEL}/revision/main?blobs=true", *files
    ]  # fmt: skip


def test_a_branch_a_tag_and_a_commit(server, bare, onnx):
    first = server.commit(MODEL, bare, "main", "v1.0")
    second = server.commit(MODEL, bare | {"config.json": b'{"id2label": {"0": "new"}}'}, "main", "pr/1")

    def configuration(version):
        return (fetch(version=version) / "config.json").read_bytes()

    assert configuration("v1.0") == configuration(first) == bare["config.json"]
    assert configuration(None) == configuration("main") == configuration("pr/1") == configuration(second)
    assert configuration("main") != configuration("v1.0")
    assert server.sent == {"onnx/model.onnx": 1, "config.json": 2}  # what did not change is not sent again
    assert {receipt.version for _, receipt in Cache().brains()} == {"v1.0", first, "main", "pr/1", second}
    server.commit(MODEL, bare | {"onnx/model.onnx": onnx + b" "}, "main")
    assert (fetch(version="main") / "model.onnx").stat().st_size == len(onnx) + 1
    assert server.sent == {"onnx/model.onnx": 2, "config.json": 2}


@pytest.mark.parametrize("token", ["", "hf_another-token"])
def test_a_private_repository_without_its_token(server, bare, monkeypatch, token):
    server.commit(MODEL, bare)
    server.private.add(MODEL)
    monkeypatch.setenv("HF_TOKEN", token)
    error, said = (StoreError, "check the token") if token else (NoSuchBrain, r"hides it; .*HF_TOKEN")
    with pytest.raises(error, match=said) as raised:
        fetch()
    assert type(raised.value) is error
    assert not token or token not in str(raised.value)
    nothing_is_kept()


def test_a_token_goes_to_the_hub_alone_and_nowhere_on_the_disk(server, bare, monkeypatch, tmp_path):
    server.commit(MODEL, bare)
    server.private.add(MODEL)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    fetch()
    assert {asked.authorization for asked in server.asked if not asked.elsewhere} == {f"Bearer {TOKEN}"}
    assert {asked.authorization for asked in server.asked if asked.elsewhere} == {""}
    written = b"".join(
        path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.suffix != ".onnx" and path.is_file()
    )
    assert Receipt.RECEIPT_FILE in {path.name for path in (tmp_path / "home").rglob("*")}
    assert TOKEN.encode() not in written
    assert SIGNATURE.encode() not in written


@pytest.mark.parametrize(
    ("name", "version", "error", "said"),
    [
        ("me/dogs", None, NoSuchBrain, "hf:me/dogs: the Hub has no such model, or hides it"),
        (MODEL, "v2.0", NoSuchBrain, "hf:me/cats has no revision 'v2.0'"),
        (MODEL, "0" * 40, NoSuchBrain, "has no revision"),
        (MODEL, "../../x", NoSuchBrain, "has no revision"),
        ("me/../cats", None, UsageError, "hf:me/.. is not a name of a repository"),
        ("me/ca ts", None, UsageError, "is not a name of a repository"),
        (f"{MODEL}/onnx/model.onnx", None, None, ""),
        (f"{MODEL}/onnx", None, None, ""),
        (f"{MODEL}/onnx/other.onnx", None, NoSuchBrain, "holds no model that an installed engine opens"),
    ],
)
def test_what_is_there_and_what_is_not(server, bare, name, version, error, said):
    server.commit(MODEL, bare)
    if error is None:
        assert held(fetch(name, version)) == {"model.onnx", "config.json"}
        return
    with pytest.raises(error, match=said):
        fetch(name, version)
    nothing_is_kept()


@pytest.mark.parametrize(
    ("path", "status", "headers", "error", "said"),
    [
        ("/api/", 403, {"X-Error-Code": "GatedRepo"}, StoreError, "ask on its page"),
        ("/api/", 403, {}, StoreError, "refuses access"),
        ("/api/", 429, {"Retry-After": "600"}, UnreachableError, "429"),
        ("/api/", 200, {"Content-Type": "text/html"}, StoreError, "did not say what the repository holds"),
        ("/resolve/", 403, {}, StoreError, "refuses access"),
        ("/resolve/", 404, {}, StoreError, "not found"),
        ("Amz", 403, {}, StoreError, "refuses access"),
        ("Amz", 200, {"Content-Type": "text/html"}, StoreError, "HTML page"),
    ],
)
def test_what_the_hub_does_wrong_is_said_without_secrets(server, bare, monkeypatch, path, status, headers, error, said):
    server.commit(MODEL, bare)
    server.refuse[path] = (status, headers)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(error, match=said) as raised:
        fetch()
    assert TOKEN not in str(raised.value)
    assert SIGNATURE not in str(raised.value)
    nothing_is_kept()


@pytest.mark.parametrize("path", ["onnx/model.onnx", "config.json"])
def test_other_bytes_than_the_repository_holds_are_refused(server, bare, path):
    server.commit(MODEL, bare)
    server.instead[path] = bytes([bare[path][0] ^ 1]) + bare[path][1:]
    with pytest.raises(StoreError, match=r"sha256 of what arrived|not what the repository holds"):
        fetch()
    assert list(Cache().brains()) == []
    assert Cache().verify() == []
    server.instead.clear()
    assert fetch().is_dir()


def test_another_card_than_the_repository_holds_is_refused(server, carded_files):
    server.commit(MODEL, carded_files)
    server.instead[CARD_FILE] = carded_files[CARD_FILE].replace(b"cats", b"dogs")
    with pytest.raises(StoreError, match="not what the repository holds"):
        fetch()
    nothing_is_kept()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"sha256": "0" * 64}, StoreError, "in the card"),
        ({"size": 5}, StoreError, "5 in the card"),
        ({"path": "net/gone.onnx"}, StoreError, "names net/gone.onnx, which is not there"),
        ({"path": "../model.onnx"}, CardError, "outside the card's folder"),
        ({"size": "many"}, CardError, "size"),
    ],
)
def test_a_card_that_contradicts_its_repository(server, carded_files, change, error, said):
    card = json.loads(carded_files[CARD_FILE])
    card["artifacts"][0]["files"][0].update(change)
    server.commit(MODEL, carded_files | {CARD_FILE: json.dumps(card).encode()})
    with pytest.raises(error, match=said):
        fetch()
    nothing_is_kept()


def test_several_brains_in_one_repository(server, carded_files):
    server.commit(MODEL, {f"{name}/{path}": data for name in ("a", "b") for path, data in carded_files.items()})
    assert held(fetch(f"{MODEL}/a")) == {CARD_FILE, "net/model.onnx"}
    assert set(server.sent) == {"a/brain.json", "a/net/model.onnx"}


def test_offline_by_runner(server, bare, monkeypatch, caplog):
    server.commit(MODEL, bare)
    folder = resolve_brain(f"hf:{MODEL}")
    server.asked.clear()
    monkeypatch.setenv("RUNNER_OFFLINE", "1")
    assert resolve_brain(f"hf:{MODEL}") == folder
    assert "fetched before, is used" in caplog.text
    with pytest.raises(UnreachableError, match=r"me/dogs.*RUNNER_OFFLINE"):
        resolve_brain("hf:me/dogs")
    assert server.asked == []


def test_offline_by_huggingface_hub(server, bare, monkeypatch):
    from huggingface_hub import constants

    server.commit(MODEL, bare)
    folder = resolve_brain(f"hf:{MODEL}@main")
    server.asked.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert resolve_brain(f"hf:{MODEL}@main") == folder
    with pytest.raises(UnreachableError, match="HF_HUB_OFFLINE"):
        resolve_brain("hf:me/dogs")
    assert server.asked == []


@pytest.fixture
def gone(server, monkeypatch):
    """Called, it leaves nobody where the Hub was; retries do not wait."""
    from huggingface_hub import constants

    def leave():
        with HubServer() as other:
            monkeypatch.setattr(constants, "ENDPOINT", other.url)

    monkeypatch.setattr("urllib3.Retry.get_backoff_time", lambda _: 0)
    return leave


def test_a_server_that_is_gone_leaves_what_was_fetched(server, bare, gone, caplog):
    first = server.commit(MODEL, bare, "main", "v1")
    folders = {version: resolve_brain(f"hf:{MODEL}@{version}") for version in ("main", "v1", first)}
    server.commit(MODEL, bare | {"config.json": b"{}"})
    newest = resolve_brain(f"hf:{MODEL}@main")
    gone()
    assert resolve_brain(f"hf:{MODEL}@main") == newest != folders["main"]
    assert resolve_brain(f"hf:{MODEL}@v1") == folders["v1"]
    assert resolve_brain(f"hf:{MODEL}@{first}") == folders[first]
    assert "version v1, fetched before, is used" in caplog.text
    for reference in (f"hf:{MODEL}@v2", "hf:me/dogs"):
        with pytest.raises(UnreachableError, match="cannot be reached"):
            resolve_brain(reference)


def test_in_a_process_of_its_own(server, bare, runner_process, testdata):
    server.commit(MODEL, bare)
    pulled = runner_process("pull", f"hf:{MODEL}@main")
    assert pulled.returncode == 0, pulled.stderr
    done = runner_process(
        "predict", testdata / "pictures" / "football.jpg", "--brain", f"hf:{MODEL}@main", RUNNER_OFFLINE="1"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "version main, fetched before, is used" in done.stderr
    assert "person" in done.stdout
