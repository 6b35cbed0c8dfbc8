"""What holds for each protocol, and for each alike."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import FINAL, label_rows, left_out, make_folds, protocol_clips, scored_folds
from abaw_pipeline.evaluation.leaks import check_leaks
from abaw_pipeline.evaluation.protocols import (
    AnyProtocol,
    LeaveOneCorpusOut,
    LeaveOneSessionOut,
    LeaveOneSubjectOut,
    Official,
    SubjectKFold,
    SubjectLists,
    TrainFoldsAndOfficial,
)

PROTOCOLS = {
    "subject_lists": SubjectLists(validation=[["a/0", "b/0"], ["a/1", "c/4"], ["b/3"]]),
    "subject_kfold": SubjectKFold(k=4),
    "subject_kfold, sexes": SubjectKFold(k=3, balance=["sex"]),
    "subject_kfold, sexes and corpora": SubjectKFold(k=3, balance=["sex", "corpus"]),
    "leave_one_subject_out": LeaveOneSubjectOut(),
    "leave_one_session_out": LeaveOneSessionOut(),
    "leave_one_corpus_out": LeaveOneCorpusOut(),
    "leave_one_corpus_out, two of three": LeaveOneCorpusOut(validation=["c", "a"]),
    "official": Official(),
    "train_folds_and_official": TrainFoldsAndOfficial(k=3),
}
FOLDS = [3, 4, 3, 3, 24, 12, 3, 2, 1, 4]
DRAWN = [name for name in PROTOCOLS if "kfold" in name or name.startswith("train_folds")]
ONCE = [name for name in PROTOCOLS if "lists" not in name and "two of" not in name and name != "official"]
"""In which each clip that is not left out validates in one fold."""


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    return PROTOCOLS[request.param]


def tables():
    """Clips and annotations: three corpora of eight people, two a session, of both sexes; frames have labels in b.

    Class contempt is in corpus c alone, in one clip of each of its people.
    """
    clips, annotations = [], []
    for corpus in "abc":
        for person in range(8):
            split = "train" if person < 5 else "validation" if person < 7 else "test"
            for number in range(4):
                clip_id = f"{corpus}/{person}-{number}"
                session, sex = str(person // 2 + 9), "fm"[person % 2]
                clips.append((clip_id, corpus, f"{corpus}/{person}", session, sex, split))
                first = "contempt" if (corpus, number) == ("c", 0) else ["anger", "fear"][number % 2]
                frames = ["anger", "fear"] if corpus == "b" else [first]
                annotations += [(clip_id, label) for label in frames]
    columns = ["clip_id", "corpus", "subject", "session", "sex", "split"]
    return pd.DataFrame(clips, columns=columns), pd.DataFrame(annotations, columns=["clip_id", "label"])


def rows():
    return label_rows(*tables())


def make(protocol, clips, **settings):
    return make_folds(protocol, clips, **{"inner_folds": 2, "seed": 1, **settings})


def by_clip(folds):
    return folds.sort_values(["fold", "clip_id"], ignore_index=True)


def test_each_fold_has_each_clip_once_both_sides_and_nobody_on_both(protocol):
    clips = rows()
    folds = make(protocol, clips)
    dropped = left_out(protocol, clips, folds)
    everything = set(protocol_clips(protocol, clips)["clip_id"])
    for name, fold in scored_folds(folds).groupby("fold"):
        assert not fold["clip_id"].duplicated().any()
        assert set(fold["clip_id"]) == everything - set(dropped.get(name, []))
        sides = [set(side["subject"]) for _, side in fold.groupby("role")]
        assert len(sides) == 2
        assert not sides[0] & sides[1]
    clips, annotations = tables()
    check_leaks(folds, clips, annotations)


@pytest.mark.parametrize("name", ONCE)
def test_whole_protocols_validate_each_clip_once(name):
    clips = rows()
    folds = make(PROTOCOLS[name], clips)
    dropped = {clip_id for names in left_out(PROTOCOLS[name], clips, folds).values() for clip_id in names}
    outer = scored_folds(folds)
    validated = outer.loc[outer["role"] == "validation", "clip_id"]
    assert sorted(validated) == sorted(set(protocol_clips(PROTOCOLS[name], clips)["clip_id"]) - dropped)


def test_a_fold_is_the_same_whichever_others_are_made(protocol):
    clips = rows()
    every = make(protocol, clips)
    last = protocol.n_folds(protocol_clips(protocol, clips)) - 1
    for chosen in ([0], [last], sorted({0, last})):
        some = make(protocol, clips, folds="+".join(map(str, chosen)), final=True)
        top = every["fold"].str.split("/").str[0].astype(int)
        expected = every[top.isin(chosen)].reset_index(drop=True)
        pd.testing.assert_frame_equal(some[some["fold"] != FINAL], expected)


def test_the_order_of_rows_changes_nothing(protocol):
    clips = rows()
    shuffled = clips.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(by_clip(make(protocol, shuffled)), by_clip(make(protocol, clips)))
    titles = [protocol.fold_titles(protocol_clips(protocol, each)) for each in (clips, shuffled)]
    assert titles[0] == titles[1]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_seeds_repeat_and_draw(name):
    clips = rows()
    one, again, *others = (make(PROTOCOLS[name], clips, inner_folds=0, seed=seed) for seed in (1, 1, 2, 3))
    pd.testing.assert_frame_equal(one, again)
    assert any(not one.equals(other) for other in others) == (name in DRAWN)


@pytest.mark.parametrize(("name", "number"), list(zip(PROTOCOLS, FOLDS, strict=True)))
def test_folds_are_numbered_and_titled(name, number):
    clips = rows()
    protocol = PROTOCOLS[name]
    known = protocol_clips(protocol, clips)
    assert protocol.n_folds(known) == len(protocol.fold_titles(known)) == number
    assert make(protocol, clips, inner_folds=0)["fold"].unique().tolist() == [str(fold) for fold in range(number)]
    with pytest.raises(ProtocolError, match=f"no fold {number} of {number}"):
        make(protocol, clips, folds=number)


def test_everything_that_the_protocol_deals_with_trains_in_fold_final(protocol):
    clips = rows()
    folds = make(protocol, clips, folds="0", final=True)
    final = folds[folds["fold"] == FINAL]
    assert sorted(final["clip_id"]) == sorted(set(protocol_clips(protocol, clips)["clip_id"]))
    assert set(final["role"]) == {"train"}


def test_unlabelled_clips_are_in_no_fold(protocol):
    clips = rows()
    clips.loc[clips["clip_id"].str.endswith("-3"), "label"] = None
    folds = make(protocol, clips, final=True)
    assert not folds["clip_id"].str.endswith("-3").any()
    with pytest.raises(ProtocolError, match="nothing to fold"):
        make(protocol, clips.assign(label=None))


def test_protocols_are_parameters(protocol):
    adapter = TypeAdapter(AnyProtocol)
    assert adapter.validate_python(protocol.model_dump(mode="json")) == protocol


cells = st.tuples(
    *(st.sampled_from(choice) for choice in ("abc", "0123", ["1", "2", "10", None], ["f", "m", None])),
    st.sampled_from(["train", "validation", "test", None]),
    st.sampled_from(["anger", "fear", "sadness", None]),
)


@given(st.lists(cells, min_size=1, max_size=40), st.sampled_from([*PROTOCOLS]), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_clips_are_folded_as_promised_or_refused(found, name, random):
    """Whatever a corpus tells: no fold without sides, nobody on both, or an error that says why."""
    columns = ["corpus", "subject", "session", "sex", "split", "label"]
    clips = pd.DataFrame(found, columns=columns)
    clips["subject"] = clips["corpus"] + "/" + clips["subject"]
    clips.insert(0, "clip_id", [f"x{number}" for number in range(len(clips))])
    try:
        folds = make_folds(PROTOCOLS[name], clips, seed=5)
    except ProtocolError as error:
        assert error.what
        return
    for _, fold in folds.groupby("fold"):
        sides = {role: set(side["subject"]) for role, side in fold.groupby("role")}
        assert "validation" in sides
        assert not sides["validation"] & sides.get("train", set())
    order = list(range(len(clips)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(by_clip(make_folds(PROTOCOLS[name], clips.iloc[order], seed=5)), by_clip(folds))
