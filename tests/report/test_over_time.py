"""Figures over time show each class where it was, for as long as it was."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.report import over_time
from abaw_pipeline.report.over_time import Around, Runs, Strip

SVG = "{http://www.w3.org/2000/svg}"
CLASSES = ("neutral", "sadness", "surprise")


def runs(*rows: tuple[float, float, int]) -> Runs:
    start, end, label = zip(*rows, strict=True) if rows else ((), (), ())
    return Runs(np.array(start, float), np.array(end, float), np.array(label, np.int64))


def seconds(of: Runs, label: int) -> float:
    own = of.label == label
    return float((of.end - of.start)[own].sum())


@st.composite
def any_runs(draw):
    """Up to 60 stretches on a grid of 10 ms, some of them annotated, at least one."""
    lengths = draw(st.lists(st.integers(1, 400), min_size=1, max_size=60))
    labels = draw(st.lists(st.integers(-1, 2), min_size=len(lengths), max_size=len(lengths)))
    edges = np.cumsum([0, *lengths]) / 100
    rows = [(a, b, k) for a, b, k in zip(edges[:-1], edges[1:], labels, strict=True) if k >= 0]
    return runs(*rows) if rows else runs((0, 1, 0))


@given(any_runs(), any_runs())
def test_agreement_is_the_share_of_annotated_moments(one, other):
    def at(row: Runs, moments):
        index = np.searchsorted(row.start, moments, side="right") - 1
        inside = (index >= 0) & (moments < row.end[index])
        return np.where(inside, row.label[index], -1)

    moments = np.arange(0.005, max(one.end[-1], other.end[-1]), 0.01)
    truth, said = at(one, moments), at(other, moments)
    expected = (truth == said)[truth >= 0].mean()
    assert over_time.agreement(one, other) == pytest.approx(expected, abs=1e-6)


def test_agreement_with_nothing_annotated_is_unknown():
    assert math.isnan(over_time.agreement(runs(), runs((0, 1, 0))))
    assert over_time.agreement(runs((0, 1, 0)), runs()) == 0


def test_long_stretches_are_drawn_as_they_are():
    given_runs = runs((0.5, 3.25, 1), (4, 10, 0))
    assert over_time.drawable(given_runs, 10.0) is given_runs


@given(any_runs())
def test_short_stretches_leave_the_rest_in_place(of):
    drawn = over_time.drawable(of, 30.0, columns=100)
    assert np.all(drawn.end > drawn.start)
    assert np.all(drawn.start[1:] >= drawn.end[:-1])
    wide = (of.end - of.start) > 0.6
    for start, end, label in zip(of.start[wide], of.end[wide], of.label[wide], strict=True):
        middle = (start + end) / 2
        if middle < 30:
            index = np.searchsorted(drawn.start, middle, side="right") - 1
            assert drawn.label[index] == label
            assert drawn.start[index] <= middle <= drawn.end[index]


def test_flicker_is_drawn_as_its_commonest_class():
    edges = np.arange(0, 10, 0.001)
    flicker = runs(*[(t, t + 0.001, 2 if n % 4 else 0) for n, t in enumerate(edges)])
    drawn = over_time.drawable(flicker, 10.0, columns=100)
    assert seconds(drawn, 2) == pytest.approx(10)
    assert seconds(drawn, 0) == 0


def places(svg: str, hue: int) -> list[tuple[int, int]]:
    found = []
    for path in ElementTree.fromstring(svg).iter(f"{SVG}path"):
        if path.get("class") == f"v{hue}":
            found += [(int(x), int(w)) for x, w in re.findall(r"M(\d+) 0h(\d+)v1", path.get("d"))]
    return found


def test_a_stretch_stands_at_its_time_with_its_class():
    svg = over_time.timeline([Strip("truth", runs((2, 5, 1), (6, 8, 0)))], CLASSES, "label").standalone()
    assert places(svg, 6) == [(2500, 3750)]
    assert places(svg, 0) == [(7500, 2500)]
    assert "<title>sadness, 2.0 to 5.0 s</title>" in svg
    texts = [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert texts.count("sadness") == 2, "once on the stretch, once in the legend"


def test_strips_share_one_axis_in_seconds():
    strips = [Strip("truth", runs((0, 60, 0))), Strip("a", runs((0, 30, 0)))]
    svg = over_time.timeline(strips, CLASSES, "label").standalone()
    assert places(svg, 0) == [(0, 10_000), (0, 5000)]
    assert re.findall(r">(\d+) s</text>", svg) == ["0", "10", "20", "30", "40", "50", "60"]


def test_words_appear_only_where_they_fit():
    narrow = [(float(n), n + 1.0, n % 3) for n in range(100)]
    svg = str(over_time.timeline([Strip("a", runs(*narrow))], CLASSES, "label").inline())
    assert not re.findall(r'<text class="s[^>]*>', svg)
    middle = [(float(n), n + 1.0, n % 3) for n in range(20)]
    svg = str(over_time.timeline([Strip("a", runs(*middle))], CLASSES, "label").inline())
    assert {*re.findall(r'<text class="s[^>]*long"[^>]*>(\w+)<', svg)} == {"Ne", "Sa", "Su"}
    assert not re.findall(r'<text class="s[^>]*short"', svg)


def test_a_strip_without_stretches_is_empty():
    svg = over_time.timeline([Strip("truth", runs((0, 1, 0))), Strip("a", runs())], CLASSES, "label").standalone()
    assert svg.count("<path") == 1


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("sadness", "surprise", "fear"), ["Sa", "Su", "Fe"]),
        (("contempt", "content", "con"), ["Contem", "Conten", "Con"]),
        (("a", "ab"), ["A", "Ab"]),
    ],
)
def test_codes_differ(classes, expected):
    assert [*over_time.codes(classes).values()] == expected


def test_bars_are_as_high_as_their_values():
    rows = [Around("a", (0.6, 0.3, math.nan), 0.45), Around("b", (0.1, 0.0, 0.2))]
    svg = over_time.around_changes(rows, [(-2, 0), (0, 2), (2, 4)], "label").standalone()
    root = ElementTree.fromstring(svg)
    heights = [float(rect.get("height")) for rect in root.iter(f"{SVG}rect") if rect.get("class") == "d"]
    assert heights == pytest.approx([54, 27, 0, 9, 0, 18])
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"60.0", "30.0", "–", "overall 45.0", "−2 to 0 s", "+2 to +4 s"} <= {*texts}
    lines = [line for line in root.iter(f"{SVG}line") if line.get("class") == "k"]
    assert len(lines) == 1
    base = next(line for line in root.iter(f"{SVG}line") if line.get("class") == "g")
    assert float(base.get("y1")) - float(lines[0].get("y1")) == pytest.approx(0.75 * 54, abs=0.1)
    changes = [line.get("x1") for line in root.iter(f"{SVG}line") if line.get("class") == "x"]
    assert changes == ["33.33%"] * 2
