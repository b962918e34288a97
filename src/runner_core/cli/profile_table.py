"""A run's explanation as tables on the terminal, by rich."""

from __future__ import annotations

from collections.abc import Iterator

from runner_core.cli.tables import print_rows
from runner_core.pipeline.profile import PERCENTILES, Profile, Size, Timings

SIZES = 8  # of pictures get a line, the most frequent ones
_TIMES = tuple(f"p{share}" for share in PERCENTILES)


def print_explanation(explanation: Profile, *, stderr: bool = False) -> None:
    """Milliseconds by stage and by brain, what was decoded, which tensors were shared, the threads given."""
    decoded = [[_told(at), _told(of), str(times)] for (at, of), times in explanation.decoded.most_common(SIZES)]
    tensors = [
        [str(spec), str(built), ", ".join(explanation.users(spec))] for spec, built in explanation.tensors.most_common()
    ]
    for title, head, rows in (
        ("milliseconds", ("stage", "times", *_TIMES), list(_times(explanation))),
        ("pictures decoded", ("at", "of", "times"), decoded),
        ("tensors", ("tensor", "built", "brains that used it"), tensors),
        ("run", ("", ""), list(_facts(explanation))),
    ):
        print_rows(title, head, rows, stderr=stderr)


def _times(explanation: Profile) -> Iterator[list[str]]:
    for stage, times in explanation.stages.items():
        yield _row(stage, times)
    for brain, stages in explanation.brains.items():
        for stage, times in stages.items():
            yield _row(f"{brain}: {stage}", times)
    for sink, times in explanation.sinks.items():
        yield _row(sink, times)
    if explanation.age:
        yield _row("age of the answers", explanation.age)


def _row(name: str, times: Timings) -> list[str]:
    return [name, str(len(times)), *(f"{ms:.2f}" for ms in times.to_json().values())]


def _facts(explanation: Profile) -> Iterator[list[str]]:
    told = explanation.to_json()
    yield ["frames", f"{explanation.frames} in {told['seconds']:.1f} s, {told['frames_per_second']:.1f} a second"]
    if threads := explanation.threads:
        yield ["threads", f"{threads.total}; frames at a time {threads.frames}, brains at a time {threads.brains}"]
    within = [f"{brain} {number or 'as its engine likes'}" for brain, number in explanation.within.items()]
    if within:
        yield ["threads of a call", ", ".join(within)]
    if explanation.dropped:
        yield ["dropped", str(explanation.dropped)]
    if explanation.gaps:
        yield ["gaps", str(explanation.gaps)]


def _told(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
