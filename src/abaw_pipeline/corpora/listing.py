"""All corpora of a study as tables: what they name, what their media hold, what was refused."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from abaw_pipeline.corpora.base import Corpus, Quarantined
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.schemas import ANNOTATIONS, CLIPS, QUARANTINE

if TYPE_CHECKING:
    import pyarrow as pa

LISTING_COLUMNS = [
    *("clip_id", "corpus", "media", "sha256", "label", "subject", "start", "end", "sex", "session", "split"),
    *("side", "label_file", "label_sha256"),
]


def list_corpora(corpora: Mapping[str, Corpus]) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Clips of all corpora, refused rows, and remarks.

    Returns:
        A table with LISTING_COLUMNS (times in seconds, end missing where a clip goes on to the media's end), a
        table in the QUARANTINE schema, and the corpora's notes.

    Raises:
        CorpusError: a corpus as a whole is not what its parameters say.
    """
    clips: list[dict[str, Any]] = []
    refused: list[Quarantined] = []
    notes: list[str] = []
    for name, corpus in corpora.items():
        found = corpus.entries(name)
        clips.extend(dataclasses.asdict(clip) for clip in found.clips)
        refused.extend(found.failures)
        notes.extend(f"{name}: {note}" for note in found.notes)
    listing = pd.DataFrame(clips, columns=[column for column in LISTING_COLUMNS if "sha256" not in column])
    for column, digest in (("media", "sha256"), ("label_file", "label_sha256")):
        listing[digest], unreadable = _hash_files(listing, column)
        refused.extend(unreadable)
        listing = listing[listing[digest].notna() | listing[column].isna()].reset_index(drop=True)
    return listing[LISTING_COLUMNS], _quarantine_table(refused), notes


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


def annotate(clips: pd.DataFrame, frame_labels: Mapping[Any, pa.Table]) -> pd.DataFrame:
    """Annotations (ANNOTATIONS schema): of clips that have one label as a whole, and frame by frame.

    Args:
        clips: CLIPS schema.
        frame_labels: clip id -> columns frame, time, label, as `frame_labels.read_labels` gives them.

    Raises:
        CorpusError: there is no label at all.
    """
    labelled = clips.loc[clips["label"].notna(), ["clip_id", "label"]]
    timed = [table.to_pandas().assign(clip_id=clip_id) for clip_id, table in frame_labels.items()]
    tables = [table for table in (labelled.assign(frame=None, time=None), *timed) if len(table)]
    if not tables:
        raise CorpusError(
            "no clip and no frame has a label that can be used",
            where="annotations",
            hint="The failures of frame_labels say what is wrong with label files; without labels, stop at "
            "--to-outputs=face_embeddings,sound_embeddings.",
        )
    return ANNOTATIONS.validate(pd.concat(tables, ignore_index=True))


def _hash_files(listing: pd.DataFrame, column: str) -> tuple[pd.Series, list[Quarantined]]:
    """Content hash of each clip's file; None, and a refused row, for a file that cannot be read."""
    paths = listing[column].dropna().drop_duplicates().tolist()
    with ThreadPoolExecutor() as pool:
        hashes = dict(zip(paths, pool.map(_hash, paths), strict=True))
    refused = [
        Quarantined(
            clip_id,
            type(problem).__name__,
            f"{path}: cannot be read ({problem.strerror}). Check that it is there and may be read.",
        )
        for clip_id, path in zip(listing["clip_id"], listing[column], strict=True)
        if isinstance(problem := hashes.get(path), OSError)
    ]
    found = {path: value for path, value in hashes.items() if isinstance(value, str)}
    return listing[column].map(found).astype(object), refused


def _hash(path: str) -> str | OSError:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return error


def _quarantine_table(refused: list[Quarantined]) -> pd.DataFrame:
    rows = [
        {"artifact": "clips", "key": row.key, "stage": row.stage, "error": row.error, "message": row.message}
        for row in refused
    ]
    return QUARANTINE.validate(pd.DataFrame(rows, columns=list(QUARANTINE.columns)))
