"""RAMAS: tables of raters' intervals, recordings by their names, and what is wrong with some of them."""

import itertools
import wave
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from abaw_pipeline.corpora.ramas import Ramas
from abaw_pipeline.corpora.union import AnyCorpus
from abaw_pipeline.errors import CorpusError, PipelineError

CLASSES = "Angry,Sad,Disgusted,Happy,Scared,Surprised,Neutral"


@pytest.fixture
def folder(tmp_path):
    """Recordings of 20 s in the release's folders."""
    for place in ("Audio/10dec_O11_1_mic.wav", "Audio/22dec_D11_1_mic.wav", "Audio/plain.wav"):
        file = tmp_path / "Data" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(file), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(1)
            sound.setframerate(1000)
            sound.writeframes(b"\x80" * 20_000)
    return tmp_path


def read(folder: Path, text: str | bytes, **parameters):
    file = folder / "annotations.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    parameters = {"modality": "audio", "media": "Data/Audio"} | parameters
    return Ramas(path=str(file), **parameters).entries("ra")


def segments(found):
    return [(clip.label, clip.start, clip.end) for clip in found.clips]


def test_overlapping_intervals_of_raters_become_segments(folder):
    text = (
        f"file,start,end,rater,{CLASSES}\n"
        "10dec_O11_1,0,8,a,0,1,0,0,0,0,0\n"
        "10dec_O11_1,2,10,b,0,1,0,0,0,0,0\n"
        "10dec_O11_1,9,12,c,0,0,0,0,1,0,0\n"
        "22dec_D11_1,1,3,a,0,0,0,0,0,0,1\n"
    )
    found = read(folder, text)
    assert found.failures == []
    assert [(clip.clip_id, clip.label, clip.start, clip.end) for clip in found.clips] == [
        ("ra/10dec_O11_1_mic.wav#2-8", "sadness", 2.0, 8.0),
        ("ra/22dec_D11_1_mic.wav#1-3", "neutral", 1.0, 3.0),
    ]
    first = found.clips[0]
    assert first.media == str(folder / "Data/Audio/10dec_O11_1_mic.wav")
    assert (first.session, first.subject, first.extra) == ("10dec", "ra/session/10dec", {"share": "0.667"})
    assert found.notes == ["of 14.0 s that raters marked are left out: 6.0 s, as no class has 60% of the raters"]


def test_without_a_rater_column_rows_that_cover_a_time_are_asked(folder):
    text = "file,start,end,Sad,Happy\nplain,0,8,1,0\nplain,2,10,1,0\nplain,9,12,0,1\n"
    found = read(folder, text)
    assert segments(found) == [("sadness", 0, 9), ("happiness", 10, 12)]
    assert segments(read(folder, text, min_raters=2)) == [("sadness", 2, 8)]
    assert (found.clips[0].session, found.clips[0].subject) == (None, "ra/file/plain")


def test_all_raters_of_a_recording_count_also_where_they_mark_nothing(folder):
    text = "file,start,end,who,Sad,Happy\nplain,0,8,a,1,0\nplain,15,16,b,0,1\n"
    assert segments(read(folder, text, rater="Who")) == []
    assert segments(read(folder, text, rater="who", confidence=0.5)) == [("sadness", 0, 8), ("happiness", 15, 16)]
    assert segments(read(folder, text)) == [("sadness", 0, 8), ("happiness", 15, 16)]
    with pytest.raises(CorpusError, match="no column rater"):
        read(folder, text, rater="rater")


def test_each_person_of_a_recording_is_looked_at_alone(folder):
    text = "file,start,end,subject,sex,session,Sad,Happy\nplain,0,8,ann,f,s1,1,0\nplain,2,6,ben,m,s1,0,1\n"
    found = read(folder, text)
    assert [(clip.clip_id, clip.subject, clip.sex, clip.session) for clip in found.clips] == [
        ("ra/plain.wav/ann#0-8", "ra/ann", "f", "s1"),
        ("ra/plain.wav/ben#2-6", "ra/ben", "m", "s1"),
    ]


def test_short_segments_are_left_out_and_counted(folder):
    text = "file,start,end,Sad,Happy\nplain,1.2,1.4,1,0\nplain,3,3.1,0,1\n"
    found = read(folder, text)
    assert segments(found) == [("sadness", 1.2, 1.4)]
    assert found.notes == ["of 0.3 s that raters marked are left out: 0.1 s, as the segment is shorter than 0.2 s"]
    assert len(read(folder, text, min_length=0).clips) == 2


@pytest.mark.parametrize(
    "cell",
    [
        "10dec_O11_1",
        "10dec_o11_1_mic.wav",
        "10dec_O11_1_ann.csv",
        "E:\\RAMAS\\10dec_O11_1_ann.csv",
        "Audio/10dec_O11_1",
    ],
)
def test_recordings_are_found_by_any_of_their_names(folder, cell):
    (clip,) = read(folder, f"file,start,end,Sad\n{cell},0,8,1\n").clips
    assert Path(clip.media).name == "10dec_O11_1_mic.wav"
    (deep,) = read(folder, f"file,start,end,Sad\n{cell},0,8,1\n", media="").clips
    assert deep.clip_id == "ra/Data/Audio/10dec_O11_1_mic.wav#0-8"


def test_a_recording_that_is_missing_or_one_of_several_is_told_once(folder):
    (folder / "Data/Audio/more").mkdir()
    (folder / "Data/Audio/more/plain.wav").write_bytes(b"")
    (folder / "Data/Audio/22dec_D12_1_close.wav").write_bytes(b"")
    text = "file,start,end,Sad\nplain,0,8,1\nplain,2,4,1\ngone,0,8,1\n22dec_D12_1,1,2,1\n10dec_O11_1,0,1,1\n"
    found = read(folder, text)
    assert [clip.session for clip in found.clips] == ["10dec"]
    assert [failure.key for failure in found.failures] == ["ra/plain", "ra/gone", "ra/22dec_D12_1"]
    messages = [failure.message for failure in found.failures]
    assert "more/plain.wav, plain.wav" in messages[0]
    assert "2 rows are about it" in messages[0]
    assert "no media file for 'gone'" in messages[1]
    assert "There is 22dec_D12_1_close.wav: set tail" in messages[2]
    assert len(read(folder, text, tail="_close").failures) == 3


BAD_ROWS = {
    "plain,8,4,1,0": ("start 8 s is not before end 4 s",),
    "plain,19,21,1,0": ("beyond the media, which last 20 s",),
    "plain,,4,1,0": ("start or end is empty",),
    "plain,soon,4,1,0": ("start is 'soon'",),
    "plain,-1,4,1,0": ("start is '-1'",),
    "plain,1,4,2,0": ("sad is '2'",),
    "plain,1,4,x,0": ("sad is 'x'",),
    "plain,1,4,nan,0": ("sad is 'nan'",),
    ",1,4,1,0": ("no file is named",),
    "plain,1,4": ("3 fields", "5"),
}


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_is_quarantined_with_its_number_and_the_rest_goes_on(folder, row):
    found = read(folder, f"file,start,end,Sad,Happy\nplain,0,1,1,0\n{row}\n")
    assert segments(found) == [("sadness", 0, 1)]
    (failure,) = found.failures
    assert failure.key == "ra/row 3"
    assert all(word in failure.message for word in ("row 3", *BAD_ROWS[row]))


def test_rows_that_contradict_each_other_about_a_person_are_refused_for_that_person(folder):
    text = "file,start,end,subject,sex,Sad\nplain,0,1,ann,f,1\nplain,2,3,ann,m,1\nplain,0,1,ben,,1\nplain,0,1,c,x,1\n"
    found = read(folder, text)
    assert [clip.subject for clip in found.clips] == ["ra/ben"]
    assert [failure.key for failure in found.failures] == ["ra/row 5", "ra/plain.wav/ann"]
    assert "more than one sex: f, m" in found.failures[1].message


def test_a_row_without_its_rater_is_refused_where_others_name_theirs(folder):
    found = read(folder, "file,start,end,Rater,Sad\nplain,0,1,a,1\nplain,0,1,,1\n")
    assert "no rater is named" in found.failures[0].message
    assert segments(found) == [("sadness", 0, 1)]


def test_votes_may_be_words_or_parts_and_tables_have_any_flavor(folder):
    text = "\ufeffFile;START;End;Sad;Happy\r\nplain;0,5;2,5;True;\r\nplain;3;4;0,5;FALSE\r\nplain;5;6;0,75;0\r\n"
    assert segments(read(folder, text)) == [("sadness", 0.5, 2.5), ("sadness", 5, 6)]


def test_columns_that_are_no_class_are_told_and_may_be_mapped(folder):
    text = "file,start,end,Sad,Shame,ID\nplain,0,4,1,0,1\nplain,6,8,0,1,2\n"
    found = read(folder, text)
    assert segments(found) == [("sadness", 0, 4)]
    assert "columns that are no class and not used: shame, id" in found.notes
    assert segments(read(folder, text, labels={"Shame": "other"})) == [("sadness", 0, 4), ("other", 6, 8)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,begin,end,Sad\nplain,0,1,1\n", ["no column start", "'begin'"]),
        ("file,start,end,Shame\nplain,0,1,1\n", ["no column is a class", "labels:"]),
        ("file,start,end,Sad,sad \nplain,0,1,1,1\n", ["share one name"]),
        ("", ["empty"]),
        (b"file\n\xff\xfe\xfa\n", ["UTF-8"]),
    ],
)
def test_a_table_of_another_kind_is_an_error_that_tells_why(folder, text, words):
    with pytest.raises(CorpusError) as caught:
        read(folder, text)
    assert all(word in str(caught.value) for word in words), caught.value


def test_no_table_no_media_folder_and_no_media_are_errors(folder):
    with pytest.raises(CorpusError, match=r"none\.csv"):
        Ramas(path=str(folder / "none.csv")).entries("ra")
    text = "file,start,end,Sad\nplain,0,1,1\n"
    with pytest.raises(CorpusError, match="no such folder"):
        read(folder, text, media="Video_close")
    with pytest.raises(CorpusError, match=r"no media in this folder .*\.mp4"):
        read(folder, text, modality="video")


def test_the_union_knows_it_and_a_share_of_nothing_is_refused():
    adapter = TypeAdapter(AnyCorpus)
    assert isinstance(adapter.validate_python({"kind": "ramas", "path": "x"}), Ramas)
    with pytest.raises(ValidationError, match="confidence"):
        adapter.validate_python({"kind": "ramas", "path": "x", "confidence": 0})


cells = st.one_of(
    st.sampled_from(["plain", "10dec_O11_1", "gone", "0", "1", "0.5", "2.5", "19", "25", "", "a", "f", "\0", '"', "é"]),
    st.text(max_size=6),
)
header = "file,start,end,rater,subject,sex,sad,happy"
rows = st.tuples(st.sampled_from(["plain", "22dec_D11_1", "gone"]), *itertools.repeat(cells, 7)).map(",".join)
texts = st.lists(rows | cells, max_size=8).map(lambda found: "\n".join([header, *found]).encode("utf-8", "replace"))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=80), texts))
def test_any_bytes_give_a_listing_or_a_pipeline_error(folder, content):
    try:
        found = read(folder, content)
    except PipelineError:
        return
    keys = [clip.clip_id for clip in found.clips] + [failure.key for failure in found.failures]
    assert len(set(keys)) == len(keys)
    assert all(clip.start < clip.end for clip in found.clips)


spans = st.tuples(st.integers(0, 190), st.integers(2, 60)).map(lambda at: (at[0] / 10, min(at[0] + at[1], 200) / 10))
marked = st.lists(st.tuples(spans, st.sampled_from("abc"), st.sampled_from(["1,0", "0,1", "1,1", "0,0"])), max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(marked=marked, shuffled=st.data())
def test_the_order_of_rows_does_not_matter(folder, marked, shuffled):
    lines = [f"plain,{start},{end},{rater},{vote}" for (start, end), rater, vote in marked]
    mixed = shuffled.draw(st.permutations(lines))
    one, other = (read(folder, "\n".join(["file,start,end,rater,sad,happy", *each])) for each in (lines, mixed))
    assert one == other


times = st.sampled_from(["0", "1", "2.5", "19", "20", "20.05", "21", "-1", "", "x", "nan"])
votes = st.sampled_from(["0", "1", "0.5", "", "true", "2", "-1", "x"])
recordings = st.sampled_from(["plain", "PLAIN.wav", "22dec_D11_1_ann.csv", "gone", ""])


def usable(row: tuple[str, ...]) -> bool:
    """Whether a row says something of a recording of 20 s that is there."""
    file, start, end, *seen = row
    known = {"0": 0, "1": 1, "2.5": 2.5, "19": 19, "20": 20, "20.05": 20.05, "21": 21}
    there = file not in {"gone", ""} and {start, end} <= known.keys() and known[start] < min(known[end], 20)
    return there and known[end] < 21 and all(vote in {"0", "1", "0.5", "", "true"} for vote in seen)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(found=st.lists(st.tuples(recordings, times, times, votes, votes).filter(any), min_size=1, max_size=6))
def test_each_row_is_used_or_refused(folder, found):
    listing = read(folder, "\n".join(["file,start,end,sad,happy", *map(",".join, found)]), confidence=0.01)
    refused = {failure.key for failure in listing.failures}
    for number, row in enumerate(found, 2):
        assert ("ra/gone" if row[0] == "gone" else f"ra/row {number}") in refused or usable(row)
    assert len(refused) == len({row[0] if row[0] == "gone" else n for n, row in enumerate(found) if not usable(row)})
