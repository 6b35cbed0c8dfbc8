"""AffWild2's folders, as each challenge hands them out."""

from pathlib import Path

import pytest

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
    assert "no video '9'" in listing.failures[0].message
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


def test_a_wrong_folder_says_what_was_expected_and_found(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such folder"):
        AffWild2(path=str(tmp_path / "nowhere")).entries("aw")
    (tmp_path / "batch1").mkdir()
    with pytest.raises(CorpusError, match=r"holds batch1.*EXPR_Set/Training_Set"):
        AffWild2(path=str(tmp_path)).entries("aw")


def test_labels_without_a_videos_folder(tmp_path: Path) -> None:
    (tmp_path / LAYOUTS["ABAW 2020"][0]).mkdir(parents=True)
    (tmp_path / LAYOUTS["ABAW 2020"][0] / "1.txt").touch()
    with pytest.raises(CorpusError, match="videos lie in it"):
        AffWild2(path=str(tmp_path)).entries("aw")
