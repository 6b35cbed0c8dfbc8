"""The section on single clips: timelines, contact sheets, where faces come from."""

import base64
import re

import numpy as np
import pandas as pd
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.report import clips
from abaw_pipeline.report.figures import figures
from abaw_pipeline.report.page import render_report
from abaw_pipeline.report.page_tables import LISTED
from abaw_pipeline.report.results import Results

from .fabricate import FACES, NASTY, fabricate, fabricate_frames, frame, sheet
from .test_page import Reader

EMPTY = pd.DataFrame()
NOTHING = {"timelines": EMPTY, "sheets": {}, "face_facts": EMPTY, "change_points": EMPTY, "submission": EMPTY}
FACE_COLUMNS = "clip_id frames detected interpolated nearest missing people crops"


def section(page: str) -> str:
    start = page.index('<section id="clips"')
    return page[start : page.index("</section>", start)]


def test_each_clip_has_its_strips_sheet_and_faces():
    data = fabricate_frames(n_clips=3)
    part = section(render_report(data))
    assert part.count("<details") == 3 + 1
    assert part.count("<details open>") == 1
    assert part.index("<details open>") < part.index("affwild2/0-30")
    assert part.count('<svg class="fig"') == 3
    images = re.findall(r'<img class="sheet" loading="lazy" src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)">', part)
    assert [base64.b64decode(image) for image, _ in images] == [*data.sheets.values()]
    assert all(alt.startswith("Faces found in affwild2/") for _, alt in images)
    text = Reader(part + "</section>").text
    assert "1,800 frames, box detected 16.7%, interpolated 66.7%, nearest 5.6%, missing 11.1%; 1 person; 290" in text


def test_truth_then_headline_then_the_best_are_shown():
    names = tuple(f"s{number}" for number in range(12))
    svg = figures(fabricate_frames(names=names, n_clips=1, headline="s4"))["timeline_affwild2_0_30_1280x720"]
    shown = re.findall(r'<text class="p z(?: b)?"[^>]*>([^<]+)<', svg)
    assert shown == ["truth", "s4", "s0", "s1", "s2", "s3", "s5", "s6"] + ["s7"] * (clips.SYSTEMS_SHOWN - 7)


def test_the_share_of_time_that_is_right_is_told():
    rows = [("c", "truth", 0, 4, "fear"), ("c", "truth", 6, 10, "anger")]
    rows += [("c", "MCWF", 0, 1, "fear"), ("c", "MCWF", 1, 10, "anger")]
    timelines = frame("clip_id row start end label", rows)
    (clip,) = clips.shown(Results(fabricate_frames(timelines=timelines, sheets={}, face_facts=EMPTY)))
    assert clip.remark == "62.5% right"
    assert (clip.sheet, clip.faces) == ("", "")


def test_a_sheet_without_timeline_and_a_timeline_without_truth_are_shown():
    timelines = frame("clip_id row start end label", [("b", "MCWF", 0, 1, "fear")])
    changes = NOTHING | {"timelines": timelines, "sheets": {"a": sheet(np.random.default_rng(1), 1, 1)}}
    part = section(render_report(fabricate_frames(n_clips=1, **changes)))
    assert re.findall(r"<summary>(\w)", part) == ["b", "a"]
    assert part.count("<img") == part.count('<svg class="fig"') == 1
    assert "% right" not in part


@pytest.mark.parametrize("name", [*NOTHING])
def test_what_is_missing_leaves_no_trace(name):
    whole = render_report(fabricate_frames(n_clips=1))
    page = render_report(fabricate_frames(n_clips=1, **{name: NOTHING[name]}))
    sign = {
        "timelines": 'class="legend"',
        "sheets": "<img",
        "face_facts": "Faces by clip",
        "change_points": 'id="changes"',
        "submission": "Submission:",
    }[name]
    assert sign in whole
    assert sign not in page
    assert not Reader(page).open


def test_without_any_clip_there_is_no_section():
    page = render_report(fabricate_frames(n_clips=1, **NOTHING))
    assert 'id="clips"' not in page
    assert 'href="#clips"' not in page
    assert 'href="#changes"' not in page


def test_names_of_clips_and_systems_are_escaped():
    timelines = frame(
        "clip_id row start end label", [(NASTY, row, 0.0, 1.0, "fear") for row in ("truth", NASTY, "MCWF")]
    )
    facts = frame(FACE_COLUMNS, [(NASTY, 1, 1, 0, 0, 0, 1, 1)])
    changes = {"timelines": timelines, "sheets": {NASTY: sheet(np.random.default_rng(1), 1, 1)}, "face_facts": facts}
    page = render_report(fabricate_frames(**changes))
    assert page.count("<script") == 1  # the page's own, which sorts tables
    assert "49 " not in Reader(section(page) + "</section>").text
    assert Reader(page).text.count(NASTY) >= 3


def test_faces_are_listed_with_the_worst_first_and_a_sum():
    rows = [(f"c{n}", 100, 50, 40 - n % 30, 10, n % 30, n % 3, 9) for n in range(LISTED + 40)]
    table = clips.faces_table(frame(FACE_COLUMNS, rows), LISTED)
    assert len(table) == LISTED + 1
    assert table.iloc[0].tolist() == ["all clips", "24,000", "50.0%", "25.5%", "10.0%", "14.5%", "–", "2,160"]
    missing = [float(cell.rstrip("%")) for cell in table["Missing"][1:]]
    assert missing == sorted(missing, reverse=True)
    assert missing[0] == 29


def test_unknown_people_and_clips_without_frames_are_dashes():
    rows = [("a", 0, 0, 0, 0, 0, None, None), ("b", 10, 10, 0, 0, 0, pd.NA, 3)]
    data = fabricate_frames(face_facts=frame(FACE_COLUMNS, rows), timelines=EMPTY, sheets={})
    text = Reader(section(render_report(data)) + "</section>").text
    assert "a 0 – – – – – – b 10 100.0% 0.0% 0.0% 0.0% – 3" in text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("c", "truth", 2.0, 2.0, "fear"), "does not end after its start"),
        (("c", "truth", np.nan, 2.0, "fear"), "does not end after its start"),
        (("c", "truth", 0.0, 2.0, "joy"), "no class"),
        (("c", "truth", 8.0, 12.0, "fear"), "overlap at 9"),
    ],
)
def test_impossible_stretches_are_refused(row, words):
    rows = [("c", "truth", 9.0, 10.0, "fear"), ("c", "a", 8.5, 12.0, "fear"), row]
    with pytest.raises(DataError, match=words):
        fabricate(names=("a",), classes=FACES, timelines=frame("clip_id row start end label", rows))


def test_a_sheet_that_is_no_jpeg_is_refused():
    with pytest.raises(DataError, match=r"clip7.*JPEG"):
        fabricate(names=("a",), sheets={"clip7": b"\x89PNG"})


def test_pages_of_long_flickering_clips_stay_small():
    edges = np.arange(0, 600, 1 / 30)
    labels = np.random.default_rng(3).integers(0, len(FACES), len(edges))
    rows = [
        ("c", row, float(t), float(t) + 1 / 30, FACES[k])
        for row in ("truth", "MCWF", "stacking")
        for t, k in zip(edges, labels, strict=True)
    ]
    data = fabricate_frames(**(NOTHING | {"timelines": frame("clip_id row start end label", rows)}))
    svg = figures(data)["timeline_c"]
    assert len(svg) < 120_000
