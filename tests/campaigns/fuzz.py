"""Runs campaigns: mutants of whole files, each by its number and the seed, and what they break.

    python tests/campaigns/fuzz.py --minutes 10                        # all campaigns, a new seed
    python tests/campaigns/fuzz.py pictures cards --count 500 --seed 7
    python tests/campaigns/fuzz.py pictures --replay 'png: 16-4+ffffffff'

Exits with 1 if there was a finding. `make fuzz MINUTES=10` calls it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random, SystemRandom
from time import monotonic

import attrs

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "helpers")]

from campaigns import NAMES  # noqa: E402  # beside this script
from children import Child, Fault  # noqa: E402
from edits import Edit, apply_edits, draw_edits, format_edits, minimise, parse_edits  # noqa: E402

_TRIES = 40  # inputs that making one finding smaller may take
_SLOW = ("hangs", "memory")  # are left as they were found


@attrs.frozen
class Finding:
    """A mutant that broke a promise: ``recipe`` makes it, ``count`` mutants broke the same."""

    campaign: str
    number: int
    recipe: str
    fault: Fault
    count: int = 1

    def describe(self, seed: int) -> str:
        replay = f"{sys.executable} {__file__} {self.campaign} --replay '{self.recipe}'"
        return (
            f"FINDING in {self.campaign} (seed {seed}, mutant {self.number}): {self.fault.what}\n"
            f"  by {self.fault.where}\n  replay: {replay}\n  once more: --seed {seed} --only {self.number}"
        )


@attrs.define
class Campaigner:
    """One campaign with one seed: mutants are asked by number."""

    name: str
    seed: int
    child: Child
    findings: dict[str, Finding] = attrs.field(factory=dict)  # by where the fault is
    done: int = 0

    def try_mutant(self, number: int) -> Finding | None:
        """What is new about the mutant; a fault that is known already is counted."""
        random = Random(f"{self.seed} {self.name} {number}")
        seed = random.choice(sorted(self.child.seeds))
        edits = draw_edits(random, self.child.seeds[seed], self.child.tokens)
        fault = self.ask(seed, edits)
        self.done += 1
        if fault is None:
            return None
        known = self.findings.get(fault.where)
        if known:
            self.findings[fault.where] = attrs.evolve(known, count=known.count + 1)
            return None
        if not fault.where.startswith(_SLOW):
            edits = self._make_smaller(seed, edits, fault)
        finding = self.findings[fault.where] = Finding(self.name, number, f"{seed}: {format_edits(edits)}", fault)
        return finding

    def ask(self, seed: str, edits: Sequence[Edit]) -> Fault | None:
        data = apply_edits(self.child.seeds[seed], edits)
        return self.child.ask(seed.encode() + b"\n" + data if self.child.named else data)

    def _make_smaller(self, seed: str, edits: Sequence[Edit], fault: Fault) -> Sequence[Edit]:
        left = iter(range(_TRIES))

        def still_fails(fewer: Sequence[Edit]) -> bool:
            if next(left, None) is None:
                return False
            found = self.ask(seed, fewer)
            return found is not None and found.where == fault.where

        return minimise(edits, still_fails)


def run_campaign(
    name: str, seed: int, *, goes_on: Callable[[int], bool], first: int = 0, say: Callable[[str], None] = print
) -> Campaigner:
    """Asks one mutant after the other, from the number ``first`` on, as long as ``goes_on`` says of their count.

    Raises Broken if the campaign does not start.
    """
    with Child(name) as child:
        campaign = Campaigner(name, seed, child)
        while goes_on(campaign.done):
            finding = campaign.try_mutant(first + campaign.done)
            if finding:
                say(finding.describe(seed))
                say(finding.fault.more)
    return campaign


def replay(name: str, recipe: str) -> Fault | None:
    """The mutant that a finding names, once more. Raises ValueError for no such seed."""
    seed, _, edits = recipe.rpartition(": ")
    with Child(name) as child:
        if seed not in child.seeds:
            raise ValueError(f"{name} has no seed {seed!r}: it has {', '.join(sorted(child.seeds))}")
        return Campaigner(name, 0, child).ask(seed, parse_edits(edits))


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parse(arguments)
    if asked.replay:
        fault = replay(asked.campaigns[0], asked.replay)
        print(f"{fault.what}\n{fault.more}" if fault else "all is well")
        return int(fault is not None)
    seed = SystemRandom().randrange(1 << 32) if asked.seed is None else asked.seed
    names = asked.campaigns or NAMES
    found = 0
    for name in names:
        begun = monotonic()
        goes_on = _make_limit(1 if asked.only is not None else asked.count, asked.minutes * 60 / len(names))
        campaign = run_campaign(
            name, seed, goes_on=goes_on, first=asked.only or asked.first, say=lambda text: print(text, flush=True)
        )
        found += len(campaign.findings)
        print(
            f"{name}: {campaign.done} mutants, seed {seed}, {monotonic() - begun:.0f} s, "
            f"{len(campaign.findings)} findings ({sum(each.count for each in campaign.findings.values())} mutants)",
            flush=True,
        )
    return int(found > 0)


def _make_limit(count: int | None, seconds: float) -> Callable[[int], bool]:
    """Whether to go on: up to a number of mutants, else for so many seconds from the first on."""
    begun = 0.0

    def goes_on(done: int) -> bool:
        nonlocal begun
        begun = begun or monotonic()
        return done < count if count else monotonic() - begun < seconds

    return goes_on


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Breaks files on purpose, and tells what breaks by them.")
    parser.add_argument("campaigns", nargs="*", metavar="CAMPAIGN", help=f"which of {', '.join(NAMES)}; by default all")
    parser.add_argument("--minutes", type=float, default=10, help="for all campaigns together")
    parser.add_argument("--count", type=int, help="mutants of each campaign, instead of minutes")
    parser.add_argument("--seed", type=int, help="the same gives the same mutants; otherwise a new one, which is told")
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this mutant alone")
    parser.add_argument("--replay", metavar="RECIPE", help="the mutant that a finding names")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.campaigns) - set(NAMES):
        parser.error(f"no campaign {', '.join(unknown)}: there are {', '.join(NAMES)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
