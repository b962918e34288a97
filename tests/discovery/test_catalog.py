"""What to install for what is not there: the table agrees with what the distributions register."""

import pytest

from runner_core.cli.main import COMMANDS
from runner_core.discovery.catalog import DISTRIBUTIONS, find_distribution
from runner_core.discovery.registry import KINDS, get_registry
from runner_core.errors import NotInstalled
from runner_core.loading.candidates import find_candidates
from runner_core.loading.locate import locate_model
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import registry_of

FOUND = [(kind, name) for kind in KINDS for name in get_registry().all(kind)]


@pytest.mark.parametrize(("kind", "name"), FOUND)
def test_every_plugin_of_this_project_is_in_the_table(kind, name):
    distribution = get_registry().get(kind, name).distribution
    if name not in COMMANDS:
        assert find_distribution(kind, name) == distribution, "give it its place in runner_core/discovery/catalog.py"


def test_the_table_names_nothing_that_is_not_there():
    for kind, words in DISTRIBUTIONS.items():
        claimed = {claim for found in get_registry().all(kind).values() for claim in found.plugin.claims}
        assert set(words) <= claimed | set(get_registry().all(kind))
        assert {found.distribution for found in get_registry().all(kind).values()} <= set(words.values())


@pytest.mark.parametrize(
    ("name", "package"), [("a.onnx", "runner-onnx"), ("b.pb", "runner-tensorflow"), ("c.tflite", "runner-litert")]
)
def test_a_format_that_nothing_installed_opens_names_the_package(name, package, tmp_path):
    (tmp_path / name).write_bytes(b"anything")
    with registry_of(), pytest.raises(NotInstalled, match=rf"installed: none; `pip install {package}` opens it"):
        find_candidates(locate_model(tmp_path / name))


def test_an_engine_that_is_there_is_not_to_be_installed_again(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"anything")
    with pytest.raises(NotInstalled) as refused:
        find_candidates(locate_model(tmp_path / "a.onnx"), "litert")
    assert "pip install" not in str(refused.value)


@pytest.mark.parametrize(
    ("location", "package"),
    [("rtsp://host/live", "runner-video"), ("clip.mp4?stride=2", "runner-video"), ("pictures", "runner-files")],
)
def test_a_source_that_nothing_installed_reads_names_the_package(location, package):
    with registry_of(), pytest.raises(NotInstalled, match=rf"installed: none; `pip install {package}` brings one"):
        open_source(location)
