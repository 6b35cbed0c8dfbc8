"""The generic corpus: a table that a user writes, one row a clip. No code needed for a new corpus."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Literal

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, Split, some
from abaw_pipeline.corpora.cells import SEXES, seconds, slashes, word
from abaw_pipeline.corpora.labels import DropsClasses, FrameLabels, emotion
from abaw_pipeline.corpora.tables import Row, Table, read_table
from abaw_pipeline.errors import CorpusError

COLUMNS = ("media", "label", "subject", "clip_id", "start", "end", "sex", "session", "split", "label_file")
"""What a manifest may say of a clip; only media is required. Other columns go into `extra`."""

MEDIA_NAMES = ("file", "filename", "file_name", "filepath", "path", "audio", "video", "wav", "mp4")
SPLITS: Mapping[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "development": "validation",
    "test": "test",
}


class Manifest(DropsClasses, FrameLabels, Corpus):
    """A CSV or Parquet file with a row a clip.

    CSV: comma, semicolon or tab, UTF-8 (or UTF-16 with its mark), headers in any case.
    Relative paths of media and of label files (one label a frame, see `corpora.frame_labels`) start at the
    manifest's folder.
    Of rows that share a clip_id none is taken, since which of them is meant cannot be known.
    """

    kind: Literal["manifest"] = "manifest"

    def entries(self, name: str) -> CorpusListing:
        """List the manifest's clips in the order of its rows.

        Args:
            name: what the study calls this corpus.

        Raises:
            CorpusError: no readable table, no column `media`, or no row.
        """
        path = Path(self.path).absolute()
        table = read_table(path, required="media")
        _check_columns(path, table)
        listing = CorpusListing(notes=_remarks(table))
        named: dict[str, list[Row]] = {}
        for row in table.rows:
            named.setdefault(_clip_id(name, row), []).append(row)
        for clip_id, rows in named.items():
            try:
                _check_alone(path, clip_id, rows)
                listing.clips.append(self._clip(name, clip_id, path, rows[0], table.decimal_comma))
            except CorpusError as error:
                listing.failures.append(Quarantined.because(clip_id, error))
        return self.without_dropped(listing, path)

    def _clip(self, name: str, clip_id: str, path: Path, row: Row, decimal_comma: bool) -> ClipEntry:
        where = _where(path, row)
        if row.problem:
            raise CorpusError(row.problem, where=where, hint="Quote fields that hold the separator.")
        cells = row.cells
        start = seconds(cells, "start", where, decimal_comma=decimal_comma) or 0.0
        end = seconds(cells, "end", where, decimal_comma=decimal_comma)
        if end is not None and start >= end:
            raise CorpusError(f"start {start:g} s is not before end {end:g} s.", where=where, hint="Correct the times.")
        if cells.get("label") and cells.get("label_file"):
            raise CorpusError(
                "both a label and a label_file are given.", where=where, hint="Keep the one that the clip is about."
            )
        subject = cells.get("subject", "")
        return ClipEntry(
            clip_id=clip_id,
            corpus=name,
            media=_file(cells["media"], "media", path, where),
            label=emotion(cells["label"], self.labels, where) if cells.get("label") else None,
            subject=f"{name}/{subject}" if subject else clip_id,
            start=start,
            end=end,
            sex=word(cells, "sex", SEXES, where),
            session=cells.get("session") or None,
            split=word(cells, "split", SPLITS, where),
            label_file=_file(cells["label_file"], "label", path, where) if cells.get("label_file") else None,
            extra={key: text for key, text in cells.items() if key and key not in COLUMNS and text},
        )


def _check_columns(path: Path, table: Table) -> None:
    if "media" not in table.columns:
        near = [column for column in table.columns if column in MEDIA_NAMES]
        near = near or get_close_matches("media", table.columns, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]!r}? Rename it to 'media'." if near else "It names each clip's file."
        found = some([repr(column) for column in table.columns])
        raise CorpusError(f"no column 'media'; the columns are {found}.", where=str(path), hint=hint)
    if not table.rows:
        raise CorpusError("the manifest has no rows.", where=str(path), hint="Write one row a clip.")


def _remarks(table: Table) -> list[str]:
    """A misspelt optional column would go unseen: name those that look like one that is absent."""
    absent = [column for column in COLUMNS if column not in table.columns]
    others = [column for column in table.columns if column and column not in COLUMNS]
    near = [(column, get_close_matches(column, absent, n=1, cutoff=0.75)) for column in others]
    return [f"column {column!r} is not used; did you mean {match[0]!r}?" for column, match in near if match]


def _clip_id(name: str, row: Row) -> str:
    """The id that the row gives, else its media path and times, else the row's number."""
    cells = row.cells
    if cells.get("clip_id"):
        return f"{name}/{cells['clip_id']}"
    if not cells.get("media"):
        return f"{name}/row {row.number}"
    media = PurePosixPath(slashes(cells["media"]))
    stem = "/".join(part for part in media.parts if part not in {"/", ".", ".."})
    times = [cells.get("start", ""), cells.get("end", "")]
    return f"{name}/{stem}#{'-'.join(times)}" if any(times) else f"{name}/{stem}"


def _where(path: Path, row: Row) -> str:
    return f"{path.name}, row {row.number}"


def _check_alone(path: Path, clip_id: str, rows: list[Row]) -> None:
    if len(rows) > 1:
        raise CorpusError(
            f"clip id {clip_id!r} is given by rows {some([str(row.number) for row in rows])}; none is taken.",
            where=path.name,
            hint="Give each clip an id of its own in the column clip_id.",
        )


def _file(text: str, what: str, manifest: Path, where: str) -> str:
    """The absolute path of a file that is there, written in the manner of any system."""
    if not text:
        raise CorpusError("no media is named.", where=where, hint="Name the clip's file, or drop the row.")
    for candidate in dict.fromkeys([text, slashes(text)]):
        full = manifest.parent / candidate
        try:
            if full.is_file():
                return str(full)
        except (OSError, ValueError):
            # A name that no file system takes (too long, a zero byte) is a file that is not there.
            continue
    raise CorpusError(
        f"the {what} file {text!r} is not there.",
        where=where,
        hint=f"Relative paths start at {manifest.parent}.",
    )
