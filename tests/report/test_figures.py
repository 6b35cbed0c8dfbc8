"""Figures are right, complete, safe and the same each time."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from abaw_pipeline.report import drawing
from abaw_pipeline.report.figures import figures
from abaw_pipeline.report.results import Results

from .fabricate import CLASSES, FACES, LONG, NASTY, SYSTEMS, fabricate, fabricate_frames, frame

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_figure_is_a_file_of_its_own():
    drawn = figures(fabricate(names=SYSTEMS[:3]))
    assert {*drawn} == {
        *("headline", "results", "folds", "pairs", "class_f1", "classes", "calibration", "made_of", "timings"),
        *(
            "confusion_average_of_all",
            "confusion_mcwf",
            "confusion_descriptors_net",
            "weights_mcwf",
            "weights_stacking",
        ),
    }
    for svg in drawn.values():
        root = ElementTree.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        assert root.get("aria-label")
        assert "var(" not in svg
        assert not re.search(r"nan|none\b(?!\})|inf\b", svg.replace("fill:none", ""), re.IGNORECASE)


def test_figures_over_time_are_files_too():
    drawn = figures(fabricate_frames(n_clips=2))
    assert {"changes", "timeline_affwild2_0_30_1280x720", "timeline_affwild2_1_30_1280x720"} <= {*drawn}
    for svg in drawn.values():
        ElementTree.fromstring(svg)
        assert "var(" not in svg
    assert [text for text in texts(drawn["timeline_affwild2_0_30_1280x720"]) if text in FACES][-8:] == [*FACES]


def test_figures_are_the_same_each_time():
    assert figures(fabricate()) == figures(fabricate())


def test_names_are_escaped_and_make_distinct_file_names():
    names = (NASTY, "Füße", "fü e", "表情", "表 情", "../../etc", LONG, LONG + "!")
    drawn = figures(fabricate(names=names))
    confusions = [name for name in drawn if name.startswith("confusion_")]
    assert len(confusions) == len(names)
    assert all(re.fullmatch("[a-z0-9_]{1,80}", name) for name in drawn)
    for svg in drawn.values():
        ElementTree.fromstring(svg)
    assert NASTY in texts(drawn["results"])


def test_a_dot_lies_within_its_interval_and_at_its_place():
    rows = [drawing.Dot("a", 0.6, 0.5, 0.8), drawing.Dot("b", 0.4, parts=[0.2, 0.9])]
    root = ElementTree.fromstring(drawing.intervals(rows, "label", 0.1).standalone())
    dots = [float(e.get("cx").rstrip("%")) for e in root.iter(f"{SVG}circle") if e.get("class") == "d"]
    lines = [e for e in root.iter(f"{SVG}line") if e.get("class") == "r"]
    assert len(lines) == 1
    low, high = (float(lines[0].get(end).rstrip("%")) for end in ("x1", "x2"))
    assert (dots[0] - low) / (high - low) == pytest.approx(1 / 3, abs=1e-3)
    assert dots[1] < low
    assert len([e for e in root.iter(f"{SVG}circle") if e.get("class") == "o"]) == 2
    chance = next(e for e in root.iter(f"{SVG}line") if e.get("class") == "k")
    assert float(chance.get("x1").rstrip("%")) == pytest.approx(1.5)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_values_at_the_ends_and_alone_stay_on_the_figure(value):
    svg = drawing.intervals([drawing.Dot("a", value, value, value)], "label", math.nan).standalone()
    places = [float(x) for x in re.findall(r'(?:cx|x1|x2|x)="([\d.]+)%"', svg)]
    assert places
    assert all(0 <= place <= 100 for place in places)


def test_a_system_without_result_says_so():
    svg = drawing.intervals([drawing.Dot("a", math.nan), drawing.Dot("b", 0.5)], "label", math.nan).standalone()
    assert texts(svg).count("no result") == 1


def test_confusion_shows_shares_of_the_row_and_counts():
    counts = np.array([[90.0, 10.0], [0.0, 0.0]])
    svg = drawing.confusion(counts, ("calm", "fear"), "label").standalone()
    assert texts(svg)[5:] == ["calm", "90", "90", "10", "10", "100", "fear", "0"]
    assert "calm taken as fear: 10 (10.0%)" in svg


def test_cells_are_stronger_the_larger_they_are():
    cells = [drawing.Cell("", strength, "") for strength in (0.0, 0.3, 0.6, 1.0)]
    assert [cell.step for cell in cells] == [0, 6, 12, 20]
    assert not drawing.Cell("", math.nan, "").known


def test_negative_weights_have_the_other_hue():
    rows = [("m", 0, "a", name, "", weight) for name, weight in zip(CLASSES, (1, -1, *[0] * 6), strict=True)]
    weights = frame("method fold system class source_class weight", rows)
    svg = figures(fabricate(names=("a",), fusion_weights=weights))["weights_m"]
    groups = [e.get("class") for e in ElementTree.fromstring(svg).iter(f"{SVG}g")]
    assert groups[:3] == ["q h20", "q m20", "q h0"]


def test_chance_levels_of_knowing_nothing():
    counts = frame("corpus class clips unit", [("c", "calm", 30, "clip"), ("c", "fear", 10, "clip")])
    known = {"names": (), "classes": ("calm", "fear"), "class_counts": counts}
    constant_f1, even_f1 = (6 / 7) / 2, (3 / 5 + 1 / 3) / 2
    expected = {
        "accuracy": (0.75, 0.5),
        "uar": (0.5, 0.5),
        "macro_f1": (constant_f1, even_f1),
        "cpm": (0.67 * constant_f1 + 0.33 * 0.75, 0.67 * even_f1 + 0.33 * 0.5),
    }
    for measure, values in expected.items():
        results = Results(fabricate(**known, measure=measure))
        assert [*results.chance.values()] == pytest.approx(values)
        assert results.best_chance == max(results.chance.values())


def test_chance_is_that_of_what_the_main_setting_scored():
    """Confusions of two corpora are summed in one table; chance must not be."""
    data = fabricate(names=("a",), classes=("calm", "fear"))
    recall = data.metrics["measure"] == "recall"
    metrics = data.metrics.assign(n=data.metrics["n"].mask(recall & (data.metrics["class"] == "calm"), 768))
    results = Results(fabricate(names=("a",), classes=("calm", "fear"), metrics=metrics))
    assert results.chance["always the most frequent class"] == pytest.approx(768 / 960)


def test_an_axis_label_stands_at_its_gridline() -> None:
    import re

    from abaw_pipeline.report.drawing import Dot, intervals

    svg = str(intervals([Dot("a", 0.86, 0.8, 0.91)], "accuracy", 1 / 7).inline())
    lines = re.findall(r'<line class="g" x1="([\d.]+)%" x2="\1%" y1="8"', svg)
    labels = re.findall(r'<text class="y (\w?)" x="([\d.]+)%?"', svg)
    assert len(lines) == len(labels) > 2
    for line, (anchor, place) in zip(lines, labels, strict=True):
        assert float(place) == float(line) or (anchor != "c" and abs(float(place) - float(line)) < 4)
