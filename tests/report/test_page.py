"""The page tells the result, how sure it is, and what it rests on."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from abaw_pipeline.report.page import FAILURES_SHOWN, render_report

from .fabricate import LONG, NASTY, SYSTEMS, fabricate, frame

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
        "always the most frequent class 13.3%", "guessing evenly (1/8) 12.5%", "RAVDESS", "1,440", "24", "1.5",
        "Folds run 5 of 5", "Five folds with separate actors", "scored: validation, by clip", "UAR 76.1%",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
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
        **dict.fromkeys(("metrics", "confusion", "fusion_weights", "systems", "failures", "stages"), pd.DataFrame()),
        **dict.fromkeys(("counts", "class_counts", "folds"), pd.DataFrame()),
        **{"names": (), "folds_run": 0, "parameters": {}, "environment": {}},
    },
    "no metrics": {"names": SYSTEMS[:3], "metrics": pd.DataFrame(), "confusion": pd.DataFrame()},
    "measure": {"names": SYSTEMS[:3], "measure": "cpm"},
    "two classes": {"names": SYSTEMS[:3], "classes": ("neutral", "anger")},
}


@pytest.mark.parametrize("name", NASTY_INPUTS)
def test_nasty_inputs_give_whole_safe_pages(name):
    page = render_report(fabricate(**NASTY_INPUTS[name]))
    reader = Reader(page)
    assert not reader.open
    assert not re.search(r"\b(nan|None|NaN|NaT|<NA>|inf)\b", reader.text)
    assert "<script" not in page
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
    assert page.count('scope="row" class="l">vocals') == FAILURES_SHOWN + 2
    none = Reader(render_report(fabricate(names=("a",), failures=pd.DataFrame()))).text
    assert "No failure: every piece that was asked for is there." in none


def test_parameters_are_yaml_and_survive_what_yaml_cannot_say():
    tree = {"a": {"b": [1, 2]}, "text": "Füße: <b>", "odd": frozenset({3}), "pair": (1, "x")}
    text = Reader(render_report(fabricate(names=("a",), parameters=tree))).text
    assert "a: b: - 1 - 2" in text
    assert "Füße: <b>" in text
    assert "frozenset({3})" in text


def test_nothing_is_loaded_from_anywhere():
    page = render_report(fabricate())
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert "@import" not in page
    loads = [
        value for _, name, value in Reader(page).attributes if name in ("src", "href", "srcset", "data", "xlink:href")
    ]
    assert all(value.startswith("#") or value == "data:," for value in loads)


def test_every_figure_and_table_has_a_name():
    page = render_report(fabricate(names=SYSTEMS[:3]))
    assert page.count("<svg class=") == page.count('role="img" aria-label="')
    assert page.count("<table>") == page.count("<caption>")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_page_is_the_same_each_time_and_small():
    page = render_report(fabricate())
    assert page == render_report(fabricate())
    assert len(page.encode()) < 400_000
