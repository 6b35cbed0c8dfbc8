import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from abaw_pipeline.inference import results
from abaw_pipeline.inference.results import (
    choose_shown,
    cut_strip,
    draw_movie,
    make_page,
    read_card,
    write_card,
    write_page,
    write_table,
)
from abaw_pipeline.types import File

from .fabricate import CLASSES, NASTY, SYSTEMS, fabricate_judged

JUDGED = fabricate_judged(((0.0, 4.0), (1.0, 3.0)))
PARTS = [JUDGED.slice(first, 100) for first in range(0, JUDGED.num_rows, 100)]
JPEG = b"\xff\xd8\xffpicture"


def strip() -> pa.Table:
    pictures = [{"bytes": JPEG, "path": None}]
    return pa.table({"time": [1.0], "frame": [30], "width": [64], "height": [36], "image": pictures})


def arguments(**changes: object) -> dict:
    """Of `make_page`: a video with two people, of whom one is judged too seldom."""
    people = pa.table(
        {
            "person": pa.array([1, 2], pa.int32()),
            "tracks": [[0, 3], [1]],
            "first": [0.0, 1.0],
            "last": [4.0, 1.2],
            "faces": [20, 2],
            "height": [60.0, 31.0],
            "judged": [True, False],
        }
    )
    return {
        "title": NASTY,
        "judged": fabricate_judged(((0.0, 4.0),)),
        "people": people,
        "strip": strip(),
        "movie": None,
        "facts": {"duration": 4.0, "fps": 30.0, "width": 640, "height": 360, "sound": True},
        "systems": SYSTEMS,
        "classes": CLASSES,
        "preferred": ["fused", "ee_lstm"],
        "stages": {"find and track faces": 12.5, "judge sound": 0.5},
        "failures": [["movies", NASTY, "no room", ""]],
        "trained_on": "all 12 clips",
        **changes,
    }


def nothing(**changes: object) -> dict:
    """Of a file of which nothing could be made."""
    facts = {"duration": 4.0, "fps": None, "width": None, "height": None, "sound": True}
    return arguments(judged=None, people=None, strip=None, stages={}, facts=facts, **changes)


def test_the_first_preferred_system_that_says_something_is_shown():
    assert choose_shown(JUDGED, ["lost", "ee_lstm", "fused"]) == "ee_lstm"
    assert (
        choose_shown(JUDGED, ["lost"]) == choose_shown(JUDGED, []) == choose_shown(JUDGED.slice(0, 0), ["fused"]) == ""
    )


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_has_the_shown_system_alone_and_all_of_it():
    rows = read(write_table(PARTS, ["lost", "compare_lda"]))
    own = JUDGED.filter(pc.equal(JUDGED.column("system"), "compare_lda")).to_pylist()
    assert list(rows[0]) == JUDGED.column_names
    assert {row["system"] for row in rows} == {"compare_lda"}
    assert [(row["person"], row["frame"]) for row in rows] == [(str(row["person"]), str(row["frame"])) for row in own]
    assert [row["predicted"] for row in rows] == [row["predicted"] for row in own]
    for name, digits in {"time": 4, "p_fear": 4, "x1": 1}.items():
        assert [float(row[name] or "nan") for row in rows] == pytest.approx(
            [math.nan if row[name] is None else round(row[name], digits) for row in own], abs=1e-6, nan_ok=True
        )
        assert max(len(row[name].partition(".")[2]) for row in rows) <= digits
    assert {row["x1"] == "" for row in rows if row["face"] in {"nearest", "missing"}} == {True}


def test_the_table_of_sound_alone_leaves_cells_empty():
    judged = fabricate_judged((), nobody=((0.0, 2.0),), pictures=False, voice=None)
    rows = read(write_table([judged], ["compare_lda"]))
    assert len(rows) == 60
    assert {row[name] for row in rows for name in ("frame", "x1", "y2", "face", "voice")} == {""}
    assert {row["person"] for row in rows} == {"0"}


def test_a_table_without_a_system_to_show_has_its_header():
    assert write_table(PARTS, []).splitlines() == [",".join(JUDGED.column_names)]


def test_the_movie_and_the_strip_show_the_system_that_there_is(monkeypatch):
    """A segment's times and the chosen system arrive where pictures are drawn."""
    calls = {}

    def annotate(media, judged, shown, classes, *, start, end, longest, scratch):
        calls["movie"] = (media.path, judged, shown, classes, start, end, longest, scratch)
        return Path("made.mp4")

    def film(media, judged, shown, *, start, end):
        calls["strip"] = (media.path, judged, shown, start, end)
        return strip()

    monkeypatch.setattr(results, "annotate_video", annotate)
    monkeypatch.setattr(results, "film_strip", film)
    media, preferred = File("a.mp4", "0" * 64), ["lost", "framewise", "fused"]
    assert draw_movie(media, 1.0, 3.0, PARTS, preferred, CLASSES, 640, scratch="here") == Path("made.mp4")
    assert cut_strip(media, 1.0, 3.0, PARTS, preferred).num_rows == 1
    own = JUDGED.filter(pc.equal(JUDGED.column("system"), "framewise"))
    assert calls == {
        "movie": ("a.mp4", own, "framewise", CLASSES, 1.0, 3.0, 640, "here"),
        "strip": ("a.mp4", own, "framewise", 1.0, 3.0),
    }


def test_a_page_knows_what_it_is_given():
    page = make_page(**arguments())
    assert (page.title, page.shown, page.size, page.fps, page.sound) == (NASTY, "fused", (640, 360), 30.0, True)
    assert page.persons == [(1, 0.0, 4.0, 20, True), (2, 1.0, 1.2, 2, False)]
    assert page.stages == [("find and track faces", 12.5), ("judge sound", 0.5)]
    assert page.failures[0].message == "no room"
    assert page.back == "../index.html"
    assert [place for _, place in page.tables] == [results.TABLE, results.POSTERIORS]


def test_a_page_of_nothing_is_a_page_all_the_same():
    page = make_page(**nothing())
    assert (page.shown, page.size, page.persons, page.judged.num_rows) == ("", None, [], 0)
    html = write_page(nothing(), embed_mb=1, look="")
    assert (html.count("<b>&"), html.count("no room")) == (0, 1)
    assert html.count("&lt;b&gt;") > 0


def test_a_movie_becomes_part_of_the_page_or_lies_beside_it(tmp_path):
    movie = tmp_path / "4f.mp4"
    movie.write_bytes(bytes(2000))
    whole, beside = (write_page(arguments(movie=str(movie)), embed_mb=size, look="") for size in (0.002, 0.0019))
    # Counted, since pytest would take minutes to tell where two long pages differ.
    assert [page.count("data:video/mp4;base64") for page in (whole, beside)] == [1, 0]
    assert [page.count('src="annotated.mp4"') for page in (whole, beside)] == [0, 1]
    # Where pieces lie is nobody's business.
    assert [page.count(str(tmp_path)) for page in (whole, beside)] == [0, 0]


@pytest.mark.parametrize("page", [arguments(), nothing()], ids=["all", "nothing"])
def test_a_place_in_the_list_comes_back_from_json(page):
    written = write_card(page, "some folder")
    text = json.dumps(written, allow_nan=False)
    card = read_card(json.loads(text))
    made = results.video_card(make_page(**page), "some folder")
    assert str(card) == str(made)  # as text, since NaN is not itself
    assert (card.title, card.folder, card.problems) == (NASTY, "some folder", 1)


def test_a_place_in_the_list_says_what_is_known():
    card = read_card(write_card(arguments(), "f"))
    assert (card.duration, card.persons, card.shown, card.thumbnail) == (4.0, 1, "fused", JPEG)
    assert card.seconds == pytest.approx(13.0)
    assert sum(card.shares.shares) == pytest.approx(1)
    assert list(card.shares.shares) == sorted(card.shares.shares, reverse=True)
    empty = read_card(write_card(nothing(), "f"))
    assert np.isnan(empty.seconds) and empty.thumbnail == b"" and empty.shares.classes == ()
