import csv
import io

from tests.report.fabricate import NASTY, SYSTEMS, fabricate

from abaw_pipeline.report.exports import as_csv, as_markdown, export_tables
from abaw_pipeline.report.page_tables import page_tables
from abaw_pipeline.report.results import Results
from abaw_pipeline.report.text_tables import Table

TABLE = Table(
    "What | it is", ["System", "Value", "Why"], [["a|b*", "1,000", 'x "y"'], ["<c>", "–", "line\nbreak"]], {"Why"}
)


def test_markdown_keeps_its_cells_apart():
    lines = as_markdown(TABLE).splitlines()
    assert lines[0] == "**What \\| it is**"
    assert lines[2:4] == ["| System | Value | Why |", "| --- | ---: | --- |"]
    assert lines[4] == '| a\\|b\\* | 1,000 | x "y" |'
    assert lines[5] == "| &lt;c> | – | line break |"


def test_csv_comes_back():
    assert list(csv.reader(io.StringIO(as_csv(TABLE)))) == [TABLE.columns, *TABLE.rows]


def test_the_pages_tables_are_files():
    markdown, text = export_tables(page_tables(Results(fabricate(names=(*SYSTEMS[:3], NASTY)))))
    assert markdown.keys() == text.keys() >= {"results", "folds", "f1", "comparisons", "probabilities", "composition"}
    assert "77.2 [73.8, 80.6]" in markdown["results"]
    assert NASTY in {row[0] for row in csv.reader(io.StringIO(text["results"]))}
