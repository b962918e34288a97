"""The hooks that a plugin may implement. They only register plugins and do no work.

A distribution names one module in the entry-point group ``runner``::

    [project.entry-points.runner]
    tensorflow = "runner_tensorflow.plugin"

and that module says what it adds. It imports only this module and ``runner_core.plugin``::

    from runner_core.hookspecs import hookimpl
    from runner_core.plugin import Plugin

    @hookimpl
    def runner_engines():
        yield Plugin(
            name="tensorflow",
            target="runner_tensorflow.engine:TensorFlowEngine",
            summary="TensorFlow: frozen graphs, SavedModels, .keras files",
            claims=(".pb", "saved-model", ".keras"),
        )

``runner_core.contracts`` defines what each target must be.
"""

from collections.abc import Iterable

import pluggy

from runner_core.plugin import Plugin

GROUP = "runner"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def runner_engines() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Engines: the target, called with no argument, gives a ``contracts.Engine``.

    ``claims`` are the formats it opens, as ``runner_core.cards.format_of`` spells them::

        @hookimpl
        def runner_engines():
            yield Plugin("onnx", "runner_onnx.engine:OnnxEngine", "ONNX Runtime", claims=(".onnx",))
    """


@hookspec
def runner_tasks() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Tasks: the target, called with no argument, gives a ``contracts.Task``::

    @hookimpl
    def runner_tasks():
        yield Plugin("yolo", "runner_detection.yolo:YoloTask", "YOLO exports, v5 to 11", claims=("N x F",))
    """


@hookspec
def runner_sources() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Sources: the target, called with a location, gives a ``contracts.Source``::

    @hookimpl
    def runner_sources():
        yield Plugin("webcam", "runner_video.webcam:Webcam", "a camera", claims=("webcam",))
    """


@hookspec
def runner_stores() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Stores: the target, called with a location that may be empty, gives a ``contracts.Store``::

    @hookimpl
    def runner_stores():
        yield Plugin("demo", "runner_demo.store:DemoStore", "the two brains that ship with runner")
    """


@hookspec
def runner_sinks() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Sinks: the target, called with a location, gives a ``contracts.Sink``::

    @hookimpl
    def runner_sinks():
        yield Plugin("jsonl", "runner_files.jsonl:JsonlSink", "one JSON line per frame")
    """


@hookspec
def runner_datasets() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Formats of data sets: the target, called with no argument, gives a ``datasets.DatasetFormat``::

    @hookimpl
    def runner_datasets():
        yield Plugin("voc", "runner_datasets.voc:Voc", "Pascal VOC, one XML file a picture")
    """


@hookspec
def runner_trainers() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Trainers: the target, called with no argument, gives a ``contracts.Trainer``::

    @hookimpl
    def runner_trainers():
        yield Plugin("keras", "runner_keras.trainer:KerasTrainer", "Keras", claims=("tf-detection",))
    """


@hookspec
def runner_evaluators() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Evaluators: the target, called with no argument, gives a ``contracts.Evaluator``::

    @hookimpl
    def runner_evaluators():
        yield Plugin("coco", "runner_eval.evaluate:Evaluate", "COCO's figures", claims=("object-detection",))
    """


@hookspec
def runner_commands() -> Iterable[Plugin]:  # type: ignore[empty-body]  # a specification has no body
    """Commands: the target is a ``click.Command``, shown by ``runner --help`` with its summary::

    @hookimpl
    def runner_commands():
        yield Plugin("demo", "runner_demo.command:demo", "Run two brains over the pictures that ship.")
    """
