"""Which engines may open a model, the best first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attrs

from runner_core.cards.artifact import Artifact, Trunk, check_files
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
        """Of the artifact's contents: see ``trust.digest_of``; with those of its trunk."""
        digests = [self.files.digest(self.files.root / part.path) for part in self.artifact.parts]
        return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def of_trunk(self, trunk: Trunk) -> Candidate:
        """The trunk alone, on the same engine."""
        return attrs.evolve(self, artifact=Artifact(trunk.path, trunk.format, trunk.files))

    @property
    def head(self) -> Candidate:
        """The artifact alone, without its trunk."""
        return attrs.evolve(self, artifact=attrs.evolve(self.artifact, trunk=None))

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

    Of artifacts, heads come before whole networks, which share no trunk; an engine must open both parts.

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
    artifacts = sorted(files.artifacts, key=lambda artifact: artifact.trunk is None)
    if engines is None:
        for artifact in artifacts:
            for found in get_registry().find_claiming("engines", artifact.format):
                if _opens(found, artifact):
                    yield Candidate(found.plugin.name, files, artifact)
        return
    for name in engines.split(","):
        engine = get_registry().get("engines", name.strip())
        yield from (Candidate(engine.plugin.name, files, each) for each in artifacts if _opens(engine, each))


def _opens(engine: Installed, artifact: Artifact) -> bool:
    return all(part.format in engine.plugin.claims for part in artifact.parts)


def _explain_refusal(files: ModelFiles, engines: str | None) -> str:
    who = f"engine {engines} does not open" if engines else "no installed engine opens"
    if files.card:
        formats = ", ".join(" on a trunk in ".join(part.format for part in each.parts) for each in files.artifacts)
        return f"{files.root / CARD_FILE}: {who} its artifacts ({formats or 'none'})"
    form = files.artifacts[0].format
    if form:
        return f"{files.path}: {who} the format {form!r}"
    if files.path.is_dir():
        return f"{files.path}: {who} this folder: it holds neither a brain.json nor a saved_model.pb"
    return f"{files.path}: {who} a file without a suffix"


def _list_engines(files: ModelFiles) -> str:
    engines = get_registry().all("engines").values()
    known = "; ".join(_describe_engine(found) for found in engines) or "none"
    formats = {part.format for artifact in files.artifacts for part in artifact.parts}
    packages = {find_distribution("engines", form) for form in formats} - {None}
    missing = sorted(str(package) for package in packages - {found.distribution for found in engines})
    return f"installed: {known}" + (f"; `pip install {missing[0]}` opens it" if missing else "")


def _describe_engine(found: Installed) -> str:
    return f"{found.plugin.name} ({', '.join(found.plugin.claims)})"
