"""Which engines may open a model, the best first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attrs

from runner_core.cards.artifact import Artifact, check_files
from runner_core.cards.card import CARD_FILE
from runner_core.discovery.catalog import find_distribution
from runner_core.discovery.registry import Installed, get_registry
from runner_core.errors import NotInstalled
from runner_core.loading.foreign_model import make_foreign_error
from runner_core.loading.locate import ModelFiles


@attrs.frozen
class Candidate:
    """An engine's name and an artifact of a model, which it may open."""

    engine: str
    files: ModelFiles
    artifact: Artifact

    @property
    def path(self) -> Path:
        return self.files.root / self.artifact.path

    @property
    def digest(self) -> str:
        """Of the artifact's contents: see ``trust.digest_of``."""
        return self.files.digest(self.path)

    def list_versions(self) -> list[str]:
        """Of the engine's distribution and of what it requires, by metadata: nothing is imported."""
        origin = get_registry().get("engines", self.engine).origin
        required = (
            [text for text in (origin.made_by.requires or ()) if "extra ==" not in text] if origin.made_by else []
        )
        names = [found[0] for text in required if (found := re.match(r"[\w.-]+", text))]
        described = [f"{origin.distribution} {origin.version}"]
        for name in sorted(names):
            with suppress(PackageNotFoundError):
                described.append(f"{name} {version(name)}")
        return described


def find_candidates(files: ModelFiles, engines: str | None = None) -> list[Candidate]:
    """Engines that may open it, the best first: in the order of ``engines`` (``"openvino,onnx"``), then of artifacts.

    Raises NotInstalled where there is none, naming what is installed, UsageError for a format that no engine has;
    CardError for a file that is not what the card says.
    """
    found = list(_yield_candidates(files, engines))
    if not found:
        foreign = make_foreign_error(files.path) if files.artifacts else None
        raise foreign or NotInstalled(_explain_refusal(files, engines), remedy=_list_engines(files))
    check_files(files.root, found[0].artifact)
    return found


def _yield_candidates(files: ModelFiles, engines: str | None) -> Iterator[Candidate]:
    if engines is None:
        for artifact in files.artifacts:
            for found in get_registry().find_claiming("engines", artifact.format):
                yield Candidate(found.plugin.name, files, artifact)
        return
    for name in engines.split(","):
        engine = get_registry().get("engines", name.strip())
        for artifact in files.artifacts:
            if artifact.format in engine.plugin.claims:
                yield Candidate(engine.plugin.name, files, artifact)


def _explain_refusal(files: ModelFiles, engines: str | None) -> str:
    who = f"engine {engines} does not open" if engines else "no installed engine opens"
    if files.card:
        formats = ", ".join(artifact.format for artifact in files.artifacts) or "none"
        return f"{files.root / CARD_FILE}: {who} its artifacts ({formats})"
    form = files.artifacts[0].format
    if form:
        return f"{files.path}: {who} the format {form!r}"
    if files.path.is_dir():
        return f"{files.path}: {who} this folder: it holds neither a brain.json nor a saved_model.pb"
    return f"{files.path}: {who} a file without a suffix"


def _list_engines(files: ModelFiles) -> str:
    engines = get_registry().all("engines").values()
    known = "; ".join(_describe_engine(found) for found in engines) or "none"
    packages = {find_distribution("engines", artifact.format) for artifact in files.artifacts} - {None}
    missing = sorted(str(package) for package in packages - {found.distribution for found in engines})
    return f"installed: {known}" + (f"; `pip install {missing[0]}` opens it" if missing else "")


def _describe_engine(found: Installed) -> str:
    return f"{found.plugin.name} ({', '.join(found.plugin.claims)})"
