"""Which plugin wins where several have one name, or claim one format or scheme.

First what was given to this process (``runner_core.use``, ``--plugin``), then what a person prefers, then this
project's own, then the others: those that list the claim earlier, then by the names of distributions and plugins. What
is typed (``--engine``) never comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner_core.discovery.catalog import DISTRIBUTIONS
from runner_core.discovery.choices import normalise_name
from runner_core.discovery.installed import Installed

_OURS = frozenset(name for words in DISTRIBUTIONS.values() for name in words.values())
_EACH_IS_ASKED = ("tasks", "datasets", "commands")  # their claims choose nothing
_EACH_IS_LISTED = "embedded"  # the claim of stores that ship with a package


@dataclass(frozen=True)
class Conflict:
    """Two or more plugins with one name or one claim, where no person has chosen: the winner and the others.

    ``word`` is the name or the claim.
    """

    kind: str
    word: str
    winner: Installed
    others: tuple[Installed, ...]

    def __str__(self) -> str:
        what, won, also = self.kind[:-1], self.winner, [found.distribution for found in self.others]
        return (
            f"{what} {self.word!r}: {won.distribution} is used, and {', '.join(also)} has it too; "
            f"`runner plugins prefer {won.distribution}` settles it"
        )


def sort_by_precedence(found: Iterable[Installed], claim: str | None, preferred: Sequence[str]) -> list[Installed]:
    """The plugins with that claim, or all with one name (None), the winner first."""
    several = list(found)
    if len(several) < 2:
        return several  # to read a distribution's name takes time

    def rank(one: Installed) -> tuple[bool, int, bool, int, str, str]:
        name = normalise_name(one.distribution)
        liked = preferred.index(name) if name in preferred else len(preferred)
        return not one.origin.given, liked, not is_ours(one), _place_of(one, claim), name, one.plugin.name

    return sorted(several, key=rank)


def find_conflict(
    kind: str, word: str, ranked: Sequence[Installed], preferred: Sequence[str], *, by_name: bool
) -> Conflict | None:
    """What a person should settle: another distribution's plugin, not of this project, that wants it as much."""
    if len(ranked) < 2 or (not by_name and (kind in _EACH_IS_ASKED or word == _EACH_IS_LISTED)):
        return None
    winner, *rest = ranked
    if winner.origin.given or normalise_name(winner.distribution) in preferred:
        return None
    claim = None if by_name else word
    alike = [one for one in rest if not is_ours(one) and _place_of(one, claim) <= _place_of(winner, claim)]
    others = tuple(one for one in alike if one.distribution != winner.distribution)
    return Conflict(kind, word, winner, others) if others else None


def is_ours(found: Installed) -> bool:
    """Whether its distribution is one of this project's."""
    return found.distribution in _OURS


def _place_of(found: Installed, claim: str | None) -> int:
    """Where it stands among its claims."""
    return found.plugin.claims.index(claim) if claim else 0
