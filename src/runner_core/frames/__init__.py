"""One picture: read, decoded, resized and made into a tensor, each once for all brains."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.frames.animation import Animation as Animation
    from runner_core.frames.animation import read_pictures as read_pictures
    from runner_core.frames.decode import choose_reduced_size as choose_reduced_size
    from runner_core.frames.decode import open_image as open_image
    from runner_core.frames.decode import to_pixels as to_pixels
    from runner_core.frames.download import MAX_PICTURE_BYTES as MAX_PICTURE_BYTES
    from runner_core.frames.formats import find_missing_package as find_missing_package
    from runner_core.frames.formats import is_picture_name as is_picture_name
    from runner_core.frames.frame import Frame as Frame
    from runner_core.frames.normalization import IMAGENET as IMAGENET
    from runner_core.frames.normalization import KNOWN as KNOWN
    from runner_core.frames.normalization import RAW as RAW
    from runner_core.frames.normalization import SIGNED as SIGNED
    from runner_core.frames.normalization import UNIT as UNIT
    from runner_core.frames.normalization import Normalization as Normalization
    from runner_core.frames.picture_spec import PictureSpec as PictureSpec
    from runner_core.frames.placement import Placement as Placement
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "animation": ["Animation", "read_pictures"],
            "decode": ["open_image", "choose_reduced_size", "to_pixels"],
            "download": ["MAX_PICTURE_BYTES"],
            "formats": ["find_missing_package", "is_picture_name"],
            "frame": ["Frame"],
            "normalization": ["IMAGENET", "KNOWN", "RAW", "SIGNED", "UNIT", "Normalization"],
            "picture_spec": ["PictureSpec"],
            "placement": ["Placement"],
        },
    )
