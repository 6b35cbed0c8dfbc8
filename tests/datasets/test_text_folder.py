"""A versioned folder of texts."""

from pathlib import Path

import pytest
from kedro.io.core import DatasetError, Version

from abaw_pipeline.datasets import TextFolder


def test_texts_come_back_in_their_version_and_an_empty_folder_too(tmp_path: Path) -> None:
    path = str(tmp_path / "submission")
    first, second = (Version(None, f"2026-01-0{day}T00.00.00.000Z") for day in (1, 2))
    TextFolder(filepath=path, version=first).save({"7_left": "a\n1\n", "7_right": "a\r\n2\n"})
    TextFolder(filepath=path, version=second).save({})
    assert TextFolder(filepath=path, version=Version(None, None)).load() == {}
    assert TextFolder(filepath=path, version=Version(first.save, None)).load() == {
        "7_left": "a\n1\n",
        "7_right": "a\n2\n",
    }
    assert (tmp_path / "submission" / str(first.save) / "submission" / "7_left.txt").is_file()


def test_exists_only_after_a_save(tmp_path: Path) -> None:
    dataset = TextFolder(filepath=str(tmp_path / "s"), version=Version(None, None))
    assert not dataset.exists()
    dataset.save({"a": "b"})
    assert dataset.exists()


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not the name of a file"):
        TextFolder(filepath=str(tmp_path / "s")).save({"../a": "b"})
