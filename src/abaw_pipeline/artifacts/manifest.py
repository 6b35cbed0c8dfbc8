"""Manifests: which piece stands behind each key in one version of an artifact, and what has failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abaw_pipeline.artifacts.durable import make_durable, sync_folder
from abaw_pipeline.artifacts.keys import Key

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 2
"""Version of the manifest's own layout."""

DONE, FAILED = "done", "failed"
_PREFIX = "abaw_pipeline."
_TEXTS = ("stage", "error", "message", "traceback", "blocked_by")


class ManifestError(Exception):
    """A manifest that this release cannot read."""


@dataclass(frozen=True)
class Entry:
    """One row of a manifest.

    Attributes:
        key: what the piece is asked for by.
        status: "done" or "failed".
        fingerprint: what the piece is, or would have been, made of.
        path: the piece's file below the artifact's store; None where it failed.
        rows: rows of the piece, None where unknown or failed.
        bytes: size of the file.
        sha256: hex digest of the file.
        seconds: time the computation took; None where another run computed it.
        components: parts of the fingerprint, to tell later what has changed.
        stage: name of the function that failed.
        error: type of the exception.
        message: its text.
        traceback: where it came from.
        blocked_by: "artifact[key]" of the failed piece that this one needs.
    """

    key: Key
    status: str
    fingerprint: str
    path: str | None = None
    rows: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    seconds: float | None = None
    components: dict[str, str] = field(default_factory=dict)
    stage: str | None = None
    error: str | None = None
    message: str | None = None
    traceback: str | None = None
    blocked_by: str | None = None


@dataclass(frozen=True)
class Manifest:
    """One version of an artifact.

    Attributes:
        entries: a row a key, in the order asked for.
        codes: code that the pieces were made by, as its hash -> name of a definition -> hash of that definition.
    """

    entries: list[Entry] = field(default_factory=list)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def by_key(self) -> dict[Key, Entry]:
        """The rows by their keys."""
        return {entry.key: entry for entry in self.entries}


def _schema() -> pa.Schema:
    import pyarrow as pa

    text = [(name, pa.string()) for name in _TEXTS]
    return pa.schema(
        [
            ("key", pa.list_(pa.string())),
            ("status", pa.string()),
            ("fingerprint", pa.string()),
            ("path", pa.string()),
            ("rows", pa.int64()),
            ("bytes", pa.int64()),
            ("sha256", pa.string()),
            ("seconds", pa.float64()),
            ("components", pa.string()),
            *text,
        ]
    )


def write_manifest(path: Path, manifest: Manifest, *, artifact: str, format: str) -> None:
    """Write a manifest whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [_row(entry) for entry in manifest.entries]
    codes = json.dumps(manifest.codes, sort_keys=True)
    facts = {"manifest": str(VERSION), "artifact": artifact, "format": format, "codes": codes}
    schema = _schema().with_metadata({f"{_PREFIX}{name}": text for name, text in facts.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    try:
        table = pa.Table.from_pylist(rows, schema=schema)
        pq.write_table(table, aside, compression="zstd", write_page_checksum=True)  # what it names must not change
        make_durable(aside)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read_manifest(path: Path) -> Manifest:
    """A manifest with all its rows.

    Raises:
        ManifestError: not a manifest, or one of a layout that this release does not know.
    """
    table = _read(path)
    facts = _facts(table.schema)
    _check_version(path, facts)
    return Manifest([_entry(row) for row in table.to_pylist()], json.loads(facts.get("codes", "{}")))


def named_files(path: Path) -> list[str] | None:
    """Files of the pieces that a manifest names, below its store; None for a Parquet file that is no manifest.

    Raises:
        ManifestError: not a Parquet file, damaged, or a manifest of a layout that this release does not know.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise ManifestError(f"{path}: cannot be read ({error})") from error
    facts = _facts(schema)
    if "manifest" not in facts and not set(_schema().names) <= set(schema.names):
        return None
    _check_version(path, facts)
    rows = _read(path, ["status", "path"]).to_pylist()
    if any((row["status"] == DONE) != (row["path"] is not None) for row in rows):
        raise ManifestError(f"{path}: damaged, rows do not agree with themselves")
    return [row["path"] for row in rows if row["path"] is not None]


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, partitioning=None, columns=columns, page_checksum_verification=True)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise ManifestError(f"{path}: not a manifest of pieces ({error})") from error


def _facts(schema: pa.Schema) -> dict[str, str]:
    """What the manifest says of itself, by name without the prefix."""
    facts = {
        key.decode(errors="replace"): text.decode(errors="replace") for key, text in (schema.metadata or {}).items()
    }
    return {key.removeprefix(_PREFIX): value for key, value in facts.items() if key.startswith(_PREFIX)}


def _check_version(path: Path, facts: Mapping[str, str]) -> None:
    version = facts.get("manifest", "")
    if version == str(VERSION):
        return
    written = "a newer release" if version.isdigit() and int(version) > VERSION else "another release"
    raise ManifestError(
        f"{path}: manifest version {version or 'none'}, this release reads {VERSION}; it was written by {written} "
        "of abaw_pipeline. Use that release, or another data folder, or --load-versions of before"
    )


def _row(entry: Entry) -> dict[str, Any]:
    key = [entry.key] if isinstance(entry.key, str) else list(entry.key)
    texts = {name: _unicode(getattr(entry, name)) for name in _TEXTS}
    return vars(entry) | texts | {"key": key, "components": json.dumps(entry.components, sort_keys=True)}


def _unicode(text: str | None) -> str | None:
    """The text with what UTF-8 cannot hold spelled out: messages quote file names of any kind."""
    return text if text is None else text.encode("utf-8", "backslashreplace").decode()


def _entry(row: dict[str, Any]) -> Entry:
    parts = row["key"]
    key: Key = parts[0] if len(parts) == 1 else tuple(parts)
    return Entry(**(row | {"key": key, "components": json.loads(row["components"])}))
