"""Schemas of the tables that pipelines exchange: names, types, units, and what a missing value means.

A catalog entry names one as its validator, so that a table is checked when it is saved:
    validator: {class: abaw_pipeline.schemas.CLIPS, "on": save}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abaw_pipeline.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

TEXT, WHOLE, REAL, COUNT, BYTES = "string", "bool", "double", "int64", "binary"


class TableSchema:
    """Columns of a table, in order.

    Args:
        name: what the table is, for messages.
        columns: column -> Arrow type name.
        required: columns in which no value may be missing.
    """

    def __init__(self, name: str, columns: dict[str, str], required: tuple[str, ...] = ()) -> None:
        self.name, self.columns, self.required = name, columns, required

    def validate(self, data: Any) -> pd.DataFrame:
        """The table with exactly these columns and types.

        Raises:
            DataError: a column is missing or unknown, has another type, or lacks a required value.
        """
        import pandas as pd
        import pyarrow as pa

        missing = [column for column in self.columns if column not in data.columns]
        unknown = [str(column) for column in data.columns if column not in self.columns]
        if missing or unknown:
            raise DataError(f"columns missing: {missing or 'none'}, unknown: {unknown or 'none'}", where=self.name)
        for column in self.required:
            if data[column].isna().any():
                raise DataError(f"column {column!r} has missing values", where=self.name)
        schema = pa.schema([(column, pa.type_for_alias(kind)) for column, kind in self.columns.items()])
        try:
            table = pa.Table.from_pandas(data[list(self.columns)], schema=schema, preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(f"a column has another type than it should: {error}", where=self.name) from error
        checked: pd.DataFrame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype()}.get)
        return checked

    def empty(self) -> pd.DataFrame:
        """The table without rows."""
        import pandas as pd

        return self.validate(pd.DataFrame(columns=list(self.columns)))


CLIPS = TableSchema(
    "clips",
    {
        "clip_id": TEXT,
        "corpus": TEXT,
        "media": TEXT,  # file, relative to the corpus where it lies below it
        "sha256": TEXT,  # of the file
        "start": REAL,  # seconds from the start of the media
        "end": REAL,  # seconds from the start of the media
        "duration": REAL,  # seconds
        "subject": TEXT,
        "sex": TEXT,  # f, m; missing: unknown
        "session": TEXT,  # missing: the corpus has none
        "split": TEXT,  # train, validation, test; missing: the corpus has none
        "label": TEXT,  # emotion of the whole clip; missing: not annotated as a whole
        "side": TEXT,  # left, right: which of two people is annotated; missing: the only one, or not known
        "label_file": TEXT,  # file with one label a frame; missing: none
        "label_sha256": TEXT,  # of that file
        "sound": WHOLE,
        "sample_rate": COUNT,  # Hz; missing: no sound
        "channels": COUNT,  # missing: no sound
        "video": WHOLE,
        "fps": REAL,  # frames a second on average; missing: no picture
        "width": COUNT,  # pixels; missing: no picture
        "height": COUNT,  # pixels; missing: no picture
    },
    ("clip_id", "corpus", "media", "sha256", "start", "end", "duration", "subject", "sound", "video"),
)
ANNOTATIONS = TableSchema(
    "annotations",
    {
        "clip_id": TEXT,
        "frame": COUNT,  # index of the decoded frame; missing: the label holds for the whole clip
        "time": REAL,  # seconds from the clip's start; missing: the label holds for the whole clip
        "label": TEXT,
    },
    ("clip_id", "label"),
)
LABELS = TableSchema(
    "labels_5hz",
    {
        "clip_id": TEXT,
        "start": REAL,  # seconds from the clip's start
        "end": REAL,  # seconds from the clip's start; a clip labelled as a whole has one row up to its duration
        "label": TEXT,
    },
    ("clip_id", "start", "end", "label"),
)
QUARANTINE = TableSchema(
    "quarantine",
    {"artifact": TEXT, "key": TEXT, "stage": TEXT, "error": TEXT, "message": TEXT, "blocked_by": TEXT},
    ("artifact", "key", "error", "message"),
)
CORPUS_NOTES = TableSchema(
    "corpus_notes",
    {"corpus": TEXT, "note": TEXT},  # what a corpus lacks, what parameters leave out
    ("corpus", "note"),
)
INSPECTION = TableSchema(
    "inspection",
    {
        "corpus": TEXT,  # the last row of several counts all of them
        "clips": COUNT,  # that can be used
        "hours": REAL,  # of media that these clips are about; what several are about counts once
        "subjects": COUNT,  # people that the corpus tells apart; missing: none
        "unit": TEXT,  # what classes count: clips, frames (annotated ones), clips and frames; missing: no label
        "classes": TEXT,  # with counts, as "neutral 96, anger 192"; missing: no label
        "dropped_frames": TEXT,  # labelled frames by class that parameters leave out; missing: none are dropped
        "fps_min": REAL,  # frames a second on average, of the slowest video; missing: no pictures
        "fps_max": REAL,  # of the fastest one
        "no_sound": COUNT,  # clips
        "no_picture": COUNT,  # clips
        "no_label": COUNT,  # clips of which neither the whole nor any frame is labelled
        "refused": COUNT,  # rows and files that are no clip of the corpus
        "failed": COUNT,  # clips whose media, frames or label file could not be read
        "reasons": TEXT,  # the commonest of both, with counts
    },
    ("corpus", "clips", "hours", "no_sound", "no_picture", "no_label", "refused", "failed", "reasons"),
)
FOLDS = TableSchema(
    "folds",
    {
        "fold": TEXT,  # "0", or "0/1" for a fold within the training side of fold 0
        "parent": TEXT,  # missing: a fold of the protocol itself
        "clip_id": TEXT,
        "subject": TEXT,
        "role": TEXT,  # train or validation
    },
    ("fold", "clip_id", "subject", "role"),
)
FUSION_WEIGHTS = TableSchema(
    "fusion_weights",
    {
        "method": TEXT,
        "fold": TEXT,
        "part": COUNT,  # of the fold's validation side, which is fused so; missing: all of it
        "system": TEXT,
        "class": TEXT,
        "source_class": TEXT,  # stacking: the posterior that is weighted; missing: the same class
        "weight": REAL,
    },
    ("method", "fold", "class", "weight"),
)
FUSION_FITS = TableSchema(
    "fusion_fits",
    {
        "method": TEXT,
        "fold": TEXT,
        "part": COUNT,  # of the fold's validation side, which is fused so; missing: all of it
        "people": TEXT,  # the subjects of that part, a JSON list; missing: all
        "members": TEXT,  # names of the fused systems, a JSON list
        "classes": TEXT,  # names of the emotions in the order that a model knows, a JSON list
        "rows": COUNT,  # moments or clips that the method was fitted on
        "subjects": COUNT,  # whose they are
        "info": TEXT,  # JSON: the measure that was reached, what was chosen, and the like
        "model": BYTES,  # a learned estimator (skops, XGBoost's binary JSON); missing: the method has weights
    },
    ("method", "fold", "members", "classes", "rows", "subjects", "info"),
)
METRICS = TableSchema(
    "metrics",
    {
        "study": TEXT,
        "corpus": TEXT,
        "protocol": TEXT,
        "system": TEXT,
        "fold": TEXT,  # "all": clips of all folds together
        "split": TEXT,
        "level": TEXT,
        "class": TEXT,  # missing: over all classes
        "measure": TEXT,
        "value": REAL,  # fraction
        "lo": REAL,  # missing: no interval
        "hi": REAL,
        "interval": TEXT,  # how lo and hi were made
        "n": COUNT,
    },
    ("study", "system", "fold", "measure"),
)
CONFUSION = TableSchema(
    "confusion",
    {"system": TEXT, "fold": TEXT, "truth": TEXT, "predicted": TEXT, "count": COUNT},
    ("system", "fold", "truth", "predicted", "count"),
)
PREDICTIONS = TableSchema(
    "predictions",
    {
        "system": TEXT,
        "fold": TEXT,
        "corpus": TEXT,
        "clip_id": TEXT,
        "subject": TEXT,
        "frame": COUNT,  # index of the decoded frame; missing: the clip is decided as a whole
        "time": REAL,  # seconds from the clip's start; missing: the clip is decided as a whole
        "truth": TEXT,
        "predicted": TEXT,
        "confidence": REAL,  # probability of the class decided for
        "p_truth": REAL,  # probability of the true class
    },
    ("system", "fold", "corpus", "clip_id", "subject", "truth", "predicted"),
)
LEVEL_PREDICTIONS = TableSchema(
    "level_predictions",
    {**PREDICTIONS.columns, "level": TEXT},  # 5 Hz or window; frame: which step or window of the clip
    (*PREDICTIONS.required, "level"),
)
CALIBRATION = TableSchema(
    "calibration",
    {
        "system": TEXT,
        "lo": REAL,  # of the bin of confidences
        "hi": REAL,
        "n": COUNT,  # decisions in it
        "confidence": REAL,  # their mean
        "accuracy": REAL,  # share of right ones
    },
    ("system", "lo", "hi", "n", "confidence", "accuracy"),
)
COMPARISONS = TableSchema(
    "comparisons",
    {
        "test": TEXT,  # cochran_q, mcnemar, t_folds, t_corpora, difference, optimism
        "system_a": TEXT,  # missing: all systems together
        "system_b": TEXT,
        "measure": TEXT,  # what is compared
        "difference": REAL,  # of the measure, a minus b; missing for Cochran's Q
        "lo": REAL,  # of the difference, by bootstrap over subjects; missing: no interval
        "hi": REAL,
        "statistic": REAL,  # missing: an interval alone
        "p": REAL,
        "p_bonferroni": REAL,  # times the number of pairs, at most 1
        "effect": REAL,  # mcnemar: Cohen's g; t tests: Cohen's d of the differences
        "n": COUNT,  # what was paired: decisions, folds, corpora, subjects
        "unit": TEXT,
    },
    ("test", "measure", "n", "unit"),
)
STAGES = TableSchema(
    "stages",
    {
        "artifact": TEXT,
        "pieces": COUNT,
        "failed": COUNT,
        "seconds": REAL,  # of work, over all processes, as measured when each piece was computed
        "bytes": COUNT,
        "media_seconds": REAL,  # of media that this work was about; missing: work on no media in particular
        "per_second": REAL,  # seconds of work a second of media (S0, Table 9)
    },
    ("artifact", "pieces", "failed"),
)
