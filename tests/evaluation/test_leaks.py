from pathlib import PurePath
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation import leaks
from abaw_pipeline.evaluation.folds import make_folds
from abaw_pipeline.evaluation.leaks import check_leaks
from abaw_pipeline.evaluation.protocols import SubjectKFold


def corpus():
    """Six subjects, four clips each; subjects 2n and 2n+1 are in one recording, one after the other."""
    rows = [
        (f"c{s}{i}", f"x/s{s}", "ab"[i % 2], f"m{s // 2}.mp4", 10.0 * (s % 2) + i, 10.0 * (s % 2) + i + 1)
        for s in range(6)
        for i in range(4)
    ]
    return pd.DataFrame(rows, columns=["clip_id", "subject", "label", "media", "start", "end"])


@pytest.fixture
def clips():
    return corpus()


@pytest.fixture
def folds(clips):
    return make_folds(SubjectKFold(k=2), clips, inner_folds=2, seed=0)


def test_clean_folds_pass(folds, clips):
    check_leaks(folds, clips, clips)
    check_leaks(folds, clips[["clip_id", "subject"]], clips)


def test_a_subject_on_both_sides(folds, clips):
    clip = folds[(folds["fold"] == "1") & (folds["role"] == "train")].index[0]
    folds.loc[clip, "role"] = "validation"
    with pytest.raises(ProtocolError, match=f"fold 1: subjects are on both sides: {folds.loc[clip, 'subject']}"):
        check_leaks(folds, clips, clips)


def test_a_subject_renamed_in_the_folds_is_no_way_around(folds, clips):
    folds.loc[folds.index[0], "subject"] = "x/nobody"
    with pytest.raises(ProtocolError, match="different subjects: c00"):
        check_leaks(folds, clips, clips)


def sides(clips, train, validation):
    roles = pd.DataFrame({"clip_id": [*train, *validation]}).merge(clips[["clip_id", "subject"]])
    return roles.assign(
        fold="0",
        parent=pd.array([None] * len(roles), dtype="string"),
        role=["train"] * len(train) + ["validation"] * len(validation),
    )


@pytest.mark.parametrize(
    ("start", "end", "leaks"),
    [
        (4.0, 5.0, False),
        (3.5, 5.0, True),
        (0.0, 1.0, False),
        (0.0, 1.5, True),
        (1.2, 1.3, True),
        (np.nan, np.nan, True),
        (4.0, np.nan, False),
        (3.9, np.nan, True),
    ],
)
def test_stretches_of_one_file_must_not_overlap(clips, start, end, leaks):
    # Clips c01 to c03 cover 1 to 4 s of m0.mp4; another person's clips are cut from the same file.
    clips.loc[clips["clip_id"] == "c10", ["start", "end"]] = [start, end]
    folds = sides(clips, ["c01", "c02", "c03", "c20"], ["c10", "c30"])
    if not leaks:
        check_leaks(folds, clips, clips)
        return
    with pytest.raises(ProtocolError, match=r"c0\d' \(train\) and 'c10' \(validation\) overlap in m0.mp4"):
        check_leaks(folds, clips, clips)


def test_files_whose_stretches_are_unknown_overlap(clips):
    folds = sides(clips, ["c00", "c20"], ["c10"])
    check_leaks(folds, clips, clips)
    with pytest.raises(ProtocolError, match="overlap"):
        check_leaks(folds, clips.drop(columns=["start", "end"]), clips)


@pytest.mark.parametrize(("start", "leaks"), [(4.0, False), (3.5, True)])
def test_copies_of_a_file_are_that_file(clips, start, leaks):
    """Another name of the same content, say of a corpus that is named twice."""
    clips["sha256"] = "of " + clips["media"]
    clips.loc[clips["clip_id"] == "c20", ["media", "sha256", "start", "end"]] = ["copy.mp4", "of m0.mp4", start, 5.0]
    folds = sides(clips, ["c00", "c01", "c02", "c03", "c40"], ["c20"])
    if not leaks:
        check_leaks(folds, clips, clips)
        return
    says = r"'c03' \(train\) and 'c20' \(validation\) overlap in m0.mp4 and copy.mp4, whose contents are the same"
    with pytest.raises(ProtocolError, match=says):
        check_leaks(folds, clips, clips)
    clips.loc[clips["clip_id"] == "c20", "sha256"] = None  # not known: its path tells
    check_leaks(folds, clips, clips)


def test_other_stretches_of_one_file_on_both_sides_are_named_once_a_fold(clips, caplog):
    outer = sides(clips, ["c00", "c01", "c20"], ["c10", "c11"])
    inner = sides(clips, ["c20"], ["c00", "c01"]).assign(fold="0/0", parent="0")
    check_leaks(pd.concat([outer, inner], ignore_index=True), clips, clips)
    assert caplog.text.count("fold 0: different stretches of the same files train and validate: m0.mp4") == 1
    assert "fold 0/0: different" not in caplog.text


def test_files_of_their_own_are_no_reason_to_warn(clips, caplog):
    check_leaks(sides(clips, ["c00", "c01"], ["c20", "c21"]), clips, clips)
    assert not caplog.text


@pytest.mark.parametrize(
    ("media", "end", "alike"),
    [
        ("wav/A01.wav", 3.0, True),  # the sound of the film, in a folder of its own
        ("a01.mkv", 3.04, True),  # an encoder has filled up its last block
        ("a01.mkv", 2.96, True),
        ("a01.mkv", 3.2, False),
        ("a02.mp4", 3.0, False),
        ("a01.mp4.wav", 3.0, False),
        ("a01.mkv", None, False),
    ],
)
def test_other_forms_of_a_take_are_named(media, end, alike, caplog):
    """Nobody has said who speaks, so that each clip is somebody of its own."""
    clips = pd.DataFrame(
        {
            "clip_id": ["film", "sound", "more"],
            "subject": ["film", "sound", "more"],
            "label": "a",
            "media": ["films/a01.mp4", media, "b.mp4"],
            "start": 0.0,
            "end": [3.0, end, 3.0],
        }
    )
    check_leaks(sides(clips, ["film", "more"], ["sound"]), clips, clips)
    assert ("fold 0: validation clips may be other forms of training clips" in caplog.text) == alike
    assert ("sound (film)" in caplog.text) == alike


@pytest.mark.parametrize(("n_alike", "told"), [(1, False), (2, False), (3, True), (6, True)])
def test_people_whose_files_are_called_the_same_are_told_apart_by_their_lengths(n_alike, told, caplog):
    """Two folders with the same file names: two people whose sentences seldom last as long, or one corpus twice."""
    rows = [
        (f"{who}/{n}", who, "a", f"{who}/a{n:02d}.wav", 0.0, n + 1.0 + (0.3 if who == "DC" and n >= n_alike else 0.0))
        for who in ("DC", "JE")
        for n in range(6)
    ]
    clips = pd.DataFrame(rows, columns=["clip_id", "subject", "label", "media", "start", "end"])
    check_leaks(sides(clips, clips["clip_id"][:6], clips["clip_id"][6:]), clips, clips)
    assert ("other forms of training clips" in caplog.text) == told


@pytest.mark.parametrize(("n_folders", "told"), [(4, True), (40, False)])
def test_a_name_that_every_file_has_tells_nothing(n_folders, told, caplog):
    names = [f"c{n}" for n in range(n_folders)]
    clips = pd.DataFrame({"clip_id": names, "subject": names, "label": "a", "media": [f"{n}/video.mp4" for n in names]})
    clips = clips.assign(start=0.0, end=5.0)
    check_leaks(sides(clips, names[: n_folders // 2], names[n_folders // 2 :]), clips, clips)
    assert ("other forms of training clips" in caplog.text) == told


def test_takes_of_one_person_stay_together_and_are_no_reason_to_warn(caplog):
    clips = pd.DataFrame({"clip_id": ["film", "sound", "more"], "subject": ["x", "x", "y"], "label": "a"})
    clips = clips.assign(media=["a.mp4", "a.wav", "b.wav"], start=0.0, end=2.0)
    check_leaks(sides(clips, ["film", "sound"], ["more"]), clips, clips)
    assert not caplog.text


def test_an_empty_side(clips):
    with pytest.raises(ProtocolError, match="validation side is empty"):
        check_leaks(sides(clips, ["c00", "c01"], []), clips, clips)
    with pytest.raises(ProtocolError, match="training side is empty"):
        check_leaks(sides(clips, [], ["c00", "c01"]), clips, clips)


def test_a_class_never_trained(clips):
    with pytest.raises(ProtocolError, match="no training clip has them: b"):
        check_leaks(sides(clips, ["c00", "c02"], ["c20", "c21"]), clips, clips)


def test_a_class_that_an_inner_fold_cannot_train_is_a_warning(clips, caplog):
    outer = sides(clips, ["c00", "c01", "c20"], ["c40", "c41"])
    inner = sides(clips, ["c20"], ["c00", "c01"]).assign(fold="0/0", parent="0")
    check_leaks(pd.concat([outer, inner], ignore_index=True), clips, clips)
    assert "fold 0/0: no training clip has b" in caplog.text


def test_classes_of_frames_count(clips):
    """Two clips a side; class b is trained in a few frames only."""
    annotations = pd.DataFrame({"clip_id": ["c00", "c00", "c02", "c20"], "label": ["a", "b", "a", "b"]})
    folds = sides(clips, ["c00", "c02"], ["c20"])
    check_leaks(folds, clips, annotations)
    with pytest.raises(ProtocolError, match="no training clip has them: b"):
        check_leaks(folds, clips, annotations.drop(index=1))


def test_validation_clips_of_the_parent_in_an_inner_fold(folds, clips):
    outer = folds[folds["fold"] == "0"]
    leaked = outer[outer["role"] == "validation"].iloc[:1]
    # Its subject is new to the inner fold, so only the parent tells that it must not be there.
    spoilt = pd.concat([folds, leaked.assign(fold="0/1", parent="0", role="train")], ignore_index=True)
    with pytest.raises(ProtocolError, match=f"fold 0/1: .* training side of fold 0: {leaked['clip_id'].item()}"):
        check_leaks(spoilt, clips, clips)
    with pytest.raises(ProtocolError, match="does not exist"):
        check_leaks(folds[folds["fold"] != "0"], clips, clips)


def test_clips_that_do_not_belong(folds, clips):
    with pytest.raises(ProtocolError, match="unknown or have no label: c00"):
        check_leaks(folds, clips.iloc[1:], clips)
    with pytest.raises(ProtocolError, match="unknown or have no label: c11"):
        check_leaks(folds, clips, clips[clips["clip_id"] != "c11"])
    with pytest.raises(ProtocolError, match="listed twice: c00"):
        check_leaks(folds, pd.concat([clips, clips.iloc[:1]]), clips)
    with pytest.raises(ProtocolError, match="more than one role: c00"):
        check_leaks(pd.concat([folds, folds[folds["fold"] == "0"].iloc[:1]]), clips, clips)
    with pytest.raises(ProtocolError, match="not test"):
        check_leaks(folds.assign(role=folds["role"].replace("train", "test")), clips, clips)


def with_final(clips):
    return make_folds(SubjectKFold(k=2), clips, inner_folds=2, final=True, seed=0)


def test_fold_final_passes_though_it_validates_nothing(clips):
    check_leaks(with_final(clips), clips, clips)


def test_fold_final_holds_nothing_back(clips):
    folds = with_final(clips)
    row = folds.index[folds["fold"] == "final"][3]
    folds.loc[row, "role"] = "validation"
    with pytest.raises(
        ProtocolError, match=f"fold final: everything trains in it, but not: {folds.loc[row, 'clip_id']}"
    ):
        check_leaks(folds, clips, clips)


def test_fold_final_is_checked_for_clips_that_do_not_belong(clips):
    folds = with_final(clips)
    last = folds[folds["fold"] == "final"].iloc[:1]
    for wrong, says in (
        (last, "more than one role: c00"),
        (last.assign(clip_id="nobody"), "unknown or have no label: nobody"),
        (last.assign(subject="x/other"), "different subjects: c00"),
    ):
        with pytest.raises(ProtocolError, match=says):
            check_leaks(pd.concat([folds, wrong], ignore_index=True), clips, clips)


CLIP = st.fixed_dictionaries(
    {
        "subject": st.sampled_from("uvwx"),
        "labels": st.sets(st.sampled_from("ab"), min_size=1),
        "media": st.sampled_from(["1/m.mp4", "2/M.wav", "3/m.mp4", "n.mp4"]),
        "sha256": st.sampled_from([None, "p", "q"]),
        "start": st.sampled_from([None, 0.0, 1.0, 2.0]),
        "end": st.sampled_from([None, 1.0, 1.04, 2.0, 3.0]),
        "role": st.sampled_from([None, "train", "validation"]),
    }
)


def plain_rule(clips):
    """What is wrong with one fold, clip by clip and pair by pair; else the files and clips that are told of."""
    train, held_out = ([each for each in clips if each["role"] == role] for role in ("train", "validation"))
    if not train or not held_out:
        return "side is empty"
    if {each["subject"] for each in train} & {each["subject"] for each in held_out}:
        return "subjects are on both sides"
    if not set().union(*(each["labels"] for each in held_out)) <= set().union(*(each["labels"] for each in train)):
        return "no training clip has them"
    pairs = [(one, other) for one in train for other in held_out]
    shared = [pair for pair in pairs if len({each["sha256"] or each["media"] for each in pair}) == 1]
    for one, other in shared:
        begins, ends = ([each[side] for each in (one, other)] for side in ("start", "end"))
        begins = [-np.inf if each is None else each for each in begins]
        ends = [np.inf if each is None else each for each in ends]
        if begins[0] < ends[1] and begins[1] < ends[0]:
            return "overlap"
    return sorted({other["media"] for _, other in shared}), plain_twins(pairs, [*train, *held_out])


def plain_twins(pairs, clips):
    def takes(clip):
        if clip["end"] is None:
            return set()
        begin = clip["start"] or 0.0
        step = int(np.floor((clip["end"] - begin) / 0.05))
        return {(PurePath(clip["media"]).stem.casefold(), begin, each) for each in (step, step + 1)}

    alike = [(one, other) for one, other in pairs if takes(one) & takes(other)]
    told = set()
    for people in {(one["subject"], other["subject"]) for one, other in alike}:
        found = {other["clip_id"] for one, other in alike if (one["subject"], other["subject"]) == people}
        if len(found) >= 0.5 * min(sum(each["subject"] == who for each in clips) for who in people):
            told |= found
    return told


@given(st.lists(CLIP, min_size=2, max_size=8))
@settings(max_examples=50, deadline=None)
def test_what_is_found_is_what_the_plain_rule_finds(rows):
    rows = [row | {"clip_id": f"c{number}"} for number, row in enumerate(rows)]
    clips = pd.DataFrame(rows).astype({"start": float, "end": float})
    annotations = clips[["clip_id"]].assign(label=[sorted(row["labels"]) for row in rows]).explode("label")
    folds = clips.loc[clips["role"].notna(), ["clip_id", "subject", "role"]].assign(fold="0", parent=None)
    expected = plain_rule(rows) if len(folds) else ([], set())
    told = [], set()
    with patch.object(leaks, "_warn") as warned:
        if isinstance(expected, str):
            with pytest.raises(ProtocolError, match=expected):
                check_leaks(folds, clips, annotations)
            return
        check_leaks(folds, clips, annotations)
    for shared, alike, _ in (call.args for call in warned.call_args_list):
        told = shared, {each.partition(" ")[0] for each in alike}
    assert told == expected
