"""Campaigns: what they found before stays mended, and the default suite breaks a few files anew."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from random import Random, SystemRandom

import pytest
from campaigns import NAMES, Campaign, open_campaign
from corpus import FOUND
from edits import apply_edits, draw_edits, parse_edits
from fuzz import run_campaign

SEED_VARIABLE, COUNT_VARIABLE = "RUNNER_FUZZ_SEED", "RUNNER_FUZZ_COUNT"
QUICK = {"pictures": 30, "videos": 8, "cards": 8, "answers": 3, "datasets": 20}  # mutants in this process


@lru_cache(maxsize=len(QUICK))
def opened(name: str) -> tuple[Campaign, dict[str, bytes]]:
    campaign = open_campaign(name)
    return campaign, dict(campaign.make_seeds())


@pytest.fixture(autouse=True)
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(("name", "recipe"), [found[:2] for found in FOUND], ids=lambda text: text[:40])
def test_what_was_found_stays_mended(name, recipe):
    campaign, seeds = opened(name)
    seed, _, edits = recipe.rpartition(": ")
    if seed not in seeds:
        pytest.skip(f"{seed} cannot be made here")
    campaign.fuzz_one_input(campaign.join(seed, apply_edits(seeds[seed], parse_edits(edits))))


@pytest.mark.parametrize("name", QUICK)
def test_a_few_mutants(name):
    campaign, seeds = opened(name)
    for number in range(QUICK[name]):
        random = Random(number)
        seed = random.choice(sorted(seeds))
        edits = draw_edits(random, seeds[seed], campaign.tokens)
        campaign.fuzz_one_input(campaign.join(seed, apply_edits(seeds[seed], edits)))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", NAMES)
def test_a_campaign_finds_nothing(name):
    seed = int(os.environ.get(SEED_VARIABLE) or SystemRandom().randrange(1 << 32))
    count = int(os.environ.get(COUNT_VARIABLE) or 100)
    campaign = run_campaign(name, seed, goes_on=lambda done: done < count)
    assert not campaign.findings, "\n".join(each.describe(seed) for each in campaign.findings.values())
