"""The labelling page in a real browser: what a person can do by mouse, by keyboard and by fingers, and what is said."""

import pytest
from label_desk import Finder, full_disk, label, training_by, write_pictures

PHONE = {"width": 390, "height": 844}
BOX = (40, 50, 140, 170)
FOUND = {
    "a.png": [("cup", 0.9, 40, 50, 140, 170), ("plate", 0.5, 200, 100, 300, 200), ("cup", 0.2, 300, 10, 380, 60)],
    "b.png": [("cup", 0.9, 1, 1, 50, 50)],
}


@pytest.fixture
def folder(tmp_path):
    write_pictures(tmp_path / "pictures", 3)
    return tmp_path / "pictures"


@pytest.fixture
def person(folder, visit):
    """At a page with two classes and no brain."""
    with label(folder) as labelling:
        for name in ("cup", "plate"):
            labelling.ask("POST", "classes", body={"name": name})
        yield visit(labelling)


class TestByMouse:
    def test_a_box_is_drawn_moved_and_stretched(self, person):
        person.draw(BOX)
        assert person.boxes == [["cup", *BOX]]
        person.drag((90, 100), (110, 130))
        assert person.boxes == [["cup", 60, 80, 160, 200]]
        person.drag((160, 200), (200, 220))
        person.drag((60, 150), (30, 10))
        assert person.boxes == [["cup", 30, 80, 200, 220]]

    def test_it_ends_at_the_borders(self, person):
        person.drag((300, 200), (450, 320))
        assert person.boxes == [["cup", 300, 200, 400, 300]]
        person.drag((350, 250), (450, 20))
        assert person.boxes == [["cup", 300, 0, 400, 100]]

    def test_a_click_chooses_the_smallest_box_and_draws_nothing(self, person):
        person.draw((10, 10, 300, 250))
        person.press("Escape")
        person.draw((50, 50, 100, 100))
        person.press("Escape")
        person.click(75, 75)
        assert person.chosen == pytest.approx([50, 50, 100, 100], abs=1)
        person.press("Delete")
        assert len(person.boxes) == 1

    def test_the_wheel_zooms_about_the_pointer(self, person):
        before = person.where(100, 100)
        person.page.mouse.move(*before)
        scale = person.page.evaluate("window.desk.stage.scale")
        person.page.mouse.wheel(0, -400)
        person.wait(f"window.desk.stage.scale > {scale} * 1.5")
        assert person.where(100, 100) == pytest.approx(before, abs=1)
        person.draw((90, 90, 120, 120))
        assert person.boxes == [["cup", 90, 90, 120, 120]]

    def test_the_first_box_asks_for_its_class(self, folder, visit):
        with label(folder) as labelling:
            person = visit(labelling)
            person.draw(BOX)
            person.says("What is it?")
            person.page.keyboard.type("tasse\n")
            person.wait("window.desk.sheet.boxes.length === 1")
            person.saved()
            assert person.boxes == [["tasse", *BOX]]
            assert [each["name"] for each in labelling.document["categories"]] == ["tasse"]


class TestByKeyboard:
    def test_all_of_it(self, person):
        person.type_box(BOX)
        person.press("2")
        assert person.boxes == [["plate", *BOX]]
        person.press("Enter")
        person.at("b.png")
        person.press("1", "d", "d", "Delete", "p")
        person.at("a.png")
        person.press("n")
        person.at("b.png")
        person.press("b", "Shift+ArrowRight", "Escape", "c")
        person.page.keyboard.type("bowl\n")
        person.wait("window.desk.label === 'bowl'")
        person.press("d", "Enter")
        person.at("c.png")
        assert person.page.locator("#done").text_content() == "Nothing here"
        person.press("Enter")
        person.saved()
        person.says("3 of 3 done")

    def test_steps_are_undone_and_redone_also_after_another_picture(self, person):
        person.draw(BOX)
        person.press("Escape")
        person.draw((200, 100, 300, 200))
        person.press("n")
        person.at("b.png")
        person.press("p")
        person.at("a.png")
        person.press("Control+z", "Control+z")
        assert person.boxes == []
        person.press("Control+Shift+z")
        assert person.boxes == [["cup", *BOX]]

    def test_every_button_can_be_reached_and_is_named(self, person):
        person.draw(BOX)
        reached = set()
        for _ in range(60):
            person.press("Tab")
            reached.add(person.page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        shown = person.page.locator("button:visible:enabled")
        names = shown.evaluate_all("(all) => all.map((one) => [one.id, one.textContent, one.ariaLabel, one.title])")
        assert not [name for name in names if not (name[1].strip() or name[2])]
        assert {name[0] for name in names if name[0]} <= reached


class TestByFingers:
    @pytest.fixture
    def fingers(self, folder, visit):
        found = {"a.png": [("cup", 0.9, 40, 50, 140, 170), ("plate", 0.5, 200, 100, 300, 200)]}
        with label(folder, brains=[Finder("finder", found)]) as labelling:
            labelling.ask("POST", "classes", body={"name": "cup"})
            yield visit(labelling, viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)

    def test_a_finger_draws_and_a_tap_accepts(self, fingers):
        fingers.wait("window.desk.sheet.proposals?.length === 2")
        fingers.tap(90, 100)
        assert fingers.boxes == [["cup", *BOX]]
        fingers.swipe((200, 220, 300, 290))
        assert fingers.boxes[1] == ["cup", 200, 220, 300, 290]
        fingers.page.locator("#undo").tap()
        fingers.wait("window.desk.sheet.boxes.length === 1")
        fingers.page.locator("#done").tap()
        fingers.at("b.png")

    def test_two_fingers_zoom_and_draw_nothing(self, fingers):
        fingers.wait("window.desk.sheet.proposals?.length === 2")  # they make room for themselves
        scale = fingers.page.evaluate("window.desk.stage.scale")
        x, y = fingers.where(200, 150)
        fingers.fingers("touchStart", (x - 40, y))
        fingers.fingers("touchStart", (x - 40, y), (x + 40, y))
        for far in (60, 80, 120):
            fingers.fingers("touchMove", (x - far, y), (x + far, y))
        fingers.fingers("touchEnd")
        assert fingers.page.evaluate("window.desk.stage.scale") == pytest.approx(3 * scale, rel=0.05)
        assert fingers.where(200, 150) == pytest.approx((x, y), abs=2)
        assert fingers.boxes == []

    def test_all_that_is_needed_fits_a_phone(self, fingers):
        for name in ("#stage", "#classes", "#undo", "#delete", "#done", "#next"):
            place = fingers.page.locator(name).bounding_box()
            assert place["y"] + place["height"] <= PHONE["height"]
            assert place["x"] + place["width"] <= PHONE["width"] + 1
        assert fingers.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


class TestProposals:
    @pytest.fixture
    def offered(self, folder, visit):
        with label(folder, brains=[Finder("finder", FOUND)]) as labelling:
            person = visit(labelling)
            person.wait("window.desk.sheet.proposals?.length === 3")
            yield person

    def test_they_are_accepted_all_at_once_from_the_score_that_is_set(self, offered):
        assert offered.proposed == ["cup", "plate"]
        offered.press("a")
        offered.saved()
        assert offered.boxes == [["cup", *BOX], ["plate", 200, 100, 300, 200]]
        offered.page.locator("#least").fill("0.1")
        assert offered.proposed == ["cup"]

    def test_one_is_accepted_another_put_aside_by_key(self, offered):
        offered.press("y", "b", "b", "Delete")
        assert (offered.boxes, offered.proposed) == ([["cup", *BOX]], [])

    def test_those_that_are_not_accepted_are_not_saved(self, offered):
        offered.press("Enter")
        offered.at("b.png")
        offered.saved()
        assert offered.page.evaluate("window.desk.pictures[0]") == {
            "name": "a.png",
            "done": True,
            "boxes": 0,
            "doubts": 0,
        }

    def test_those_of_a_trained_brain_replace_them(self, folder, visit, monkeypatch):
        new = Finder("cups", {"b.png": [("bowl", 0.8, 5, 5, 60, 60)]})
        monkeypatch.setattr("runner_liveview.labelling.desk.open_brain", lambda name, conf: {"cups@1": new}[name])
        script = "print(json.dumps({'stage': 'head', 'share': .5, 'figures': {'mAP50': .25}}), flush=True)\n"
        script += "import time\nwhile not __import__('os').path.exists(asked['data'] + '.go'): time.sleep(.01)\n"
        script += "print(json.dumps({'brain': 'cups@1'}))"
        with label(folder, brains=[Finder("finder", FOUND)], train=training_by(script)) as labelling:
            person = visit(labelling)
            person.wait("window.desk.sheet.proposals?.length === 3")
            person.press("a", "Enter")
            person.at("b.png")
            person.saved()
            person.page.get_by_role("button", name="Train on 1 picture").click()
            person.says("head · 50 % · mAP50 0.25")
            person.draw((100, 100, 200, 200))
            person.saved()
            (folder / "labels.json.go").touch()
            person.says("cups@1 is trained")
            person.wait("window.desk.sheet.proposals?.[0]?.label === 'bowl'")


class TestWhatIsSaid:
    def test_a_full_disk_until_there_is_room(self, folder, visit):
        with label(folder) as labelling:
            labelling.ask("POST", "classes", body={"name": "cup"})
            person = visit(labelling)
            with full_disk():
                person.draw(BOX)
                person.says("Not saved: File too large. Your work is kept on this page")
            person.saved()
            assert person.page.locator("#problems p").count() == 0
            assert labelling.document["unfinished"]["annotations"][0]["bbox"] == pytest.approx(
                [40, 50, 100, 120], abs=1
            )

    def test_a_picture_that_changed_and_then_it_is_shown(self, folder, visit):
        with label(folder) as labelling:
            labelling.ask("POST", "classes", body={"name": "cup"})
            person = visit(labelling)
            write_pictures(folder, 1, (200, 150))
            person.draw(BOX)
            person.says("a.png has changed on disk meanwhile. What you drew is kept.")
            person.page.get_by_role("button", name="Show it as it is now").click()
            person.wait("window.desk.sheet.size[0] === 200")
            assert person.boxes == [["cup", *BOX[:3], 150]] or person.boxes == [["cup", *BOX]]

    def test_a_second_person_who_takes_over(self, folder, visit):
        with label(folder) as labelling:
            labelling.ask("POST", "classes", body={"name": "cup"})
            one = visit(labelling)
            two = visit(labelling)
            two.says("Somebody else is drawing here")
            two.draw(BOX)
            assert two.boxes == []
            one.draw(BOX)
            two.wait("window.desk.sheet.boxes.length === 1")
            two.page.get_by_role("button", name="Take over").click()
            one.says("Somebody else is drawing here")
            two.wait("window.desk.mayDraw")
            two.draw((200, 100, 300, 200))
            two.saved()
            assert len(labelling.document["unfinished"]["annotations"]) == 2
            one.wait("window.desk.sheet.boxes.length === 2")

    def test_a_file_that_another_program_has_changed(self, folder, visit):
        with label(folder) as labelling:
            labelling.ask("POST", "classes", body={"name": "cup"})
            person = visit(labelling)
            (folder / "labels.json").write_text("{}")
            person.draw(BOX)
            person.says("labels.json was changed by another program")
            person.page.get_by_role("button", name="Write over it").click()
            person.saved()
            assert labelling.document["categories"]

    def test_names_are_text_and_never_markup(self, folder, visit):
        bold = "<i id=bold>bold</i>"
        with label(folder, brains=[Finder(bold, {"a.png": [(bold, 0.9, *BOX)]})]) as labelling:
            person = visit(labelling)
            person.wait("window.desk.sheet.proposals?.length === 1")
            person.press("a")
            person.saved()
            person.says(bold)
            assert not person.page.locator("#bold").count()
