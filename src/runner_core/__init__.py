"""runner: several vision models over one picture, and the same kind of answer from each.

The names below are the public ones. Each is imported when it is first used, so that ``import runner_core`` costs
nothing: plugins' registration modules and ``runner --help`` live on that.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner_core.brain import Brain as Brain
    from runner_core.cards.artifact import Artifact as Artifact
    from runner_core.cards.artifact import ArtifactFile as ArtifactFile
    from runner_core.cards.card import Card as Card
    from runner_core.cards.labels import Label as Label
    from runner_core.cards.labels import LabelMap as LabelMap
    from runner_core.frames.frame import Frame as Frame
    from runner_core.frames.preprocess import PictureSpec as PictureSpec
    from runner_core.loading.local_brain import LocalBrain as LocalBrain
    from runner_core.pipeline.pipeline import run as run
    from runner_core.pipeline.pipeline import stream as stream
    from runner_core.project import Project as Project
    from runner_core.project import open_brain as open_brain
    from runner_core.results.inference import Inference as Inference
    from runner_core.results.instance import Instance as Instance
    from runner_core.results.mask import Mask as Mask
    from runner_core.results.result import Failure as Failure
    from runner_core.results.result import Result as Result

_HOMES = {
    "Artifact": "cards.artifact",
    "ArtifactFile": "cards.artifact",
    "Brain": "brain",
    "Card": "cards.card",
    "Failure": "results.result",
    "Frame": "frames.frame",
    "Inference": "results.inference",
    "Instance": "results.instance",
    "Label": "cards.labels",
    "LabelMap": "cards.labels",
    "LocalBrain": "loading.local_brain",
    "Mask": "results.mask",
    "PictureSpec": "frames.preprocess",
    "Project": "project",
    "Result": "results.result",
    "open_brain": "project",
    "run": "pipeline.pipeline",
    "stream": "pipeline.pipeline",
}

__all__ = sorted(_HOMES)  # pyright: ignore  # noqa: PLE0605  # the names above, in one place


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
