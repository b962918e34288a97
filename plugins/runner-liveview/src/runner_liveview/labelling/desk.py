"""Desk: what the page knows and does: pictures, labels, proposals, training, and who draws.

It lives in the server's event loop. Brains, the training and the disk work in threads, and call back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from runner_core.brain import Brain
from runner_core.drawing import choose_colour, choose_ink
from runner_core.errors import ImageError, RunnerError, UsageError
from runner_core.project import open_brain
from runner_liveview.labelling.checking import Checking
from runner_liveview.labelling.label_file import LabelFile
from runner_liveview.labelling.pen import Pen
from runner_liveview.labelling.pictures import Picture
from runner_liveview.labelling.proposals import CONF, Proposer, to_proposals
from runner_liveview.labelling.saver import Saver
from runner_liveview.labelling.sheet import Box
from runner_liveview.labelling.training import Progress, Training
from runner_liveview.labelling.usefulness import order_by_usefulness

AHEAD = 3  # pictures that brains look at before somebody asks for them
MOST_NAME = 200  # characters of a class
MOST_SIDE = 1 << 20  # pixels

Event = dict[str, Any] | None  # None: it is over


class Desk:
    """An Audience: its pages.

    ``order``     the pictures' names, as they are to be labelled; with ``most_useful``, best first once brains have
                  seen all that are not done.
    ``name``      of the brains that are trained.
    ``checks``    brains that say which labels are doubtful; the pictures with these come first then.
    """

    def __init__(
        self, pictures: Sequence[Picture], labels: LabelFile, *, name: str = "mine", most_useful: bool = False,
        checks: Sequence[Brain] = (), train: Callable[[Callable[[Progress], None]], Training] = Training,
    ) -> None:  # fmt: skip
        self.pictures = {picture.name: picture for picture in pictures}
        self.order = list(self.pictures)
        self.labels, self.saver, self.pen = labels, Saver(labels), Pen()
        self.progress: Progress | None = None
        self.checking = Checking(labels, checks)
        self.proposer = Proposer(self.pictures, lambda picture: self._call(self._take_answers, picture))
        self._training = train(lambda progress: self._call(self._take_progress, progress))
        self._name, self._sorting = name, most_useful
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages: dict[asyncio.Queue[Event], str] = {}
        self._trained: Brain | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def watched(self) -> bool:
        return bool(self._pages)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sort()
        self.proposer.want([name for name in self.checking.list_unseen({}) if name in self.pictures])

    def end(self) -> None:
        self._call(self._tell, None)

    def close(self) -> None:
        self._loop = None
        self._training.close()
        self.proposer.close()
        if self._trained:
            self._trained.close()

    @contextmanager
    def listening(self, page: str) -> Iterator[asyncio.Queue[Event]]:
        """While a page is open: what happens meanwhile."""
        queue = asyncio.Queue[Event]()
        self._pages[queue] = page
        self.pen.come(page)
        self._tell_pen()
        try:
            yield queue
        finally:
            del self._pages[queue]
            self.pen.leave(page)
            self._tell_pen()

    def take_pen(self, page: str) -> None:
        """Somebody goes on drawing on this page, and on no other."""
        self.pen.take(page)
        self._tell_pen()

    def describe(self) -> dict[str, Any]:
        """All that a page shows beside the picture."""
        return {
            "file": self.labels.path.name,
            "classes": self.describe_classes(),
            "pictures": [self._describe_picture(name) for name in self.order],
            "brains": self.proposer.brains,
            "training": attrs.asdict(self.progress) if self.progress else None,
        }

    def describe_classes(self) -> list[dict[str, str]]:
        """Each with its colour, and that of letters on it."""
        colours = [choose_colour("", number) for number in range(len(self.labels.classes))]
        return [
            {"name": name, "colour": _to_css(colour), "ink": _to_css(choose_ink(colour))}
            for name, colour in zip(self.labels.classes, colours, strict=True)
        ]

    async def open_sheet(self, name: str) -> dict[str, Any]:
        """A picture with its boxes. Raises ImageError for one that cannot be read."""
        picture = self.pictures[name]
        stamp, size = picture.stamp(), await asyncio.to_thread(picture.measure)
        boxes = [box.to_json() for box in self.labels.boxes_of(name)]
        told = {"size": size, "stamp": stamp, "done": self._is_done(name), "boxes": boxes}
        return {**told, "doubts": self.checking.doubts.get(name, []), **self.propose(name)}

    def propose(self, name: str) -> dict[str, Any]:
        """What brains found in a picture; None if they have not looked yet: then they look at it next."""
        self.proposer.want([name, *self._following(name)])
        if name not in self.proposer.answers:
            return {"proposals": None if self.proposer.brains else []}
        return {"proposals": to_proposals(self.proposer.answers[name]), "fault": self.proposer.faults.get(name, "")}

    async def write_sheet(self, name: str, data: Any, *, overwrite: bool = False) -> dict[str, Any]:
        """What somebody has drawn. Returns when it is in the file. Raises UsageError, OSError, DatasetError."""
        size = _read_size(data)
        boxes, done = [Box.from_json(box, size) for box in _read_list(data, "boxes")], data.get("done") is True
        numbers = self.labels.put(name, size, boxes, done=done)
        if data.get("checked") is True:
            self.checking.settle(name)
        await self.saver.save(overwrite=overwrite)
        self._tell({"sheet": self._describe_picture(name), "classes": self.describe_classes()})
        return {"ids": numbers, "changed": self._find_change(name, data.get("stamp"))}

    async def add_class(self, name: Any) -> None:
        """One more class. Raises UsageError for what is no name, OSError."""
        if not isinstance(name, str) or not name.strip() or len(name) > MOST_NAME:
            raise UsageError("a class needs a name")
        self.labels.add_class(name.strip())
        await self.saver.save()
        self._tell({"classes": self.describe_classes()})

    def train(self, minutes: Any) -> None:
        """Begins to train a brain on what is done. Raises UsageError, OSError."""
        if not isinstance(minutes, int | float) or not 0 < minutes <= 24 * 60:
            raise UsageError("the minutes are a number above 0")
        if self._training.is_running:
            raise UsageError("a training is under way")
        self._take_progress(Progress("running", "begins"))
        self._training.start(data=str(self.labels.path), name=self._name, minutes=minutes)

    def stop_training(self) -> None:
        """Has it end with the best so far."""
        self._training.stop()

    def _following(self, name: str) -> list[str]:
        at = self.order.index(name)
        rest = self.order[at + 1 :] + self.order[:at]
        return [each for each in rest if not self._is_done(each)][:AHEAD]

    def _is_done(self, name: str) -> bool:
        return name in self.labels.sheets and self.labels.sheets[name].done

    def _describe_picture(self, name: str) -> dict[str, Any]:
        sheet = self.labels.sheets.get(name)
        boxes, doubts = len(sheet.annotations) if sheet else 0, len(self.checking.doubts.get(name, ()))
        return {"name": name, "done": self._is_done(name), "boxes": boxes, "doubts": doubts}

    def _find_change(self, name: str, stamp: Any) -> str:
        """What happened to the file of a picture since somebody was shown it; empty: nothing."""
        try:
            return "" if self.pictures[name].stamp() == stamp else f"{name} has changed on disk meanwhile"
        except ImageError as error:
            return error.message

    def _sort(self) -> None:
        """Puts the most useful pictures first, if that is wanted, when brains have seen all that are not done."""
        open_ = [name for name in self.order if not self._is_done(name)]
        if not self._sorting or not (self.proposer.brains or self.proposer.answers):
            return
        unseen = [name for name in open_ if name not in self.proposer.answers]
        if unseen and self.proposer.brains:
            self.proposer.want(unseen)
            return
        best = order_by_usefulness({name: self.proposer.answers.get(name, ()) for name in open_})
        self.order = best + [name for name in self.order if name not in set(best)]
        self._tell({"order": self.order})

    def _check(self) -> None:
        """Shows doubtful labels first, once the brains that check have seen all pictures that are done."""
        checking, answers = self.checking, self.proposer.answers
        if checking.is_over or any(name in self.pictures for name in checking.list_unseen(answers)):
            return
        checking.find(answers)
        self.order = checking.order(self.order)
        self._tell({"order": self.order, "doubtful": [self._describe_picture(name) for name in checking.doubts]})

    def _take_answers(self, name: str) -> None:
        self._tell({"proposals": name})
        self._check()
        if self._sorting and all(self._is_done(each) or each in self.proposer.answers for each in self.order):
            self._sort()

    def _take_progress(self, progress: Progress) -> None:
        if progress.state == "done":
            task = asyncio.ensure_future(self._take_brain(progress))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            progress = Progress("running", "opens the new brain", share=1.0)
        self._show_progress(progress)

    def _show_progress(self, progress: Progress) -> None:
        self.progress = progress
        self._tell({"training": attrs.asdict(progress)})

    async def _take_brain(self, progress: Progress) -> None:
        """The new brain's proposals replace the old ones; only then the training is over."""
        try:
            brain = await asyncio.to_thread(open_brain, progress.brain, conf=CONF)
        except RunnerError as error:
            self._show_progress(Progress("failed", error=str(error)))
            return
        before, self._trained = self._trained, brain
        self.checking.is_over = True
        self.proposer.ask([brain])
        if before:
            await asyncio.to_thread(before.close)
        self._tell({"brains": self.proposer.brains})
        self._show_progress(progress)
        self._sort()

    def _tell_pen(self) -> None:
        for queue, page in self._pages.items():
            queue.put_nowait({"pen": page == self.pen.holder, "others": len(self._pages) - 1})

    def _tell(self, event: Event) -> None:
        for queue in self._pages:
            queue.put_nowait(event)

    def _call(self, function: Callable[..., None], *given: Any) -> None:
        """From another thread; when the loop is closed nobody listens."""
        with suppress(RuntimeError):
            if self._loop:
                self._loop.call_soon_threadsafe(function, *given)


def _read_size(data: Any) -> tuple[int, int]:
    size = _read_list(data, "size")
    if len(size) != 2 or not all(type(side) is int and 0 < side <= MOST_SIDE for side in size):
        raise UsageError("the size of the picture is not two whole numbers")
    return size[0], size[1]


def _read_list(data: Any, name: str) -> list[Any]:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, list):
        raise UsageError(f"{name} is no list")
    return value


def _to_css(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
