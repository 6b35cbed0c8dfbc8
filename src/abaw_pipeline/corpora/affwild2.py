"""AffWild2 as the ABAW challenges hand it out: videos, one label file a video or person, and lists of test videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import Field

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, Side, Split, some
from abaw_pipeline.corpora.cells import slashes
from abaw_pipeline.corpora.folders import SUFFIXES, inner, is_folder, media_in, readable, wrong_root
from abaw_pipeline.corpora.frame_labels import plain_text
from abaw_pipeline.corpora.labels import DropsClasses, FrameLabels
from abaw_pipeline.errors import CorpusError

LAYOUTS: dict[str, tuple[str, str]] = {
    "ABAW 2020": ("annotations/EXPR_Set/Training_Set", "annotations/EXPR_Set/Validation_Set"),
    "ABAW 2": ("annotations/EXPR_Set/Train_Set", "annotations/EXPR_Set/Validation_Set"),
    "ABAW 3 to 6": ("EXPR_Classification_Challenge/Train_Set", "EXPR_Classification_Challenge/Validation_Set"),
}
"""Folders of training and validation labels, challenge by challenge."""

VIDEOS = SUFFIXES["video"]
LABELS = {".txt"}
SIDES: tuple[Side, ...] = ("left", "right")


class AffWild2(DropsClasses, FrameLabels, Corpus):
    """Videos in the wild with an emotion for each frame.

    Below `path` lie videos/ (in any depth) and the label files of one challenge's form. A clip is a video, or one
    person of it where files end in `_left` and `_right`. Who is seen is not told, so the video stands for its
    subject: both people of a video always stay on one side of a fold.

    Frames of `drop_classes` are not annotated: `[other]` brings eight classes to seven.

    Clips of a test list have no labels. No protocol deals with them, so they are in no fold.
    """

    kind: Literal["affwild2"] = "affwild2"
    test: str | None = Field(
        None, min_length=1, description="a text file with the names of test videos, one a line; from the corpus folder"
    )

    def entries(self, name: str) -> CorpusListing:
        """List annotated videos, training before validation, by name; then the test list's, in its order.

        Args:
            name: what the study calls this corpus.

        Returns:
            One clip a label file or line of the test list; those without a video, or whose video is there twice, and
            names that come twice are refused; notes about videos that are not named, and about the test list.

        Raises:
            CorpusError: no such folder, no label files of a known form in it, or no test list where one is set.
        """
        root = Path(self.path).absolute()
        asked = _label_files(root)
        videos = _videos(root / "videos")
        if self.test is not None:
            asked += _test_list(root / slashes(self.test))
        listing, taken = CorpusListing(), dict[str, str]()
        for each in asked:
            try:
                listing.clips.append(_clip(name, each, videos, taken))
                taken[each.person] = each.place
            except CorpusError as error:
                listing.failures.append(Quarantined.because(readable(f"{name}/{each.place}"), error))
        listing.notes.extend(_notes(listing, videos))
        return listing


@dataclass(frozen=True)
class _Asked:
    """A person whom a challenge names: `<video>`, `<video>_left` or `<video>_right`; where, and in which part."""

    person: str
    split: Split
    place: str
    label_file: str | None = None


def _label_files(root: Path) -> list[_Asked]:
    """Training and validation labels of the challenge that is there."""
    if not is_folder(root):
        raise CorpusError("no such folder.", where=str(root), hint="It holds videos/ and the label files' folder.")
    best = _best_layout(root)
    if best:
        return [
            _Asked(file.stem, split, f"{split}/{file.name}", str(file))
            for split, files in best.items()
            for file in files
        ]
    layouts = "; ".join(f"{layout}: {train}" for layout, (train, _) in LAYOUTS.items())
    raise wrong_root(root, f"videos/ and label files <video>.txt ({layouts})", lambda near: bool(_best_layout(near)))


def _best_layout(root: Path) -> dict[Split, list[Path]]:
    """Two challenges share the name of the validation part: the form with most parts is meant."""
    there = [_parts(root, *layout) for layout in LAYOUTS.values()]
    return max(there, key=len)


def _parts(root: Path, train: str, validation: str) -> dict[Split, list[Path]]:
    folders: dict[Split, Path | None] = {
        "train": inner(root, *train.split("/")),
        "validation": inner(root, *validation.split("/")),
    }
    found = {split: media_in(folder, LABELS) for split, folder in folders.items() if folder is not None}
    return {split: files for split, files in found.items() if files}


def _test_list(path: Path) -> list[_Asked]:
    """The names of a list without labels; each with or without a folder before it and a suffix behind it."""
    lines = plain_text(path).splitlines()
    named = [(number, _bare(line)) for number, line in enumerate(lines, 1) if line.strip()]
    if not named:
        raise CorpusError("the test list is empty.", where=str(path), hint="It names one video a line.")
    return [_Asked(person, "test", f"test/line {number} ({person})") for number, person in named]


def _bare(line: str) -> str:
    last = PurePosixPath(slashes(line.strip()))
    return last.stem if last.suffix.lower() in {*VIDEOS, *LABELS} else last.name


def _videos(folder: Path) -> dict[str, list[Path]]:
    """Videos by their name without the suffix."""
    if not is_folder(folder):
        raise CorpusError("no such folder.", where=str(folder), hint="The videos lie in it, in any depth.")
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in VIDEOS and not file.name.startswith(".") and file.is_file():
            found.setdefault(file.stem, []).append(file)
    return found


def _person(name: str, videos: Mapping[str, list[Path]]) -> tuple[str, Side | None]:
    """The video that a person's name is about, and which one in it; a video's own name comes first."""
    if name not in videos:
        for side in SIDES:
            if name.endswith(f"_{side}"):
                return name.removesuffix(f"_{side}"), side
    return name, None


def _clip(name: str, asked: _Asked, videos: Mapping[str, list[Path]], taken: Mapping[str, str]) -> ClipEntry:
    """The clip of a person.

    Raises:
        CorpusError: no video, several, or the person has a clip already.
    """
    where = readable(asked.place)
    if readable(asked.person) != asked.person:
        raise CorpusError("its name is not UTF-8.", where=where, hint="Rename it.")
    video, side = _person(asked.person, videos)
    files = videos.get(video, [])
    if not files:
        raise CorpusError(f"there is no video {video!r}.", where=where, hint="Add it below videos/.")
    if len(files) > 1:
        places = some([f"{each.parent.name}/{each.name}" for each in files])
        raise CorpusError(f"more than one video has this name: {places}.", where=where, hint="Keep one of them.")
    if asked.person in taken:
        raise CorpusError(
            f"{asked.person!r} is there already: {taken[asked.person]}.", where=where, hint="Keep one of the two."
        )
    return ClipEntry(
        clip_id=f"{name}/{asked.person}",
        corpus=name,
        media=str(files[0]),
        label=None,
        subject=f"{name}/video/{video}",
        split=asked.split,
        side=side,
        label_file=asked.label_file,
    )


def _notes(listing: CorpusListing, videos: Mapping[str, list[Path]]) -> list[str]:
    """What is there and not used, what is used without labels, and videos that are in two parts at once."""
    parts: dict[str, set[str]] = {}
    for clip in listing.clips:
        parts.setdefault(Path(clip.media).stem, set()).add(str(clip.split))
    notes = []
    if unnamed := sorted(readable(video) for video in videos.keys() - parts.keys()):
        notes.append(f"{len(unnamed)} videos have no labels and are left out: {some(unnamed)}")
    if tested := [clip.clip_id for clip in listing.clips if clip.split == "test"]:
        notes.append(f"{len(tested)} clips of the test list have no labels and are in no fold")
    if mixed := sorted(video for video, splits in parts.items() if len(splits) > 1):
        notes.append(f"{len(mixed)} videos have people in more than one part: {some(mixed)}")
    return notes
