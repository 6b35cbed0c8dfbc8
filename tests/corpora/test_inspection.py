"""The table of corpora counts what is there, and says what is not."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.corpora.inspection import REASONS, TOTAL, common_reasons, inspect, media_seconds
from abaw_pipeline.errors import CorpusError, MediaError
from abaw_pipeline.schemas import ANNOTATIONS, CLIPS, QUARANTINE


def make_clips(*rows: dict[str, object]) -> pd.DataFrame:
    """Clips of a minute of sound, but for what the rows say; `clip_id` begins with the corpus."""
    usual = {"sha256": "0", "start": 0.0, "end": 60.0, "sound": True, "video": False, "fps": None}
    filled = []
    for row in rows:
        own = {"corpus": str(row["clip_id"]).partition("/")[0], "media": row["clip_id"], "subject": row["clip_id"]}
        clip = usual | own | row
        filled.append(clip | {"duration": float(clip["end"]) - float(clip["start"])})
    return CLIPS.validate(pd.DataFrame(filled).reindex(columns=list(CLIPS.columns)))


def make_annotations(*rows: tuple[str, int | None, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["clip_id", "frame", "label"])
    return ANNOTATIONS.validate(table.assign(time=[None if frame is None else frame / 25 for _, frame, _ in rows]))


def problems(*rows: tuple[str, str], blocked_by: str | None = None) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["key", "message"])
    return QUARANTINE.validate(table.assign(artifact="media", stage="", error="MediaError", blocked_by=blocked_by))


def test_a_corpus_of_labelled_clips():
    clips = make_clips(
        {"clip_id": "c/1", "subject": "c/anna"},
        {"clip_id": "c/2", "subject": "c/anna", "video": True, "fps": 24000 / 1001},
        {"clip_id": "c/3", "subject": "c/boris", "video": True, "fps": 30.0, "sound": False},
    )
    annotations = make_annotations(("c/1", None, "anger"), ("c/2", None, "neutral"))
    refused = problems(("c/4", "a.wav: the file is empty."), ("c/5", "b.wav: the file is empty."))
    (row,) = inspect(["c"], clips, annotations, refused, problems(("c/6", "x"))).to_dict("records")
    assert row == {
        "corpus": "c", "clips": 3, "hours": 0.05, "subjects": 2, "unit": "clips", "classes": "neutral 1, anger 1",
        "fps_min": pytest.approx(23.976, abs=1e-3), "fps_max": 30.0, "no_sound": 1, "no_picture": 1, "no_label": 1,
        "refused": 2, "failed": 1, "reasons": row["reasons"], "dropped_frames": None,
    }  # fmt: skip


def test_annotated_frames_are_counted_by_frame_and_never_mixed_with_clips():
    clips = make_clips({"clip_id": "f/1"}, {"clip_id": "w/1"})
    frames = [("f/1", number, "fear" if number < 1200 else "calm") for number in range(1500)]
    table = inspect(["f", "w"], clips, make_annotations(*frames, ("w/1", None, "fear")), problems(), problems())
    assert table["unit"].tolist() == ["frames", "clips", "clips and frames"]
    assert table["classes"].tolist() == [
        "calm 300, fear 1,200",
        "fear 1",
        "clips: fear 1; frames: calm 300, fear 1,200",
    ]


def test_dropped_frames_are_counted_by_class_also_where_there_are_none():
    frames = make_annotations(("w/1", 0, "fear"), ("v/1", 0, "fear"))
    clips = make_clips({"clip_id": "w/1", "corpus": "w"}, {"clip_id": "v/1", "corpus": "v"})
    lost = {"v": Counter(other=2, calm=0), "w": Counter(other=1)}
    table = inspect(["u", "v", "w"], clips, frames, problems(), problems(), lost).set_index("corpus")
    assert table["dropped_frames"].fillna("-").to_dict() == {
        **{"u": "-", "v": "calm 0, other 2", "w": "other 1", "all corpora": "calm 0, other 3"}
    }


def test_people_of_whom_the_corpus_does_not_tell_are_nobody():
    clips = make_clips({"clip_id": "a/1"}, {"clip_id": "b/1", "subject": "b/anna"}, {"clip_id": "b/2"})
    table = inspect(["a", "b"], clips, make_annotations(("a/1", None, "fear")), problems(), problems())
    assert table["subjects"].isna().tolist() == [True, False, False]
    assert table["subjects"].tolist()[1:] == [1, 1]


def test_a_corpus_without_clips_and_corpora_with_like_names_have_their_own_rows():
    clips = make_clips({"clip_id": "a/b/1", "corpus": "a/b"})
    refused = problems(("a/1", "x"), ("a/b/2", "y"), ("ab/1", "z"))
    table = inspect(["a", "a/b", "ab"], clips, make_annotations(("a/b/1", None, "fear")), refused, problems())
    assert table["corpus"].tolist() == ["a", "a/b", "ab", TOTAL]
    assert table["clips"].tolist() == [0, 1, 0, 1]
    assert table["refused"].tolist() == [1, 1, 1, 3]
    assert table["hours"].tolist()[0] == 0.0
    assert table["unit"].isna().tolist() == [True, False, True, False]


def test_what_is_blocked_is_no_failure_of_its_own_and_a_clip_fails_once():
    clips = make_clips({"clip_id": "c/1"})
    failed = pd.concat(
        [problems(("c/2", "broken")), problems(("c/2", "broken, too")), problems(("c/3", ""), blocked_by="media, c/2")]
    )
    table = inspect(["c"], clips, make_annotations(("c/1", None, "fear")), problems(), failed)
    assert table["failed"].tolist() == [1]
    assert table["reasons"].tolist() == ["broken (1); broken, too (1)"]


@pytest.mark.parametrize(
    ("stretches", "seconds"),
    [
        ([("a", 0, 10), ("a", 0, 10)], 10),
        ([("a", 0, 10), ("b", 0, 10)], 20),
        ([("a", 5, 9), ("a", 0, 10), ("a", 8, 12), ("a", 20, 21)], 13),
        ([], 0),
    ],
)
def test_a_second_of_media_counts_once(stretches, seconds):
    table = pd.DataFrame(stretches, columns=["media", "start", "end"])
    assert media_seconds(table.astype({"start": float, "end": float})) == seconds


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(1, 9)), max_size=12))
def test_seconds_are_those_that_any_clip_covers(stretches):
    table = pd.DataFrame([(name, at, at + n) for name, at, n in stretches], columns=["media", "start", "end"])
    covered = {(name, second) for name, at, n in stretches for second in range(at, at + n)}
    assert media_seconds(table.astype({"start": float, "end": float})) == len(covered)


def test_messages_that_differ_in_place_names_and_numbers_are_one_reason():
    messages = [
        str(MediaError("the file is empty (0 bytes)", where="/c/1.wav", hint="Copy it again.")),
        str(CorpusError("'joy' is no emotion.", where="/c/list.csv, row 3", hint="Name it in labels.")),
        str(CorpusError("'fun' is no emotion.", where="/c/list.csv, row 12", hint="Name it in labels.")),
        str(MediaError("the file is empty (0 bytes)", where="/c/2.wav", hint="Copy it again.")),
        str(MediaError("the file is empty (0 bytes)", where="/c/3.wav", hint="Copy it again.")),
    ]
    assert common_reasons(messages) == (
        "the file is empty (0 bytes). Copy it again. (3); 'joy' is no emotion. Name it in labels. (2)"
    )


def test_rare_reasons_are_counted_together():
    told = common_reasons(["a", "b", "c", "c", "d", "e"])
    assert told == "c (2); a (1); b (1); other reasons (2)"
    assert common_reasons([]) == ""


@given(st.lists(st.text(), max_size=9))
def test_any_message_is_a_reason(messages):
    told = common_reasons(messages)
    assert (told == "") == (not messages)
    if len(messages) == 1:
        assert told.endswith(" (1)")
    assert REASONS == 3
