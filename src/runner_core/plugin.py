"""Plugin: all that is known of an engine, task, source, ... before anything heavy is imported."""

import attrs
from attrs import validators

_TEXT = validators.and_(validators.instance_of(str), validators.min_len(1))


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

    name: str = attrs.field(validator=_TEXT)
    target: str = attrs.field(validator=validators.matches_re(r"[\w.]+:\w+"))
    summary: str = attrs.field(validator=_TEXT)
    claims: tuple[str, ...] = attrs.field(
        default=(),  # checked, because ``(".pb")`` is a string, and ``"p" in ".pb"``
        validator=validators.deep_iterable(validators.instance_of(str), validators.instance_of(tuple)),
    )
