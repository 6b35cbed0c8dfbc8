"""CREMA-D: 91 actors speak 12 sentences with six emotions; raters judged sound, face and both (Cao et al. 2014)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, some
from abaw_pipeline.corpora.cremad_names import LEVELS, clip_name, published
from abaw_pipeline.corpora.cremad_tables import COUNTS, SUMMARY, Actor, Rating, Ratings, read_actors, read_ratings
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

Level: TypeAlias = Annotated[float, Field(ge=0, le=100)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]

FOLDER = re.compile("AudioWAV|VideoFlash", re.IGNORECASE)
LAYOUT = "AudioWAV/ or VideoFlash/ with files such as 1001_DFA_ANG_XX.wav, or such files themselves"


class Cremad(DropsClasses, Corpus):
    """The CREMA-D folder, as its authors hand it out, or all clips in one folder.

    Clips have one person each, of the emotion that was intended or that raters voted for. `min_level` and
    `min_agreement` keep clips whose intended emotion raters recognised, whatever the label is; a clip has to pass
    all that are given. Raters' tables lie in processedResults/ and are read if a parameter needs them.
    """

    kind: Literal["cremad"] = "cremad"
    modality: Medium = Field("audio", description="audio: wav or flac; video: flv, mp4 and others, with their sound")
    label: Literal["intended"] | Rating = Field(
        "intended", description="the emotion in the file's name, or what most raters of voice, face or both chose"
    )
    ties: Literal["drop", "intended_if_among"] = Field(
        "drop",
        description="of clips whose voted emotions tie: leave them out, or take the intended one if it is among them",
    )
    min_level: Mapping[Rating, Level] = Field(
        default_factory=dict,
        description="rating -> least mean intensity (0 to 100) of the intended emotion, which has to be among those "
        "with most votes; {face: 60} gives the 3843 clips of S1",
    )
    min_agreement: Mapping[Rating, Share] = Field(
        default_factory=dict, description="rating -> least share of raters (0 to 1) that chose the intended emotion"
    )

    def entries(self, name: str) -> CorpusListing:
        """List the clips by name.

        Args:
            name: what the study calls this corpus.

        Returns:
            Clips of the asked modality; its files whose names break the rules and clips of which raters' tables tell
            nothing usable; notes of what is missing and of what parameters leave out.

        Raises:
            CorpusError: the folder has no such clips, a table that is needed cannot be used, or no clip is left.
        """
        root = Path(self.path).absolute()
        files = _media_files(root, self.modality)
        taken = files[self.modality]
        listing = CorpusListing(failures=[refused(name, root, file, _misnamed(file)) for file in taken.pop("", [])])
        ratings = read_ratings(root, self._tables())
        self._take(name, taken, ratings, listing)
        actors, notes = read_actors(root)
        listing = replace(listing, clips=[_played(clip, actors) for clip in listing.clips])
        listing.notes.extend([*ratings.notes(), *notes, *missing(published(), taken), *_one_sided(files)])
        if not listing.clips:
            raise _nothing_left(root, listing)
        return self.without_dropped(listing, root)

    def _tables(self) -> list[str]:
        votes = self.label != "intended" or self.min_level
        return [*([SUMMARY] if votes else []), *([COUNTS] if self.min_agreement else [])]

    def _take(self, name: str, taken: Mapping[str, list[Path]], ratings: Ratings, listing: CorpusListing) -> None:
        """Add each clip that has a label and passes the filters; what they leave out is counted in notes."""
        left_out: Counter[str] = Counter()
        for stem in sorted(taken):
            try:
                file = one_file(taken[stem])
                reason, label = self._reason(stem, ratings), self._label(stem, ratings)
            except CorpusError as error:
                listing.failures.append(Quarantined.because(f"{name}/{stem}", error))
                continue
            if reason or label is None:
                left_out[reason or f"ties: {self.ties}"] += 1
            else:
                listing.clips.append(_clip(name, stem, file, label))
        listing.notes.extend(f"{n} of {len(taken)} clips are left out by {reason}" for reason, n in left_out.items())

    def _reason(self, stem: str, ratings: Ratings) -> str:
        """The first filter that leaves a clip out; empty: none does."""
        intended = published()[stem].intended
        for by, level in self.min_level.items():
            if ratings.vote(stem, by).get(intended, -1) < level:
                return f"min_level: {{{by}: {level:g}}}"
        for by, share in self.min_agreement.items():
            if ratings.shares(stem, by)[intended] < share:
                return f"min_agreement: {{{by}: {share:g}}}"
        return ""

    def _label(self, stem: str, ratings: Ratings) -> str | None:
        """The clip's emotion; None where votes tie and nothing is to be taken instead."""
        intended = published()[stem].intended
        if self.label == "intended":
            return intended
        vote = ratings.vote(stem, self.label)
        if len(vote) == 1:
            return next(iter(vote))
        return intended if self.ties == "intended_if_among" and intended in vote else None


def _media_files(root: Path, medium: Medium) -> dict[Medium, dict[str, list[Path]]]:
    """The corpus's files by medium and clip; those whose names are none of it stand under an empty name.

    Raises:
        CorpusError: no folder, another level of the corpus, or no clip of the asked medium.
    """
    if not is_folder(root):
        raise wrong_root(root, LAYOUT, _looks_right)
    folders = [root, *inner_folders(root, FOLDER)]
    files: dict[Medium, dict[str, list[Path]]] = {}
    for each, suffixes in SUFFIXES.items():
        clips = files.setdefault(each, {})
        for file in [file for folder in folders for file in media_in(folder, suffixes)]:
            clips.setdefault(clip_name(file.name), []).append(file)
    there = [each for each, clips in files.items() if clips.keys() - {""}]
    if not there:
        raise wrong_root(root, LAYOUT, _looks_right)
    if medium not in there:
        raise CorpusError(
            f"no clip as {medium}; there are clips as {there[0]}.",
            where=str(root),
            hint="Set modality to what is there, or path to another folder.",
        )
    return files


def _looks_right(folder: Path) -> bool:
    # AudioWAV/ alone would do, but not without the tables that lie above it.
    inner = [] if FOLDER.fullmatch(folder.name) else [folder, *inner_folders(folder, FOLDER)]
    return any(clip_name(file.name) for each in inner for kind in SUFFIXES.values() for file in media_in(each, kind))


def _misnamed(file: Path) -> CorpusError:
    return CorpusError(
        "the name is none that CREMA-D has.",
        where=file.name,
        hint="It is actor_sentence_emotion_level, such as 1001_IEO_ANG_HI; levels other than XX are of "
        "sentence IEO. Restore the name, or move the file.",
    )


def _clip(name: str, stem: str, file: Path, label: str) -> ClipEntry:
    said = published()[stem]
    return ClipEntry(
        clip_id=f"{name}/{stem}",
        corpus=name,
        media=str(file),
        label=label,
        subject=f"{name}/{said.actor}",
        extra={"sentence": said.sentence, "intended": said.intended, "intensity": LEVELS[said.level]},
    )


def _played(clip: ClipEntry, actors: Mapping[str, Actor]) -> ClipEntry:
    """The clip with what is known of its actor."""
    actor = actors.get(clip.subject.rpartition("/")[2], Actor())
    return replace(clip, sex=actor.sex, extra={**clip.extra, **actor.extra})


def _one_sided(files: Mapping[Medium, Mapping[str, list[Path]]]) -> list[str]:
    """Remarks on clips that are there as sound alone or as video alone, if both kinds are there at all."""
    audio, video = (files[each].keys() - {""} for each in ("audio", "video"))
    pairs = [("audio", audio - video), ("video", video - audio)] if audio and video else []
    return [f"{len(alone)} clips are there only as {medium}: {some(sorted(alone))}" for medium, alone in pairs if alone]


def _nothing_left(root: Path, listing: CorpusListing) -> CorpusError:
    lost = [*listing.notes[:1], *(failure.message for failure in listing.failures[-1:])]
    return CorpusError(
        f"none of the clips can be taken: {'; '.join(lost)}",
        where=str(root),
        hint="Loosen the filters, or correct the files.",
    )
