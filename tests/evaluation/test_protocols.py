import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import FINAL, label_rows, make_folds, parse_folds, scored_folds, validated_clips
from abaw_pipeline.evaluation.leaks import check_leaks
from abaw_pipeline.evaluation.protocols import AnyProtocol, Official, SubjectKFold, SubjectLists, TrainFoldsAndOfficial
from abaw_pipeline.evaluation.subjects import find_subject

S2 = SubjectLists(
    validation=[
        [2, 5, 14, 15, 16],
        [3, 6, 7, 13, 18],
        [10, 11, 12, 19, 20],
        [8, 17, 21, 23, 24],
        [1, 4, 9, 22],
    ]
)


def corpus(n_subjects=24, n_clips=8, classes="abcd"):
    rows = [
        (f"ravdess/{subject:02d}-{clip}", f"ravdess/{subject:02d}", classes[clip % len(classes)])
        for subject in range(1, n_subjects + 1)
        for clip in range(n_clips)
    ]
    return pd.DataFrame(rows, columns=["clip_id", "subject", "label"])


def held_out(folds, fold):
    rows = folds[(folds["fold"] == fold) & (folds["role"] == "validation")]
    return sorted(int(subject.split("/")[1]) for subject in rows["subject"].unique())


def test_s2s_folds_leak_nothing_and_hold_every_clip_out_once():
    clips = corpus()
    folds = make_folds(S2, clips, inner_folds=3, seed=1)
    check_leaks(folds, clips, clips)
    outer = folds[folds["parent"].isna()]
    assert [held_out(outer, str(fold)) for fold in range(5)] == [sorted(listed) for listed in S2.validation]
    assert list(folds.columns) == ["fold", "parent", "clip_id", "subject", "role"]
    assert outer.groupby("fold").size().tolist() == [192] * 5
    validated = outer.loc[outer["role"] == "validation", "clip_id"]
    assert sorted(validated) == sorted(clips["clip_id"])


def test_inner_folds_split_the_training_side_and_nothing_else():
    folds = make_folds(S2, corpus(), folds=4, inner_folds=4, seed=1)
    assert folds["fold"].unique().tolist() == ["4", "4/0", "4/1", "4/2", "4/3"]
    inner = folds[folds["parent"] == "4"]
    training = set(folds.loc[(folds["fold"] == "4") & (folds["role"] == "train"), "clip_id"])
    assert set(inner["clip_id"]) == training
    validated = inner.loc[inner["role"] == "validation", "clip_id"]
    assert sorted(validated) == sorted(training)
    assert [len(held_out(folds, f"4/{i}")) for i in range(4)] == [5, 5, 5, 5]


@pytest.mark.parametrize("protocol", [S2, SubjectKFold(k=5)], ids=lambda part: part.kind)
def test_a_fold_is_the_same_whichever_others_are_run(protocol):
    clips = corpus()
    everything = make_folds(protocol, clips, folds="all", inner_folds=2, seed=7)
    some = make_folds(protocol, clips, folds="3+1", inner_folds=2, seed=7)
    same = everything[everything["fold"].str.match(r"[13](/|$)")].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, same)
    shuffled = make_folds(protocol, clips.sample(frac=1, random_state=0), folds="3+1", inner_folds=2, seed=7)
    key = ["fold", "clip_id"]
    pd.testing.assert_frame_equal(
        shuffled.sort_values(key, ignore_index=True), some.sort_values(key, ignore_index=True)
    )


def test_the_seed_draws_inner_folds():
    clips = corpus()
    one, other = (make_folds(S2, clips, inner_folds=2, seed=seed) for seed in (0, 1))
    assert held_out(one, "0/0") != held_out(other, "0/0")


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc")), min_size=20, max_size=80), st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_drawn_folds_validate_each_labelled_clip_once(pairs, k):
    pairs = pairs + [(subject, "a") for subject in range(2 * k)]
    clips = pd.DataFrame(
        [(f"c{i}", f"x/{subject}", label) for i, (subject, label) in enumerate(pairs)],
        columns=["clip_id", "subject", "label"],
    )
    clips.loc[::5, "label"] = None
    labelled = clips[clips["label"].notna()]
    if labelled["subject"].nunique() < k or labelled["label"].value_counts().max() < k:
        return
    folds = make_folds(SubjectKFold(k=k), clips, seed=3)
    validated = folds.loc[folds["role"] == "validation", "clip_id"]
    assert sorted(validated) == sorted(labelled["clip_id"])
    for _, fold in folds.groupby("fold"):
        assert sorted(fold["clip_id"]) == sorted(labelled["clip_id"])
        sides = [set(side["subject"]) for _, side in fold.groupby("role")]
        assert len(sides) == 2
        assert not sides[0] & sides[1]


def test_subjects_in_no_list_always_train_and_are_named(caplog):
    protocol = SubjectLists(validation=[["01"], ["ravdess/02"]])
    folds = make_folds(protocol, corpus(4))
    assert "ravdess/03, ravdess/04" in caplog.text
    rest = folds[folds["subject"].isin(["ravdess/03", "ravdess/04"])]
    assert set(rest["role"]) == {"train"}
    assert set(rest["fold"]) == {"0", "1"}


def test_unlabelled_clips_are_in_no_fold():
    clips = corpus(4)
    clips.loc[clips["subject"] == "ravdess/03", "label"] = None
    folds = make_folds(SubjectKFold(k=3), clips, inner_folds=2)
    assert set(folds["subject"]) == {"ravdess/01", "ravdess/02", "ravdess/04"}
    with pytest.raises(ProtocolError, match="no labelled clip has the subject 3"):
        make_folds(SubjectLists(validation=[[3]]), clips)


KNOWN = ["cremad/1001", "ravdess/02", "ravdess/08", "ravdess/1001", "savee/DC"]


@pytest.mark.parametrize(
    ("wanted", "subject"),
    [
        (2, "ravdess/02"),
        ("02", "ravdess/02"),
        ("2", "ravdess/02"),
        ("08", "ravdess/08"),
        (8, "ravdess/08"),
        ("DC", "savee/DC"),
        ("savee/DC", "savee/DC"),
        ("ravdess/1001", "ravdess/1001"),
    ],
)
def test_subjects_are_found_as_people_write_them(wanted, subject):
    assert find_subject(wanted, KNOWN) == subject


def test_unknown_and_ambiguous_subjects():
    with pytest.raises(ProtocolError, match=r"list 3: no labelled clip has the subject 'DD'.*'savee/DC'"):
        find_subject("DD", KNOWN, where="validation list 3")
    with pytest.raises(ProtocolError, match=r"any of cremad/1001, ravdess/1001"):
        find_subject(1001, KNOWN)
    with pytest.raises(ProtocolError, match="nearest is 'ravdess/02'"):
        find_subject("ravdes/02", ["ravdess/02", "savee/DC"])
    with pytest.raises(ProtocolError, match="listed twice"):
        make_folds(SubjectLists(validation=[[2], ["02"]]), corpus(4))


@pytest.mark.parametrize(
    ("folds", "numbers"),
    [("all", (0, 1, 2, 3, 4)), ("0+2", (0, 2)), (" 4 + 1 ", (1, 4)), ("3", (3,)), (0, (0,)), ([2, 0], (0, 2))],
)
def test_folds_as_written(folds, numbers):
    assert parse_folds(folds, 5) == numbers


@pytest.mark.parametrize(
    ("folds", "says"),
    [
        ("7", "no fold 7 of 5.*Folds are 0 to 4"),
        (5, "no fold 5 of 5"),
        (-1, "no fold -1 of 5"),
        ("0,2", "names no folds"),
        ("", "names no folds"),
        ("0+", "names no folds"),
        ("first", "names no folds"),
        ("1+1", "named twice"),
        ([], "no fold is chosen"),
        (True, "no fold True"),
    ],
)
def test_folds_that_are_none(folds, says):
    with pytest.raises(ProtocolError, match=says):
        parse_folds(folds, 5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda clips: clips.drop(columns="subject"), "column subject is missing"),
        (lambda clips: clips.assign(label=None), "no clip and no frame has a label"),
        (lambda clips: clips.assign(subject=[None, *clips["subject"][1:]]), "has no subject"),
    ],
)
def test_clips_that_cannot_be_folded(change, says):
    with pytest.raises(ProtocolError, match=says):
        make_folds(SubjectKFold(k=2), change(corpus(4)))


def split_corpus():
    clips = corpus(6)
    number = clips["subject"].str[-2:].astype(int)
    return clips.assign(split=number.map(lambda n: "train" if n <= 4 else "validation" if n == 5 else "test"))


def test_the_official_split_is_one_fold_and_leaves_the_test_part_out():
    clips = split_corpus()
    folds = make_folds(Official(), clips, inner_folds=2)
    check_leaks(folds, clips, clips)
    outer = folds[folds["parent"].isna()]
    assert held_out(folds, "0") == [5]
    assert set(outer["fold"]) == {"0"}
    assert not outer["subject"].str.endswith("06").any()
    assert set(folds["fold"]) == {"0", "0/0", "0/1"}


def test_labelled_clips_that_are_in_no_fold_are_told(caplog):
    clips = corpus(3, n_clips=2)
    clips["split"] = ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    with caplog.at_level("INFO"):
        make_folds(Official(), clips)
        assert "2 labelled clips are in no fold, as the protocol does not deal with them" in caplog.text
        caplog.clear()
        make_folds(Official(), clips[clips["split"] != "test"])
        assert not caplog.text


@pytest.mark.parametrize("splits", [None, "train", "test"])
def test_without_both_parts_there_is_no_official_fold(splits):
    clips = corpus(4) if splits is None else corpus(4).assign(split=splits)
    with pytest.raises(ProtocolError, match="no official training and validation part"):
        make_folds(Official(), clips)


def test_a_subject_in_both_official_parts_is_named():
    clips = split_corpus()
    clips.loc[clips["subject"] == "ravdess/05", "split"] = ["train"] + ["validation"] * 7
    with pytest.raises(ProtocolError, match="ravdess/05 is in training and in validation"):
        make_folds(Official(), clips)


def larger_split_corpus(n_subjects=12):
    """Subjects 1 to 8 train, 9 and 10 validate, 11 and 12 are for the test."""
    clips = corpus(n_subjects)
    number = clips["subject"].str[-2:].astype(int)
    return clips.assign(split=number.map(lambda n: "train" if n <= 8 else "validation" if n <= 10 else "test"))


def test_the_training_part_is_dealt_and_the_official_part_comes_last():
    clips = larger_split_corpus()
    protocol = TrainFoldsAndOfficial()
    folds = make_folds(protocol, clips, inner_folds=2, final=True)
    check_leaks(folds, clips, clips)
    outer = scored_folds(folds)
    assert outer["fold"].unique().tolist() == ["0", "1", "2", "3", "4"]
    assert held_out(folds, "4") == [9, 10]
    assert sorted(number for fold in "0123" for number in held_out(folds, fold)) == [*range(1, 9)]
    assert [len(held_out(folds, fold)) for fold in "0123"] == [2, 2, 2, 2]
    # the official fold trains on all of the training part; the others on the rest of it and on the validation part
    training = {fold: set(outer[(outer["fold"] == fold) & (outer["role"] == "train")]["subject"]) for fold in "04"}
    assert training["4"] == {f"ravdess/{number:02d}" for number in range(1, 9)}
    assert {"ravdess/09", "ravdess/10"} < training["0"]
    assert len(training["0"]) == 8
    assert not {"ravdess/11", "ravdess/12"} & set(folds["subject"])
    assert protocol.fold_titles(clips)[0] == "drawn from the training part, 1 of 4"
    assert protocol.fold_titles(clips)[4] == "official validation part"


def test_the_official_fold_of_several_is_that_of_the_official_protocol():
    clips = larger_split_corpus()
    one = make_folds(Official(), clips, inner_folds=2, seed=3)
    last = make_folds(TrainFoldsAndOfficial(k=3), clips, folds=3, inner_folds=2, seed=3)
    renamed = last.assign(**{name: last[name].str.replace("3", "0", n=1) for name in ("fold", "parent")})
    pd.testing.assert_frame_equal(renamed, one)


def test_a_training_part_of_too_few_people_is_named():
    with pytest.raises(ProtocolError, match="k = 9, training part: 8 subjects cannot be split into 9 parts"):
        make_folds(TrainFoldsAndOfficial(k=9), larger_split_corpus())
    clips = larger_split_corpus()
    clips.loc[clips["subject"] == "ravdess/09", "split"] = ["train"] + ["validation"] * 7
    with pytest.raises(ProtocolError, match="ravdess/09 is in training and in validation"):
        make_folds(TrainFoldsAndOfficial(), clips)
    with pytest.raises(ProtocolError, match="no official training and validation part"):
        make_folds(TrainFoldsAndOfficial(), clips.drop(columns="split"))


def test_twelve_pairs_of_actors():
    """S3's folds of RAVDESS: actors 1 and 2, 3 and 4, and so on."""
    pairs = SubjectLists(validation=[[number, number + 1] for number in range(1, 25, 2)])
    clips = corpus()
    folds = make_folds(pairs, clips, inner_folds=2)
    check_leaks(folds, clips, clips)
    assert [held_out(folds, str(fold)) for fold in range(12)] == [[n, n + 1] for n in range(1, 25, 2)]
    assert pairs.fold_titles(clips)[11] == "subjects 23, 24"


def test_lists_of_many_are_titled_by_the_first():
    lists = SubjectLists(validation=[[24], [*range(1, 21)]])
    assert lists.fold_titles(corpus()) == ("subject 24", "subjects 1, 2, 3, 4, 5, 6, 7, 8 and 12 more")


def test_frames_weigh_a_clip_by_its_classes_not_by_its_length():
    clips = pd.DataFrame({"clip_id": ["long", "short", "whole"], "subject": ["x/1", "x/2", "x/3"]})
    annotations = pd.DataFrame(
        {
            "clip_id": ["long"] * 1000 + ["short"] * 4 + ["whole"],
            "label": ["a"] * 750 + ["b"] * 249 + ["c"] + ["a"] * 3 + ["b", "a"],
        }
    )
    counts = label_rows(clips, annotations).groupby(["clip_id", "label"]).size().to_dict()
    assert counts == {
        ("long", "a"): 15,
        ("long", "b"): 5,
        ("long", "c"): 1,
        ("short", "a"): 3,
        ("short", "b"): 1,
        ("whole", "a"): 1,
    }


def test_clips_with_many_labels_are_in_a_fold_once():
    clips = corpus(6)
    rows = label_rows(clips, pd.concat([clips[["clip_id", "label"]]] * 3))
    folds = make_folds(SubjectKFold(k=2), rows, inner_folds=2)
    check_leaks(folds, clips, clips)
    assert (folds.groupby("fold")["clip_id"].nunique() == folds.groupby("fold").size()).all()


def test_too_few_subjects_are_named_with_the_fold():
    with pytest.raises(ProtocolError, match="subject_kfold with k = 5: 4 subjects"):
        make_folds(SubjectKFold(k=5), corpus(4))
    with pytest.raises(ProtocolError, match="inner folds of fold 0: 3 subjects"):
        make_folds(SubjectKFold(k=4), corpus(4), inner_folds=4)
    with pytest.raises(ProtocolError, match="at least 2"):
        make_folds(SubjectKFold(k=4), corpus(4), inner_folds=1)
    with pytest.raises(ProtocolError, match="no clip is left to train on"):
        make_folds(SubjectLists(validation=[[1, 2]]), corpus(2), inner_folds=2)


def test_protocols_come_from_parameters():
    adapter = TypeAdapter(AnyProtocol)
    assert adapter.validate_python(S2.model_dump(mode="json")) == S2
    assert adapter.validate_python({"kind": "subject_kfold", "k": 3}).n_folds(corpus()) == 3
    for wrong in ({"kind": "subject_lists", "validation": []}, {"kind": "subject_lists", "validation": [[]]}):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)


def final(folds):
    return folds[folds["fold"] == FINAL]


@pytest.mark.parametrize("protocol", [S2, SubjectKFold(k=5), SubjectLists(validation=[["01"], ["02"]])])
@pytest.mark.parametrize("chosen", ["all", "0", "1+0"])
def test_everything_that_the_protocol_deals_with_trains_in_fold_final(protocol, chosen):
    clips = corpus()
    folds = make_folds(protocol, clips, folds=chosen, inner_folds=2, final=True, seed=1)
    rows = final(folds)
    assert sorted(rows["clip_id"]) == sorted(clips["clip_id"])
    assert set(rows["role"]) == {"train"} and rows["parent"].isna().all()
    # It has no inner folds, comes last, and changes no other fold.
    pd.testing.assert_frame_equal(
        folds[folds["fold"] != FINAL], make_folds(protocol, clips, folds=chosen, inner_folds=2, seed=1)
    )
    assert not (folds["parent"] == FINAL).any()
    assert folds["fold"].iloc[-1] == FINAL


def test_fold_final_is_made_on_request_alone():
    assert FINAL not in set(make_folds(S2, corpus())["fold"])


def test_an_official_test_part_stays_out_of_fold_final():
    clips = split_corpus()
    clips.loc[clips["subject"] == "ravdess/06", "label"] = "anger"  # labelled as it may be, it is not learned from
    rows = final(make_folds(Official(), clips, inner_folds=2, final=True))
    assert set(rows["subject"]) == {f"ravdess/0{number}" for number in range(1, 6)}
    assert set(rows["role"]) == {"train"}


@pytest.mark.parametrize("splits", [["train", None], [None, "validation"], ["test", "unknown"]])
def test_clips_of_no_official_part_stay_out_of_fold_final(splits):
    clips = split_corpus()
    clips.loc[clips["subject"] == "ravdess/06", "split"] = None
    extra = clips[clips["subject"] == "ravdess/06"].head(2)
    clips.loc[extra.index, "split"] = splits
    rows = final(make_folds(Official(), clips, inner_folds=2, final=True))
    taken = extra.loc[extra.index[[split in {"train", "validation"} for split in splits]], "clip_id"]
    assert set(rows.loc[rows["subject"] == "ravdess/06", "clip_id"]) == set(taken)


def test_unlabelled_clips_are_not_in_fold_final_and_clips_of_many_labels_once():
    clips = corpus(6)
    rows = label_rows(clips, pd.concat([clips[["clip_id", "label"]]] * 3))
    found = final(make_folds(SubjectKFold(k=2), rows, final=True))
    assert sorted(found["clip_id"]) == sorted(clips["clip_id"])
    clips.loc[clips["subject"] == "ravdess/03", "label"] = None
    assert "ravdess/03" not in set(final(make_folds(SubjectKFold(k=2), clips, final=True))["subject"])


def test_fold_final_is_scored_nowhere():
    folds = make_folds(S2, corpus(), folds="0+3", inner_folds=2, final=True)
    assert scored_folds(folds)["fold"].unique().tolist() == ["0", "3"]
    named = folds[["fold", "parent"]].drop_duplicates()  # columns that are not needed may be absent
    assert scored_folds(named)["fold"].tolist() == ["0", "3"]
    assert validated_clips(folds, FINAL) == set()
    own = {
        fold: set(folds[(folds["fold"] == fold) & (folds["role"] == "validation")]["clip_id"])
        for fold in ("0", "3", "0/1")
    }
    assert {fold: validated_clips(folds, fold) for fold in own} == own
    assert validated_clips(folds) == own["0"] | own["3"]
