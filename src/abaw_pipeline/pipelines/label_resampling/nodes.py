"""Nodes of label resampling."""

from __future__ import annotations

from abaw_pipeline.artifacts import PieceMap
from abaw_pipeline.stages import LabelStage
from abaw_pipeline.types import Table


def resample_labels(clips: Table, annotations: Table, frames: PieceMap, labels: LabelStage) -> Table:
    """Labels on one grid of time for videos of any frame rate; a clip labelled as a whole stays one row."""
    from abaw_pipeline.evaluation.label_table import resample_annotations

    return resample_annotations(clips, annotations, frames, labels.rate)
