"""Lower bounds: no distribution may be installed in a version with a known hole that an input of runner reaches.

`make audit` asks the database of advisories about what is pinned; here is what it cannot see: what else pip may choose.
"""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECTS = (ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml")))

# distribution -> the first version without the hole, and what must stand beside the bound: an advisory, if there is one
FLOORS = {
    "pillow": ("13.0", "CVE-2026-112403"),
    "requests": ("2.33", "CVE-2024-47081"),
    "urllib3": ("2.7", "CVE-2026-44432"),
    "starlette": ("1.3", "CVE-2026-48710"),
    "h11": ("0.16", "CVE-2025-43859"),
    "keras": ("3.15.1", "CVE-2026-12480"),
    "protobuf": ("6.31.1", "CVE-2025-4565"),
    "onnx": ("1.21", "CVE-2026-27489"),
    "onnxruntime": ("1.24.1", "outside of a model's folder"),
    "openvino": ("2026.2", "outside of a model's folder"),
    "tensorflow": ("2.12", ""),  # CVE-2023-25664 and those before: older than what other reasons ask for
    "pyyaml": ("5.4", ""),  # CVE-2020-14343, likewise
}


def asked_for(project: Path) -> list[Requirement]:
    """All that it may install, with every extra, but runner's own."""
    data = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    texts = [
        *data.get("dependencies", []),
        *(t for extra in data.get("optional-dependencies", {}).values() for t in extra),
    ]
    return [each for each in map(Requirement, texts) if not each.name.startswith("runner")]


def lower_bound(asked: Requirement) -> Version:
    bounds = [Version(each.version) for each in asked.specifier if each.operator == ">="]
    return max(bounds, default=Version("0"))


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
def test_no_version_with_a_known_hole_may_be_installed(project):
    text = project.read_text(encoding="utf-8")
    for asked in asked_for(project):
        floor, advisory = FLOORS.get(asked.name.lower(), ("0", ""))
        assert lower_bound(asked) >= Version(floor), f"{asked}: {advisory or 'a known hole'} is mended in {floor}"
        (line, *_) = re.findall(rf'^.*"{re.escape(asked.name)}\W.*$', text, re.MULTILINE)
        assert advisory in line, f"{asked.name}: the line does not name {advisory}"


def test_each_floor_is_of_something_that_is_asked_for():
    assert set(FLOORS) <= {asked.name.lower() for project in PROJECTS for asked in asked_for(project)}


def test_what_is_pinned_is_above_the_floors():
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    pinned = {name.lower().replace("_", "-"): Version(version) for name, version in pins.items()}
    assert not [name for name, (floor, _) in FLOORS.items() if pinned[name] < Version(floor)]
