"""Label names: the user's come first, an unknown one tells how to map it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from abaw_pipeline.corpora.base import ClipEntry, CorpusListing, Quarantined
from abaw_pipeline.corpora.labels import SYNONYMS, DropsClasses, check_mapping, emotion
from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.errors import CorpusError


def test_vocabulary_and_synonyms_need_no_mapping():
    assert [emotion(name.upper(), {}, "row 2") for name in EMOTIONS] == list(EMOTIONS)
    assert {emotion(f" {name.title()} ", {}, "row 2") for name in SYNONYMS} <= set(EMOTIONS)


def test_the_users_mapping_beats_the_default():
    assert emotion("happy", {"HAPPY": "surprise"}, "row 2") == "surprise"


def test_an_unknown_label_is_an_error_with_row_label_and_remedy():
    with pytest.raises(CorpusError) as caught:
        emotion("hapy", {}, "m.csv, row 7")
    assert "m.csv, row 7" in str(caught.value)
    assert "labels: {'hapy': happiness}" in str(caught.value)


@pytest.mark.parametrize(("labels", "word"), [({"glad": "joy"}, "joy"), ({"A": "anger", "a ": "fear"}, "case")])
def test_a_mapping_that_says_nothing_or_two_things_is_refused(labels, word):
    with pytest.raises(ValueError, match=word):
        check_mapping(labels)


def listing(*labels):
    clips = [ClipEntry(f"c/{n}", "c", f"/{n}.wav", label, f"c/{n}") for n, label in enumerate(labels)]
    return CorpusListing(clips, [Quarantined("c/x", "CorpusError", "why")], ["a note"])


def test_dropped_classes_are_counted_and_nothing_else_is_touched():
    given = listing("calm", "anger", None, "calm")
    found = DropsClasses(drop_classes=("calm", "fear", "calm")).without_dropped(given, Path("c"))
    assert [clip.clip_id for clip in found.clips] == ["c/1", "c/2"]
    assert found.failures == given.failures
    assert found.notes == [
        "a note",
        "2 of 4 clips are left out by drop_classes: calm",
        "0 of 4 clips are left out by drop_classes: fear",
    ]
    assert len(given.clips) == 4
    assert DropsClasses().without_dropped(given, Path("c")) == given


def test_dropping_every_clip_is_an_error_and_an_unknown_class_tells_the_nearest():
    with pytest.raises(CorpusError, match="leaves out all 2 clips"):
        DropsClasses(drop_classes=("calm",)).without_dropped(listing("calm", "calm"), Path("c"))
    with pytest.raises(ValidationError, match="no emotion 'happyness'; did you mean 'happiness'"):
        DropsClasses(drop_classes=("happyness",))
