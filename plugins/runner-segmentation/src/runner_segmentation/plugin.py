"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_tasks() -> Iterator[Plugin]:
    yield Plugin(
        name="semantic-segmentation",
        target="runner_segmentation.semantic:SemanticSegmentation",
        summary="a class for every pixel: DeepLab's class maps, scores as N x H x W x C or N x C x H x W",
        claims=("H x W x C", "C x H x W", "H x W"),
    )
    yield Plugin(
        name="matte",
        target="runner_segmentation.matte:Matte",
        summary="how much of each pixel is foreground, as one plane: U2-Net, IS-Net, MODNet, RVM, selfie segmentation",
        claims=("H x W",),
    )
    yield Plugin(
        name="anomaly",
        target="runner_segmentation.anomaly:Anomaly",
        summary="what is unusual, and where: PatchCore, PaDiM, EfficientAD and others as Anomalib exports them",
        claims=("H x W + N",),
    )
    yield Plugin(
        name="yolo-seg",
        target="runner_segmentation.yolo_seg:YoloSeg",
        summary="instance masks as YOLO exports them: rows with mask coefficients, and prototypes",
        claims=("N x F + M x H x W", "N x F + H x W x M"),
    )
