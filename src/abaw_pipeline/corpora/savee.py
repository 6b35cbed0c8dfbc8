"""SAVEE: four men speak 120 English sentences each, with seven emotions (Haq and Jackson 2009).

A file's name is the emotion's letters and a number; the speaker is its folder, or stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined
from abaw_pipeline.corpora.folders import (
    SUFFIXES,
    Medium,
    inner_folders,
    is_folder,
    media_in,
    missing,
    one_file,
    refused,
    wrong_root,
)
from abaw_pipeline.corpora.labels import DropsClasses
from abaw_pipeline.errors import CorpusError

SPEAKERS = ("DC", "JE", "JK", "KL")
EMOTION_CODES: Mapping[str, str] = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}
CLIPS = 15
CLIPS_NEUTRAL = 30

SPEAKER_FOLDER = re.compile("|".join(SPEAKERS), re.IGNORECASE)
MEDIUM_FOLDER = re.compile("AudioData|AudioVisualClip", re.IGNORECASE)
"""In which the authors keep the speakers' folders."""

ANY_MEDIA = {suffix for suffixes in SUFFIXES.values() for suffix in suffixes}
NAME = re.compile(r"((?P<speaker>[a-z]{2})_)?(?P<code>[a-z]{1,2})(?P<number>\d\d)", re.IGNORECASE | re.ASCII)
LAYOUT = "the folders DC, JE, JK and KL with files such as a01.wav or a01.avi, or files such as DC_a01.wav"


class Savee(DropsClasses, Corpus):
    """The SAVEE folder: the speakers' folders, also within AudioData/ and AudioVisualClip/, or all clips in one."""

    kind: Literal["savee"] = "savee"
    modality: Medium = "audio"

    def entries(self, name: str) -> CorpusListing:
        """List the clips by name.

        Args:
            name: what the study calls this corpus.

        Returns:
            Clips of the asked modality; its files whose names break the rules; a note if clips are missing.

        Raises:
            CorpusError: the folder has no such clips.
        """
        root = Path(self.path).absolute()
        listing = CorpusListing()
        taken: dict[str, list[Path]] = {}
        for file in _media_files(root, self.modality):
            try:
                taken.setdefault(_stem(file), []).append(file)
            except CorpusError as error:
                listing.failures.append(refused(name, root, file, error))
        for stem in sorted(taken):
            try:
                listing.clips.append(_clip(name, stem, one_file(taken[stem])))
            except CorpusError as error:
                listing.failures.append(Quarantined.because(f"{name}/{stem}", error))
        listing.notes.extend(missing(published(), taken))
        return self.without_dropped(listing, root)


def published() -> set[str]:
    """The names of all 480 clips, as `DC_a01`."""
    return {
        f"{speaker}_{code}{number:02d}"
        for speaker in SPEAKERS
        for code, emotion in EMOTION_CODES.items()
        for number in range(1, 1 + (CLIPS_NEUTRAL if emotion == "neutral" else CLIPS))
    }


def _media_files(root: Path, medium: Medium) -> list[Path]:
    """Media of one kind in the corpus's folders, sorted by name within each.

    Raises:
        CorpusError: no folder, another level of the corpus, or media of the other kind alone.
    """
    if not is_folder(root):
        raise wrong_root(root, LAYOUT, _looks_right)
    if SPEAKER_FOLDER.fullmatch(root.name) and len(inner_folders(root.parent, SPEAKER_FOLDER)) > 1:
        raise CorpusError(
            "this is one speaker's folder, not the corpus.", where=str(root), hint=f"Set path to {root.parent}."
        )
    files = _media(root, ANY_MEDIA)
    if not any(_is_clip(file) for file in files):
        raise wrong_root(root, LAYOUT, _looks_right)
    asked = [file for file in files if file.suffix.lower() in SUFFIXES[medium]]
    if not any(_is_clip(file) for file in asked):
        raise CorpusError(
            f"no clip as {medium}; files end in {', '.join(sorted({file.suffix for file in files}))}.",
            where=str(root),
            hint="Set modality to what is there, or path to another folder.",
        )
    return asked


def _media(root: Path, suffixes: set[str]) -> list[Path]:
    bases = [root, *inner_folders(root, MEDIUM_FOLDER)]
    folders = [root, *(folder for base in bases for folder in inner_folders(base, SPEAKER_FOLDER))]
    return [file for folder in folders for file in media_in(folder, suffixes)]


def _looks_right(folder: Path) -> bool:
    return not SPEAKER_FOLDER.fullmatch(folder.name) and any(_is_clip(file) for file in _media(folder, ANY_MEDIA))


def _is_clip(file: Path) -> bool:
    try:
        _stem(file)
    except CorpusError:
        return False
    return True


def _stem(file: Path) -> str:
    """The clip's name, as `DC_a01`.

    Raises:
        CorpusError: the corpus has no such clip, or name and folder tell of two speakers.
    """
    match = NAME.fullmatch(file.stem)
    folder = file.parent.name.upper() if file.parent.name.upper() in SPEAKERS else ""
    speaker = (match["speaker"] or folder).upper() if match else ""
    stem = f"{speaker}_{match['code'].lower()}{match['number']}" if match else ""
    if stem not in published():
        raise CorpusError(
            "the name is none that SAVEE has.",
            where=file.name,
            hint=f"It is one of {', '.join(EMOTION_CODES)} and a number from 01 to {CLIPS} (n: {CLIPS_NEUTRAL}), in a "
            "speaker's folder or after a speaker's letters and _. Restore the name, or move the file.",
        )
    if folder and folder != speaker:
        raise CorpusError(
            f"the name says speaker {speaker}, its folder is {file.parent.name}.",
            where=file.name,
            hint="Move the file to its speaker's folder.",
        )
    return stem


def _clip(name: str, stem: str, file: Path) -> ClipEntry:
    speaker, _, sentence = stem.partition("_")
    return ClipEntry(
        clip_id=f"{name}/{stem}",
        corpus=name,
        media=str(file),
        label=EMOTION_CODES[sentence[:-2]],
        subject=f"{name}/{speaker}",
        sex="m",
        extra={"number": sentence[-2:]},
    )
