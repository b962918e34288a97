"""What task plugins share when they fit themselves to a model: one noun a file."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.tasks.activation import ACTIVATIONS as ACTIVATIONS
    from runner_core.tasks.activation import are_probabilities as are_probabilities
    from runner_core.tasks.activation import sigmoid as sigmoid
    from runner_core.tasks.card_options import choice as choice
    from runner_core.tasks.card_options import flag as flag
    from runner_core.tasks.card_options import index as index
    from runner_core.tasks.card_options import matrix as matrix
    from runner_core.tasks.card_options import numbers as numbers
    from runner_core.tasks.codec import PictureCodec as PictureCodec
    from runner_core.tasks.detections import assemble as assemble
    from runner_core.tasks.detections import best_rows as best_rows
    from runner_core.tasks.detections import suppress as suppress
    from runner_core.tasks.label_check import background_of as background_of
    from runner_core.tasks.label_check import check_classes as check_classes
    from runner_core.tasks.label_check import drop_wrong_labels as drop_wrong_labels
    from runner_core.tasks.metadata import labels_of as labels_of
    from runner_core.tasks.metadata import literal as literal
    from runner_core.tasks.metadata import size_of as size_of
    from runner_core.tasks.normalization import IMAGENET as IMAGENET
    from runner_core.tasks.normalization import RAW as RAW
    from runner_core.tasks.normalization import SIGNED as SIGNED
    from runner_core.tasks.normalization import UNIT as UNIT
    from runner_core.tasks.picture_input import InferredInput as InferredInput
    from runner_core.tasks.picture_input import drafted_input as drafted_input
    from runner_core.tasks.picture_input import is_picture as is_picture
    from runner_core.tasks.picture_input import picture_for as picture_for
    from runner_core.tasks.picture_input import picture_of as picture_of
    from runner_core.tasks.roles import Shape as Shape
    from runner_core.tasks.roles import axis as axis
    from runner_core.tasks.roles import bare as bare
    from runner_core.tasks.roles import expect as expect
    from runner_core.tasks.roles import find as find
    from runner_core.tasks.roles import fits as fits
    from runner_core.tasks.roles import roles_of as roles_of
    from runner_core.tasks.roles import spelled as spelled
    from runner_core.tasks.roles import unbatched as unbatched
    from runner_core.tasks.yolo import Head as Head
    from runner_core.tasks.yolo import head_of as head_of
    from runner_core.tasks.yolo import letterboxed as letterboxed
    from runner_core.tasks.yolo import read_rows as read_rows
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "activation": ["ACTIVATIONS", "are_probabilities", "sigmoid"],
            "card_options": ["choice", "flag", "index", "matrix", "numbers"],
            "codec": ["PictureCodec"],
            "detections": ["assemble", "best_rows", "suppress"],
            "label_check": ["background_of", "drop_wrong_labels", "check_classes"],
            "metadata": ["labels_of", "literal", "size_of"],
            "normalization": ["IMAGENET", "RAW", "SIGNED", "UNIT"],
            "picture_input": ["InferredInput", "drafted_input", "is_picture", "picture_for", "picture_of"],
            "roles": [
                "Shape",
                "axis",
                "bare",
                "expect",
                "find",
                "fits",
                "roles_of",
                "spelled",
                "unbatched",
            ],
            "yolo": ["Head", "head_of", "letterboxed", "read_rows"],
        },
    )
