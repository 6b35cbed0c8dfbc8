"""How a listing comes to the digests of its files."""

import hashlib
from pathlib import Path

from abaw_pipeline.artifacts import file_hashes
from abaw_pipeline.artifacts.file_hashes import FileHashes
from abaw_pipeline.corpora.affwild2 import AffWild2
from abaw_pipeline.corpora.listing import list_corpora


def _corpus(tmp_path):
    """Two people in one video, and a video whose labels lie in a file of their own."""
    labels = tmp_path / "annotations/EXPR_Set/Training_Set"
    for folder in (tmp_path / "videos", labels):
        folder.mkdir(parents=True)
    for name in ("one", "two"):
        (tmp_path / "videos" / f"{name}.mp4").write_bytes(name.encode())
    for name in ("one_left", "one_right", "two"):
        (labels / f"{name}.txt").write_text(f"Neutral,Anger\n{len(name)}\n")
    return AffWild2(path=str(tmp_path))


def test_each_file_is_read_once_and_what_is_remembered_is_used(tmp_path, monkeypatch):
    reads, whole = [], file_hashes.read_digest
    monkeypatch.setattr(file_hashes, "read_digest", lambda file: reads.append(file.name) or whole(file))
    monkeypatch.setattr(file_hashes, "MARGIN_NS", 0)
    corpora = {"aw": _corpus(tmp_path / "corpus")}
    listing, refused, _ = list_corpora(corpora, FileHashes(tmp_path / "hashes.json"))
    assert len(listing) == 3
    assert refused.empty
    assert len(reads) == len(set(reads)) == 5
    for column, digest in (("media", "sha256"), ("label_file", "label_sha256")):
        for path, found in zip(listing[column], listing[digest], strict=True):
            with Path(path).open("rb") as file:
                assert found == hashlib.file_digest(file, "sha256").hexdigest()
    again, _, _ = list_corpora(corpora, FileHashes(tmp_path / "hashes.json"))
    assert again.equals(listing)
    assert len(reads) == 5


def test_files_of_the_same_content_are_told(tmp_path):
    corpora = {"aw": _corpus(tmp_path)}
    assert list_corpora(corpora)[2].empty  # two people of one video are no copies
    (tmp_path / "videos/two.mp4").write_bytes((tmp_path / "videos/one.mp4").read_bytes())
    assert list_corpora(corpora)[2].values.tolist() == [
        ["aw", "2 files are not the only ones with their content: aw/one_left = aw/two"]
    ]


def test_a_folder_whose_name_is_in_no_encoding_is_told_and_the_rest_goes_on(tmp_path):
    corpora = {"aw": _corpus(tmp_path)}
    (tmp_path / "videos/caf\udce9").mkdir()
    (tmp_path / "videos/two.mp4").rename(tmp_path / "videos/caf\udce9/two.mp4")
    listing, refused, _ = list_corpora(corpora)
    assert listing["clip_id"].tolist() == ["aw/one_left", "aw/one_right"]
    assert refused["key"].tolist() == ["aw/two"]
    assert r"caf\udce9/two.mp4: the path is not UTF-8." in refused["message"].iloc[0]


def test_clips_whose_video_or_labels_cannot_be_read_are_refused(tmp_path, monkeypatch):
    whole = file_hashes.open_file

    def refuse(path):
        if path.endswith(("two.mp4", "one_left.txt")):
            raise PermissionError(13, "Permission denied", path)
        return whole(path)

    corpora = {"aw": _corpus(tmp_path)}
    monkeypatch.setattr(file_hashes, "open_file", refuse)
    listing, refused, _ = list_corpora(corpora)
    assert listing["clip_id"].tolist() == ["aw/one_right"]
    assert sorted(refused["key"]) == ["aw/one_left", "aw/two"]
    assert refused["error"].tolist() == ["PermissionError"] * 2
