"""What campaigns have found, as recipes of whole files: none of it may come back."""

from __future__ import annotations

FOUND = (
    # campaign, recipe, what it did
    ("videos", "fast.mp4: 10-2+ffff", "a brand that is no UTF-8: UnicodeDecodeError"),
    ("videos", "clip.mkv: 453-1+78", "a length that is no time: ValueError"),
)
