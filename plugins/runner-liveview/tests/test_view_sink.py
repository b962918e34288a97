"""The view as a sink: what every sink promises, and a run that no viewer holds up."""

import gc
import logging
import socket
import struct
import time
import weakref
from threading import Thread

import attrs
import numpy as np
import pytest
from runner_liveview.sink import ViewSink
from view_client import noise, read, result
from websockets.exceptions import ConnectionClosed

from runner_core.errors import SinkError
from runner_core.frames.frame import Frame
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.results.result import Result
from runner_core.testing import check_plugin, check_sink, conformance, sample_inference, sample_results

MANY = 200


@pytest.fixture
def taken():
    """A port that somebody else serves on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, taken):
    check(ViewSink, "0", unwritable=str(taken))


def test_it_is_light_until_it_is_used():
    check_plugin("runner_liveview.plugin")


def test_it_is_found_by_its_name():
    assert isinstance(open_sink("view:0"), ViewSink)


def test_a_taken_port_is_reported_with_a_way_out(taken):
    with (
        pytest.raises(SinkError, match=rf"port {taken} cannot be served on \(Address already in use\)") as refused,
        ViewSink(str(taken)).open(),
    ):
        pass
    assert f"view:{taken + 1}" in str(refused.value)


def test_where_the_page_is_is_reported(view, capsys):
    view.show()
    assert view.url.startswith("http://127.0.0.1:")


def test_a_port_is_free_again_at_once(serve):
    view = serve()
    with view.viewer():
        view.close()
    port = view.host.rpartition(":")[2]
    with ViewSink(port).open():
        pass


class TestWhatAViewerGets:
    def test_picture_boxes_names_colours_and_times(self, view):
        with view.viewer() as viewer:
            view.show(7, time=1.5, taken=time.monotonic())
            head, picture, planes = read(viewer.recv(5))
        assert (head["index"], head["time"], head["size"]) == (7, 1.5, [96, 64])
        assert picture.startswith(b"\xff\xd8\xff")
        assert not planes
        (brain,) = head["brains"]
        assert (brain["brain"], brain["ms"], brain["found"]) == ("sample", pytest.approx(2.2), 2)
        assert brain["instances"][0] == {"class": 1, "score": 0.9, "box": [24.0, 16.0, 72.0, 48.0]}
        assert brain["classes"]["1"]["name"] == "page"
        assert brain["classes"]["1"]["colour"] != brain["classes"]["2"]["colour"]

    def test_every_kind_of_result_becomes_a_message(self, view):
        with view.viewer() as viewer:
            for index, shown in enumerate(sample_results()):
                view.writer.write(shown)
                head, picture, _ = read(viewer.recv(5))
                viewer.send("drawn")
                assert head["index"] == index
                assert bool(picture) == (shown.error is None)
                assert head["error"] == (shown.error.message if shown.error else None)
                assert [brain["brain"] for brain in head["brains"]] == [said.brain for said in shown.inferences]

    def test_the_newest_frame_waits_for_who_comes_later(self, view):
        for index in range(3):
            view.show(index)
        with view.viewer() as viewer:
            assert read(viewer.recv(5))[0]["index"] == 2

    def test_a_small_jpeg_is_handed_on_as_it_came(self, view, testdata):
        path = testdata / "pictures" / "baseball.jpg"
        with view.viewer() as viewer:
            view.writer.write(Result(Frame.from_path(path)))
            assert read(viewer.recv(5))[1] == path.read_bytes()

    def test_numbers_that_are_none_do_not_break_the_json(self, view):
        odd = np.array([[np.nan, np.inf, -np.inf, 5]], np.float32)
        inference = attrs.evolve(sample_inference(rows=1), boxes=odd, scores=np.array([np.nan], np.float32))
        with view.viewer() as viewer:
            view.show(0, inference)
            assert read(viewer.recv(5))[0]["brains"][0]["instances"][0]["box"] == [0.0, 1e6, -1e6, 5.0]

    def test_the_end_of_a_run_with_its_sums(self, view):
        with view.viewer() as viewer:
            view.show()
            view.writer.finish({"frames": 1})
            view.close()
            viewer.recv(5)
            assert viewer.recv(5) == '{"summary": {"frames": 1}}'
            assert closing(viewer).code == 1000

    def test_a_run_that_broke_off_says_nothing_of_sums(self, view):
        with view.viewer() as viewer:
            view.close()
            assert closing(viewer).code == 1001


def closing(viewer):
    with pytest.raises(ConnectionClosed) as closed:
        viewer.recv(5)
    return closed.value.rcvd


class TestManyCameras:
    @pytest.mark.parametrize("busy", ["a", "c"])
    def test_each_has_its_turn_however_busy_one_is(self, view, busy):
        for camera in "abc":
            view.show(source=camera, time=0.0, taken=time.monotonic())
        seen = []
        with view.viewer() as viewer:
            for _ in range(5):
                for index in range(50):
                    view.show(index, source=busy, time=index / 50, taken=time.monotonic())
                seen.append(read(viewer.recv(5))[0]["camera"])
                for index in range(50):
                    view.show(index, source=busy, time=index / 50, taken=time.monotonic())
                viewer.send("drawn")
        assert set(seen) == set("abc")

    def test_pictures_are_one_camera(self, view):
        with view.viewer() as viewer:
            for index in range(2):
                view.show(index, source=f"{index}.png")
                assert read(viewer.recv(5))[0]["camera"] == ""
                viewer.send("drawn")


class TestViewersThatAreNoGood:
    def test_who_does_not_draw_gets_two_and_then_the_newest(self, view):
        with view.viewer() as viewer:
            for index in range(MANY):
                view.show(index)
                time.sleep(0.001)
            indices = [read(viewer.recv(5))[0]["index"] for _ in range(2)]
            with pytest.raises(TimeoutError):
                viewer.recv(0.3)
            viewer.send("drawn")
            assert read(viewer.recv(5))[0]["index"] == MANY - 1
        assert max(indices) < MANY - 1

    def test_who_does_not_read_costs_neither_time_nor_memory(self, view, monkeypatch):
        monkeypatch.setattr("view_client.sample_pixels", noise)
        with view.viewer(max_queue=1) as viewer:
            for _ in range(MANY):
                viewer.send("drawn")  # it claims to have drawn more than it got
            alive = []
            for index in range(MANY):
                shown = result(index)
                alive.append(weakref.ref(shown))
                view.writer.write(shown)  # would wait for ever if it waited for the viewer
            del shown
            time.sleep(0.2)
            gc.collect()
            assert sum(one() is not None for one in alive) <= 4

    def test_who_leaves_amid_a_frame_is_no_loss_to_the_others(self, view, caplog, monkeypatch):
        monkeypatch.setattr("view_client.sample_pixels", lambda: noise(1200))
        with view.viewer() as stays:
            for _ in range(3):
                with view.viewer(max_queue=1) as leaves:
                    view.show()
                    leaves.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    leaves.socket.shutdown(socket.SHUT_RDWR)
                assert read(stays.recv(5))[1]
                stays.send("drawn")
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

    def test_nobody_looking_has_nothing_encoded(self, serve, monkeypatch):
        made = []
        monkeypatch.setattr("runner_liveview.sink.encode_message", lambda snapshot: made.append(snapshot) or b"")
        view = serve()
        for index in range(MANY):
            view.show(index)
        time.sleep(0.1)
        assert not made
        with view.viewer() as viewer:
            viewer.recv(5)
        assert len(made) == 1


class TestNumbers:
    def test_drops_failures_and_gaps_are_counted(self, view):
        now = time.monotonic()
        taken = [now + offset for offset in (0.0, 0.1, 0.2, 9.0, 9.1)]
        with view.viewer() as viewer:
            for index, at in enumerate(taken):
                shown = result(index, time=at - now, taken=at)
                view.writer.write(attrs.evolve(shown, dropped=2))
                run = read(viewer.recv(5))[0]["run"]
                viewer.send("drawn")
        assert (run["frames"], run["dropped"], run["failed"], run["gaps"]) == (5, 10, 0, 1)

    def test_a_slow_source_has_no_gaps(self, view):
        now = time.monotonic()
        with view.viewer() as viewer:
            for index in range(4):
                view.show(index, time=5.0 * index, taken=now + 5.0 * index)
                run = read(viewer.recv(5))[0]["run"]
                viewer.send("drawn")
        assert run["gaps"] == 0


class TestWaiting:
    def run_three(self, view) -> tuple[Thread, list[int]]:
        shown = []
        run = Thread(target=lambda: [(view.show(index), shown.append(index)) for index in range(3)], daemon=True)
        run.start()
        return run, shown

    @pytest.mark.parametrize(("options", "terminal"), [("?wait=yes", False), ("", True)])
    def test_files_wait_for_the_first_viewer(self, serve, monkeypatch, capsys, options, terminal):
        monkeypatch.setattr("runner_liveview.sink._is_terminal", lambda: terminal)
        view = serve(options)
        run, shown = self.run_three(view)
        time.sleep(0.2)
        assert not shown
        assert "view: the run begins when somebody opens the page; ?wait=no begins at once" in capsys.readouterr().err
        with view.viewer():
            run.join(5)
        assert shown == [0, 1, 2]

    @pytest.mark.parametrize(("options", "terminal", "said"), [("?wait=no", True, False), ("", False, True)])
    def test_files_do_not_wait_where_nobody_would_come(self, serve, monkeypatch, capsys, options, terminal, said):
        monkeypatch.setattr("runner_liveview.sink._is_terminal", lambda: terminal)
        run, shown = self.run_three(serve(options))
        run.join(5)
        assert shown == [0, 1, 2]
        told = "view: the run does not wait for somebody to open the page; ?wait=yes does\n"
        assert (told in capsys.readouterr().err) == said

    def test_a_camera_waits_for_nobody(self, serve, capsys):
        view = serve("?wait=yes")
        view.show(0, time=0.0, taken=time.monotonic())
        assert "somebody" not in capsys.readouterr().err


class TestPace:
    def test_the_run_waits_for_the_first_viewer(self, serve):
        view = serve("?pace=20")
        shown = []
        run = Thread(target=lambda: [(view.show(index), shown.append(index)) for index in range(3)], daemon=True)
        run.start()
        time.sleep(0.2)
        assert not shown
        with view.viewer():
            run.join(5)
        assert shown == [0, 1, 2]

    def test_each_video_has_its_own_time(self, serve):
        view = serve("?pace=10&wait=no")
        begun, shown = [], []
        for index, (clip, at) in enumerate([("a.mp4", 0.0), ("a.mp4", 1.0), ("b.mp4", 0.0), ("b.mp4", 1.0)]):
            begun.append(time.monotonic())
            view.show(index, source=clip, time=at)
            shown.append(time.monotonic())
        assert shown[1] - begun[0] >= 0.09
        assert shown[3] - begun[2] >= 0.09, "it would come at once, as if its time had passed while the first was shown"

    def test_frames_keep_the_time_between_them(self, serve):
        view = serve("?pace=2")
        with view.viewer():
            view.show(0, time=3.0)
            begun = time.monotonic()
            view.show(1, time=3.4)
            assert time.monotonic() - begun >= 0.19

    def test_a_live_source_is_not_held_up(self, serve):
        view = serve("?pace=1")
        view.show(0, time=0.0, taken=time.monotonic())  # would wait for a viewer
        view.writer.finish({})
