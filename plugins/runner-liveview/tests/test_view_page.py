"""The page in a real browser: what it shows, what can be switched, how it fits, who can use it."""

import re
import time

import attrs
import numpy as np
import pytest
from view_client import result

from runner_core.drawing.palette import choose_colour
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask
from runner_core.results.result import Failure
from runner_core.testing import sample_inference, sample_results

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
EDGE, INSIDE = (40, 48), (40, 36)  # of the sample's first box, and in it, away from its name
GREY = (128, 128, 128)


@pytest.fixture
def opened(view, browser):
    """``opened(size)``: the page in a window; nothing may go wrong in it unseen, nor come from elsewhere."""
    complaints, contexts = [], []

    def opening(size=WIDE, **options):
        context = browser.new_context(viewport=size, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend([request.url] if view.host not in request.url else []))
        page.goto(view.url, wait_until="domcontentloaded")
        return page

    yield opening
    for context in contexts:
        context.close()
    assert not [text for text in complaints if not text.startswith("blob:") and "/frames" not in text]


def show(view, page, *answers, index=0, **frame):
    """One frame, drawn."""
    view.show(index, *answers, **frame)
    page.wait_for_selector(f".camera [title$='frame {index}']")


def pixel(page, at):
    """The colour (red, green, blue) at a point of the sample picture, of 96 x 64 pixels."""
    read = """([x, y]) => {
        const canvas = document.querySelector("canvas");
        const at = [x * canvas.width / 96, y * canvas.height / 64].map(Math.round);
        return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
    }"""
    return tuple(page.evaluate(read, list(at)))


def near(colour, other):
    return all(abs(a - b) <= 12 for a, b in zip(colour, other, strict=True))


def masked():
    array = np.zeros((64, 96), bool)
    array[16:48, 24:72] = True
    return attrs.evolve(sample_inference("masks", rows=1), masks=(Mask(array=array),))


class TestWhatItShows:
    def test_the_picture_and_the_boxes_in_their_colours(self, view, opened):
        page = opened()
        show(view, page)
        assert near(pixel(page, INSIDE), GREY)
        assert near(pixel(page, EDGE), choose_colour("sample", 1))
        assert page.get_by_role("img", name="sample.png: 1 page, 1 graph").is_visible()

    def test_every_kind_of_result(self, view, opened):
        page = opened()
        for index, shown in enumerate(sample_results()):
            view.writer.write(shown)
            page.wait_for_selector(f".camera [title$='frame {index}']")
        assert page.locator(".stage .error").text_content() == "broken-6.png: not a picture in a known format"
        assert "ran out of memory" in page.locator("[data-brain=second] .error").text_content()

    def test_the_numbers_of_a_live_run(self, view, opened):
        page = opened()
        for index in range(3):
            shown = result(index, sample_inference(), source="camera", time=index / 10, taken=time.monotonic() - 0.05)
            failed = Failure("EngineError", "no", "other") if index == 1 else sample_inference("other")
            view.writer.write(attrs.evolve(shown, inferences=(*shown.inferences, failed), dropped=index))
            page.wait_for_selector(f".camera [title$='frame {index}']")
        assert page.locator("#status").text_content() == "Live"
        assert page.locator("#run").inner_text().split() == ["frames", "3", "dropped", "3", "failed", "1"]
        assert re.search(r"frames/s\s+[\d.]+\s+age\s+[\d.]+ m?s\s+gaps\s+0", page.locator("figcaption dl").inner_text())
        assert re.search(r"ms\s+2\.2", page.locator("[data-brain=sample] dl").inner_text())

    def test_a_live_picture_of_a_file_has_the_name_of_both(self, view, opened):
        page = opened()
        shown = result(0, sample_inference(), source="worst 1", taken=time.monotonic())
        shown.frame.file_name = "cups/7.jpg"
        view.writer.write(shown)
        page.get_by_text("worst 1: cups/7.jpg").wait_for()

    def test_the_age_grows_while_a_camera_gives_nothing(self, view, opened):
        page = opened()
        show(view, page, source="camera", time=0.0, taken=time.monotonic() - 4)
        page.wait_for_selector(".stale")
        assert re.search(r"age\s+[4-9]\.\d s", page.locator("figcaption dl").inner_text())

    def test_names_are_text_and_never_markup(self, view, opened):
        page = opened()
        bold = "<i id=bold>bold</i>"
        show(view, page, attrs.evolve(sample_inference(bold)), source=bold, time=0.0, taken=time.monotonic())
        assert page.locator("figcaption .name").text_content() == bold
        assert page.locator(".brain h3").text_content() == bold
        assert not page.locator("#bold").count()


class TestWhatCanBeSwitched:
    def test_boxes(self, view, opened):
        page = opened()
        show(view, page)
        page.get_by_role("button", name="Boxes").click()
        assert not near(pixel(page, EDGE), choose_colour("sample", 1))
        page.get_by_role("button", name="Boxes").click()
        assert near(pixel(page, EDGE), choose_colour("sample", 1))

    def test_masks(self, view, opened):
        page = opened()
        show(view, page, masked())
        red, _, blue = choose_colour("masks", 1)
        veiled = pixel(page, INSIDE)
        assert (veiled[0] - 128) * (red - 128) > 0 or (veiled[2] - 128) * (blue - 128) > 0
        page.get_by_role("button", name="Masks").click()
        assert near(pixel(page, INSIDE), GREY)

    def test_keypoints(self, view, opened):
        page = opened()
        points = np.array([[[*INSIDE, 0.9]]], np.float32)
        show(view, page, Inference("points", "keypoints", (96, 64), np.array([0]), keypoints=points))
        assert near(pixel(page, INSIDE), choose_colour("points", 0))
        page.get_by_role("button", name="Keypoints").click()
        page.get_by_role("button", name="Names").click()
        assert near(pixel(page, INSIDE), GREY)

    def test_names(self, view, opened):
        page = opened()
        show(view, page)
        ground = (26, 14)  # above the box
        assert near(pixel(page, ground), choose_colour("sample", 1))
        page.get_by_role("button", name="Names").click()
        assert not near(pixel(page, ground), choose_colour("sample", 1))

    def test_a_brain_as_a_whole_and_not_the_others(self, view, opened):
        page = opened()
        show(view, page, sample_inference(rows=1), sample_inference("other", rows=1))
        page.get_by_role("switch", name="Show other").click()
        assert near(pixel(page, EDGE), choose_colour("sample", 1))
        page.get_by_role("switch", name="Show sample").click()
        assert not near(pixel(page, EDGE), choose_colour("sample", 1))
        assert page.get_by_role("img", name="nothing found").is_visible()

    def test_the_score_threshold_of_one_brain(self, view, opened):
        page = opened()
        show(view, page, sample_inference(), masked())
        slider = page.get_by_role("slider", name="Score threshold of sample")
        slider.fill("0.95")
        assert page.get_by_role("img", name="sample.png: 1 page").is_visible()
        assert page.locator("[data-brain=sample] .conf b").text_content() == "≥ 0.95"
        page.get_by_role("slider", name="Score threshold of masks").fill("0.95")
        assert near(pixel(page, INSIDE), GREY), "the mask goes with its row"

    def test_a_pause_holds_the_picture_and_ends_with_the_newest(self, view, opened):
        page = opened()
        show(view, page)
        page.get_by_role("button", name="Pause").click()
        for index in range(1, 30):
            view.show(index)
            time.sleep(0.01)
        held = page.locator(".name").get_attribute("title")
        assert not held.endswith("frame 29")
        page.get_by_role("button", name="Pause").click()
        page.wait_for_selector(".camera [title$='frame 29']")


class TestHowItFits:
    @pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
    def test_nothing_hangs_over_the_edge(self, view, opened, size):
        page = opened(size)
        long = sample_inference("a-brain-whose-name-nobody-would-want-to-type-more-than-once-in-a-lifetime")
        show(view, page, long, source="rtsp://camera.example/" + "path/" * 30, time=0.0, taken=time.monotonic())
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    def test_on_a_phone_the_picture_comes_first_and_fingers_find_the_controls(self, view, opened):
        page = opened(PHONE)
        show(view, page)
        picture, brain = page.locator("canvas").bounding_box(), page.locator(".brain").bounding_box()
        assert picture["width"] > 0.9 * PHONE["width"]
        assert picture["y"] + picture["height"] < brain["y"]
        for button in page.get_by_role("button").all():
            assert button.bounding_box()["height"] >= 44

    def test_the_picture_keeps_its_shape(self, view, opened):
        page = opened({"width": 1280, "height": 400})
        show(view, page)
        box = page.locator("canvas").bounding_box()
        assert box["width"] / box["height"] == pytest.approx(96 / 64, rel=0.02)
        assert box["height"] < 400

    def test_several_cameras_are_a_grid_and_one_can_be_enlarged(self, view, opened):
        page = opened()
        for index, camera in enumerate(("left", "right")):
            view.show(index, source=camera, time=0.0, taken=time.monotonic())
            page.wait_for_selector(f"[data-camera={camera}] [title]")
        left, right = (page.locator(f"[data-camera={camera}]") for camera in ("left", "right"))
        assert left.bounding_box()["y"] == right.bounding_box()["y"]
        assert left.bounding_box()["x"] < right.bounding_box()["x"]
        right.get_by_role("button", name="Enlarge").click()
        assert not left.is_visible()
        right.get_by_role("button", name="Enlarge").click()
        assert left.is_visible()
        page.set_viewport_size(PHONE)
        assert left.bounding_box()["y"] < right.bounding_box()["y"]


class TestPanelsBelongToACamera:
    @pytest.fixture
    def two(self, view, opened):
        page = opened()
        for index, camera in enumerate(("till", "door")):
            view.show(index, source=camera, time=0.0, taken=time.monotonic())
            page.wait_for_selector(f"figure[data-camera={camera}] [title]")
        return page

    def test_each_has_its_own_under_its_name(self, two):
        for camera in ("till", "door"):
            group = two.get_by_role("group", name=f"Brains on {camera}")
            assert group.get_by_role("heading", name=camera).is_visible()
            assert group.get_by_role("switch", name="Show sample").is_visible()

    def test_what_is_switched_on_one_stays_on_the_other(self, two):
        two.get_by_role("group", name="Brains on door").get_by_role("switch", name="Show sample").click()
        assert two.get_by_role("img", name="door: nothing found").is_visible()
        assert two.get_by_role("img", name="till: 1 page, 1 graph").is_visible()

    def test_the_numbers_are_those_of_the_camera(self, two, view):
        rows = sample_inference(rows=1)
        view.show(2, rows, source="door", time=0.1, taken=time.monotonic())
        two.wait_for_selector("[data-camera=door] [title$='frame 2']")
        found = {
            camera: two.get_by_role("group", name=f"Brains on {camera}").locator("dl").inner_text().split()[-1]
            for camera in ("till", "door")
        }
        assert found == {"till": "2", "door": "1"}

    def test_of_an_enlarged_camera_alone_they_are_shown(self, two):
        door = two.locator("figure[data-camera=door]")
        door.get_by_role("button", name="Enlarge").click()
        assert not two.get_by_role("group", name="Brains on till").is_visible()
        assert two.get_by_role("group", name="Brains on door").is_visible()
        door.get_by_role("button", name="Enlarge").click()
        assert two.get_by_role("group", name="Brains on till").is_visible()

    def test_videos_that_follow_each_other_are_one(self, view, opened):
        page = opened()
        for index, clip in enumerate(("a.mp4", "b.mp4")):
            view.show(index, source=clip, time=0.0)
            page.wait_for_selector(f".camera [title$='frame {index}']")
        assert page.locator(".camera").count() == page.locator(".brain").count() == 1
        assert page.locator("figcaption .name").text_content() == "b.mp4"
        assert not page.locator(".group h2").is_visible()


class TestWhoCanUseIt:
    def test_every_control_is_reached_and_used_by_keyboard(self, view, opened):
        page = opened()
        show(view, page, masked())
        reached = []
        for _ in range(6):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))
        assert reached == ["Pause", "Show masks", "Boxes", "Masks", "Names", "Score threshold of masks"]
        page.keyboard.press("End")
        assert page.get_by_role("img", name="nothing found").is_visible()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        assert page.get_by_role("button", name="Names").get_attribute("aria-pressed") == "false"

    def test_a_screen_reader_hears_of_the_parts_and_of_changes(self, view, opened):
        page = opened()
        show(view, page)
        assert page.get_by_role("region", name="Pictures").is_visible()
        assert page.get_by_role("region", name="Brains").is_visible()
        assert page.get_by_role("status").text_content() == "Running"
        assert page.get_by_role("heading", name="sample").is_visible()


class TestTheEnd:
    def test_of_a_run(self, view, opened):
        page = opened()
        show(view, page)
        view.writer.finish({"frames": 1, "failed": 0})
        view.close()
        page.wait_for_selector("#status:text('Run ended')")
        assert near(pixel(page, INSIDE), GREY), "the last picture stays"

    def test_of_a_run_that_was_interrupted(self, view, opened):
        page = opened()
        show(view, page)
        view.writer.finish({"frames": 1, "broken": "interrupted"})
        view.close()
        page.wait_for_selector("#status:text('Run ended: interrupted')")

    def test_of_a_run_that_was_stopped(self, view, opened):
        page = opened()
        show(view, page)
        view.close()
        page.wait_for_selector("#status:text('Run stopped')")

    def test_a_new_run_at_the_same_place_is_shown_by_itself(self, view, serve, opened):
        from runner_liveview.sink import ViewSink

        page = opened()
        show(view, page)
        view.close()
        page.wait_for_selector("#status:text('Run stopped')")
        with ViewSink(view.host.rpartition(":")[2]).open() as writer:
            writer.write(result(5, sample_inference("new")))
            page.wait_for_selector("[data-brain=new]")
            assert not page.locator("[data-brain=sample]").count()
