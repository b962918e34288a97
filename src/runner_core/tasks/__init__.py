"""What task plugins share: binding a card to a model, drafting one, and building an Inference from outputs."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.tasks.activation import ACTIVATIONS as ACTIVATIONS
    from runner_core.tasks.activation import are_probabilities as are_probabilities
    from runner_core.tasks.activation import sigmoid as sigmoid
    from runner_core.tasks.best_class import find_best_class as find_best_class
    from runner_core.tasks.best_class import score_best_class as score_best_class
    from runner_core.tasks.card_options import read_activation as read_activation
    from runner_core.tasks.card_options import read_choice as read_choice
    from runner_core.tasks.card_options import read_flag as read_flag
    from runner_core.tasks.card_options import read_index as read_index
    from runner_core.tasks.codec import PictureCodec as PictureCodec
    from runner_core.tasks.detections import build_inference as build_inference
    from runner_core.tasks.detections import build_suppressed_inference as build_suppressed_inference
    from runner_core.tasks.detections import select_best_rows as select_best_rows
    from runner_core.tasks.input_draft import InputDraft as InputDraft
    from runner_core.tasks.input_draft import draft_input as draft_input
    from runner_core.tasks.input_draft import find_picture_input as find_picture_input
    from runner_core.tasks.input_shape import is_picture_input as is_picture_input
    from runner_core.tasks.label_check import check_classes as check_classes
    from runner_core.tasks.label_check import drop_wrong_labels as drop_wrong_labels
    from runner_core.tasks.label_check import read_background as read_background
    from runner_core.tasks.metadata import ASKED as ASKED
    from runner_core.tasks.metadata import labels_from_metadata as labels_from_metadata
    from runner_core.tasks.metadata import read_literal as read_literal
    from runner_core.tasks.metadata import size_from_metadata as size_from_metadata
    from runner_core.tasks.picture_input import bind_normalised_picture as bind_normalised_picture
    from runner_core.tasks.picture_input import bind_picture as bind_picture
    from runner_core.tasks.roles import Shape as Shape
    from runner_core.tasks.roles import bind_roles as bind_roles
    from runner_core.tasks.roles import can_have_shape as can_have_shape
    from runner_core.tasks.roles import check_shape as check_shape
    from runner_core.tasks.roles import drop_batch_axis as drop_batch_axis
    from runner_core.tasks.roles import find_tensor as find_tensor
    from runner_core.tasks.roles import format_shape as format_shape
    from runner_core.tasks.roles import short_name as short_name
    from runner_core.tasks.yolo import YoloLayout as YoloLayout
    from runner_core.tasks.yolo import find_yolo_layout as find_yolo_layout
    from runner_core.tasks.yolo import is_usual_count as is_usual_count
    from runner_core.tasks.yolo import letterbox_from_metadata as letterbox_from_metadata
    from runner_core.tasks.yolo import list_yolo_layouts as list_yolo_layouts
    from runner_core.tasks.yolo import read_yolo_rows as read_yolo_rows
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "activation": ["ACTIVATIONS", "are_probabilities", "sigmoid"],
            "best_class": ["find_best_class", "score_best_class"],
            "card_options": ["read_activation", "read_choice", "read_flag", "read_index"],
            "codec": ["PictureCodec"],
            "detections": ["build_inference", "select_best_rows", "build_suppressed_inference"],
            "label_check": ["read_background", "drop_wrong_labels", "check_classes"],
            "metadata": ["ASKED", "labels_from_metadata", "read_literal", "size_from_metadata"],
            "input_draft": ["InputDraft", "draft_input", "find_picture_input"],
            "input_shape": ["is_picture_input"],
            "picture_input": ["bind_normalised_picture", "bind_picture"],
            "roles": [
                "Shape",
                "short_name",
                "check_shape",
                "find_tensor",
                "can_have_shape",
                "bind_roles",
                "format_shape",
                "drop_batch_axis",
            ],
            "yolo": [
                "YoloLayout",
                "find_yolo_layout",
                "is_usual_count",
                "letterbox_from_metadata",
                "list_yolo_layouts",
                "read_yolo_rows",
            ],
        },
    )
