"""IEMOCAP's folders: turns, labels, raters, sides, and what is wrong with some of them."""

import os
import re
import shutil
import wave
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from abaw_pipeline.corpora.iemocap import Iemocap
from abaw_pipeline.corpora.iemocap_turns import parse_evaluation
from abaw_pipeline.errors import CorpusError, PipelineError

HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"


def turn(name: str, start: float, end: float, code: str = "neu", raters: Mapping[str, str] | None = None) -> str:
    """A turn's lines as the release has them."""
    lines = [f"[{start:.4f} - {end:.4f}]\t{name}\t{code}\t[2.5000, 2.5000, 2.5000]"]
    lines += [f"C-{rater}:\t{choice};\t()" for rater, choice in (raters or {}).items()]
    return "\n".join([*lines, "A-E3:\tval 3; act 2; dom  2;\t()", "", ""])


def make(root: Path, dialogues: Mapping[str, str], *, seconds: float = 30.0) -> Path:
    """The release's folders with silent dialogues, by their evaluations."""
    for dialogue, text in dialogues.items():
        folder = root / f"Session{dialogue[4]}" / "dialog"
        for place in ("wav", "avi/DivX", "EmoEvaluation/Categorical"):
            (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / "EmoEvaluation" / f"{dialogue}.txt").write_text(HEADER + text, encoding="utf-8")
        (folder / "avi/DivX" / f"{dialogue}.avi").write_bytes(b"")
        with wave.open(str(folder / "wav" / f"{dialogue}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(1)
            file.setframerate(1000)
            file.writeframes(b"\x80" * round(1000 * seconds))
    return root


def read(root: Path, **parameters):
    return Iemocap(path=str(root), **parameters).entries("ie")


TWO = turn("Ses01F_impro01_F000", 1, 3) + turn("Ses01F_impro01_M000", 4, 6.5, "ang")


def test_a_turn_is_a_segment_of_its_dialogue_and_its_speaker_the_subject(tmp_path):
    found = read(make(tmp_path, {"Ses01F_impro01": TWO, "Ses05M_script01_1b": turn("Ses05M_script01_1b_M000", 0, 1)}))
    assert found.failures == []
    clips = [(clip.clip_id, clip.label, clip.start, clip.end, clip.subject, clip.sex) for clip in found.clips]
    assert clips == [
        ("ie/Ses01F_impro01_F000", "neutral", 1.0, 3.0, "ie/Ses01_F", "f"),
        ("ie/Ses01F_impro01_M000", "anger", 4.0, 6.5, "ie/Ses01_M", "m"),
        ("ie/Ses05M_script01_1b_M000", "neutral", 0.0, 1.0, "ie/Ses05_M", "m"),
    ]
    assert [clip.session for clip in found.clips] == ["Session1", "Session1", "Session5"]
    assert {clip.media for clip in found.clips[:2]} == {str(tmp_path / "Session1/dialog/wav/Ses01F_impro01.wav")}
    assert [clip.side for clip in found.clips] == [None] * 3
    assert [clip.extra["markers"] for clip in found.clips] == ["yes", "no", "yes"]
    assert found.notes == [
        *(f"Session{n} is not there" for n in (2, 3, 4)),
        "2 of the corpus's 151 dialogues are there",
    ]


@pytest.mark.parametrize(
    ("marked_side", "sides"),
    [("left", ["left", "right", "right", "left"]), ("right", ["right", "left", "left", "right"]), (None, [None] * 4)],
)
def test_whom_the_dialogue_is_named_after_is_on_the_marked_side(tmp_path, marked_side, sides):
    named_after_him = turn("Ses01M_impro01_F000", 1, 3) + turn("Ses01M_impro01_M000", 4, 6)
    root = make(tmp_path, {"Ses01F_impro01": TWO, "Ses01M_impro01": named_after_him})
    found = read(root, modality="video", marked_side=marked_side)
    assert [clip.side for clip in found.clips] == sides
    assert {Path(clip.media).suffix for clip in found.clips} == {".avi"}


CODES = ["ang", "dis", "exc", "fea", "fru", "hap", "neu", "oth", "sad", "sur", "xxx"]
ALL_CODES = "".join(turn(f"Ses02F_impro01_F{n:03d}", n, n + 0.5, code) for n, code in enumerate(CODES))


def test_each_label_counts_as_documented_and_what_is_left_out_is_counted_not_refused(tmp_path):
    found = read(make(tmp_path, {"Ses02F_impro01": ALL_CODES}))
    assert found.failures == []
    assert {clip.extra["code"]: clip.label for clip in found.clips} == {
        "ang": "anger",
        "dis": "disgust",
        "exc": "happiness",
        "fea": "fear",
        "fru": "frustration",
        "hap": "happiness",
        "neu": "neutral",
        "sad": "sadness",
        "sur": "surprise",
    }
    assert "turns left out: 1 labelled oth; 1 labelled xxx" in found.notes


def test_a_user_says_what_labels_count_as(tmp_path):
    root = make(tmp_path, {"Ses02F_impro01": ALL_CODES})
    found = read(root, labels={"exc": None, "fru": None, "oth": "other"})
    assert {clip.extra["code"] for clip in found.clips} == {*CODES} - {"exc", "fru", "xxx"}
    assert "turns left out: 1 labelled exc; 1 labelled fru; 1 labelled xxx" in found.notes
    assert "anger" not in {clip.label for clip in read(root, drop_classes=("anger",)).clips}
    for wrong in ({"excited": "happiness"}, {"exc": "joy"}):
        with pytest.raises(ValidationError):
            Iemocap(path="x", labels=wrong)


@pytest.mark.parametrize(
    ("raters", "share"),
    [
        ({"E2": "Neutral", "E3": "Neutral", "E4": "Neutral", "F1": "Anger"}, 1.0),
        ({"E1": "Neutral", "E2": "Neutral state", "E4": "Anger"}, 2 / 3),
        ({"E1": "Neutral; Sadness", "E2": "Anger"}, 0.5),
        ({"E1": "Anger", "F1": "Neutral", "M1": "Neutral"}, 0.0),
    ],
)
def test_agreement_is_the_share_of_watchers_who_chose_the_label(tmp_path, raters, share):
    root = make(tmp_path, {"Ses01F_impro01": turn("Ses01F_impro01_F000", 1, 3, "neu", raters)})
    assert len(read(root, min_agreement=share).clips) == 1
    if share < 1:
        found = read(root, min_agreement=share + 0.01)
        assert (found.clips, found.failures) == ([], [])
        assert any("less than" in note for note in found.notes)


def test_raters_agree_on_what_labels_count_as(tmp_path):
    raters = {"E1": "Happiness", "E2": "Excited", "E3": "Anger"}
    root = make(tmp_path, {"Ses01F_impro01": turn("Ses01F_impro01_F000", 1, 3, "exc", raters)})
    assert len(read(root, min_agreement=0.6).clips) == 1
    assert read(root, min_agreement=0.6, labels={"hap": None}).clips == []


def test_a_turn_nobody_else_has_rated_is_left_out_only_where_agreement_is_asked_for(tmp_path):
    root = make(tmp_path, {"Ses01F_impro01": TWO})
    assert len(read(root).clips) == 2
    assert "turns left out: 2 that nobody else has rated" in read(root, min_agreement=0.1).notes


BAD = {
    "no bracket": ("[1.0 - 2.0\tSes01F_impro01_F009\tneu\t[1, 2, 3]\n", "the line is no turn"),
    "no numbers": ("[one - 2.0]\tSes01F_impro01_F009\tneu\t[1, 2, 3]\n", "the line is no turn"),
    "cut": ("[10.0 - 12.0]\tSes01F_impro01_F009\tneu\n", "the line is no turn"),
    "other dialogue": ("[10.0 - 12.0]\tSes01F_impro02_F009\tneu\t[1, 2, 3]\n", "is no turn of Ses01F_impro01"),
    "unknown label": ("[10.0 - 12.0]\tSes01F_impro01_F009\tjoy\t[1, 2, 3]\n", "'joy'"),
    "empty": (turn("Ses01F_impro01_F009", 12, 12), "start 12 s is not before end 12 s"),
    "beyond": (turn("Ses01F_impro01_F009", 29, 31), "beyond the media, which last 30 s"),
    "behind": (turn("Ses01F_impro01_F009", 30.01, 30.05), "beyond the media, which last 30 s"),
    "overlap": (turn("Ses01F_impro01_F009", 2, 4), "speaker's turn Ses01F_impro01_F000"),
    "twice": (turn("Ses01F_impro01_F009", 9, 10) + turn("Ses01F_impro01_F009", 11, 12), "lines 9, 12 are one turn"),
    "no rater": ("C-E9 Neutral\n", "'C-E9 Neutral'"),
    "unknown choice": ("C-E9:\tJoy;\t()\n", "'C-E9:"),
    "prose": ("and so on\n", "'and so on'"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_a_turn_is_a_row_and_the_rest_goes_on(tmp_path, case):
    text, words = BAD[case]
    found = read(make(tmp_path, {"Ses01F_impro01": TWO + text}))
    assert [clip.clip_id for clip in found.clips] == ["ie/Ses01F_impro01_F000", "ie/Ses01F_impro01_M000"]
    (failure,) = found.failures
    assert words in failure.message
    assert "Ses01F_impro01" in failure.key


def test_a_rater_of_a_damaged_turn_is_not_the_one_before_s(tmp_path):
    text = turn("Ses01F_impro01_F000", 1, 3, "neu", {"E1": "Neutral"}) + "[damaged\nC-E2:\tAnger;\t()\n"
    assert len(read(make(tmp_path, {"Ses01F_impro01": text}), min_agreement=1).clips) == 1


def test_both_may_speak_at_once_and_an_end_may_round_beyond_the_media(tmp_path):
    text = turn("Ses01F_impro01_F000", 1, 3) + turn("Ses01F_impro01_M000", 2, 30.05)
    found = read(make(tmp_path, {"Ses01F_impro01": text}))
    assert [clip.end for clip in found.clips] == [3.0, 30.0]
    assert "1 times both speak at once; such turns are kept" in found.notes


def test_line_ends_marks_and_odd_letters_do_no_harm(tmp_path):
    root = make(tmp_path, {"Ses01F_impro01": TWO})
    file = root / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    text = (HEADER + TWO).replace("()", "(d\N{LATIN SMALL LETTER E WITH ACUTE}j\xe0 vu)").replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode("latin-1"))
    found = read(root)
    assert (len(found.clips), found.failures) == (2, [])


def test_leavings_and_other_evaluations_are_not_turns(tmp_path):
    root = make(tmp_path, {"Ses01F_impro01": TWO})
    folder = root / "Session1/dialog/EmoEvaluation"
    for name in ("._Ses01F_impro01.txt", "Categorical/Ses01F_impro01_e2_cat.txt", ".DS_Store"):
        (folder / name).write_bytes(b"\0\1")
    (root / "Session1/dialog/wav/._Ses01F_impro01.wav").write_bytes(b"\0")
    found = read(root)
    assert (len(found.clips), found.failures) == (2, [])


def test_dialogues_without_media_or_evaluation_and_sessions_without_either_are_told(tmp_path):
    texts = {f"Ses0{n}F_impro01": turn(f"Ses0{n}F_impro01_F000", 1, 3) for n in (1, 2, 3, 4)}
    root = make(tmp_path, texts)
    (root / "Session1/dialog/wav/Ses01F_impro01.wav").unlink()
    (root / "Session2/dialog/EmoEvaluation/Ses02F_impro01.txt").unlink()
    shutil.rmtree(root / "Session3/dialog/wav")
    shutil.copy(root / "Session4/dialog/EmoEvaluation/Ses04F_impro01.txt", root / "Session4/dialog/EmoEvaluation/x.txt")
    shutil.copy(
        root / "Session4/dialog/EmoEvaluation/Ses04F_impro01.txt",
        root / "Session4/dialog/EmoEvaluation/Ses03F_impro01.txt",
    )
    found = read(root)
    assert [clip.clip_id for clip in found.clips] == ["ie/Ses04F_impro01_F000"]
    assert [failure.key for failure in found.failures] == [
        "ie/Session1/Ses01F_impro01",
        "ie/Session3",
        "ie/Session4/Ses03F_impro01",
        "ie/Session4/x",
    ]
    assert "no media file for this dialogue" in found.failures[0].message
    assert "there is no dialog/wav" in found.failures[1].message
    assert "Session2: 1 media files have no evaluation and are left out: Ses02F_impro01" in found.notes


def test_two_media_files_of_one_dialogue_are_refused(tmp_path):
    root = make(tmp_path, {"Ses01F_impro01": TWO})
    shutil.copy(root / "Session1/dialog/wav/Ses01F_impro01.wav", root / "Session1/dialog/wav/Ses01F_impro01.WAV")
    (failure,) = read(root).failures
    assert "Ses01F_impro01.WAV, Ses01F_impro01.wav" in failure.message


def test_folders_in_any_case(tmp_path):
    root = make(tmp_path, {"Ses01F_impro01": TWO})
    (root / "Session1").rename(root / "session1")
    (root / "session1/dialog/wav").rename(root / "session1/dialog/WAV")
    assert len(read(root).clips) == 2


def test_a_name_in_no_encoding_and_a_pointer_to_media_that_were_not_fetched_are_rows(tmp_path):
    root = make(tmp_path, {"Ses01F_impro01": TWO, "Ses01F_impro02": turn("Ses01F_impro02_F000", 1, 2)})
    (root / "Session1/dialog/EmoEvaluation" / os.fsdecode(b"\xff.txt")).write_bytes(b"")
    (root / "Session1/dialog/wav" / os.fsdecode(b"\xfe.wav")).write_bytes(b"")
    (root / "Session1/dialog/wav/Ses01F_impro02.wav").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    found = read(root)
    assert len(found.clips) == 2
    assert [failure.key for failure in found.failures] == ["ie/Session1/Ses01F_impro02", r"ie/Session1/\udcff"]
    assert "git lfs pull" in found.failures[0].message
    assert all(text.encode() for text in [*found.notes, *(failure.message for failure in found.failures)])


@pytest.mark.parametrize("given", ["..", "Session1", "Session1/dialog", "Session1/dialog/EmoEvaluation", "../nothing"])
def test_a_root_on_another_level_is_an_error_that_names_the_right_one(tmp_path, given):
    root = make(tmp_path / "IEMOCAP_full_release", {"Ses01F_impro01": TWO})
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CorpusError) as caught:
        read((root / given).resolve())
    assert "expected IEMOCAP's Session1" in str(caught.value)
    if given != "../nothing":
        assert caught.value.hint == f"Set path to {root}."


def test_no_folder_and_no_media_of_the_modality_are_errors(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        read(tmp_path / "none")
    root = make(tmp_path, {"Ses01F_impro01": TWO})
    shutil.rmtree(root / "Session1/dialog/avi")
    with pytest.raises(CorpusError, match="no session has dialog/avi/DivX"):
        read(root, modality="video")


lines = st.one_of(
    st.sampled_from([*TWO.splitlines(), "C-E1:\tNeutral;\t()", "C-E1:;;(", "[1 - 2]", "[", "C-", "%", "A-"]),
    st.text(max_size=30),
)


@given(st.one_of(st.text(max_size=200), st.lists(lines, max_size=12).map("\n".join)))
@example("C-E1:\tNeutral;\t()\r\r[")
def test_any_text_gives_turns_or_damaged_lines(text):
    found = parse_evaluation(text, "Ses01F_impro01")
    assert {turn.line for turn in found.turns}.isdisjoint(found.damaged)
    told = {turn.line for turn in found.turns} | found.damaged.keys()
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        assert number in told or not line.strip() or line.startswith(("C-", "A-", "%"))
    assert all(turn.speaker in {"F", "M"} for turn in found.turns)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.lists(lines, max_size=12).map("\n".join).map(str.encode)))
def test_any_bytes_give_a_listing_or_a_pipeline_error(tmp_path_factory, content):
    root = make(tmp_path_factory.mktemp("ie"), {"Ses01F_impro01": ""}, seconds=0.5)
    (root / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt").write_bytes(content)
    try:
        found = read(root)
    except PipelineError:
        return
    keys = [clip.clip_id for clip in found.clips] + [failure.key for failure in found.failures]
    assert len(set(keys)) == len(keys)
    read_again = parse_evaluation(content.decode("utf-8-sig", errors="replace"), "Ses01F_impro01")
    left_out = [note for note in found.notes if note.startswith("turns left out")]
    counted = sum(map(int, re.findall(r"(\d+) labelled", " ".join(left_out))))
    names = {turn.name for turn in read_again.turns}
    assert len(keys) + counted == len(names) + len(read_again.damaged) or not names | read_again.damaged.keys()


@pytest.mark.real
def test_an_utterance_of_the_release_is_read(real_data):
    excerpt = real_data / "annotations/iemocap_excerpt/Ses01F_impro01.excerpt.txt"
    found = parse_evaluation(excerpt.read_text(encoding="utf-8"), "Ses01F_impro01")
    (turn,) = found.turns
    assert found.damaged == {}
    assert (turn.name, turn.start, turn.end, turn.code) == ("Ses01F_impro01_F000", 6.2901, 8.2357, "neu")
    assert turn.choices == dict.fromkeys(("E2", "E3", "E4"), frozenset({"neu"}))
