"""Corpora of still images: what each image is labelled with, and the images themselves, a thousand a piece."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.file_hashes import FileHashes
from abaw_pipeline.artifacts.shards import shard
from abaw_pipeline.corpora.base import Quarantined, Split
from abaw_pipeline.corpora.still_pixels import Box, still_bytes
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.parts import Part
from abaw_pipeline.schemas import COUNT, QUARANTINE, TEXT, TableSchema
from abaw_pipeline.types import File

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

NO_SPAN, NO_BOX = (None,) * 2, (None,) * 4
WHOLE_NUMBERS = ("first_byte", "n_bytes", "x1", "y1", "x2", "y2")

STILLS = TableSchema(
    "stills",
    {
        "image_id": TEXT,  # <corpus>/<...>, unique over all corpora
        "corpus": TEXT,
        "split": TEXT,  # train, validation, test
        "label": TEXT,  # emotion
        "subject": TEXT,  # <corpus>/<...>; missing: unknown
        "path": TEXT,  # absolute
        "sha256": TEXT,  # of the file
        "first_byte": COUNT,  # of the image's pixels, written as text; missing: the whole file is the image
        "n_bytes": COUNT,  # length of that text; missing: the whole file is the image
        "x1": COUNT,  # pixels of the image as stored; box of the face; missing: the whole image is the face
        "y1": COUNT,  # pixels
        "x2": COUNT,  # pixels, behind the last column
        "y2": COUNT,  # pixels, behind the last row
    },
    ("image_id", "corpus", "split", "label", "path", "sha256"),
)


@dataclass(frozen=True)
class StillEntry:
    """One labelled image of a corpus.

    Attributes:
        image_id: unique over all corpora, `<corpus>/<...>`.
        split: the part that the authors put the image in.
        label: an emotion of `emotions.EMOTIONS`.
        subject: who is seen, `<corpus>/<...>`; None where that is unknown.
        path: absolute path of the file.
        span: first byte and number of bytes of the pixels written as text; None: the file is the image.
        box: x1, y1, x2, y2 of the face in pixels of the image as stored, ends excluded; None: the whole image is
            the face.
    """

    image_id: str
    split: Split
    label: str
    subject: str | None
    path: str
    span: tuple[int, int] | None = None
    box: Box | None = None


@dataclass(frozen=True)
class StillListing:
    """A corpus of images as it lies on disk.

    Attributes:
        images: in a fixed order, which depends on names and rows alone.
        failures: what was refused.
        notes: remarks for the report.
    """

    images: list[StillEntry] = field(default_factory=list)
    failures: list[Quarantined] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class StillCorpus(Part):
    """A corpus of still images on disk and how to read its layout."""

    @abstractmethod
    def entries(self, name: str) -> StillListing:
        """List the images without decoding any.

        Args:
            name: what the study calls this corpus; it starts each image's and each subject's name.

        Raises:
            CorpusError: the folder or file as a whole is not such a corpus.
        """


def list_stills(
    corpora: Mapping[str, StillCorpus], hashes: FileHashes | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Images of all corpora (STILLS schema), refused rows (QUARANTINE schema), and the corpora's notes.

    Args:
        corpora: by the name that the study gives each.
        hashes: what is known of files from earlier runs; None: all are read.

    Raises:
        CorpusError: a corpus as a whole is not what its parameters say, or none of its images can be read.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    refused: list[Quarantined] = []
    notes: list[str] = []
    listings = {name: corpus.entries(name) for name, corpus in corpora.items()}
    digests = (hashes or FileHashes()).of(e.path for found in listings.values() for e in found.images)
    for name, found in listings.items():
        good, bad = _parted(found.images, digests)
        if not good and bad:
            raise CorpusError(
                f"none of {len(bad)} images can be read.", where=name, hint=f"The first: {bad[0].message}"
            )
        rows.extend(
            (
                e.image_id,
                name,
                e.split,
                e.label,
                e.subject,
                e.path,
                digests[e.path],
                *(e.span or NO_SPAN),
                *(e.box or NO_BOX),
            )
            for e in good
        )
        refused.extend([*found.failures, *bad])
        notes.extend(f"{name}: {note}" for note in found.notes)
    listing = pd.DataFrame(rows, columns=list(STILLS.columns))
    for column in WHOLE_NUMBERS:
        listing[column] = listing[column].astype("Int64")
    return STILLS.validate(listing), _quarantine(refused), notes


def _parted(
    entries: Sequence[StillEntry], digests: Mapping[str, str | OSError]
) -> tuple[list[StillEntry], list[Quarantined]]:
    """Images whose files could be read, and a refused row for each other."""
    good: list[StillEntry] = []
    bad: list[Quarantined] = []
    for entry in entries:
        problem = digests[entry.path]
        if isinstance(problem, OSError):
            what = f"the file cannot be read ({problem.strerror})."
            error = CorpusError(what, where=entry.path, hint="Check its permissions.")
            bad.append(Quarantined.because(entry.image_id, error))
        else:
            good.append(entry)
    return good, bad


def still_recipes(listing: pd.DataFrame, size: int = 1000) -> dict[tuple[str, str], Recipe]:
    """Recipes of the artifact `stills`: (corpus, shard) -> some `size` images.

    Args:
        listing: as `list_stills` gives it.
        size: images a piece, on average between this and half of it.
    """
    recipes = {}
    for corpus, rows in listing.groupby("corpus", sort=False):
        by_id = {row.image_id: row for row in rows.itertuples(index=False)}
        for key, members in shard(list(by_id), size).items():
            recipes[str(corpus), key] = Recipe(read_stills, _columns([by_id[member] for member in members]))
    return recipes


def _columns(rows: Sequence[Any]) -> dict[str, Any]:
    return {
        "corpus": rows[0].corpus,
        **{
            plural: tuple(_value(getattr(row, name)) for row in rows)
            for plural, name in (
                ("image_ids", "image_id"),
                ("splits", "split"),
                ("labels", "label"),
                ("subjects", "subject"),
            )
        },
        "files": tuple(File(row.path, row.sha256) for row in rows),
        "spans": tuple(_numbers(row.first_byte, row.n_bytes) for row in rows),
        "boxes": tuple(_numbers(row.x1, row.y1, row.x2, row.y2) for row in rows),
    }


def _numbers(*cells: Any) -> tuple[int, ...] | None:
    """Cells that are all there or all missing."""
    return None if _value(cells[0]) is None else tuple(int(cell) for cell in cells)


def _value(cell: Any) -> Any:
    """A table's cell, None where it is missing."""
    import pandas as pd

    return None if pd.isna(cell) else cell


def read_stills(
    corpus: str,
    image_ids: Sequence[str],
    splits: Sequence[str],
    labels: Sequence[str],
    subjects: Sequence[str | None],
    files: Sequence[File],
    spans: Sequence[tuple[int, int] | None],
    boxes: Sequence[Box | None],
) -> pa.Table:
    """A piece of the artifact `stills`; an image that cannot be read has a problem instead.

    Args:
        corpus: whose images these are.
        image_ids: n names.
        splits: n parts of the corpus.
        labels: n emotions.
        subjects: n people, None where unknown.
        files: n files.
        spans: where in its file each image's pixels are written as text; None: the file is the image.
        boxes: where in its image each face is; None: all of it is the face.

    Returns:
        columns image_id, corpus, split, label, subject (null: unknown), image (struct of bytes and path; pixels
        written as text become lossless PNG, faces in boxes JPEG, whole files keep their bytes; null: cannot be
        read), problem (why; null: none), n rows.
    """
    import pyarrow as pa

    pictures: list[dict[str, Any] | None] = []
    problems: list[str | None] = []
    for image_id, file, span, box in zip(image_ids, files, spans, boxes, strict=True):
        try:
            content, suffix = still_bytes(file, span, box, image_id)
            pictures.append({"bytes": content, "path": f"{image_id}{suffix}"})
            problems.append(None)
        except CorpusError as error:
            pictures.append(None)
            problems.append(str(error))
    columns = {"image_id": image_ids, "corpus": [corpus] * len(files), "split": splits, "label": labels}
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.table(
        {name: pa.array(list(values), pa.string()) for name, values in columns.items()}
        | {"subject": pa.array(list(subjects), pa.string())}
        | {"image": pa.array(pictures, picture), "problem": pa.array(problems, pa.string())}
    )


def refused_stills(pieces: Mapping[Any, pa.Table]) -> pd.DataFrame:
    """Images that `read_stills` could not read, as rows of the QUARANTINE schema."""
    import pyarrow.compute as pc

    refused: list[Quarantined] = []
    for key in pieces:
        table = pieces[key]
        bad = table.filter(pc.is_valid(table["problem"])).select(["image_id", "problem"]).to_pylist()
        refused.extend(Quarantined(row["image_id"], "CorpusError", row["problem"], "read_stills") for row in bad)
    return _quarantine(refused)


def _quarantine(refused: Sequence[Quarantined]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"artifact": "stills", "key": row.key, "stage": row.stage, "error": row.error, "message": row.message}
        for row in refused
    ]
    return QUARANTINE.validate(pd.DataFrame(rows, columns=list(QUARANTINE.columns)))
