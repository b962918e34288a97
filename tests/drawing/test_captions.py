"""Captions that strangers wrote."""

import attrs

from runner_core.drawing.captions import Style


def test_a_name_of_any_length_is_measured_a_few_times():
    class Font:
        asked = 0

        def getlength(self, text):
            self.asked += 1
            assert len(text) < 1000
            return 5.0 * len(text)

    font = Font()
    style = attrs.evolve(Style.of((90, 200)), font=font)
    assert style.fit_text("x" * 10_000, 90) == "x" * 17 + "…"
    assert font.asked < 20
