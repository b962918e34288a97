"""What campaigns have found, as recipes of whole files: none of it may come back."""

from __future__ import annotations

FOUND = (
    # campaign, recipe, what it did
    ("videos", "fast.mp4: 10-2+ffff", "a brand that is no UTF-8: UnicodeDecodeError"),
    ("videos", "clip.mkv: 453-1+78", "a length that is no time: ValueError"),
    ("models-onnx", "face_detection_yunet_2026may.onnx: 119678-4+0000ffff", "sides beyond float32: a warning of NumPy"),
    ("answers", "line 0: 232-87+2d30", "a number for an object: AttributeError"),
    ("answers", "line 2: 991-7+3165393939", "a number for a text: ArrowTypeError"),
    ("answers", "all: 2309-8+5b6e756c6c5d", "a list for a text: TypeError"),
)
