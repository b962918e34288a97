"""What must be known to run a model file, and where it is read: cards, artifacts, labels, files beside a model."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.cards.artifact import Artifact as Artifact
    from runner_core.cards.artifact import ArtifactFile as ArtifactFile
    from runner_core.cards.artifact import Trunk as Trunk
    from runner_core.cards.artifact import check_files as check_files
    from runner_core.cards.artifact import describe_files as describe_files
    from runner_core.cards.artifact import format_of as format_of
    from runner_core.cards.artifact import sha256_of as sha256_of
    from runner_core.cards.card import CARD_FILE as CARD_FILE
    from runner_core.cards.card import Card as Card
    from runner_core.cards.clue import Clue as Clue
    from runner_core.cards.crop_rule import CropRule as CropRule
    from runner_core.cards.guess import Guess as Guess
    from runner_core.cards.label_files import read_labels as read_labels
    from runner_core.cards.labels import Label as Label
    from runner_core.cards.labels import LabelMap as LabelMap
    from runner_core.cards.labels import is_background as is_background
    from runner_core.cards.sidecar_labels import SIDECAR_LABEL_FILES as SIDECAR_LABEL_FILES
    from runner_core.cards.sidecar_metadata import SIDECAR_METADATA_FILES as SIDECAR_METADATA_FILES
    from runner_core.cards.tflite_metadata import read_tflite_metadata as read_tflite_metadata
    from runner_core.cards.tolerance import Tolerance as Tolerance
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "artifact": [
                "Artifact",
                "ArtifactFile",
                "Trunk",
                "check_files",
                "describe_files",
                "format_of",
                "sha256_of",
            ],
            "card": ["Card", "CARD_FILE"],
            "clue": ["Clue"],
            "crop_rule": ["CropRule"],
            "guess": ["Guess"],
            "label_files": ["read_labels"],
            "labels": ["Label", "LabelMap", "is_background"],
            "sidecar_labels": ["SIDECAR_LABEL_FILES"],
            "sidecar_metadata": ["SIDECAR_METADATA_FILES"],
            "tflite_metadata": ["read_tflite_metadata"],
            "tolerance": ["Tolerance"],
        },
    )
