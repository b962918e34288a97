"""Every error that runner raises on purpose.

RunnerError
├── UsageError        what was asked for makes no sense (exit code 2)
│   └── NotInstalled  nothing installed answers to that name
├── PluginError       a plugin is broken
├── CardError         a brain.json that cannot be used
├── LockError         a brain is not what brains.lock says
├── LabelError        a label map that cannot be read, or does not fit the model
├── EngineError       a model file that cannot be loaded or run
│   └── UntrustedError  a model that could do more than compute, and nobody trusts it
├── TaskError         tensors that no codec fits
├── ImageError        a picture that cannot be read
├── SourceError       a source that cannot be opened or read
├── SinkError         a sink that cannot be written
└── StoreError        a store that has no such brain, or sends what it should not
    ├── NoSuchBrain       the store does not have it
    └── UnreachableError  the store does not answer: what is cached may serve
        └── OfflineError  no connection is allowed
"""


class RunnerError(Exception):
    """Says what is wrong and with which file; ``remedy`` says what to do about it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickles with its remedy, so that it crosses a process border whole."""
        return _rebuild, (type(self), self.message, self.remedy)

    @property
    def kind(self) -> str:
        """The name that records and logs carry, such as ``"ImageError"``."""
        return type(self).__name__


def _rebuild(cls: type[RunnerError], message: str, remedy: str) -> RunnerError:
    return cls(message, remedy=remedy)


class UsageError(RunnerError):
    """What was asked for makes no sense: nothing was started."""


class NotInstalled(UsageError):  # noqa: N818  # says what is the matter better than NotInstalledError
    """Nothing installed answers to that name."""


class PluginError(RunnerError):
    """A plugin cannot be loaded or breaks its contract."""


class CardError(RunnerError):
    """A ``brain.json`` is missing, malformed or contradicts its files."""


class LockError(RunnerError):
    """A brain is not in ``brains.lock``, or not what it says."""


class LabelError(RunnerError):
    """A label map cannot be read, or does not fit the model."""


class EngineError(RunnerError):
    """A model file cannot be loaded or run."""


class UntrustedError(EngineError):
    """A model could do more than compute, and its owner did not say that it may."""


class TaskError(RunnerError):
    """A model's tensors fit no codec."""


class ImageError(RunnerError):
    """A picture cannot be read."""


class SourceError(RunnerError):
    """A source cannot be opened or read."""


class SinkError(RunnerError):
    """A sink cannot be opened or written."""


class StoreError(RunnerError):
    """A store has no such brain, or sends what it should not."""

    status: int | None = None  # of the answer by which a server refused


class NoSuchBrain(StoreError):  # noqa: N818  # says what is the matter better than NoSuchBrainError
    """A store does not have a brain of that name and version."""


class UnreachableError(StoreError):
    """A store does not answer: what was fetched before may serve."""


class OfflineError(UnreachableError):
    """No connection is allowed."""
