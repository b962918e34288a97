"""What campaigns have found, as recipes of whole files: none of it may come back."""

from __future__ import annotations

FOUND = (
    # campaign, recipe, what it did
    ("videos", "clip.flv: 179-1024", "metadata that are no UTF-8: UnicodeDecodeError"),
    ("videos", "clip.avi: 4633-4+ff", "the same, in an index"),
    ("videos", "clip.mkv: 527-4+80", "a length that is no time: ValueError"),
)
