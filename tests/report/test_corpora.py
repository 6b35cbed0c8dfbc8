"""The table of corpora, in the terminal and on the page."""

import pandas as pd
import pytest

from abaw_pipeline.corpora.inspection import TOTAL
from abaw_pipeline.report.corpora import corpora_table, fps_text, hours_text
from abaw_pipeline.report.page import render_report
from abaw_pipeline.report.terminal import print_inspection
from abaw_pipeline.schemas import CORPUS_NOTES, INSPECTION

from .fabricate import LONG, NASTY, SYSTEMS, fabricate, frame
from .test_page import Reader, first_screen

NOTES = CORPUS_NOTES.validate(frame("corpus note", [("aw", "2 videos have no labels and are left out: 7, 9")]))


def inspection(*names: str, **changes: object) -> pd.DataFrame:
    """Corpora of 1200 clips; one with frames and failures is called aw, the total comes as the inspection gives it."""
    usual = {
        "clips": 1200, "hours": 1.4831, "subjects": 24, "unit": "clips", "classes": "neutral 96, anger 1,104",
        "fps_min": None, "fps_max": None, "no_sound": 0, "no_picture": 1200, "no_label": 0, "refused": 0, "failed": 0,
        "reasons": "",
    }  # fmt: skip
    videos = {
        "subjects": None, "unit": "frames", "classes": "neutral 90,000", "fps_min": 24000 / 1001, "fps_max": 30.0,
        "no_picture": 0, "no_label": 1, "refused": 2, "reasons": "the file is empty (0 bytes). (2)",
    }  # fmt: skip
    rows = [usual | (videos if name == "aw" else {}) | {"corpus": name} | changes for name in names]
    if len(rows) > 1:
        rows.append(usual | {"corpus": TOTAL, "clips": 2400, "hours": 2.5, "subjects": 24})
    return INSPECTION.validate(pd.DataFrame(rows, columns=list(INSPECTION.columns)))


def printed(capsys, monkeypatch, *arguments, width=80):
    monkeypatch.setenv("COLUMNS", str(width))
    print_inspection(*arguments)
    return capsys.readouterr().out


def test_the_terminal_tells_numbers_in_a_table_and_the_rest_below(capsys, monkeypatch):
    text = printed(capsys, monkeypatch, inspection("ravdess", "aw"), NOTES, width=100)
    lines = text.splitlines()
    assert any(line.split("│")[1:4] == [" ravdess     ", " 1,200 ", "  1.48 "] for line in lines)
    assert "23.98 to 30" in text
    assert "ravdess: clips by class: neutral 96, anger 1,104" in lines
    assert "aw: frames by class: neutral 90,000" in lines
    assert "aw: 2 videos have no labels and are left out: 7, 9" in lines
    assert "aw: refused or failed: the file is empty (0 bytes). (2)" in lines
    assert TOTAL in text
    assert f"{TOTAL}: " not in text
    assert "ravdess: refused" not in text
    assert "sound" not in text  # every clip has it


def test_a_narrow_terminal_cuts_nothing_off(capsys, monkeypatch):
    text = printed(capsys, monkeypatch, inspection(LONG, "aw"), NOTES, width=60)
    assert "…" not in text
    assert max(map(len, (line for line in text.splitlines() if "│" in line))) <= 60


def test_names_are_no_markup(capsys, monkeypatch):
    text = printed(capsys, monkeypatch, inspection("[red]"), NOTES.assign(corpus="[red]", note="[b]x[/b]"))
    assert "│ [red] " in text
    assert "[red]: [b]x[/b]" in text


def test_corpora_without_labels_or_pictures(capsys, monkeypatch):
    text = printed(capsys, monkeypatch, inspection("c", unit=None, classes=None, no_label=1200), NOTES)
    assert "c: no labels" in text
    assert "Fps" not in text


def test_the_page_has_the_table_and_the_notes_and_counts_nobody_twice():
    data = fabricate(names=SYSTEMS[:3], counts=inspection("ravdess", "aw"), corpus_notes=NOTES)
    page = render_report(data)
    text = Reader(page).text
    assert "all corpora 2,400 2.50 24 " in text
    assert "aw 1,200 1.48 – 23.98 to 30 0 1 2 0 the file is empty (0 bytes). (2) frames neutral 90,000" in text
    assert "Fps No picture No label Refused Failed Why Unit Classes" in text
    assert "Notes of the corpora Corpus Note aw 2 videos have no labels" in text
    facts = first_screen(page)
    assert "Corpus ravdess, aw Clips 2,400 Subjects 24 Hours 2.50" in facts


def test_notes_are_escaped_and_none_are_no_table():
    page = render_report(fabricate(names=SYSTEMS[:3], corpus_notes=frame("corpus note", [(NASTY, NASTY)])))
    assert "<script>alert" not in page
    assert "Notes of the corpora" not in render_report(fabricate(names=SYSTEMS[:3]))


def test_a_table_of_which_little_is_known_is_shown_as_it_is():
    table = frame("corpus clips hours more", [("c", 3, float("nan"), "x")])
    assert corpora_table(table).to_dict("records") == [{"corpus": "c", "clips": 3, "more": "x"}]


@pytest.mark.parametrize(
    ("lo", "hi", "text"),
    [(25.0, 25.0, "25"), (29.97, 30.0, "29.97 to 30"), (24.9999, 25.0001, "25"), (None, None, None)],
)
def test_frame_rates(lo, hi, text):
    assert fps_text(lo, hi) == text


def test_hours_have_the_decimals_that_tell_something():
    assert [hours_text(value) for value in (1234.56, 12.34, 1.4831, 0.0123, None)] == [
        "1,234.6", "12.3", "1.48", "0.012", None,
    ]  # fmt: skip
