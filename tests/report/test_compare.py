import numpy as np
import pandas as pd
import pytest
from tests.report.fabricate import fabricate

from abaw_pipeline.report.compare import changes, compare_runs, markdown, results_of

OLD = {"seed": 1, "systems": {"svm": {"C": 0.1}, "gone": {"kind": "x"}}, "evaluation": {"measure": "cpm"}}
NEW = {"seed": 1, "systems": {"svm": {"C": 1}}, "evaluation": {"measure": "cpm", "notes": ["a"]}}


def runs():
    old, new = fabricate(names=("b", "a")).metrics, fabricate(names=("a", "c")).metrics
    return compare_runs((OLD, old), (NEW, new))


def test_each_changed_parameter_is_a_line():
    assert list(changes(OLD, NEW)) == [
        'evaluation.notes: null, now ["a"]',
        'systems.gone: {"kind": "x"}, now null',
        "systems.svm.C: 0.1, now 1",
    ]
    assert list(changes(OLD, OLD)) == []
    assert list(changes({}, {"a": {"b": 1}})) == ['a: null, now {"b": 1}']


def test_results_of_both_runs_side_by_side():
    table = runs().results
    own = table[table["measure"] == "accuracy"].set_index("system")
    assert own.loc["a", ["before", "now"]].tolist() == pytest.approx([0.737, 0.772])
    assert own.loc["a", "change"] == pytest.approx(0.035)
    assert np.isnan(own.loc["b", "now"])
    assert np.isnan(own.loc["c", "before"])
    assert not table.duplicated(["system", "measure"]).any()


def test_tables_for_people():
    text = results_of(runs(), "accuracy")
    assert text.rows[0] == ["a", "73.7 [70.3, 77.1]", "77.2 [73.8, 80.6]", "+3.5"]
    assert text.rows[-1] == ["b", "77.2 [73.8, 80.6]", "–", "–"]
    page = markdown(runs(), "old", "new")
    assert "- `systems.svm.C: 0.1, now 1`" in page
    assert "| a | 73.7 [70.3, 77.1] | 77.2 [73.8, 80.6] | +3.5 |" in page


def test_a_run_without_results_is_compared_with_nothing():
    found = compare_runs((OLD, pd.DataFrame(columns=fabricate().metrics.columns)), (OLD, fabricate().metrics))
    assert found.parameters == ()
    assert found.results["before"].isna().all()
