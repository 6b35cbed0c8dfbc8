"""Colors can be read in both themes."""

import pytest

from abaw_pipeline.report import palette


def test_contrast_agrees_with_the_standard():
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colors", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_text_can_be_read_on_everything_it_lies_on(colors):
    pairs = [(ink, ground) for ink in ("ink", "muted") for ground in ("page", "card", "warn", "none")]
    pairs += [("blue", "card"), ("blue", "page"), ("red", "card")]
    pairs += [(f"{ink}{n}", f"{fill}{n}") for fill, ink in ("hi", "mn") for n in range(palette.STEPS + 1)]
    weak = [pair for pair in pairs if palette.contrast(*(colors[name] for name in pair)) < 4.5]
    assert not weak


@pytest.mark.parametrize("colors", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("fill", "hm")
def test_a_stronger_cell_stands_out_more(colors, fill):
    against = [palette.contrast(colors[f"{fill}{n}"], colors["card"]) for n in range(palette.STEPS + 1)]
    assert against == sorted(against)


@pytest.mark.parametrize(("strength", "step"), [(-1.0, 0), (0.0, 0), (0.5, 10), (1.0, 20), (3.0, 20)])
def test_strength_outside_its_range_takes_the_end_color(strength, step):
    assert palette.step(strength) == step


def test_both_themes_define_the_same_names():
    assert palette.LIGHT.keys() == palette.DARK.keys()
