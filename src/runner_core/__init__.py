"""runner: several vision models over one picture, and the same kind of answer from each.

The names below are the public ones. Each is imported when it is first used, so that ``import runner_core`` costs
nothing: plugins' registration modules and ``runner --help`` live on that.
"""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.brain import Brain as Brain
    from runner_core.cards.artifact import Artifact as Artifact
    from runner_core.cards.artifact import ArtifactFile as ArtifactFile
    from runner_core.cards.artifact import Trunk as Trunk
    from runner_core.cards.card import Card as Card
    from runner_core.cards.crop_rule import CropRule as CropRule
    from runner_core.cards.labels import Label as Label
    from runner_core.cards.labels import LabelMap as LabelMap
    from runner_core.discovery.registry import use as use
    from runner_core.frames.frame import Frame as Frame
    from runner_core.frames.picture_spec import PictureSpec as PictureSpec
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
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "brain": ["Brain"],
            "cards.artifact": ["Artifact", "ArtifactFile", "Trunk"],
            "cards.card": ["Card"],
            "cards.crop_rule": ["CropRule"],
            "cards.labels": ["Label", "LabelMap"],
            "discovery.registry": ["use"],
            "frames.frame": ["Frame"],
            "frames.picture_spec": ["PictureSpec"],
            "loading.local_brain": ["LocalBrain"],
            "pipeline.pipeline": ["run", "stream"],
            "project": ["Project", "open_brain"],
            "results.inference": ["Inference"],
            "results.instance": ["Instance"],
            "results.mask": ["Mask"],
            "results.result": ["Failure", "Result"],
        },
    )
