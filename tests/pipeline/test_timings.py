"""How long something took: percentiles, of the last times only."""

import numpy as np

from runner_core.pipeline.profile import KEPT, Timings
from runner_core.pipeline.summary import Summary, Tally


def times(*all_ms):
    found = Timings()
    for ms in all_ms:
        found.add(ms)
    return found


def test_nothing_gives_nothing():
    assert times().to_json() == {}
    assert not times()


def test_percentiles_are_numpys():
    given = np.random.default_rng(2).exponential(5, 501)
    wanted = {f"p{share}": round(float(np.percentile(given, share)), 3) for share in (50, 90, 99)}
    measured = times(*given).to_json()
    assert measured.keys() == wanted.keys()
    np.testing.assert_allclose([*measured.values()], [*wanted.values()], atol=0.002)


def test_the_oldest_go_first():
    found = times(*[1000.0] * KEPT, *[1.0] * (KEPT // 2))
    assert len(found) == KEPT
    assert found.to_json()["p90"] == 1000.0
    for _ in range(KEPT // 2 - 1):
        found.add(1.0)
    assert found.to_json()["p99"] == 1.0
    assert max(found._kept) == 1000.0, "one is left"
    found.add(1.0)
    assert max(found._kept) == 1.0


def test_a_summary_prints_on_a_line_that_one_reads():
    found = times(1.0, 2.0, 3.0)
    assert repr(found) == "Timings(3, p50=2.0, p90=2.8, p99=3.0)"
    assert repr(times()) == "Timings(0)"
    tally = Tally(answered=3, found=1, ms=found)
    assert repr(Summary(frames=3, brains={"page": tally})) == (
        "Summary(frames=3, failed=0, dropped=0, skipped={}, broken='', "
        "brains={'page': Tally(answered=3, found=1, failed=0, labels=Counter(), "
        "ms=Timings(3, p50=2.0, p90=2.8, p99=3.0))}, explain=False)"
    )
