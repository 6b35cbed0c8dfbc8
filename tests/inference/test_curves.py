"""Curves keep what they show and stay small."""

import itertools
import re
import time
from dataclasses import replace

import numpy as np
import pytest

from abaw_pipeline.inference.curves import POINTS, TALL, area, stacked, thinned, veil
from abaw_pipeline.inference.lanes import band_lane, ridge_lane, stacked_lanes, strip_lane
from abaw_pipeline.inference.reading import read_rows
from abaw_pipeline.report.over_time import UNITS, Runs

from .fabricate import CLASSES, fabricate_judged


def rows_of(span, **options):
    return read_rows(fabricate_judged([span], **options), CLASSES, "fused")[1]["fused"]


def points(path: str) -> list[np.ndarray]:
    """Corners of each part of a path, without the ground."""
    found = []
    for part in path.split("z")[:-1]:
        head = re.match(r"M(\d+) (\d+)V(\d+)l(.*)V\d+", part)
        x, ground, y = (int(number) for number in head.groups()[:3])
        assert ground == TALL
        steps = np.array(re.findall(r"-?\d+", head[4]), int).reshape(-1, 2)
        found.append(np.cumsum(np.vstack([[x, y], steps]), axis=0))
    return found


def test_few_rows_keep_their_values():
    rows = rows_of((2, 5))
    (curve,) = thinned(rows, 10.0)
    assert (curve.start, curve.end) == (rows.start[0], rows.end[-1])
    assert np.array_equal(curve.values, rows.values.astype(np.float64))


def test_many_rows_become_means_over_bins():
    rows = rows_of((0, 600), scale=100.0)
    (curve,) = thinned(rows, 600.0)
    assert len(curve.times) == POINTS
    first = (rows.start + rows.end) / 2 < 1.0
    assert np.allclose(curve.values[0], rows.values[first].mean(axis=0), atol=1e-6)
    assert np.allclose(curve.values.sum(axis=1), 1, atol=1e-5)


def test_a_person_of_a_part_of_the_time_has_that_part_of_the_points():
    (curve,) = thinned(rows_of((300, 360), scale=100.0), 600.0)
    assert len(curve.times) == POINTS / 10
    assert curve.start == pytest.approx(300) and curve.end == pytest.approx(360)


@pytest.mark.parametrize("fps", [5.0, 60.0])
def test_a_gap_splits_the_curve(fps):
    rows = rows_of((0, 20), fps=fps)
    keep = (rows.start < 5) | (rows.start >= 12)
    joined = rows.joined.copy()
    joined[np.flatnonzero(keep)[np.flatnonzero(np.diff(np.flatnonzero(keep)) > 1)]] = False
    part = {name: value[keep] for name, value in vars(rows).items() if isinstance(value, np.ndarray)}
    one, two = thinned(replace(rows, **(part | {"joined": joined[keep]})), 20.0)
    assert one.end == pytest.approx(5, abs=0.05) and two.start == pytest.approx(12, abs=0.05)


def test_an_area_goes_through_its_points():
    curves = thinned(rows_of((2, 5), fps=4), 10.0)
    (corners,) = points(area(curves, [curves[0].values[:, 3]], 10.0))
    assert np.allclose(corners[1:-1, 0], curves[0].times / 10 * UNITS, atol=1)
    assert np.allclose(corners[1:-1, 1], TALL * (1 - curves[0].values[:, 3]), atol=1)
    assert corners[0].tolist() == [2000, corners[1, 1]] and corners[-1, 0] == 5000


def test_stacked_areas_add_up_and_are_painted_from_the_top_down():
    curves = thinned(rows_of((0, 10)), 10.0)
    drawn = stacked(curves, CLASSES, 10.0, 180)
    assert [path["title"] for path in drawn["paths"]] == [*CLASSES[::-1]]
    assert np.all(np.abs(points(drawn["paths"][0]["d"])[0][:, 1]) <= 1)
    heights = [points(path["d"])[0][:, 1] for path in drawn["paths"]]
    assert all(np.all(upper <= lower) for upper, lower in itertools.pairwise(heights))


def test_names_stand_within_their_band():
    """A name lies where its class has room for it, none on a stretch without a face."""
    rows = rows_of((0, 10))
    curves = thinned(rows, 10.0)
    texts = stacked(curves, CLASSES, 10.0, 180)["texts"]
    assert {item["kind"] for item in texts} == {"long", "short"}
    for item in (item for item in texts if item["kind"] == "long"):
        at = float(item["x"][:-1]) / 10
        row = int(np.searchsorted(rows.start, at)) - 1
        tops = np.cumsum(rows.values[row])
        place = CLASSES.index(item["text"])
        assert tops[place] - rows.values[row, place] < 1 - (item["y"] - 4) / 180 < tops[place]
        assert rows.face[row] < 2


def test_the_veil_lies_where_no_face_was_found():
    rows = rows_of((0, 10))
    path = veil(thinned(rows, 10.0), 10.0)
    left, wide = map(int, re.fullmatch(rf"M(\d+) 0h(\d+)v{TALL}h-\d+z", path).groups())
    lost = rows.face >= 2
    assert left == pytest.approx(rows.start[lost][0] * 1000, abs=20)
    assert left + wide == pytest.approx(rows.end[lost][-1] * 1000, abs=20)
    assert veil(thinned(replace(rows, face=np.zeros_like(rows.face)), 10.0), 10.0) == ""


def test_an_hour_is_thinned_quickly():
    rows = rows_of((0, 3600), fps=28.0, systems=["fused"], scale=120.0)
    began = time.perf_counter()
    drawn = stacked(thinned(rows, 3600.0), CLASSES, 3600.0, 180)
    assert time.perf_counter() - began < 3
    assert sum(len(path["d"]) for path in drawn["paths"]) < 60_000


def test_one_frame_is_a_block():
    (curve,) = thinned(rows_of((0, 0.01)), 1.0)
    (corners,) = points(area([curve], [curve.values[:, 0]], 1.0))
    assert corners[0, 0] == 0 and corners[-1, 0] > 0 and len(set(corners[:, 1])) == 1
    assert thinned(replace(rows_of((0, 0.01)), start=np.zeros(0)), 1.0) == []


def test_strips_merge_what_is_shorter_than_a_column():
    labels = np.arange(20_000) % 8
    runs = Runs(np.arange(20_000) / 10, np.arange(1, 20_001) / 10, labels)
    lane = strip_lane(runs, CLASSES, 2000.0, "fused", "", strong=True)
    assert sum(path["d"].count("M") for path in lane["paths"]) <= 600


def test_bands_have_a_path_a_style():
    runs = Runs(np.array([0.0, 2, 5]), np.array([2.0, 5, 6]), np.array([0, 1, 0]))
    lane = band_lane(runs, ("found", "between", "gap"), 10.0, "Face", "")
    assert {path["style"]: path["d"] for path in lane["paths"]} == {
        "found": "M0 0H2000v1H0zM5000 0H6000v1H5000z",
        "between": "M2000 0H5000v1H2000z",
    }


def test_lanes_lie_below_each_other_over_one_axis():
    curves = thinned(rows_of((0, 10)), 10.0)
    own = [ridge_lane(curves, CLASSES, place, 10.0, "mean") for place in range(8)]
    svg = str(stacked_lanes(own, 'a "label" <b>', 10.0))
    assert 'aria-label="a &#34;label&#34; &lt;b&gt;"' in svg
    bars = [int(y) for y in re.findall(r'<rect class="w g" x="0" y="(\d+)"', svg)]
    assert len(bars) == 8 and np.all(np.diff(bars) == own[0]["pitch"])
    assert ">10 s</text>" in svg and svg.count('class="now"') == 1
