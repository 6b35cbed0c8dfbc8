"""The embedded corpus on disk: made once, made again when its settings or this package change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from abaw_pipeline.demo.clips import DemoClip, plan, render
from abaw_pipeline.demo.encode import write_sound
from abaw_pipeline.demo.encode_video import write_video
from abaw_pipeline.demo.films import pictures
from abaw_pipeline.demo.journal import Piece, make_files
from abaw_pipeline.demo.stills import Still, plan_stills, still_rows
from abaw_pipeline.demo.videos import DemoVideo, annotation, plan_videos, soundtrack, talking, voices
from abaw_pipeline.parts import Part

MANIFEST = "manifest.csv"
STILLS = "stills.csv"
COLUMNS = ("clip_id", "media", "label", "subject", "sex", "take", "text", "background")


class DemoVoices(Part):
    """Sound alone: 7 emotions x speakers x takes, listed in manifest.csv."""

    speakers: int = Field(12, ge=2, le=99, description="people, half of them women")
    takes: int = Field(2, ge=1, le=99, description="clips per person and emotion")
    lossy: bool = Field(True, description="some clips are AAC and MP3; False where FFmpeg lacks the encoders")


class DemoVideos(Part):
    """Videos with a label for each picture, laid out as AffWild2 in ABAW 2020; every third one validates."""

    count: int = Field(16, ge=3, le=99, description="videos; each has people of its own")
    seconds_min: float = Field(6.0, ge=1, description="shortest video (s)")
    seconds_max: float = Field(10.0, le=60, description="longest video (s)")

    @model_validator(mode="after")
    def _in_order(self) -> DemoVideos:
        if self.seconds_max < self.seconds_min:
            raise ValueError("seconds_max is less than seconds_min")
        return self


class DemoStills(Part):
    """Faces of 48x48 pixels in stills.csv, laid out as FER2013; every fifth person is in PublicTest only."""

    count: int = Field(1400, ge=14, description="faces")
    people: int = Field(100, ge=5, le=5000, description="people, others than those of the videos")


class DemoCorpus(Part):
    """Settings of the embedded corpus of synthetic people; a part that is null is not made."""

    kind: Literal["demo"] = "demo"
    seed: int = Field(2020, ge=0, description="another seed gives other people, emotions, texts and backgrounds")
    videos: DemoVideos | None = DemoVideos()
    stills: DemoStills | None = DemoStills()
    voices: DemoVoices | None = None


@dataclass(frozen=True)
class DemoCorpusRecord:
    """What lies in the folder.

    Attributes:
        manifest: path of the table of the voices; None where none were asked for.
        clips: how many voices.
        stills: path of the table of faces; None where none were asked for.
        videos: how many videos; their labels lie as AffWild2's.
        generated: whether this call made them; False where all of it was there.
    """

    manifest: str | None
    clips: int
    stills: str | None
    videos: int
    generated: bool


def write_demo_corpus(folder: Path, settings: DemoCorpus) -> DemoCorpusRecord:
    """Make the corpus, or leave it if all of it is there; see `journal.make_files`.

    Args:
        folder: made if it is not there.
        settings: what to make.

    Raises:
        CorpusError: the folder holds a file of another origin under a name that the corpus needs.
        MediaError: this build of FFmpeg lacks a codec.
    """
    clips, videos, stills = _plan(settings)
    pieces = [*_voice_pieces(clips), *_video_pieces(videos), *_still_pieces(stills)]
    generated = make_files(folder, settings.model_dump(), pieces)
    return DemoCorpusRecord(
        manifest=str(folder / MANIFEST) if clips else None,
        clips=len(clips),
        stills=str(folder / STILLS) if stills else None,
        videos=len(videos),
        generated=generated,
    )


def _plan(settings: DemoCorpus) -> tuple[list[DemoClip], list[DemoVideo], list[Still]]:
    voice, video, still, seed = settings.voices, settings.videos, settings.stills, settings.seed
    return (
        list(plan(seed, voice.speakers, voice.takes, voice.lossy)) if voice else [],
        list(plan_videos(seed, video.count, video.seconds_min, video.seconds_max)) if video else [],
        plan_stills(seed, still.count, still.people) if still else [],
    )


def _voice_pieces(clips: list[DemoClip]) -> Iterator[Piece]:
    for clip in clips:
        yield Piece(clip.file, partial(_write_clip, clip))
    if clips:
        yield Piece(MANIFEST, partial(_write_text, _manifest(clips)))


def _video_pieces(videos: Iterable[DemoVideo]) -> Iterator[Piece]:
    for video in videos:
        yield Piece(video.file, partial(_write_video, video))
        for role in video.roles:
            yield Piece(video.label_file(role), partial(_write_text, annotation(video, role)))


def _still_pieces(stills: list[Still]) -> Iterator[Piece]:
    if stills:
        yield Piece(STILLS, partial(_write_stills, stills))


def _write_clip(clip: DemoClip, path: Path) -> None:
    write_sound(path, render(clip), clip.rate, clip.container)


def _write_video(video: DemoVideo, path: Path) -> None:
    said = voices(video)
    seen = pictures(video, talking(video, said))
    write_video(
        path, seen, video.steps, video.unit, soundtrack(video, said), video.sample_rate, turned=video.take.rotated
    )


def _write_stills(stills: list[Still], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{row}\n" for row in still_rows(stills))


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _manifest(clips: Iterable[DemoClip]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for clip in clips:
        who = (clip.speaker.name, clip.speaker.sex)
        said = (clip.take, "-".join(clip.text), clip.background)
        writer.writerow((clip.name, clip.file, clip.emotion, *who, *said))
    return text.getvalue()
