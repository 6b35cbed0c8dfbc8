"""The generic manifest: tables as users write them, and what is wrong with some of them."""

import math
import re

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from abaw_pipeline.corpora.manifest import COLUMNS, Manifest
from abaw_pipeline.corpora.ravdess import Ravdess
from abaw_pipeline.corpora.tables import read_table
from abaw_pipeline.corpora.union import AnyCorpus
from abaw_pipeline.errors import CorpusError, PipelineError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("a.wav", "b.wav", "deep/c.wav"):
        (tmp_path / name).write_bytes(b"RIFF")
    return tmp_path


def listing(folder, content, **parameters):
    file = folder / "m.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Manifest(path=str(file), **parameters).entries("mine")


def test_all_columns_reach_the_clip(folder):
    text = (
        "media,label,subject,clip_id,start,end,sex,session,split,statement\n"
        "a.wav,Happy,ann,one,0.5,2,Female,s1,dev,kids\n"
    )
    (clip,) = listing(folder, text).clips
    assert clip.clip_id == "mine/one"
    assert clip.media == str(folder / "a.wav")
    assert (clip.label, clip.subject, clip.sex) == ("happiness", "mine/ann", "f")
    assert (clip.start, clip.end, clip.session, clip.split) == (0.5, 2.0, "s1", "validation")
    assert clip.extra == {"statement": "kids"}


def test_media_alone_is_enough_and_an_unknown_speaker_is_a_subject_of_his_own(folder):
    found = listing(folder, "media\na.wav\ndeep/c.wav\n")
    assert [clip.clip_id for clip in found.clips] == ["mine/a.wav", "mine/deep/c.wav"]
    assert [clip.subject for clip in found.clips] == ["mine/a.wav", "mine/deep/c.wav"]
    assert all(clip.label is clip.end is clip.sex is clip.split is None for clip in found.clips)


def test_segments_of_one_file_need_no_ids(folder):
    found = listing(folder, "media,start,end\na.wav,0,1\na.wav,1,2\n")
    assert [clip.clip_id for clip in found.clips] == ["mine/a.wav#0-1", "mine/a.wav#1-2"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_flavors_of_csv(folder, separator, newline, encoding):
    rows = [["Subject", "MEDIA ", "Label"], ["Zoë", "deep\\c.wav", '"angry"'], ["", "a.wav", "sad"]]
    found = listing(folder, newline.join(separator.join(row) for row in rows).encode(encoding))
    assert [(clip.subject, clip.label) for clip in found.clips] == [
        ("mine/Zoë", "anger"),
        ("mine/a.wav", "sadness"),
    ]
    assert found.clips[0].media == str(folder / "deep" / "c.wav")


def test_the_separator_is_that_of_the_header_even_if_another_occurs_more_often(folder):
    found = listing(folder, "media;label;a,b,c,d\na.wav;sad;1,2,3\n")
    assert found.clips[0].extra == {"a,b,c,d": "1,2,3"}


def test_decimal_commas_where_the_separator_leaves_room_for_them(folder):
    (clip,) = listing(folder, "media;start;end\na.wav;0,25;1,5\n").clips
    assert (clip.start, clip.end) == (0.25, 1.5)


BAD_ROWS = {
    "media,label\na.wav,sad\nb.wav,bored\n": ("row 3", "'bored'", "labels:"),
    "media,label\na.wav,sad\ngone.wav,sad\n": ("row 3", "gone.wav", "not there"),
    "media,label\na.wav,sad\n,sad\n": ("row 3", "no media"),
    "media,start,end\na.wav,,\n\nb.wav,2,2\n": ("row 4", "start 2 s", "end 2 s"),
    "media,start\na.wav,0\nb.wav,-1\n": ("row 3", "start is '-1'"),
    "media,start\na.wav,0\nb.wav,soon\n": ("row 3", "start is 'soon'"),
    "media,end\na.wav,1\nb.wav,nan\n": ("row 3", "end is 'nan'"),
    "media,end\na.wav,1\nb.wav,1e999\n": ("row 3", "end is '1e999'"),
    "media,end\na.wav,1\nb.wav,1_0\n": ("row 3", "end is '1_0'"),
    "media,sex\na.wav,f\nb.wav,x\n": ("row 3", "sex is 'x'"),
    "media,split\na.wav,train\nb.wav,trian\n": ("row 3", "split is 'trian'"),
    "media,label\na.wav,sad\nb.wav,sad,1,2\n": ("row 3", "4 fields", "2"),
    "media,label\na.wav,sad\nb.wav\n": ("row 3", "1 fields", "2"),
}


@pytest.mark.parametrize("text", BAD_ROWS)
def test_a_bad_row_is_quarantined_with_its_number_and_the_rest_goes_on(folder, text):
    found = listing(folder, text)
    assert [clip.media for clip in found.clips] == [str(folder / "a.wav")]
    (failure,) = found.failures
    assert (failure.stage, failure.error) == ("ingestion", "CorpusError")
    assert all(word in failure.message for word in BAD_ROWS[text])


def test_rows_of_one_id_are_all_refused_in_one_failure(folder):
    found = listing(folder, "media,clip_id\na.wav,x\nb.wav,x\ndeep/c.wav,y\n")
    assert [clip.clip_id for clip in found.clips] == ["mine/y"]
    (failure,) = found.failures
    assert failure.key == "mine/x"
    assert "rows 2, 3" in failure.message


def test_the_users_label_names(folder):
    found = listing(folder, "media,label\na.wav,RAGE\n", labels={"rage": "anger"})
    assert found.clips[0].label == "anger"
    with pytest.raises(ValidationError, match="maps to no emotion"):
        Manifest(path="m.csv", labels={"rage": "fury"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("medea,label\na.wav,sad\n", ["'medea', 'label'", "Did you mean 'medea'"]),
        ("FileName,label\na.wav,sad\n", ["no column 'media'", "Did you mean 'filename'"]),
        ("media,Label,label \na.wav,sad,sad\n", ["share one name", "label"]),
        ("media,label\n\n", ["no rows"]),
        ("", ["empty"]),
        (b"media\n\xff\xfe\xfa.wav\n", ["UTF-8", "byte 6"]),
        (b"PAR1 and then nothing of the kind PAR1", ["Parquet"]),
        ('media\n"' + "x" * 200_000 + "\n", ["not readable as CSV", "quotation"]),
    ],
)
def test_a_table_that_is_no_manifest_is_an_error_that_tells_why(folder, text, words):
    with pytest.raises(CorpusError) as caught:
        listing(folder, text)
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_missing_manifest_is_an_error(tmp_path):
    with pytest.raises(CorpusError, match=r"none\.csv"):
        Manifest(path=str(tmp_path / "none.csv")).entries("mine")


def test_a_path_that_is_no_table_names_those_near_by(folder):
    (folder / "clips.CSV").touch()
    with pytest.raises(CorpusError, match=r"Set path to the table, a file\. There: clips\.CSV\."):
        Manifest(path=str(folder)).entries("mine")
    with pytest.raises(CorpusError, match=r"Check the corpus's path\. There: clips\.CSV\."):
        Manifest(path=str(folder / "clip.csv")).entries("mine")


def test_a_misspelt_optional_column_is_remarked(folder):
    found = listing(folder, "media,lable\na.wav,sad\n")
    assert found.notes == ["column 'lable' is not used; did you mean 'label'?"]
    assert listing(folder, "media,label,statement\na.wav,sad,x\n").notes == []


def test_parquet_is_known_by_its_content_and_nan_is_an_empty_cell(folder):
    table = pd.DataFrame({"media": ["a.wav", "b.wav"], "end": [1.5, math.nan], "subject": [7, 8]})
    table["sound"] = [b"\xff\xfe", b"\x00"]
    table.to_parquet(folder / "m.csv")
    found = Manifest(path=str(folder / "m.csv")).entries("mine")
    assert [(clip.subject, clip.end, clip.extra) for clip in found.clips] == [
        ("mine/7", 1.5, {}),
        ("mine/8", None, {}),
    ]


def test_a_label_file_lies_from_the_manifest_on_written_in_the_manner_of_any_system(folder):
    (folder / "deep" / "a.txt").write_text("Neutral\n0\n")
    found = listing(folder, "media,label_file,label\na.wav,deep\\a.txt,\nb.wav,deep/a.txt,\ndeep/c.wav,,sad\n")
    assert [clip.label_file for clip in found.clips] == [str(folder / "deep" / "a.txt")] * 2 + [None]
    assert [clip.label for clip in found.clips] == [None, None, "sadness"]
    assert not found.failures and not any(clip.extra for clip in found.clips)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.wav,none.txt,", ("row 2", "label file 'none.txt' is not there", "paths start at")),
        ("a.wav,deep,", ("row 2", "label file 'deep' is not there")),
        ("a.wav,b.wav,sad", ("row 2", "both a label and a label_file")),
    ],
)
def test_a_row_whose_label_file_cannot_be_meant_is_refused_and_the_rest_goes_on(folder, row, words):
    found = listing(folder, f"media,label_file,label\n{row}\nb.wav,,sad\n")
    assert [clip.clip_id for clip in found.clips] == ["mine/b.wav"]
    (failure,) = found.failures
    assert all(word in failure.message for word in words), failure.message


def test_the_union_tells_corpora_apart_by_kind():
    adapter = TypeAdapter(AnyCorpus)
    assert isinstance(adapter.validate_python({"kind": "manifest", "path": "x"}), Manifest)
    assert isinstance(adapter.validate_python({"kind": "ravdess", "path": "x"}), Ravdess)
    with pytest.raises(ValidationError, match="pth"):
        adapter.validate_python({"kind": "ravdess", "path": "x", "pth": "y"})


fields = st.one_of(
    st.sampled_from(["a.wav", "b.wav", "sad", "x", "0", "1.5", "-1", "", "f", "train", "\0", '"', "é" * 300]),
    st.text(max_size=6),
)
texts = st.lists(st.lists(fields, min_size=1, max_size=6).map(",".join), max_size=8).map(
    lambda rows: "\n".join([",".join(COLUMNS), *rows]).encode("utf-8", "replace")
)
parquets = st.binary(max_size=60).map(lambda middle: b"PAR1" + middle + b"PAR1")


ROWS_OF_ONE_ID = re.compile(r"is given by rows ((?:\d+(?:, )?)+)")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=80), texts, parquets))
def test_any_bytes_give_a_listing_or_a_pipeline_error(folder, content):
    try:
        found = listing(folder, content)
    except PipelineError:
        return
    ids = [clip.clip_id for clip in found.clips]
    keys = [failure.key for failure in found.failures]
    assert len(set(ids + keys)) == len(ids) + len(keys) > 0
    taken = [row for failure in found.failures for row in ROWS_OF_ONE_ID.findall(failure.message)]
    repeated = sum(len(row.split(", ")) - 1 for row in taken)
    assert len(ids) + len(keys) + repeated == len(read_table(folder / "m.csv", "media").rows)
    assert all(clip.end is None or clip.start < clip.end for clip in found.clips)
