"""Rows looked up by what they are about."""

import math

import pytest

from abaw_pipeline.corpora.lookup import lookup
from abaw_pipeline.errors import CorpusError


def table(path, text):
    path.write_text(text, encoding="utf-8")
    return lookup(path, ["name", "value"], lambda row: row.cells["name"].lower())


def test_a_row_is_found_by_its_key_and_strangers_are_noted(tmp_path):
    found = table(tmp_path / "t.csv", "Name,Value\nA,1\n,2\nB,x\n")
    assert found.row("a").cells["value"] == "1"
    assert found.numbers([found.row(key).cells["value"] for key in "ab"]) == [1.0, pytest.approx(math.nan, nan_ok=True)]
    assert found.where(found.row("b")) == "t.csv, row 4"
    assert found.notes() == ["t.csv: 1 rows are about nothing known: row 3"]


def test_numbers_are_read_as_the_table_writes_them(tmp_path):
    found = table(tmp_path / "t.csv", "name;value\na;1,5\n")
    assert found.numbers([" 1,5", "2.5"]) == [1.5, 2.5]
    assert math.isnan(table(tmp_path / "t.csv", "name,value\na,1\n").numbers(["1,5"])[0])


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("b,1", "no row is about a"),
        ("a,1\nA,1", "rows 2, 3 are all about a"),
        ("a,1,2", r"t\.csv, row 2: the row has 3 fields"),
    ],
)
def test_what_no_single_good_row_is_about_is_an_error(tmp_path, rows, problem):
    found = table(tmp_path / "t.csv", f"name,value\n{rows}\n")
    with pytest.raises(CorpusError, match=problem):
        found.row("a")


def test_a_table_that_is_not_there_or_lacks_a_column_is_an_error(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read"):
        lookup(tmp_path / "none.csv", ["name"], str)
    with pytest.raises(CorpusError, match="no column value; the columns are 'name'"):
        table(tmp_path / "t.csv", "name\na\n")
