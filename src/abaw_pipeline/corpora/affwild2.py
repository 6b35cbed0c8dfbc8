"""AffWild2 as the ABAW challenges hand it out: videos, and one label file a video or person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, Side, Split, some
from abaw_pipeline.corpora.labels import UserLabels
from abaw_pipeline.errors import CorpusError

LAYOUTS: dict[str, tuple[str, str]] = {
    "ABAW 2020": ("annotations/EXPR_Set/Training_Set", "annotations/EXPR_Set/Validation_Set"),
    "ABAW 2": ("annotations/EXPR_Set/Train_Set", "annotations/EXPR_Set/Validation_Set"),
    "ABAW 3 to 6": ("EXPR_Classification_Challenge/Train_Set", "EXPR_Classification_Challenge/Validation_Set"),
}
"""Folders of training and validation labels, challenge by challenge."""

VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"}
SIDES: tuple[Side, ...] = ("left", "right")


class AffWild2(UserLabels, Corpus):
    """Videos in the wild with an emotion for each frame.

    Below `path` lie videos/ (in any depth) and the label files of one challenge's form. A clip is a video, or one
    person of it where files end in `_left` and `_right`. Who is seen is not told, so the video stands for its
    subject: both people of a video always stay on one side of a fold.
    """

    kind: Literal["affwild2"] = "affwild2"
    label_tolerance: int = Field(
        10, ge=0, description="frames by which a label file may be longer or shorter than its video"
    )

    def entries(self, name: str) -> CorpusListing:
        """List annotated videos, training before validation, by name.

        Args:
            name: what the study calls this corpus.

        Returns:
            One clip a label file; label files without a video, or whose video is there twice, are refused; notes
            about videos without labels.

        Raises:
            CorpusError: no such folder, or no label files of a known form in it.
        """
        root = Path(self.path).absolute()
        folders = _label_folders(root)
        videos = _videos(root / "videos")
        listing = CorpusListing()
        used: set[str] = set()
        for split, folder in folders.items():
            for file in sorted(folder.glob("*.txt")):
                stem, side = _person(file.stem, videos)
                try:
                    listing.clips.append(_clip(name, file, stem, side, split, videos, listing))
                    used.add(stem)
                except CorpusError as error:
                    listing.failures.append(Quarantined.because(f"{name}/{split}/{file.name}", error))
        unlabelled = sorted(videos.keys() - used)
        if unlabelled:
            listing.notes.append(f"{len(unlabelled)} videos have no labels and are left out: {some(unlabelled)}")
        return listing


def _label_folders(root: Path) -> dict[Split, Path]:
    if not root.is_dir():
        raise CorpusError("no such folder.", where=str(root), hint="It holds videos/ and the label files' folder.")
    known: list[dict[Split, Path]] = [
        {"train": root / train, "validation": root / validation} for train, validation in LAYOUTS.values()
    ]
    there = [{split: folder for split, folder in layout.items() if any(folder.glob("*.txt"))} for layout in known]
    # Two challenges share the name of the validation part: the form with most parts is meant.
    best = max(there, key=len)
    if best:
        return best
    expected = "; ".join(f"{layout}: {train}" for layout, (train, _) in LAYOUTS.items())
    raise CorpusError(
        f"no label files; the folder holds {some(sorted(entry.name for entry in root.iterdir()))}.",
        where=str(root),
        hint=f"They lie in ({expected}).",
    )


def _videos(folder: Path) -> dict[str, list[Path]]:
    """Videos by their name without the suffix."""
    if not folder.is_dir():
        raise CorpusError("no such folder.", where=str(folder), hint="The videos lie in it, in any depth.")
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in VIDEOS and file.is_file():
            found.setdefault(file.stem, []).append(file)
    return found


def _person(stem: str, videos: Mapping[str, list[Path]]) -> tuple[str, Side | None]:
    """The video that a label file is about, and which person in it; a video's own name comes first."""
    if stem not in videos:
        for side in SIDES:
            if stem.endswith(f"_{side}"):
                return stem.removesuffix(f"_{side}"), side
    return stem, None


def _clip(
    name: str,
    file: Path,
    stem: str,
    side: Side | None,
    split: Split,
    videos: Mapping[str, list[Path]],
    listing: CorpusListing,
) -> ClipEntry:
    files = videos.get(stem, [])
    if not files:
        raise CorpusError(f"there is no video {stem!r} for this label file.", where=file.name, hint="Add the video.")
    if len(files) > 1:
        places = some([each.parent.name + "/" + each.name for each in files])
        raise CorpusError(f"more than one video has this name: {places}.", where=file.name, hint="Keep one of them.")
    clip_id = f"{name}/{file.stem}"
    if any(clip.clip_id == clip_id for clip in listing.clips):
        raise CorpusError("labels of this name are in the training part already.", where=file.name)
    return ClipEntry(
        clip_id=clip_id,
        corpus=name,
        media=str(files[0]),
        label=None,
        subject=f"{name}/video/{stem}",
        split=split,
        side=side,
        label_file=str(file),
    )
