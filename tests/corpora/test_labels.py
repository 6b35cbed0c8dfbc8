"""Label names: the user's come first, an unknown one tells how to map it."""

import pytest

from abaw_pipeline.corpora.labels import SYNONYMS, check_mapping, emotion
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
