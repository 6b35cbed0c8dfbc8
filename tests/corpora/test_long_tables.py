import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.corpora.long_tables import rows_of
from abaw_pipeline.errors import CorpusError

COLUMNS = ("path", "marks", "code")
NEEDED = ("path", "code")


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return [(row.number, row.cells, bool(row.problem)) for row in rows_of(path, COLUMNS, NEEDED)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("path,marks,code\na.jpg,1;2;3,7\n", "utf-8"),
        ("path,marks,code\r\na.jpg,1;2;3,7\r\n", "utf-8-sig"),
        ("Path,Marks,Code\na.jpg,1;2;3,7", "utf-16"),
        (" path , marks , code \n a.jpg ,1;2;3, 7 \n", "utf-8"),
        ('path;marks;code\na.jpg;"1;2;3";7\n', "utf-8"),
        ("path\tmarks\tcode\na.jpg\t1;2;3\t7\n", "utf-8"),
        ("a.jpg,1;2;3,7\n", "utf-8"),  # no header
        ("a.jpg,1;2;3,7\n", "utf-8-sig"),
    ],
)
def test_flavors_say_the_same(tmp_path, text, encoding):
    ((number, cells, bad),) = table(tmp_path, text, encoding)
    assert (cells, bad) == ({"path": "a.jpg", "marks": "1;2;3", "code": "7"}, False)
    assert number == 1 + text.casefold().lstrip().startswith("path")


def test_columns_in_another_order_and_others_among_them(tmp_path):
    assert table(tmp_path, "code,note,path\n7,x,a.jpg\n") == [(2, {"code": "7", "note": "x", "path": "a.jpg"}, False)]


def test_empty_rows_keep_their_numbers_and_damaged_ones_are_told(tmp_path):
    rows = table(tmp_path, "path,marks,code\n\na,1,2\n,,\nb,1\nc,1,2,3\n")
    assert [(number, bad) for number, _, bad in rows] == [(3, False), (5, True), (6, True)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no column path, code"),
        (b"file,marks,code\nx,1,2\n", "no column path;"),
        (b"path,code,code\nx,1,2\n", "two columns share one name: code"),
        (b"x,y\n", "no column path, code"),
        (b"path,marks,code\n\xff,1,2\n", "not readable as CSV"),
        (b'path,marks,code\n"' + b"x" * 200_000, "not readable as CSV"),
        (b"x" * 3_000_000, "not readable as CSV"),
    ],
)
def test_files_that_are_no_such_table(tmp_path, content, problem):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=problem):
        list(rows_of(path, COLUMNS, NEEDED))


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    for path in (tmp_path / "list.csv", tmp_path):
        with pytest.raises(CorpusError, match="cannot be read"):
            list(rows_of(path, COLUMNS, NEEDED))


def test_a_long_table_is_not_held(tmp_path):
    path = tmp_path / "list.csv"
    line = f"a.jpg,{'1.5;' * 500},7\n"
    path.write_text("path,marks,code\n" + line * 5000)
    tracemalloc.start()
    assert sum(1 for _ in rows_of(path, COLUMNS, NEEDED)) == 5000
    assert tracemalloc.get_traced_memory()[1] < path.stat().st_size / 10
    tracemalloc.stop()


@given(st.binary(max_size=200), st.sampled_from([b"", b"path,marks,code\n", b"\xff\xfe"]))
def test_any_bytes_give_rows_or_a_corpus_error(tmp_path_factory, content, start):
    path = tmp_path_factory.mktemp("lists") / "list.csv"
    path.write_bytes(start + content)
    try:
        for row in rows_of(path, COLUMNS, NEEDED):
            assert row.problem or set(NEEDED) <= set(row.cells)
    except CorpusError:
        return
