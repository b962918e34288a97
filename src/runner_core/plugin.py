"""Plugin: all that is known of an engine, task, source, ... before anything heavy is imported."""

import attrs


@attrs.frozen
class Plugin:
    """One thing that a distribution adds to runner.

    ``name``     what a person types: ``tensorflow``, ``tf-detection``, ``jsonl``.
    ``target``   ``"package.module:attribute"``, imported when it is first used.
    ``summary``  one line for ``runner plugins`` and ``runner --help``.
    ``claims``   what it answers for without being named: an engine the formats it opens (``".pb"``,
                 ``"saved-model"``), a source the schemes and suffixes it reads (``"https"``, ``".mp4"``,
                 ``"path"`` for any path), a trainer the tasks it trains.
    """

    name: str
    target: str
    summary: str
    claims: tuple[str, ...] = ()
