"""The notebooks of examples/ run from top to bottom with what the extra `demo` brings, and are kept without outputs."""

import re
from pathlib import Path

import nbclient
import nbformat
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
PLUGINS = "demo,detection,files,onnx,video,view"


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    """As it is kept."""
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(scope="module")
def ran(notebook, tmp_path_factory):
    """As it is after it was run, and the folder in which that happened."""
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNNER_HOME", str(folder / "home"))
        patch.setenv("RUNNER_LOAD_PLUGINS", PLUGINS)
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))  # not what a person has set up
        client = nbclient.NotebookClient(notebook.copy(), timeout=240, resources={"metadata": {"path": str(folder)}})
        return client.execute(), folder


def list_texts(notebook, mime="text/plain"):
    """What each output says."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            text = output.get("text", "") if output.output_type == "stream" else output.get("data", {}).get(mime, "")
            yield "".join(text)


def test_the_index_names_the_three():
    index = re.findall(r"\]\((\S+\.ipynb)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8"))
    assert {path.name for path in NOTEBOOKS} == set(index)
    assert len(index) == 3


def test_it_is_kept_without_outputs(notebook):
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_it_runs(ran):
    done, _ = ran
    assert not [output for cell in done.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert not [text for text in list_texts(done) if "Traceback" in text or "Warning" in text]


def test_it_ends_as_it_says(notebook, ran):
    (done, folder), title = ran, notebook.cells[0].source.splitlines()[0]
    said = "".join(list_texts(done))
    if title == "# A first brain":
        assert (folder / "found.jpg").is_file()
        assert "3-two.jpg {'page': 2}" in said
    if title == "# Many brains":
        assert len(list((folder / "drawn").rglob("*.jpg"))) == 8
        assert "Counter({'page': 15" in said
    if title == "# A model of your own":
        assert "boxes are decoded and xyxy" in said
        assert said.endswith("Inference('model', object-detection, found 2 sheet) ()\nTrue\n")


def test_it_shows_pictures_of_its_answers(ran):
    done, _ = ran
    assert any(list_texts(done, "image/png")) or any("<img" in text for text in list_texts(done, "text/html"))
