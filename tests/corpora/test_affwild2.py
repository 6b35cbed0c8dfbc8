"""AffWild2's folders, as each challenge hands them out."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abaw_pipeline.corpora.affwild2 import LAYOUTS, AffWild2
from abaw_pipeline.errors import CorpusError


def make(root: Path, layout: str = "ABAW 2020", train: tuple[str, ...] = ("1", "2_left", "2_right")) -> Path:
    """Empty files under the right names: listing decodes nothing."""
    folders = [root / name for name in LAYOUTS[layout]]
    for folder, names in zip(folders, (train, ("video3",)), strict=True):
        folder.mkdir(parents=True)
        for name in names:
            (folder / f"{name}.txt").touch()
    for name in ("batch1/1.mp4", "batch1/2.avi", "batch2/video3.mp4"):
        path = root / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_form_gives_the_same_clips(tmp_path: Path, layout: str) -> None:
    listing = AffWild2(path=str(make(tmp_path, layout))).entries("aw")
    found = [(clip.clip_id, Path(clip.media).name, clip.subject, clip.side, clip.split) for clip in listing.clips]
    assert found == [
        ("aw/1", "1.mp4", "aw/video/1", None, "train"),
        ("aw/2_left", "2.avi", "aw/video/2", "left", "train"),
        ("aw/2_right", "2.avi", "aw/video/2", "right", "train"),
        ("aw/video3", "video3.mp4", "aw/video/video3", None, "validation"),
    ]
    assert not listing.failures
    assert all(clip.label is None and clip.label_file for clip in listing.clips)


def test_a_video_whose_own_name_ends_in_a_side_is_one_person(tmp_path: Path) -> None:
    make(tmp_path, train=("turn_left",))
    (tmp_path / "videos" / "turn_left.mp4").touch()
    clip = AffWild2(path=str(tmp_path)).entries("aw").clips[0]
    assert (clip.side, clip.subject) == (None, "aw/video/turn_left")


def test_labels_without_video_and_videos_without_labels_are_told(tmp_path: Path) -> None:
    make(tmp_path, train=("1", "9"))
    listing = AffWild2(path=str(tmp_path)).entries("aw")
    assert [failure.key for failure in listing.failures] == ["aw/train/9.txt"]
    assert "there is no video '9'" in listing.failures[0].message
    assert listing.notes == ["1 videos have no labels and are left out: 2"]


def test_two_videos_of_one_name_are_refused_not_guessed(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "videos" / "batch2" / "1.mp4").touch()
    listing = AffWild2(path=str(tmp_path)).entries("aw")
    assert [failure.key for failure in listing.failures] == ["aw/train/1.txt"]
    assert "batch1/1.mp4, batch2/1.mp4" in listing.failures[0].message


def test_one_name_in_both_parts_is_refused_in_the_second(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / LAYOUTS["ABAW 2020"][1] / "1.txt").touch()
    listing = AffWild2(path=str(tmp_path)).entries("aw")
    assert [failure.key for failure in listing.failures] == ["aw/validation/1.txt"]
    assert "train/1.txt" in listing.failures[0].message


def test_a_wrong_folder_says_what_was_expected_and_found(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such folder"):
        AffWild2(path=str(tmp_path / "nowhere")).entries("aw")
    (tmp_path / "batch1").mkdir()
    with pytest.raises(CorpusError, match=r"EXPR_Set/Training_Set.*found batch1"):
        AffWild2(path=str(tmp_path)).entries("aw")


@pytest.mark.parametrize("given", ["videos", "annotations/EXPR_Set", "above"])
def test_a_folder_near_by_that_looks_right_is_named(tmp_path: Path, given: str) -> None:
    root = make(tmp_path / "download" / "affwild2")
    with pytest.raises(CorpusError, match=f"Set path to {root}\\."):
        AffWild2(path=str(tmp_path if given == "above" else root / given)).entries("aw")


def test_labels_without_a_videos_folder(tmp_path: Path) -> None:
    (tmp_path / LAYOUTS["ABAW 2020"][0]).mkdir(parents=True)
    (tmp_path / LAYOUTS["ABAW 2020"][0] / "1.txt").touch()
    with pytest.raises(CorpusError, match="videos lie in it"):
        AffWild2(path=str(tmp_path)).entries("aw")


def test_folders_and_files_in_any_case_and_leavings_of_file_managers(tmp_path: Path) -> None:
    root = make(tmp_path)
    (root / "annotations" / "EXPR_Set" / "Training_Set").rename(root / "annotations" / "EXPR_Set" / "training_set")
    (root / "annotations" / "EXPR_Set" / "training_set" / "1.txt").rename(
        root / "annotations" / "EXPR_Set" / "training_set" / "1.TXT"
    )
    (root / "videos" / "batch1" / "._1.mp4").touch()
    (root / "annotations" / "EXPR_Set" / "training_set" / "._1.txt").touch()
    listing = AffWild2(path=str(root)).entries("aw")
    assert [clip.clip_id for clip in listing.clips] == ["aw/1", "aw/2_left", "aw/2_right", "aw/video3"]
    assert not listing.failures and not listing.notes


def with_test_list(root: Path, content: bytes | str, path: str = "test.txt") -> AffWild2:
    """A corpus whose videos 4, 5 and 6.v2 are named by nobody but a test list."""
    make(root)
    for name in ("4.mp4", "5.avi", "6.v2.mp4"):
        (root / "videos" / name).touch()
    file = root / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return AffWild2(path=str(root), test=path)


@pytest.mark.parametrize(
    "content",
    [
        "4\n5_left\n5_right\n6.v2\n",
        "4.mp4\n5_left.avi\n5_right.txt\n6.v2.MP4",
        "\ufeff4\r\n\r\n 5_left \r\n5_right\r\n6.v2\r\n",
        "batch1\\4.mp4\nbatch1/5_left\n./5_right\n6.v2.txt\n",
        "4\n5_left\n5_right\n6.v2\n".encode("utf-16"),
    ],
)
def test_a_test_list_gives_clips_without_labels(tmp_path: Path, content: bytes | str) -> None:
    listing = with_test_list(tmp_path, content).entries("aw")
    assert not listing.failures
    tested = [clip for clip in listing.clips if clip.split == "test"]
    assert listing.clips[-4:] == tested  # after all others
    assert [(clip.clip_id, clip.side, Path(clip.media).name, clip.subject) for clip in tested] == [
        ("aw/4", None, "4.mp4", "aw/video/4"),
        ("aw/5_left", "left", "5.avi", "aw/video/5"),
        ("aw/5_right", "right", "5.avi", "aw/video/5"),
        ("aw/6.v2", None, "6.v2.mp4", "aw/video/6.v2"),
    ]
    assert all(clip.label is None and clip.label_file is None for clip in tested)
    assert listing.notes == ["4 clips of the test list have no labels and are in no fold"]


def test_the_list_may_lie_anywhere(tmp_path: Path) -> None:
    corpus = with_test_list(tmp_path / "corpus", "4\n", "lists/test.txt")
    ids = [clip.clip_id for clip in corpus.entries("aw").clips]
    for path in (str(tmp_path / "corpus" / "lists" / "test.txt"), "lists\\test.txt"):
        other = corpus.model_copy(update={"test": path})
        assert [clip.clip_id for clip in other.entries("aw").clips] == ids


def test_names_of_a_list_that_cannot_be_used_are_refused_one_by_one(tmp_path: Path) -> None:
    """A clip whose labels are known is not a test: it would be trained on and handed in."""
    listing = with_test_list(tmp_path, "4\n9\n2_left\n4.mp4\n").entries("aw")
    assert [clip.clip_id for clip in listing.clips if clip.split == "test"] == ["aw/4"]
    told = {failure.key: failure.message for failure in listing.failures}
    assert list(told) == ["aw/test/line 2 (9)", "aw/test/line 3 (2_left)", "aw/test/line 4 (4)"]
    assert "no video '9'" in told["aw/test/line 2 (9)"]
    assert "train/2_left.txt" in told["aw/test/line 3 (2_left)"]
    assert "line 1" in told["aw/test/line 4 (4)"]


def test_a_video_with_one_person_in_training_and_one_in_the_test_is_told(tmp_path: Path) -> None:
    make(tmp_path, train=("1", "2_left"))
    (tmp_path / "test.txt").write_text("2_right\n")
    listing = AffWild2(path=str(tmp_path), test="test.txt").entries("aw")
    assert "1 videos have people in more than one part: 2" in listing.notes


@pytest.mark.parametrize(("content", "message"), [(None, "No such file"), (b"", "is empty"), (b" \n\r\n", "is empty")])
def test_a_list_that_is_missing_or_empty_is_an_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    corpus = with_test_list(tmp_path, content or b"")
    if content is None:
        (tmp_path / "test.txt").unlink()
    with pytest.raises(CorpusError, match=message):
        corpus.entries("aw")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.one_of(st.binary(max_size=60), st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")))
)
def test_any_list_gives_clips_and_refused_rows_or_a_corpus_error(tmp_path: Path, content: bytes) -> None:
    if not (tmp_path / "videos").exists():
        with_test_list(tmp_path, b"")
    (tmp_path / "test.txt").write_bytes(content)
    try:
        listing = AffWild2(path=str(tmp_path), test="test.txt").entries("aw")
    except CorpusError:
        return
    keys = [clip.clip_id for clip in listing.clips] + [failure.key for failure in listing.failures]
    assert len(set(keys)) == len(keys) > 4
    "".join(keys).encode()


names = st.sampled_from(["1", "2_left", "2_right", "video3", "x", "1.v2", "é"]) | st.text(
    st.characters(exclude_characters="/\\\0", codec="utf-8"), min_size=1, max_size=12
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(labels=st.lists(names), videos=st.lists(names), part=st.sampled_from(LAYOUTS["ABAW 2020"]))
def test_any_label_file_is_a_clip_or_refused_and_any_video_used_or_counted(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str], videos: list[str], part: str
) -> None:
    root = make(tmp_path_factory.mktemp("aw"))
    for name in labels:
        (root / part / f"{name}.txt").touch()
    for name in videos:
        (root / "videos" / f"{name}.mkv").touch()
    listing = AffWild2(path=str(root)).entries("aw")
    told = {clip.label_file for clip in listing.clips} | {failure.key for failure in listing.failures}
    shown = [file for folder in LAYOUTS["ABAW 2020"] for file in (root / folder).iterdir() if file.name[0] != "."]
    assert len(told) == len([file for file in shown if file.suffix == ".txt"])
    there = {file.stem for file in (root / "videos").rglob("*.*") if file.is_file() and file.name[0] != "."}
    there -= {Path(clip.media).stem for clip in listing.clips}
    counted = [int(note.split()[0]) for note in listing.notes if "videos have no labels" in note]
    assert sum(counted) == len(there)
