import json

import pandas as pd
import pytest
from tests.report.fabricate import SYSTEMS, fabricate
from tests.report.test_page import Reader

from abaw_pipeline.report.page import render_report
from abaw_pipeline.report.pairs import (
    calibration_figure,
    comparison_text,
    difference_figure,
    fits_text,
    made_of_figure,
    optimism_texts,
    p_text,
    points_text,
)
from abaw_pipeline.report.results import Results


def results(names=SYSTEMS[:4], **changes):
    return Results(fabricate(names=names, **changes))


def test_differences_are_signed_and_starred_where_the_interval_leaves_out_zero():
    svg = difference_figure(results()).standalone()
    assert "+3.5<" in svg  # between -1.5 and 8.5
    assert "+7.0*<" in svg
    assert "−7.0*<" in svg


def test_all_tests_are_listed_the_surest_first():
    text = comparison_text(results())
    assert text["Test"].tolist()[:2] == ["Cochran's Q", "McNemar"]
    assert text.iloc[0][["System a", "System b", "p"]].tolist() == ["all systems", "", "<0.001"]
    assert set(text["Test"]) == {"Cochran's Q", "McNemar", "bootstrap"}
    assert text.iloc[-1]["Interval"].startswith("[")


def test_optimism_is_a_sentence_with_its_interval():
    (told,) = optimism_texts(results())
    assert told == (
        "MCWF chose its weights on the clips that are scored: +5.1 points of Accuracy [3.0, 7.1] beside "
        "average of all, which did not."
    )
    assert told in Reader(render_report(fabricate(names=SYSTEMS[:4]))).text


def test_overconfidence_is_told_apart():
    table = pd.DataFrame(
        [("MCWF", 0.4, 0.5, 10, 0.45, 0.75), ("MCWF", 0.9, 1.0, 90, 0.97, 0.7)],
        columns=["system", "lo", "hi", "n", "confidence", "accuracy"],
    )
    svg = calibration_figure(results(calibration=table)).standalone()
    assert "+30<" in svg
    assert "−27<" in svg
    assert "70.0% right of 90" in svg


def test_what_is_made_of_what():
    svg = made_of_figure(results()).standalone()
    assert "average of all fuses descriptors_net" in svg
    assert "descriptors_net reads compare_lld" in svg
    assert "descriptors_net reads descriptors_net" not in svg


@pytest.mark.parametrize("figure", [difference_figure, calibration_figure, made_of_figure])
def test_without_tables_there_are_no_figures(figure):
    nothing = dict.fromkeys(("comparisons", "calibration", "systems", "metrics"), pd.DataFrame())
    assert figure(results(**nothing)) is None


def test_numbers():
    assert [p_text(value) for value in (0.0004, 0.0312, None, float("nan"))] == ["<0.001", "0.031", "–", "–"]
    assert [points_text(value) for value in (0.0312, -0.0312, None)] == ["+3.1", "−3.1", "–"]


def test_what_fusions_reached_where_they_were_fitted():
    text = fits_text(results())
    assert text["Learned"].tolist() == [
        "CPM 81.0, even weights 70.0; before 4 sweeps, the pool's best, 79.0",
        "C 10; Accuracy 72.0 on subjects left out",
    ]
    assert text.iloc[0][["Fusion", "Fold", "Fitted on", "Subjects"]].tolist() == ["average of all", "0", "1,140", "19"]
    assert "where it is fitted" not in Reader(render_report(fabricate(names=("a",), fusion_fits=pd.DataFrame()))).text


def test_what_learns_nothing_was_fitted_on_nobody():
    given = results().data.fusion_fits
    infos = [json.dumps({"learns": False}), json.dumps({"learns": True, "measure": "uar", "by_system": [0.5, 0.25]})]
    text = fits_text(results(fusion_fits=given.assign(info=infos)))
    assert text.iloc[0][["Fitted on", "Subjects", "Learned"]].tolist() == ["–", "–", "nothing"]
    assert text["Learned"].iloc[1] == "UAR of each system: 50.0, 25.0"


def test_a_fit_on_others_names_whom_it_is_for():
    fits = results().data.fusion_fits.assign(part=[float("nan"), 2.0])
    assert fits_text(results(fusion_fits=fits))["Fold"].tolist() == ["0", "0, part 2"]
