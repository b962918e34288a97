"""Pictures found again: of a video by their times, of a folder by their names."""

import numpy as np
import pytest

from runner_core.errors import SourceError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.find_pictures import NamedPictures, TimedPictures
from runner_core.pipeline.records import Record


class Scripted:
    """A source of frames at these times or of these names; its pixels are their numbers. May break off."""

    live = False

    def __init__(self, *places, breaks=False):
        self.places, self.breaks = places, breaks

    def frames(self):
        for index, place in enumerate(self.places):
            name, time = (place, None) if isinstance(place, str) else ("clip.mp4", place)
            pixels = np.full((2, 3, 3), index, np.uint8)
            yield Frame.from_array(pixels, source=name, index=index, time=time)
        if self.breaks:
            raise SourceError("clip.mp4: cut short")


def record(source="0", time=None, index=0):
    return Record(source, index, time, (3, 2))


def number(frame):
    return int(frame.pixels[0, 0, 0])


class TestTimedPictures:
    @pytest.mark.parametrize("asked", [[0.0, 0.1, 0.2], [0.0, 0.2], [0.2], [0.1, 0.1], [0.2, 0.0]])
    def test_the_frame_of_that_time_whatever_was_left_out(self, asked):
        clip = TimedPictures(Scripted(0.0, 0.1, 0.2), "clip.mp4")
        assert [number(clip.find(record(time=time))) for time in asked] == [round(time * 10) for time in asked]

    def test_times_that_a_container_rounded(self):
        clip = TimedPictures(Scripted(0.0, 0.0334, 0.0667), "clip.mp4")
        assert [number(clip.find(record(time=time))) for time in (0.0, 0.03335, 0.06664)] == [0, 1, 2]

    def test_a_video_that_begins_with_the_first_answer(self):
        clip = TimedPictures(Scripted(0.0, 0.11, 0.17), "clip.mp4")
        assert [number(clip.find(record(time=time))) for time in (2.03, 2.14, 2.2)] == [0, 1, 2]

    @pytest.mark.parametrize("time", [0.05, 0.3, 7.0])
    def test_no_frame_near_enough_is_not_a_frame(self, time):
        clip = TimedPictures(Scripted(0.0, 0.1, 0.2), "clip.mp4")
        clip.find(record(time=0.0))
        with pytest.raises(SourceError, match=r"clip\.mp4: no picture at"):
            clip.find(record(time=time))

    def test_a_miss_does_not_cost_the_next(self):
        clip = TimedPictures(Scripted(0.0, 0.1, 0.2), "clip.mp4")
        clip.find(record(time=0.0))
        with pytest.raises(SourceError):
            clip.find(record(time=0.05))
        assert number(clip.find(record(time=0.1))) == 1

    def test_a_video_cut_short_says_so(self):
        clip = TimedPictures(Scripted(0.0, 0.1, breaks=True), "clip.mp4")
        assert number(clip.find(record(time=0.1))) == 1
        with pytest.raises(SourceError, match="cut short"):
            clip.find(record(time=0.2))

    def test_several_cameras_are_not_one_video(self):
        clip = TimedPictures(Scripted(0.0, 0.1), "clip.mp4")
        clip.find(record("left", time=0.0))
        with pytest.raises(UsageError, match="several cameras"):
            clip.find(record("right", time=0.1))

    def test_a_picture_is_not_a_frame_of_a_video(self):
        with pytest.raises(UsageError, match="not a frame of a video"):
            TimedPictures(Scripted(0.0), "clip.mp4").find(record("a.png"))


class TestNamedPictures:
    def test_the_name_that_ends_alike(self):
        folder = NamedPictures(Scripted("/data/one/cat.jpg", "/data/two/cat.jpg", "/data/dog.jpg"), "/data")
        assert number(folder.find(record("pictures/two/cat.jpg"))) == 1
        assert number(folder.find(record("dog.jpg"))) == 2

    def test_one_that_is_not_there(self):
        with pytest.raises(SourceError, match=r"there is no picture of cow.jpg"):
            NamedPictures(Scripted("cat.jpg"), "/data").find(record("cow.jpg"))

    def test_one_that_several_may_be(self):
        with pytest.raises(SourceError, match=r"several pictures may be cat.jpg"):
            NamedPictures(Scripted("one/cat.jpg", "two/cat.jpg"), "/data").find(record("cat.jpg"))

    def test_urls_that_differed_in_their_queries_are_kept_apart_by_their_order(self):
        pictures = NamedPictures(Scripted("http://host/cat", "http://host/cat", "http://host/dog"), "list.txt")
        assert [number(pictures.find(record("http://host/cat", index=index))) for index in (1, 0)] == [1, 0]
        with pytest.raises(SourceError, match="several pictures may be"):
            pictures.find(record("http://host/cat", index=2))
