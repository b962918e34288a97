"""The article's server: brains local and online, and label maps that live."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from diffgram_server import PROJECT
from PIL import Image
from runner_store_diffgram.graph_file import check_graph

from runner_core import Frame, open_brain
from runner_core.cache.cache import Cache
from runner_core.cards.artifact import sha256_of
from runner_core.errors import NoSuchBrain, StoreError, UsageError

GRAPH = "fastestdet_coco_tf1_encoded_image_string_tensor.pb"
PICTURES = ("baseball.jpg", "bird_segmentation.bmp", "cat_720p.jpg", "football.jpg", "parrot.jpg", "squat.bmp")


def test_the_same_picture_gives_the_same_inference_here_and_there(project, testdata):
    """Boxes and scores to the last bit, for JSON keeps every digit of a float."""
    found = set()
    with project.get_model("page", local=True) as here, project.get_model("page", local=False) as there:
        for path in (testdata / "pictures" / name for name in PICTURES):
            one, other = here.predict_from_local(path), there.predict_from_local(path)
            found.update(one.names)
            assert one.to_json() | {"engine": "", "ms": {}} == other.to_json() | {"engine": "", "ms": {}}
            assert (one.engine, other.engine) == ("tensorflow", "diffgram")
    assert {"person", "sports ball", "bird", "cat"} <= found


@pytest.mark.parametrize("kind", ["array", "bytes", "frame", "turned"])
def test_whatever_the_picture_comes_as(project, testdata, tmp_path, kind):
    path = testdata / "pictures" / "football.jpg"
    if kind == "turned":  # as phones write it: the pixels lie on their side, a tag says so
        turned = Image.open(path).transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[274] = 6
        turned.save(tmp_path / "turned.png", exif=exif)
        picture = tmp_path / "turned.png"
    else:
        frame = Frame.from_path(path)
        picture = {"array": frame.pixels, "bytes": path.read_bytes(), "frame": frame}[kind]
    with project.get_model("page", local=True) as here, project.get_model("page", local=False) as there:
        one, other = here.predict(picture), there.predict(picture)
    assert one.size == other.size == (500, 335)
    assert one.names == other.names == ["person"] * 4 + ["sports ball"]
    np.testing.assert_array_equal(one.boxes, other.boxes)


def test_the_protocol_is_spoken_as_the_server_has_it(project, server, picture):
    server.files[5] = picture.read_bytes()
    with project.get_model("page", local=False) as there:
        there.status()
        there.predict_from_local(picture)
        there.predict_from_file(5, size=(500, 335))
    with project.get_model("page"):
        pass
    ours, asked = f"project/{PROJECT}", [path for path, account in server.accounts if account]
    info, labels = f"/api/walrus/{ours}/brain/local_info", f"/api/v1/{ours}/labels/view/name_to_file_id"
    assert asked == [
        info, labels, f"/api/walrus/v1/{ours}/brain/status", f"/api/walrus/v1/{ours}/inference/from_local",
        f"/api/walrus/{ours}/inference/add", info, labels,
    ]  # fmt: skip


def test_connections_are_kept(project, server, picture):
    with project.get_model("page", local=False) as there:
        there.predict(picture)
        before = server.connections
        for _ in range(5):
            there.predict(picture)
        assert server.connections == before


def test_several_threads_ask_one_online_brain(project, picture):
    with project.get_model("page", local=False) as there, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(there.predict, [picture] * 8))
    assert [answer.names for answer in answers] == [["person"] * 4 + ["sports ball"]] * 8


def test_the_hash_of_a_model_without_a_checksum_is_recorded(project, server, testdata):
    project.get_model("page").close()
    ((folder, receipt),) = Cache().brains()
    recorded = {file.path: file.sha256 for file in receipt.files}
    assert recorded["model.pb"] == sha256_of(testdata / "models" / GRAPH)
    (folder / "model.pb").chmod(0o644)
    with (folder / "model.pb").open("r+b") as model:
        model.write(b"?")
    assert len(Cache().verify()) >= 1


def test_a_brain_trained_again_is_fetched_again(project, server):
    project.get_model("page").close()
    server.number += 1
    with project.get_model("page") as brain:
        assert brain.version == "42"
    assert server.downloads == 2
    with pytest.raises(NoSuchBrain, match="has version 42 of page, not 41"):
        project.get_model("page", version="41")


def test_two_brains_of_the_article(project, picture):
    page = project.get_model(name="page", local=True)
    graphs = project.get_model(name="graphs", local=True)
    inferences = [brain.predict_from_local(picture) for brain in (page, graphs)]
    assert [inference.brain for inference in inferences] == ["page", "graphs"]
    assert all(len(inference) == 5 for inference in inferences)
    page.close()
    graphs.close()


@pytest.mark.parametrize("local", [True, False])
def test_a_label_renamed_there_is_renamed_here_without_a_new_download(project, server, picture, local):
    with project.get_model("page", local=local) as brain:
        assert brain.file_id_to_name[1000] == "person"
        assert brain.file_id_to_model_id[1000] == 1
        assert brain.model_id_to_file_id[1] == 1000
    server.name_to_file_id["player"] = server.name_to_file_id.pop("person")
    with project.get_model("page", local=local) as brain:
        best = brain.predict(picture).instances[0]
    assert (best.label, best.file_id) == ("player", 1000)
    assert server.downloads == int(local)


def test_online_by_url_and_by_file(project, server, picture, testdata, tmp_path):
    server.files[5] = picture.read_bytes()
    server.brains["picture"] = picture  # any file behind the server's address
    with project.get_model("page", local=False) as there:
        local = there.predict_from_local(picture)
        by_url = there.predict_from_url(f"{server.host}/models/picture")
        by_file = there.predict_from_file(5, size=local.size)
        assert there.status() == "trained"
        with pytest.raises(UsageError, match="does not say the size of file 5"):
            there.predict_from_file(5)
    for other in (by_url, by_file):
        assert other.names == local.names
        np.testing.assert_array_equal(other.boxes, local.boxes)
    with project.get_model("page") as here, pytest.raises(UsageError, match="does not see file 5"):
        here.predict_from_file(5)


def test_an_unknown_brain(project):
    with pytest.raises(NoSuchBrain, match="no brain 'nobody'"):
        project.get_model("nobody")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.999])
def test_a_graph_cut_short_is_refused(testdata, tmp_path, cut):
    whole = (testdata / "models" / GRAPH).read_bytes()
    part = tmp_path / "part.pb"
    part.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(StoreError, match="not all of it"):
        check_graph(part)
    part.write_bytes(whole)
    check_graph(part)


def test_a_reference_on_the_command_line(server, picture):
    with open_brain(f"diffgram:{server.host}/{PROJECT}/page") as brain:
        assert len(brain.predict(picture)) == 5
