"""Every error that runner raises on purpose.

RunnerError
├── UsageError        wrong use: nothing was started (exit code 2)
│   ├── NotInstalled  nothing with that name is installed
│   └── ForkedError   a brain is used in a fork of the process that opened it
├── PluginError       a plugin is broken
├── CardError         a brain.json that cannot be used
├── LockError         a brain is not what brains.lock says
├── LabelError        a label map that cannot be read, or does not fit the model
├── EngineError       a model file that cannot be loaded or run
│   └── UntrustedError  an untrusted model that could read and write files or run code
├── TaskError         tensors that fit no codec
├── ImageError        a picture that cannot be read
├── DatasetError      labelled pictures that cannot be read or used
├── TrainingError     training that cannot begin or go on
├── SourceError       a source that cannot be opened or read
├── SinkError         a sink that cannot be written
└── StoreError        a store that has no such brain, or sends what it should not
    ├── NoSuchBrain       the store does not have it
    └── UnreachableError  the store does not answer: a cached brain may be used instead
        └── OfflineError  no connection is allowed
"""


class RunnerError(Exception):
    """``message`` says what is wrong and with which file; ``remedy`` says what to do about it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickles with its remedy, so that it reaches another process complete."""
        return _rebuild, (type(self), self.message, self.remedy)

    @property
    def kind(self) -> str:
        """The name in records and logs, such as ``"ImageError"``."""
        return type(self).__name__


def _rebuild(cls: type[RunnerError], message: str, remedy: str) -> RunnerError:
    return cls(message, remedy=remedy)


class UsageError(RunnerError):
    """Wrong use: nothing was started."""


class NotInstalled(UsageError):  # noqa: N818  # reads better than NotInstalledError
    """Nothing with that name is installed."""


class ForkedError(UsageError):
    """A brain is used in a fork of the process that opened it, where its engine might wait for ever."""


class PluginError(RunnerError):
    """A plugin cannot be loaded or breaks its contract."""


class CardError(RunnerError):
    """A ``brain.json`` is missing or malformed, or contradicts its files."""


class LockError(RunnerError):
    """A brain is not in ``brains.lock``, or differs from it."""


class LabelError(RunnerError):
    """A label map cannot be read, or does not fit the model."""


class EngineError(RunnerError):
    """A model file cannot be loaded or run."""


class UntrustedError(EngineError):
    """A model could read and write files or run code, and the user did not trust it."""


class TaskError(RunnerError):
    """A model's tensors fit no codec."""


class ImageError(RunnerError):
    """A picture cannot be read."""


class DatasetError(RunnerError):
    """Labelled pictures that cannot be read, or not be used for what was asked."""


class TrainingError(RunnerError):
    """Training that cannot begin, or cannot go on."""


class SourceError(RunnerError):
    """A source cannot be opened or read."""


class SinkError(RunnerError):
    """A sink cannot be opened or written."""


class StoreError(RunnerError):
    """A store has no such brain, or sends what it should not."""

    status: int | None = None  # the HTTP status with which a server refused, if there was one


class NoSuchBrain(StoreError):  # noqa: N818  # reads better than NoSuchBrainError
    """A store does not have a brain of that name and version."""


class UnreachableError(StoreError):
    """A store does not answer: a brain that was fetched before may be used instead."""


class OfflineError(UnreachableError):
    """No connection is allowed."""
