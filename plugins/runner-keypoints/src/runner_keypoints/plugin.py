"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_tasks() -> Iterator[Plugin]:
    yield Plugin(
        name="movenet",
        target="runner_keypoints.movenet:MoveNet",
        summary="people's 17 keypoints as MoveNet gives them, single pose and multipose",
        claims=("1 x 17 x 3", "6 x 56"),
    )
    yield Plugin(
        name="posenet",
        target="runner_keypoints.posenet:PoseNet",
        summary="one person's keypoints from heat maps and offsets, as PoseNet gives them",
        claims=("H x W x 17 + H x W x 34",),
    )
    yield Plugin(
        name="mediapipe-landmarks",
        target="runner_keypoints.landmarks:Landmarks",
        summary="MediaPipe's points of the face, hand, body or eye that fills the picture",
        claims=("1 x 1 x 1404 + 1 x 1 x 1", "63 + 1 + 1 + 63", "195 + 1 + H x W x 1 + H x W x 39 + 117", "213 + 15"),
    )
    yield Plugin(
        name="yolo-pose",
        target="runner_keypoints.yolo_pose:YoloPose",
        summary="keypoints as YOLO exports them: rows with box, score and keypoints",
        claims=("N x F",),
    )
