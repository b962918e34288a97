"""The profile of a run as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from runner_core.cli.tables import print_rows
from runner_core.pipeline.profile import PERCENTILES, Profile, Size, Timings

SIZES = 8  # of pictures are shown, the most frequent ones
_TIMES = tuple(f"p{share}" for share in PERCENTILES)


def print_profile(profile: Profile, *, stderr: bool = False) -> None:
    """Milliseconds by stage and by brain, what was decoded, what was shared, how threads were split."""
    decoded = [
        [_format_size(at), _format_size(of), str(times)] for (at, of), times in profile.decoded.most_common(SIZES)
    ]
    tensors = [
        [str(spec), str(built), ", ".join(profile.users_of(spec))] for spec, built in profile.tensors.most_common()
    ]
    trunks = [
        [trunk, str(times), ", ".join(profile.sharers_of(trunk))] for trunk, times in profile.trunks.most_common()
    ]
    for title, head, rows in (
        ("milliseconds", ("stage", "times", *_TIMES), list(_list_times(profile))),
        ("pictures decoded", ("at", "of", "times"), decoded),
        ("tensors", ("tensor", "built", "brains that used it"), tensors),
        ("trunks", ("trunk", "computed", "brains that shared it"), trunks),
        ("run", ("", ""), list(_list_facts(profile))),
    ):
        print_rows(title, head, rows, stderr=stderr)


def _list_times(profile: Profile) -> Iterator[list[str]]:
    for stage, times in profile.stages.items():
        yield _row(stage, times)
    for brain, stages in profile.brains.items():
        for stage, times in stages.items():
            yield _row(f"{brain}: {stage}", times)
    for sink, times in profile.sinks.items():
        yield _row(sink, times)
    if profile.age:
        yield _row("age of the answers", profile.age)


def _row(name: str, times: Timings) -> list[str]:
    return [name, str(len(times)), *(f"{ms:.2f}" for ms in times.to_json().values())]


def _list_facts(profile: Profile) -> Iterator[list[str]]:
    written = profile.to_json()
    yield ["frames", f"{profile.frames} in {written['seconds']:.1f} s, {written['frames_per_second']:.1f} a second"]
    if threads := profile.threads:
        yield ["threads", f"{threads.total}; frames at a time {threads.frames}, brains at a time {threads.brains}"]
    within = [f"{brain} {number or 'chosen by its engine'}" for brain, number in profile.within.items()]
    if within:
        yield ["threads of a call", ", ".join(within)]
    if profile.dropped:
        yield ["dropped", str(profile.dropped)]
    if profile.gaps:
        yield ["gaps", str(profile.gaps)]


def _format_size(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
