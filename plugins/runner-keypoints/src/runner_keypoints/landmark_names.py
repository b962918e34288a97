"""The names of MediaPipe's points on a hand and on a body, in order.

Sources: ``solutions/hands.py`` (HandLandmark) and ``solutions/pose.py`` (PoseLandmark) of
github.com/google-ai-edge/mediapipe. The points of a face and of an eye have numbers alone.
"""

_FINGERS = ("index", "middle", "ring", "pinky")
_LIMBS = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb", "hip", "knee", "ankle", "heel", "foot index")

HAND = (
    "wrist", "thumb CMC", "thumb MCP", "thumb IP", "thumb tip",
    *(f"{finger} {joint}" for finger in _FINGERS for joint in ("MCP", "PIP", "DIP", "tip")),
)  # fmt: skip
BODY = (
    "nose", "left eye inner", "left eye", "left eye outer", "right eye inner", "right eye", "right eye outer",
    "left ear", "right ear", "mouth left", "mouth right",
    *(f"{side} {limb}" for limb in _LIMBS for side in ("left", "right")),
)  # fmt: skip
