"""The page tells the result, how sure it is, and what it rests on."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from abaw_pipeline.report.page import render_report
from abaw_pipeline.report.page_tables import LISTED

from .fabricate import LONG, NASTY, SYSTEMS, fabricate, fabricate_frames, frame

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Text, attributes and whether all elements are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def first_screen(page: str) -> str:
    return Reader(page[page.index("<header") : page.index("<nav")].replace("<main", "<div", 1) + "</div>").text


def test_the_first_screen_has_result_uncertainty_and_ground():
    text = first_screen(render_report(fabricate(names=SYSTEMS[:3])))
    for part in (
        "Accuracy of average of all", "77.2 %", "[73.8, 80.6] 95% interval, bootstrap by subject", "[75.0, 79.4]",
        "always the most frequent class 13.3%", "guessing evenly (1/8) 12.5%", "RAVDESS", "1,440", "24", "Hours 1.48",
        "Folds run 5 of 5", "Five folds with separate actors", "scored: validation, by clip", "UAR 76.1%",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shuffled": True}, "Training labels were shuffled: this run is a check"),
        ({"optimistic": True}, "Optimistic protocol:"),
        ({"transductive": True}, "Transductive protocol:"),
        ({"folds_run": 1}, "Partial run: 1 of 5 folds were run"),
        ({"headline": ""}, "Picked after the fact:"),
        ({"notes": ("Listeners reach 67%.",)}, "Listeners reach 67%."),
    ],
)
def test_what_weakens_the_result_stands_before_it(change, words):
    plain = {"names": SYSTEMS[:3], "headline": "MCWF"}
    assert words not in first_screen(render_report(fabricate(**plain)))
    shown = first_screen(render_report(fabricate(**(plain | change))))
    assert words in shown
    assert shown.index(words) < shown.index("Accuracy of")


def test_a_headline_fixed_beforehand_is_shown_though_another_is_better():
    text = first_screen(render_report(fabricate(names=SYSTEMS[:3], headline="MCWF")))
    assert "Accuracy of MCWF fusion 73.7 %" in text


def test_all_systems_have_their_numbers_and_figures():
    page = render_report(fabricate())
    text = Reader(page).text
    for place, system in enumerate(SYSTEMS):
        value = 0.772 - 0.035 * place
        assert f"{system} {100 * value:.1f} [{100 * (value - 0.034):.1f}, {100 * (value + 0.034):.1f}]" in text
        assert f'aria-label="Confusion matrix of {system}' in page


NASTY_INPUTS = {
    "escaping": {
        "names": (NASTY, "b", "c"),
        "title": NASTY,
        "study": NASTY,
        "protocol": NASTY,
        "notes": (NASTY,),
    },
    "long names": {"names": tuple(f"{LONG} #{n}" for n in range(15)), "ran": 2, "folds_total": 12},
    "one system": {"names": ("only",), "ran": 1, "fusion_weights": pd.DataFrame(), "failures": pd.DataFrame()},
    "nothing": {
        **dict.fromkeys(
            (
                *("metrics", "confusion", "fusion_weights", "systems", "failures", "stages"),
                *("comparisons", "calibration", "fusion_fits"),
            ),
            pd.DataFrame(),
        ),
        **dict.fromkeys(("counts", "class_counts", "folds"), pd.DataFrame()),
        **dict.fromkeys(("asked", "timelines", "face_facts", "change_points", "submission"), pd.DataFrame()),
        **{"names": (), "folds_run": 0, "parameters": {}, "environment": {}},
    },
    "no metrics": {"names": SYSTEMS[:3], "metrics": pd.DataFrame(), "confusion": pd.DataFrame()},
    "class not seen": {"names": SYSTEMS[:3], "measure": "macro_f1", "confusion": pd.DataFrame()},
    "measure": {"names": SYSTEMS[:3], "measure": "cpm"},
    "two classes": {"names": SYSTEMS[:3], "classes": ("neutral", "anger")},
}


@pytest.mark.parametrize("name", NASTY_INPUTS)
def test_nasty_inputs_give_whole_safe_pages(name):
    page = render_report(fabricate(**NASTY_INPUTS[name]))
    reader = Reader(page)
    assert not reader.open
    assert not re.search(r"\b(nan|None|NaN|NaT|<NA>|inf)\b", reader.text)
    assert page.count("<script") == 1  # the page's own, which sorts tables
    assert "49 " not in first_screen(page)
    labels = [value for _, attribute, value in reader.attributes if attribute in ("aria-label", "x", "cx", "width")]
    assert not [value for value in labels if re.search("nan|None", value)]


def test_special_characters_arrive_as_they_are():
    assert Reader(render_report(fabricate(**NASTY_INPUTS["escaping"]))).text.count(NASTY) >= 6


def test_missing_intervals_and_values_are_dashes():
    metrics = fabricate(names=SYSTEMS[:3]).metrics.assign(lo=np.nan, hi=np.nan)
    metrics["value"] = metrics["value"].mask((metrics["system"] == "MCWF") & (metrics["class"] == "fear"))
    text = Reader(render_report(fabricate(names=SYSTEMS[:3], metrics=metrics))).text
    assert "no interval" in text
    assert "–" in text
    assert "nan" not in text


def test_cells_of_every_kind_are_text():
    folds = frame(
        "fold role subjects clips",
        [
            (0, "training", np.array(["a1", "a2"]), 12_345),
            (1, pd.NaT, ["b1"], np.nan),
            (2, None, 4.25, float("inf")),
        ],
    )
    text = Reader(render_report(fabricate(names=("a",), folds=folds))).text
    assert "0 training a1, a2 12,345 1 – b1 – 2 – 4.25 –" in text


def test_a_system_that_predicted_nothing_is_listed_as_such():
    data = fabricate(names=SYSTEMS[:3])
    lost = data.metrics[data.metrics["system"] != "MCWF"], data.confusion[data.confusion["system"] != "MCWF"]
    text = Reader(render_report(fabricate(names=SYSTEMS[:3], metrics=lost[0], confusion=lost[1]))).text
    assert "no result" in text
    assert "Nothing of this system was scored." in text


def test_other_levels_have_a_table_of_their_own():
    clips = fabricate(names=("a",)).metrics
    frames = clips.assign(level="frame", value=0.123, lo=0.1, hi=0.15)
    text = Reader(render_report(fabricate(names=("a",), metrics=pd.concat([clips, frames])))).text
    assert "RAVDESS, actor folds, validation, frame" in text
    assert "12.3 [10.0, 15.0]" in text


def test_failures_come_with_reasons_and_a_long_list_is_cut():
    rows = [("vocals", f"c{n}", "separate", "MediaError", "no sound stream", "") for n in range(1500)]
    rows += [("systems", "net", "fit", "", "", "c1")]
    failures = frame("artifact key stage error message blocked_by", rows)
    page = render_report(fabricate(names=("a",), failures=failures))
    text = Reader(page).text
    assert "1,500 failed, 1 could not be computed because of these." in text
    assert "MediaError 1,500 no sound stream" in text
    assert page.count('scope="row" class="l">vocals') == LISTED + 2
    none = Reader(render_report(fabricate(names=("a",), failures=pd.DataFrame()))).text
    assert "No failure: every piece that was asked for is there." in none


def test_parameters_are_yaml_and_survive_what_yaml_cannot_say():
    tree = {"a": {"b": [1, 2]}, "text": "Füße: <b>", "odd": frozenset({3}), "pair": (1, "x")}
    text = Reader(render_report(fabricate(names=("a",), parameters=tree))).text
    assert "a: b: - 1 - 2" in text
    assert "Füße: <b>" in text
    assert "frozenset({3})" in text


@pytest.mark.parametrize("make", [fabricate, fabricate_frames])
def test_nothing_is_loaded_from_anywhere(make):
    page = render_report(make())
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert "@import" not in page
    loads = [
        value for _, name, value in Reader(page).attributes if name in ("src", "href", "srcset", "data", "xlink:href")
    ]
    assert all(value.startswith(("#", "data:image/jpeg;base64,")) or value == "data:," for value in loads)


@pytest.mark.parametrize("make", [fabricate, fabricate_frames])
def test_every_figure_and_table_has_a_name(make):
    page = render_report(make(names=SYSTEMS[:3]))
    assert page.count("<svg class=") == page.count('role="img" aria-label="')
    assert page.count("<table>") == page.count("<caption>")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_page_is_the_same_each_time_and_small():
    page = render_report(fabricate())
    assert page == render_report(fabricate())
    assert len(page.encode()) < 400_000
    assert render_report(fabricate_frames()) == render_report(fabricate_frames())


def test_the_first_screen_tells_how_many_frames_of_how_many_clips():
    text = first_screen(render_report(fabricate_frames()))
    assert "CPM of MCWF fusion 75.9 %" in text
    assert "28,800 of 30,000 frames of 4 clips scored" in text
    assert "scored: validation, by frame" in text
    assert "Wald" not in text
    every = frame("corpus unit units clips", [("affwild2", "frame", 28_800, 1), ("other", "frame", 99_999, 9)])
    assert " 28,800 frames of 1 clip scored" in first_screen(render_report(fabricate_frames(asked=every)))
    clips = frame("corpus unit units clips", [("RAVDESS", "clip", 1440, 1440)])
    assert " 1,440 clips scored" in first_screen(render_report(fabricate(names=SYSTEMS[:3], asked=clips)))


@pytest.mark.parametrize("measure", ["accuracy", "uar", "macro_f1", "cpm"])
def test_chance_is_told_for_every_measure(measure):
    text = first_screen(render_report(fabricate_frames(measure=measure)))
    assert re.search(r"Chance: always the most frequent class [\d.]+%; guessing evenly \(1/8\) [\d.]+%", text)


def test_changes_of_emotion_have_a_figure_and_a_table():
    text = Reader(render_report(fabricate_frames())).text
    assert "System −4 to −2 s −2 to 0 s 0 to +2 s +2 to +4 s Changes" in text
    assert "MCWF 62.0 (3,998) 49.0 (3,999) 48.4 (4,000) 58.1 (4,001) 81" in text
    assert "overall 75.9" in text


def test_a_bin_without_frames_is_a_dash():
    points = fabricate_frames().change_points
    points = points.assign(
        cpm=points["cpm"].mask(points["bin"] == 0), frames=points["frames"].mask(points["bin"] == 0, 0)
    )
    text = Reader(render_report(fabricate_frames(change_points=points))).text
    assert "49.0 (3,999) – (0) 58.1" in text
    assert "nan" not in text


def test_work_is_compared_with_the_length_of_the_media():
    text = Reader(render_report(fabricate())).text
    assert "5 min 10 s (0.058 s/s)" in text
    assert "s/s: seconds of work per second of video or sound (S0, Table 9)" in text
    assert "sound_systems 40 40 0 0 1 h 7 min 18.2 MB – –" in text
    stages = fabricate().stages.assign(media_seconds=None, per_second=None)
    assert "s/s" not in Reader(render_report(fabricate(stages=stages))).text


def test_a_submission_is_valid_or_its_problems_are_told():
    assert "Submission: 4 files, all valid." in Reader(render_report(fabricate_frames())).text
    rows = [
        ("a", "c/a", 10, None),
        ("b", "c/b", 9, "9 decisions for 10 frames"),
        ("z", None, 0, "no clip has this name"),
    ]
    text = Reader(render_report(fabricate_frames(submission=frame("file clip_id frames problem", rows)))).text
    assert "Submission: 3 files, 2 with problems." in text
    assert "b c/b 9 9 decisions for 10 frames z – 0 no clip has this name a c/a 10 none" in text


def test_counts_of_frames_are_not_called_clips():
    text = Reader(render_report(fabricate_frames())).text
    assert "Frames by class, all corpora." in text
    assert "Frames by corpus and class Frames by corpus and class Corpus Class Frames affwild2 neutral 1,000" in text
    assert "Clips by class" not in text


def test_clips_and_frames_are_counted_apart():
    counts = frame("corpus class clips unit", [("a", "fear", 7, "clip"), ("b", "fear", 9000, "frame")])
    page = render_report(fabricate(names=SYSTEMS[:3], class_counts=counts))
    text = Reader(page).text
    assert "Clips and Frames by corpus and class Corpus Class Units Unit a fear 7 clip b fear 9,000 frame" in text
    assert "7 (100.0%)" in text


def test_a_system_that_failed_everywhere_is_told_above_all() -> None:
    data = fabricate()
    lost = data.systems["system"].iloc[0]
    metrics = data.metrics[data.metrics["system"] != lost]
    text = render_report(fabricate(metrics=metrics))
    assert "Systems without a result" in text
    assert f"{lost} failed everywhere" in text
    assert "Systems without a result" not in render_report(data)
