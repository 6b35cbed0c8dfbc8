"""Folds that hold out a session, a subject or a corpus."""

import pandas as pd
import pytest
from pydantic import ValidationError

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import FINAL, label_rows, left_out, make_folds, of_trained_classes, trained_classes
from abaw_pipeline.evaluation.leaks import check_leaks
from abaw_pipeline.evaluation.protocols import LeaveOneCorpusOut, LeaveOneSessionOut, LeaveOneSubjectOut


def clips(*rows):
    """Rows of corpus, session, subject and label."""
    table = pd.DataFrame(rows, columns=["corpus", "session", "subject", "label"])
    table["subject"] = table["corpus"] + "/" + table["subject"]
    table.insert(0, "clip_id", [f"c{number}" for number in range(len(table))])
    return table


def sides(folds, fold):
    """Subjects that train and that validate."""
    own = folds[folds["fold"] == fold]
    return tuple(sorted(set(own.loc[own["role"] == role, "subject"])) for role in ("train", "validation"))


DIALOGS = clips(
    *(("iemocap", f"Session{s}", f"Ses{s:02d}{sex}", label) for s in (10, 2, 1) for sex in "FM" for label in "ab")
)


def test_sessions_are_folds_in_the_order_in_which_people_count():
    folds = make_folds(LeaveOneSessionOut(), DIALOGS, inner_folds=2)
    assert LeaveOneSessionOut().fold_titles(DIALOGS) == ("session Session1", "session Session2", "session Session10")
    assert sides(folds, "1") == (
        ["iemocap/Ses01F", "iemocap/Ses01M", "iemocap/Ses10F", "iemocap/Ses10M"],
        ["iemocap/Ses02F", "iemocap/Ses02M"],
    )
    check_leaks(folds, DIALOGS, DIALOGS)


def spoken(table, start):
    """Each session is a file, in which everybody begins where `start` says and speaks for two seconds."""
    begin = [float(start(name)) for name in table["subject"]]
    return table.assign(
        media=table["session"] + ".avi", sha256=table["session"], start=begin, end=[time + 2 for time in begin]
    )


def test_who_speak_at_once_stay_together_in_inner_folds_too():
    at_once = spoken(DIALOGS, lambda name: 0 if name.endswith("F") else 1)
    folds = make_folds(LeaveOneSessionOut(), label_rows(at_once.drop(columns="label"), DIALOGS), inner_folds=2)
    check_leaks(folds, at_once, DIALOGS)
    assert {name[:-1] for name in sides(folds, "0/0")[1]}.isdisjoint(name[:-1] for name in sides(folds, "0/0")[0])
    in_turn = spoken(DIALOGS, lambda name: 0 if name.endswith("F") else 2)
    pd.testing.assert_frame_equal(
        make_folds(LeaveOneSessionOut(), in_turn, inner_folds=2),
        make_folds(LeaveOneSessionOut(), DIALOGS, inner_folds=2),
    )


def test_sessions_of_two_corpora_are_not_the_same_for_being_called_the_same():
    both = clips(*((corpus, "1", person, "a") for corpus in ("x", "y") for person in "pq"), ("y", "2", "r", "a"))
    assert LeaveOneSessionOut().fold_titles(both) == ("session 1 of x", "session 1 of y", "session 2 of y")
    assert sides(make_folds(LeaveOneSessionOut(), both), "0") == (["y/p", "y/q", "y/r"], ["x/p", "x/q"])


PAIRS = (("1", "pq"), ("2", "qr"), ("3", "st"))
RETURNING = clips(*(("ramas", session, who, label) for session, pair in PAIRS for who in pair for label in "ab"))


def test_people_who_come_back_are_refused_or_do_not_train_while_they_validate(caplog):
    with pytest.raises(ProtocolError, match=r"more than one session: ramas/q.*returning_subjects: leave_out"):
        make_folds(LeaveOneSessionOut(), RETURNING)
    protocol = LeaveOneSessionOut(returning_subjects="leave_out")
    folds = make_folds(protocol, RETURNING, inner_folds=2, final=True)
    check_leaks(folds, RETURNING, RETURNING)
    assert sides(folds, "0") == (["ramas/r", "ramas/s", "ramas/t"], ["ramas/p", "ramas/q"])
    assert sides(folds, "2") == (["ramas/p", "ramas/q", "ramas/r"], ["ramas/s", "ramas/t"])
    again = RETURNING[(RETURNING["subject"] == "ramas/q") & (RETURNING["session"] == "2")]
    assert left_out(protocol, RETURNING, folds)["0"] == again["clip_id"].tolist()
    assert set(left_out(protocol, RETURNING, folds)) == {"0", "1"}
    assert "fold 0: 2 clips of people who validate are left out of training" in caplog.text
    validated = folds[folds["parent"].isna() & (folds["role"] == "validation")]
    assert sorted(validated["clip_id"]) == sorted(RETURNING["clip_id"])  # each in its session's fold
    assert len(folds[folds["fold"] == FINAL]) == len(RETURNING)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (DIALOGS.drop(columns="session"), "clips have no session: c0, c1, c2, c3, c4 and 7 more"),
        (DIALOGS.assign(session=[None, *DIALOGS["session"][1:]]), "clips have no session: c0.*column 'session'"),
        (DIALOGS.assign(session="1"), "session 1 is the only one"),
    ],
)
def test_clips_without_sessions(table, says):
    with pytest.raises(ProtocolError, match=says):
        make_folds(LeaveOneSessionOut(), table)


def test_four_people_are_four_folds():
    savee = clips(*(("savee", None, who, label) for who in ("KL", "DC", "JK", "JE") for label in "abc"))
    folds = make_folds(LeaveOneSubjectOut(), savee, inner_folds=3)
    titles = LeaveOneSubjectOut().fold_titles(savee)
    assert titles == ("subject savee/DC", "subject savee/JE", "subject savee/JK", "subject savee/KL")
    assert sides(folds, "3") == (["savee/DC", "savee/JE", "savee/JK"], ["savee/KL"])
    with pytest.raises(ProtocolError, match="savee/DC is the only one"):
        make_folds(LeaveOneSubjectOut(), savee[savee["subject"] == "savee/DC"])


THREE = clips(
    *(("ravdess", None, str(who), label) for who in range(3) for label in ["anger", "fear", "surprise"]),
    *(("cremad", None, str(who), label) for who in range(3) for label in ["anger", "fear"]),
    *(("savee", None, str(who), label) for who in range(3) for label in ["anger", "contempt", "surprise"]),
)


def test_each_corpus_is_held_out_from_all_others(caplog):
    protocol = LeaveOneCorpusOut()
    folds = make_folds(protocol, THREE, inner_folds=2)
    check_leaks(folds, THREE, THREE)
    assert protocol.fold_titles(THREE) == ("corpus cremad", "corpus ravdess", "corpus savee")
    train, validation = sides(folds, "0")
    assert {name.split("/")[0] for name in train} == {"ravdess", "savee"}
    assert validation == ["cremad/0", "cremad/1", "cremad/2"]


def test_what_no_other_corpus_can_teach_is_not_scored_and_told(caplog):
    protocol = LeaveOneCorpusOut()
    folds = make_folds(protocol, THREE, final=True)
    contempt = THREE.loc[THREE["label"] == "contempt", "clip_id"].tolist()
    assert left_out(protocol, THREE, folds) == {"2": contempt}
    assert (
        "savee has clips with classes alone that no training clip has: contempt; 3 clips are not scored" in caplog.text
    )
    # where the corpus trains, and in fold final, all of its classes do
    assert set(contempt) <= set(folds.loc[(folds["fold"] == "0") & (folds["role"] == "train"), "clip_id"])
    assert set(contempt) <= set(folds.loc[folds["fold"] == FINAL, "clip_id"])


def test_of_frames_only_those_of_classes_that_training_lacks_are_not_scored(caplog):
    frames = pd.DataFrame({"clip_id": ["c0", "c0", "c1", "c2", "c3"], "label": ["a", "b", "b", "a", "a"]})
    known = clips(*((corpus, None, who, None) for corpus in "xy" for who in "pq"))
    folds = make_folds(LeaveOneCorpusOut(), label_rows(known, frames))
    assert folds.loc[(folds["fold"] == "0") & (folds["role"] == "validation"), "clip_id"].tolist() == ["c0"]
    trained = trained_classes(folds, frames)
    assert trained == {"0": {"a"}, "1": {"a", "b"}}
    asked = of_trained_classes(frames.assign(time=range(5)), folds, trained)
    assert asked["time"].tolist() == [0, 3, 4]
    assert of_trained_classes(frames.head(0), folds, trained).columns.tolist() == ["clip_id", "label"]
    check_leaks(folds, known, frames, skips_unknown_classes=True)
    assert "fold 0: no training clip has b, which is not scored" in caplog.text
    with pytest.raises(ProtocolError, match="fold 0: classes are validated but no training clip has them: b"):
        check_leaks(folds, known, frames)
    only = frames.drop(index=0)  # nothing of the clip could be scored
    with pytest.raises(ProtocolError, match="no training clip has them: b"):
        check_leaks(folds[folds["fold"] == "0"].query("clip_id != 'c1'"), known, only, skips_unknown_classes=True)


def test_a_corpus_without_any_class_in_common_cannot_validate_but_train():
    strange = pd.concat([THREE, clips(("w", None, "1", "other")).assign(clip_id="w0")], ignore_index=True)
    with pytest.raises(ProtocolError, match=r"corpus w has clips .*: other, and no others. Let it only train"):
        make_folds(LeaveOneCorpusOut(), strange)
    folds = make_folds(LeaveOneCorpusOut(validation=["savee", "cremad"]), strange)
    assert {fold: sides(folds, fold)[1][0].split("/")[0] for fold in ("0", "1")} == {"0": "savee", "1": "cremad"}
    assert "w/1" in sides(folds, "0")[0]


def test_corpora_are_named_on_the_command_line_too():
    assert LeaveOneCorpusOut(validation="savee+cremad").validation == ("savee", "cremad")
    assert LeaveOneCorpusOut(validation="all").validation == "all"
    for wrong, says in ((["savee", "savee"], "twice"), ([], "no corpus validates")):
        with pytest.raises(ValidationError, match=says):
            LeaveOneCorpusOut(validation=wrong)


@pytest.mark.parametrize(
    ("protocol", "table", "says"),
    [
        (LeaveOneCorpusOut(validation=["save"]), THREE, "no corpus with labelled clips 'save'; did you mean 'savee'"),
        (LeaveOneCorpusOut(), THREE[THREE["corpus"] == "savee"], "corpus savee is the only one with labelled clips"),
        (LeaveOneCorpusOut(), THREE.drop(columns="corpus"), "clips have no corpus"),
    ],
)
def test_corpora_that_cannot_be_held_out(protocol, table, says):
    with pytest.raises(ProtocolError, match=says):
        make_folds(protocol, table)
