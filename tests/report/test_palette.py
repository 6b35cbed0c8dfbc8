"""Colors can be read in both themes."""

import itertools

import numpy as np
import pytest

from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.report import palette


def test_contrast_agrees_with_the_standard():
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colors", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_text_can_be_read_on_everything_it_lies_on(colors):
    pairs = [(ink, ground) for ink in ("ink", "muted") for ground in ("page", "card", "warn", "none")]
    pairs += [("blue", "card"), ("blue", "page"), ("red", "card")]
    pairs += [(f"u{n}", f"v{n}") for n in range(palette.HUES)]
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


# What protanopes, deuteranopes and tritanopes see of linear RGB (Machado et al. 2009, severity 1).
SIGHTS = {
    "all": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])


def cielab(color: str, sight: str) -> np.ndarray:
    rgb = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(np.array(SIGHTS[sight]) @ linear, 0, 1) / (0.95047, 1, 1.08883)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("colors", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_classes_are_told_apart_with_any_color_vision(colors, sight):
    names = [f"v{n}" for n in range(palette.HUES)]
    pairs = [*itertools.combinations(names, 2), *((name, ground) for name in names for ground in ("card", "none"))]
    near = {
        pair: float(np.linalg.norm(cielab(colors[pair[0]], sight) - cielab(colors[pair[1]], sight))) for pair in pairs
    }
    assert min(near.values()) > 27


def test_an_emotion_keeps_its_color_in_every_report():
    assert palette.hues(("fear", "neutral")) == {"fear": 4, "neutral": 0}
    assert palette.hues(EMOTIONS) == {name: place for place, name in enumerate(EMOTIONS)}
    found = palette.hues(("awe", "fear", "boredom"))
    assert found["fear"] == 4
    assert len({*found.values()}) == 3
    many = palette.hues(tuple(f"c{n}" for n in range(30)))
    assert {*many.values()} == {*range(palette.HUES)}


def test_both_themes_define_the_same_names():
    assert palette.LIGHT.keys() == palette.DARK.keys()
