"""RAVDESS: 24 actors, two statements, eight emotions spoken and six sung (Livingstone and Russo 2018).

A file's name tells all: modality-channel-emotion-intensity-statement-repetition-actor, two digits each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Literal

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, some
from abaw_pipeline.corpora.folders import inner_folders, is_folder, media_in, missing, one_file, refused, wrong_root
from abaw_pipeline.corpora.labels import DropsClasses
from abaw_pipeline.errors import CorpusError

Modality = Literal["audio_video", "video", "audio"]
Channel = Literal["speech", "song"]

MODALITIES: Mapping[str, Modality] = {"01": "audio_video", "02": "video", "03": "audio"}
CHANNELS: Mapping[str, Channel] = {"01": "speech", "02": "song"}
EMOTION_CODES: Mapping[str, str] = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
INTENSITIES: Mapping[str, str] = {"01": "normal", "02": "strong"}
NOT_SUNG = {"07", "08"}
ACTORS = 24
SILENT_SINGER = "18"
"""The one actor of whom the corpus has no songs."""

MEDIA = {".wav", ".flac", ".mp4"}
FOLDER = re.compile(r"actor_\d\d", re.IGNORECASE)
NAME = re.compile(r"\d\d(-\d\d){6}", re.ASCII)
LAYOUT = "Actor_01 ... Actor_24 with files such as 03-01-06-01-02-01-12.wav, or such files themselves"


class Ravdess(DropsClasses, Corpus):
    """The RAVDESS folder: the actors' folders, or all clips in one.

    Clips of another modality or channel than those asked for are passed over.
    """

    kind: Literal["ravdess"] = "ravdess"
    modality: Modality | tuple[Modality, ...] = "audio"
    channel: Channel | tuple[Channel, ...] = "speech"

    def entries(self, name: str) -> CorpusListing:
        """List the clips by name.

        Args:
            name: what the study calls this corpus.

        Returns:
            The clips; files whose names break the rules; a note if clips that the rules imply are missing.

        Raises:
            CorpusError: the folder has no such clips.
        """
        root = Path(self.path).absolute()
        files = _media_files(root)
        wanted = set(published(_several(self.modality), _several(self.channel)))
        listing = CorpusListing()
        taken: dict[str, list[Path]] = {}
        for file in files:
            try:
                _check_name(file)
            except CorpusError as error:
                listing.failures.append(refused(name, root, file, error))
            else:
                taken.setdefault(file.stem, []).append(file)
        for stem in sorted(wanted & taken.keys()):
            try:
                listing.clips.append(_clip(name, stem, taken[stem]))
            except CorpusError as error:
                listing.failures.append(Quarantined.because(f"{name}/{stem}", error))
        if not wanted & taken.keys():
            raise _none_wanted(root, taken, self)
        listing.notes.extend(missing(wanted, taken))
        return self.without_dropped(listing, root)


def published(modalities: Sequence[str], channels: Sequence[str]) -> Iterator[str]:
    """The names, without suffix, of all clips that the corpus has: 1440 of spoken sound, 1012 of sung."""
    pairs = ["01", "02"]
    kinds = [code for code, kind in MODALITIES.items() if kind in modalities]
    ways = [code for code, way in CHANNELS.items() if way in channels]
    people = [f"{actor:02d}" for actor in range(1, ACTORS + 1)]
    for codes in product(kinds, ways, EMOTION_CODES, INTENSITIES, pairs, pairs, people):
        if _exists(*codes):
            yield "-".join(codes)


def _exists(
    modality: str, channel: str, emotion: str, intensity: str, statement: str, repetition: str, actor: str
) -> bool:
    known = modality in MODALITIES and channel in CHANNELS and emotion in EMOTION_CODES
    known = known and intensity in INTENSITIES and {statement, repetition} <= {"01", "02"}
    known = known and 1 <= int(actor) <= ACTORS
    strong_neutral = EMOTION_CODES.get(emotion) == "neutral" and intensity == "02"
    unsung = channel == "02" and (emotion in NOT_SUNG or actor == SILENT_SINGER)
    return known and not strong_neutral and not unsung


def _several(choice: str | tuple[str, ...]) -> tuple[str, ...]:
    return (choice,) if isinstance(choice, str) else choice


def _media_files(root: Path) -> list[Path]:
    """Media directly in the folder and in its actors' folders, sorted by name.

    Raises:
        CorpusError: no folder, or it looks like another level of the corpus.
    """
    if not is_folder(root):
        raise wrong_root(root, LAYOUT, _looks_right)
    if FOLDER.fullmatch(root.name) and len(inner_folders(root.parent, FOLDER)) > 1:
        raise CorpusError(
            "this is one actor's folder, not the corpus.", where=str(root), hint=f"Set path to {root.parent}."
        )
    files = [file for folder in [root, *inner_folders(root, FOLDER)] for file in media_in(folder, MEDIA)]
    if not any(NAME.fullmatch(file.stem) for file in files):
        raise wrong_root(root, LAYOUT, _looks_right)
    return files


def _looks_right(folder: Path) -> bool:
    named = any(NAME.fullmatch(file.stem) for file in media_in(folder, MEDIA))
    return bool(inner_folders(folder, FOLDER)) or (named and not FOLDER.fullmatch(folder.name))


def _check_name(file: Path) -> None:
    if not (NAME.fullmatch(file.stem) and _exists(*file.stem.split("-"))):
        raise CorpusError(
            "the name is none that RAVDESS has.",
            where=file.name,
            hint="It is modality-channel-emotion-intensity-statement-repetition-actor, two digits each; "
            "neutral has one intensity, songs no disgust and surprise. Restore the name, or move the file.",
        )
    actor = file.stem[-2:]
    if FOLDER.fullmatch(file.parent.name) and file.parent.name[-2:] != actor:
        raise CorpusError(
            f"the name says actor {actor}, its folder is {file.parent.name}.",
            where=file.name,
            hint="Move the file to its actor's folder.",
        )


def _clip(name: str, stem: str, files: list[Path]) -> ClipEntry:
    file = one_file(files)
    modality, channel, emotion, intensity, statement, repetition, actor = stem.split("-")
    return ClipEntry(
        clip_id=f"{name}/{stem}",
        corpus=name,
        media=str(file),
        label=EMOTION_CODES[emotion],
        subject=f"{name}/{actor}",
        sex="m" if int(actor) % 2 else "f",
        extra={
            "modality": MODALITIES[modality],
            "channel": CHANNELS[channel],
            "intensity": INTENSITIES[intensity],
            "statement": statement,
            "repetition": repetition,
        },
    )


def _none_wanted(root: Path, taken: Mapping[str, list[Path]], asked: Ravdess) -> CorpusError:
    there = sorted({f"{MODALITIES[stem[:2]]} {CHANNELS[stem[3:5]]}" for stem in taken})
    wish = f"{'+'.join(_several(asked.modality))} {'+'.join(_several(asked.channel))}"
    return CorpusError(
        f"no clip of {wish}; the folder has {some(there)}.",
        where=str(root),
        hint="Set modality and channel to what is there, or path to another folder.",
    )
