"""All corpora of a study as tables: what they name, what their media hold, what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from abaw_pipeline.artifacts.file_hashes import FileHashes
from abaw_pipeline.corpora.base import Corpus, Quarantined
from abaw_pipeline.schemas import ANNOTATIONS, CLIPS, CORPUS_NOTES, QUARANTINE

if TYPE_CHECKING:
    import pyarrow as pa

LISTING_COLUMNS = [
    *("clip_id", "corpus", "media", "sha256", "label", "subject", "start", "end", "sex", "session", "split"),
    *("side", "label_file", "label_sha256"),
]

DIGESTS = {"media": "sha256", "label_file": "label_sha256"}
"""Columns with files, and those with their digests."""


def list_corpora(
    corpora: Mapping[str, Corpus], hashes: FileHashes | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Clips of all corpora, refused rows, and remarks.

    Args:
        corpora: by the name that the study gives each.
        hashes: what is known of files from earlier runs; None: all are read.

    Returns:
        A table with LISTING_COLUMNS (times in seconds, end missing where a clip goes on to the media's end), a
        table in the QUARANTINE schema, and the corpora's notes (CORPUS_NOTES schema).

    Raises:
        CorpusError: a corpus as a whole is not what its parameters say.
    """
    clips: list[dict[str, Any]] = []
    refused: list[Quarantined] = []
    notes: list[tuple[str, str]] = []
    for name, corpus in corpora.items():
        found = corpus.entries(name)
        clips.extend(vars(clip) for clip in found.clips)
        refused.extend(found.failures)
        notes.extend((name, note) for note in found.notes)
    listing = pd.DataFrame(clips, columns=[column for column in LISTING_COLUMNS if "sha256" not in column])
    hashed = (hashes or FileHashes()).of(path for column in DIGESTS for path in listing[column].dropna())
    digests = {path: result for path, result in hashed.items() if isinstance(result, str)}
    for column, digest in DIGESTS.items():
        listing[digest] = listing[column].map(digests).astype(object)
        refused.extend(_unreadable(listing, column, hashed))
        listing = listing[listing[digest].notna() | listing[column].isna()].reset_index(drop=True)
    remarks = CORPUS_NOTES.validate(pd.DataFrame(notes, columns=list(CORPUS_NOTES.columns)))
    return listing[LISTING_COLUMNS], _quarantine_table(refused), remarks


def describe(listing: pd.DataFrame, facts: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Clips (CLIPS schema) whose media could be read.

    Args:
        listing: as `list_corpora` gives it.
        facts: clip id -> facts of its media; clips without any are left out.
    """
    clips = listing[listing["clip_id"].isin(list(facts))].reset_index(drop=True)
    of_media = [facts[clip_id] for clip_id in clips["clip_id"]]
    whole = pd.Series([fact["duration"] for fact in of_media], dtype="float64")
    clips["end"] = clips["end"].astype("float64").fillna(whole)
    clips["duration"] = clips["end"] - clips["start"]
    for column in ("sound", "sample_rate", "channels", "video", "fps", "width", "height"):
        clips[column] = [fact[column] for fact in of_media]
    return CLIPS.validate(clips)


def annotate(
    clips: pd.DataFrame, frame_labels: Mapping[Any, pa.Table], dropped: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Annotations (ANNOTATIONS schema): of clips that have one label as a whole, and frame by frame.

    Args:
        clips: CLIPS schema.
        frame_labels: clip id -> columns frame, time, label, as `frame_labels.read_labels` gives them.
        dropped: corpus -> classes whose frames are left out. (Their clips are left out where the corpus is listed.)
    """
    labelled = clips.loc[clips["label"].notna(), ["clip_id", "label"]]
    corpora = dict(zip(clips["clip_id"], clips["corpus"], strict=True))
    timed = []
    for clip_id, table in frame_labels.items():
        frames = table.to_pandas().assign(clip_id=clip_id)
        timed.append(frames[~frames["label"].isin(list(dropped.get(corpora[clip_id], ())))])
    tables = [table for table in (labelled.assign(frame=None, time=None), *timed) if len(table)]
    return ANNOTATIONS.validate(pd.concat(tables, ignore_index=True)) if tables else ANNOTATIONS.empty()


def dropped_frames(
    clips: pd.DataFrame, frame_labels: Mapping[Any, pa.Table], dropped: Mapping[str, Collection[str]]
) -> dict[str, Counter[str]]:
    """How many frames of each dropped class there are, for each corpus with labels of frames that drops any.

    Args:
        clips: CLIPS schema.
        frame_labels: as for `annotate`.
        dropped: as for `annotate`.
    """
    counts: dict[str, Counter[str]] = {}
    for clip_id, corpus in zip(clips["clip_id"], clips["corpus"], strict=True):
        if corpus in dropped and clip_id in frame_labels:
            own = counts.setdefault(corpus, Counter(dict.fromkeys(dropped[corpus], 0)))
            own.update(label for label in frame_labels[clip_id]["label"].to_pylist() if label in own)
    return counts


def _unreadable(listing: pd.DataFrame, column: str, hashed: Mapping[str, str | OSError]) -> list[Quarantined]:
    """A refused row for each clip whose file cannot be read."""
    return [
        Quarantined(
            clip_id,
            type(problem).__name__,
            f"{path}: cannot be read ({problem.strerror}). Check that it is there and may be read.",
        )
        for clip_id, path in zip(listing["clip_id"], listing[column], strict=True)
        if isinstance(problem := hashed.get(path), OSError)
    ]


def _quarantine_table(refused: list[Quarantined]) -> pd.DataFrame:
    rows = [
        {"artifact": "clips", "key": row.key, "stage": row.stage, "error": row.error, "message": row.message}
        for row in refused
    ]
    return QUARANTINE.validate(pd.DataFrame(rows, columns=list(QUARANTINE.columns)))
