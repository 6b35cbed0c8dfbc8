"""The embedded corpus on disk: made once, made again when its settings or this package change."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from filelock import FileLock
from pydantic import Field

from abaw_pipeline.demo.clips import DemoClip, plan, render
from abaw_pipeline.demo.encode import write_sound
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.parts import Part

MANIFEST = "manifest.csv"
JOURNAL = "corpus.json"
COLUMNS = ("clip_id", "media", "label", "subject", "sex", "take", "text", "background")


class DemoCorpus(Part):
    """Settings of the embedded corpus of synthetic voices, 7 emotions x speakers x takes."""

    kind: Literal["demo"] = "demo"
    seed: int = Field(2020, ge=0, description="another seed gives other people, texts and backgrounds")
    speakers: int = Field(12, ge=2, le=99, description="people, half of them women")
    takes: int = Field(2, ge=1, le=99, description="clips per person and emotion")
    lossy: bool = Field(True, description="some clips are AAC and MP3; False where FFmpeg lacks the encoders")


@dataclass(frozen=True)
class DemoCorpusRecord:
    """What lies in the folder.

    Attributes:
        manifest: path of the table to ingest.
        clips: how many.
        generated: whether this call made them; False where all of it was there.
    """

    manifest: str
    clips: int
    generated: bool


class _Journal(TypedDict):
    """The file that tells which files are ours; `complete` is set last of all."""

    settings: dict[str, object]
    generator: str
    complete: bool
    files: dict[str, int]


def write_demo_corpus(folder: Path, settings: DemoCorpus) -> DemoCorpusRecord:
    """Make the corpus, or leave it if all of it is there.

    A journal names each file before it is written and says that the corpus is complete after the last one,
    so a killed call is taken up by the next, and only files that were made here are ever replaced or removed.

    Args:
        folder: made if it is not there.
        settings: what to make.

    Raises:
        CorpusError: the folder holds a file of another origin under a name that the corpus needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clips = list(plan(settings.seed, settings.speakers, settings.takes, settings.lossy))
    target: _Journal = {
        "settings": settings.model_dump(),
        "generator": _code(),
        "complete": True,
        "files": dict.fromkeys([*(clip.file for clip in clips), MANIFEST], 0),
    }
    with FileLock(folder / ".corpus.lock"):
        there = _read_journal(folder)
        generate = there is None or not _same(folder, there, target)
        if generate:
            _generate(folder, clips, target, set(there["files"]) if there else set())
    return DemoCorpusRecord(str(folder / MANIFEST), len(clips), generated=generate)


def _generate(folder: Path, clips: list[DemoClip], target: _Journal, ours: set[str]) -> None:
    _check_free(folder, set(target["files"]) - ours)
    claimed = sorted(ours | set(target["files"]))
    _write_text(folder, JOURNAL, _dump({**target, "complete": False, "files": dict.fromkeys(claimed, 0)}))
    for clip in clips:
        file = folder / clip.file
        file.parent.mkdir(exist_ok=True)
        aside = _aside(file)
        write_sound(aside, render(clip), clip.rate, clip.container)
        aside.replace(file)
    _write_text(folder, MANIFEST, _manifest(clips))
    for name in claimed:
        _aside(folder / name).unlink(missing_ok=True)
        if name not in target["files"]:
            (folder / name).unlink(missing_ok=True)
    sizes = {name: (folder / name).stat().st_size for name in target["files"]}
    _write_text(folder, JOURNAL, _dump({**target, "files": sizes}))


def _aside(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _same(folder: Path, there: _Journal, target: _Journal) -> bool:
    """Whether a complete corpus of these settings and this code lies there, each file in its length."""
    if {**there, "files": sorted(there["files"])} != {**target, "files": sorted(target["files"])}:
        return False
    files = [(folder / name, size) for name, size in there["files"].items()]
    return all(file.is_file() and file.stat().st_size == size for file, size in files)


def _check_free(folder: Path, names: Iterable[str]) -> None:
    taken = sorted(name for name in names if (folder / name).exists())
    if taken:
        raise CorpusError(
            f"{taken[0]} is there already, and was not made here.",
            where=str(folder),
            hint="Move it away, or let the demo corpus have a folder of its own.",
        )


def _read_journal(folder: Path) -> _Journal | None:
    """The journal, or None where there is none yet.

    Raises:
        CorpusError: something else has its name.
    """
    file = folder / JOURNAL
    if not file.exists():
        return None
    try:
        journal: _Journal = json.loads(file.read_text(encoding="utf-8"))
        _check_journal(journal)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorpusError(
            f"not the journal of a demo corpus ({error}).",
            where=str(file),
            hint="Move it away, or let the demo corpus have a folder of its own.",
        ) from error
    return journal


def _check_journal(journal: _Journal) -> None:
    if journal.keys() != _Journal.__annotations__.keys() or not all(_inside(name) for name in journal["files"]):
        raise ValueError("other keys or names than the demo corpus writes")


def _inside(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and path.name not in {"", JOURNAL}


def _manifest(clips: Iterable[DemoClip]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for clip in clips:
        who = (clip.speaker.name, clip.speaker.sex)
        said = (clip.take, "-".join(clip.text), clip.background)
        writer.writerow((clip.name, clip.file, clip.emotion, *who, *said))
    return text.getvalue()


def _write_text(folder: Path, name: str, text: str) -> None:
    """Whole or not at all, and on the disk before anything is done that relies on it."""
    aside = _aside(folder / name)
    with aside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(folder / name)


def _dump(journal: Mapping[str, object]) -> str:
    return json.dumps(journal, indent=1, sort_keys=True) + "\n"


def _code() -> str:
    """Hash of this package's source: other code may make other sounds."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
