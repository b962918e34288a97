"""What pages may cost: one message for all that wait for it, and no more work than a share of the processors."""

import asyncio
import os
import subprocess
import sys
import threading

import pytest
from runner_liveview.budget import LONGEST, SHARE, Budget
from runner_liveview.hub import Hub
from runner_liveview.progress import Meter
from runner_liveview.snapshot import Snapshot
from view_client import read, result

VIEWERS = 5


class Clock:
    """Goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class TestBudget:
    def test_work_waits_until_the_work_before_is_paid_for(self):
        clock = Clock()
        budget = Budget(0.1, clock)
        assert budget.wait == 0
        budget.spend(0.02)
        assert budget.wait == pytest.approx(0.2)
        budget.spend(0.03)
        assert budget.wait == pytest.approx(0.5)
        clock.now += 0.6
        assert budget.wait == 0

    def test_an_hour_without_work_saves_nothing_up(self):
        clock = Clock()
        budget = Budget(0.1, clock)
        clock.now += 3600
        budget.spend(0.02)
        assert budget.wait == pytest.approx(0.2)

    def test_a_page_is_never_left_without_pictures(self):
        budget = Budget(0.1, Clock())
        budget.spend(100)
        assert budget.wait == pytest.approx(LONGEST)

    @pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not give a process fewer cores")
    def test_the_share_is_of_the_processors_that_the_process_may_use(self):
        script = (
            "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
            "from runner_liveview.budget import Budget; budget = Budget(clock=lambda: 0.0); budget.spend(0.01); "
            "print(budget.wait)"
        )
        done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
        assert float(done.stdout) == pytest.approx(0.01 / SHARE)


class Purse(Budget):
    """Is empty when it is told to be."""

    wait = 0.0


def take(number):
    meter = Meter(0.0)
    meter.add(shown := result(number))
    return Snapshot.take(shown, number, meter, pin=False)


class TestHub:
    def test_no_message_is_made_before_the_last_one_is_paid_for(self):
        made = []

        async def watch() -> None:
            hub = Hub(lambda snapshot: made.append(snapshot.number) or b"", purse := Purse())
            hub.start()
            hub.offer(take(1))
            sent = {}
            await hub.message("", sent)
            purse.wait = 0.01
            hub.offer(take(2))
            waiting = asyncio.create_task(hub.message("", sent))
            hub.offer(take(3))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(waiting), 0.1)
            assert made == [1]
            purse.wait = 0.0
            await waiting
            assert sent == {"": 3}, "what is made is the newest by then"
            hub.close()

        asyncio.run(watch())
        assert made == [1, 3]

    def test_all_who_wait_get_the_one_message(self):
        made, ready = [], threading.Event()

        def encode(snapshot):
            ready.wait(60)
            made.append(snapshot.number)
            return bytes(10)

        async def watch() -> list[bytes]:
            hub = Hub(encode)
            hub.start()
            hub.offer(take(1))
            waiting = [asyncio.create_task(hub.message("", {})) for _ in range(VIEWERS)]
            await asyncio.sleep(0)
            ready.set()
            messages = await asyncio.gather(*waiting)
            messages.append(await hub.message("", {}))  # and who comes later, while nothing is newer
            hub.close()
            return messages

        messages = asyncio.run(watch())
        assert len({id(message) for message in messages}) == len(made) == 1

    def test_a_message_that_could_not_be_made_is_tried_again(self):
        async def watch() -> bytes:
            outcomes = [ValueError("no"), b"yes"]

            def encode(_):
                outcome = outcomes.pop(0)
                if isinstance(outcome, ValueError):
                    raise outcome
                return outcome

            hub = Hub(encode)
            hub.start()
            hub.offer(take(1))
            with pytest.raises(ValueError, match="no"):
                await hub.message("", {})
            message = await hub.message("", {})
            hub.close()
            return message

        assert asyncio.run(watch()) == b"yes"


def test_frames_do_not_wake_who_has_not_drawn(view, monkeypatch):
    """Two hundred hidden pages would cost a run of many frames a second much."""
    woken = []
    waker_set = asyncio.Event.set
    with view.viewer() as viewer:
        for index in range(2):
            view.show(index)
            assert read(viewer.recv(60))[1]
        monkeypatch.setattr(
            "runner_liveview.hub.Waker.set", lambda waker: woken.append(1) or waker_set(waker), raising=False
        )
        for index in range(100):
            view.show(index)
        viewer.send("drawn")
        assert read(viewer.recv(60))[0]["index"] == 99
        assert len(woken) < 10
