"""A report refuses tables that it would show wrongly."""

import numpy as np
import pandas as pd
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.report.inputs import COLUMNS, checked, plain

from .fabricate import fabricate, fabricate_frames


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_missing_column_is_named(name):
    table = getattr(fabricate_frames(names=("a", "b", "c"), n_clips=1), name).drop(columns=COLUMNS[name][-1])
    with pytest.raises(DataError, match=COLUMNS[name][-1]):
        fabricate(names=("one",), **{name: table})


def test_an_empty_table_needs_no_columns():
    data = fabricate(names=("one",), failures=pd.DataFrame())
    assert [*data.failures.columns] == [*COLUMNS["failures"]]


def test_percentages_are_refused():
    metrics = fabricate(names=("one",)).metrics
    with pytest.raises(DataError, match=r"one.*fractions"):
        fabricate(names=("one",), metrics=metrics.assign(value=metrics["value"] * 100))


def test_a_measure_given_twice_is_refused():
    metrics = fabricate(names=("one",)).metrics
    with pytest.raises(DataError, match="more than once"):
        fabricate(names=("one",), metrics=pd.concat([metrics, metrics.head(1)]))


def test_unknown_measure_and_no_classes_are_refused():
    with pytest.raises(DataError, match="unknown measure 'acuracy'"):
        fabricate(measure="acuracy")
    with pytest.raises(DataError, match="at least one class"):
        fabricate(names=(), classes=())


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (pd.NA, ""), (np.nan, ""), (2.0, "2"), (np.int64(3), "3"), ("all", "all"), (0.5, "0.5")],
)
def test_names_are_plain_text(value, text):
    assert plain(value) == text


def test_the_callers_table_stays_as_it_was():
    table = pd.DataFrame({"method": ["m"], "fold": [1.0], "system": ["s"]})
    table = table.assign(**{"class": "fear", "source_class": None, "weight": 0.1})
    before = table.copy()
    assert checked(table, "fusion_weights")["fold"].tolist() == ["1"]
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(("run", "total", "text"), [(2, 5, "2 of 5 folds"), (1, 1, "1 of 1 fold")])
def test_folds_text(run, total, text):
    assert fabricate(names=("one",), folds_run=run, folds_total=total).folds_text == text


@pytest.mark.parametrize(
    ("titles", "text"),
    [
        (["corpus b", "corpus a"], "corpus b (fold 0), corpus a (fold 1)"),
        (["", "official validation part"], "official validation part (fold 1)"),
        ([f"subject {n}" for n in range(13)], ""),  # the table of folds tells them
    ],
)
def test_what_folds_hold_out_is_told_in_a_sentence_unless_it_is_too_long(titles, text):
    rows = [(str(n), title, role, 1, 1) for n, title in enumerate(titles) for role in ("train", "validation")]
    folds = pd.DataFrame(rows, columns=["fold", "held_out", "role", "subjects", "clips"])
    assert fabricate(names=("one",), folds=folds).held_out_text == text
    assert fabricate(names=("one",), folds=folds.drop(columns="held_out")).held_out_text == ""
