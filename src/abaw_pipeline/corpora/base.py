"""What every corpus parser gives: a listing of clips, of rows that were refused, and of remarks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from abaw_pipeline.errors import PipelineError
from abaw_pipeline.parts import Part

Sex = Literal["f", "m"]
Split = Literal["train", "validation", "test"]
Side = Literal["left", "right"]

MAX_NAMED = 6
"""How many names a message lists before it only counts."""


@dataclass(frozen=True)
class ClipEntry:
    """One annotated unit of a corpus, as its authors publish it.

    Attributes:
        clip_id: unique over all corpora, `<corpus>/<...>`.
        corpus: the name that the study gives the corpus.
        media: absolute path of the file.
        start: seconds from the media's start.
        end: seconds from the media's start; None: to the media's end.
        label: an emotion of `emotions.EMOTIONS`; None: not annotated.
        subject: who is heard or seen, `<corpus>/<...>`; the clip's own id where that is unknown.
        sex: "f", "m", or None where unknown.
        session: the recording session, if the corpus has any.
        split: the part that the authors put the clip in, if they did.
        side: which of two people the labels are about, where a video shows two.
        label_file: absolute path of a file with one label a frame, see `corpora.frame_labels`.
        extra: what else the corpus tells, as text.
    """

    clip_id: str
    corpus: str
    media: str
    label: str | None
    subject: str
    start: float = 0.0
    end: float | None = None
    sex: Sex | None = None
    session: str | None = None
    split: Split | None = None
    side: Side | None = None
    label_file: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Quarantined:
    """A clip that was refused, and why; the rest of the corpus goes on.

    Attributes:
        key: the clip's id, or the row where no id can be told. Unique within a listing.
        error: name of the error's class.
        message: what is wrong, where, and what to do about it, in one line.
        stage: where in the flow the clip was refused.
    """

    key: str
    error: str
    message: str
    stage: str = "ingestion"

    @classmethod
    def because(cls, key: str, error: PipelineError) -> Quarantined:
        """A row that tells of an error as that error tells of itself."""
        return cls(key, type(error).__name__, str(error))


@dataclass(frozen=True)
class CorpusListing:
    """A corpus as it lies on disk.

    Attributes:
        clips: in a fixed order, which depends on names and rows alone.
        failures: what was refused.
        notes: remarks for the report, such as how much of the published corpus is missing.
    """

    clips: list[ClipEntry] = field(default_factory=list)
    failures: list[Quarantined] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Corpus(Part):
    """A corpus on disk and how to read its layout."""

    path: str = Field(min_length=1, description="the corpus folder, or the manifest file")

    @abstractmethod
    def entries(self, name: str) -> CorpusListing:
        """List the clips without decoding any media.

        Args:
            name: what the study calls this corpus; it starts each clip's and each subject's name.

        Raises:
            CorpusError: the folder or file as a whole is not such a corpus.
        """


def some(names: list[str]) -> str:
    """The first few names, and how many there are beyond."""
    shown = ", ".join(names[:MAX_NAMED]) or "nothing"
    return shown if len(names) <= MAX_NAMED else f"{shown} and {len(names) - MAX_NAMED} more"
