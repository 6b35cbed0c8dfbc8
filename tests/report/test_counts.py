"""What a study has labelled and what it scores is counted by clips or by frames."""

from abaw_pipeline.report.counts import annotated_units, count_asked, count_classes, count_folds

from .fabricate import frame

CLIPS = frame(
    "clip_id corpus subject duration",
    [("w/a", "w", "s1", 1800.0), ("w/b", "w", "s2", 1800.0), ("w/c", "w", "s2", 3600.0), ("r/a", "r", "t", 36.0)],
)
ANNOTATIONS = frame(
    "clip_id frame label",
    [("w/a", 0, "fear"), ("w/a", 1, "fear"), ("w/a", 2, "anger"), ("w/b", 0, "fear"), ("r/a", None, "fear")],
).astype({"frame": "Int64"})
FOLDS = frame(
    "fold role clip_id subject",
    [
        ("0", "validation", "w/a", "s1"),
        ("0", "validation", "w/c", "s2"),
        ("0", "train", "w/b", "s2"),
        ("1", "validation", "r/a", "t"),
    ],
)
UNITS = annotated_units(CLIPS, ANNOTATIONS)


def test_units_are_clips_or_frames():
    assert UNITS["unit"].tolist() == ["frame"] * 4 + ["clip"]
    assert UNITS["corpus"].tolist() == ["w"] * 4 + ["r"]


def test_classes_are_counted_by_corpus_and_unit():
    rows = count_classes(UNITS).itertuples(index=False, name=None)
    assert [*rows] == [("w", "fear", 3, "frame"), ("w", "anger", 1, "frame"), ("r", "fear", 1, "clip")]


def test_what_is_asked_is_annotated_and_in_validation():
    rows = count_asked(UNITS, FOLDS).itertuples(index=False, name=None)
    assert [*rows] == [("w", "frame", 3, 1), ("r", "clip", 1, 1)]


def test_folds_count_subjects_and_clips():
    rows = {
        (row["fold"], row["role"]): (row["subjects"], row["clips"])
        for row in count_folds(FOLDS, UNITS).to_dict("records")
    }
    assert rows == {("0", "validation"): (2, 2), ("0", "train"): (1, 1), ("1", "validation"): (1, 1)}


def test_folds_count_classes_by_side_in_the_units_that_they_have():
    told = count_folds(FOLDS, UNITS).set_index(["fold", "role"])["classes"]
    assert told.to_dict() == {
        ("0", "validation"): "anger 1, fear 2",
        ("0", "train"): "fear 1",
        ("1", "validation"): "fear 1",
    }
    assert count_folds(FOLDS, UNITS.head(0))["classes"].isna().all()


def test_folds_say_what_they_hold_out_where_there_is_something_to_say():
    told = count_folds(FOLDS, UNITS, ("session 1", "session 2"))
    assert told.columns.tolist() == ["fold", "held_out", "role", "subjects", "clips", "classes"]
    assert dict(zip(told["fold"], told["held_out"], strict=True)) == {"0": "session 1", "1": "session 2"}
    assert "held_out" not in count_folds(FOLDS, UNITS, ("", "")).columns


def test_nothing_annotated_is_counted_as_nothing():
    units = annotated_units(CLIPS, ANNOTATIONS.head(0))
    assert count_classes(units).empty
    assert count_asked(units, FOLDS).empty
