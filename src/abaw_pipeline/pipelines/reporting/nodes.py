"""Nodes of reporting."""

from __future__ import annotations

from typing import Any

from abaw_pipeline.artifacts import PieceMap, StoredMap
from abaw_pipeline.emotions import ordered
from abaw_pipeline.parameters import CrossValidation, EvaluationStage, FusionStage, SystemsStage
from abaw_pipeline.types import Table


def collect_predictions(clips: Table, folds: Table, posteriors: PieceMap, fused: Table) -> Table:
    """What each system and each fusion decided for each validation clip, beside the truth."""
    from abaw_pipeline.evaluation.predictions import decide

    classes = ordered(set(clips["label"].dropna()))
    outer = set(folds.loc[folds["parent"].isna(), "fold"])
    tables = [(key[0], key[1], posteriors[key].to_pandas()) for key in posteriors if key[1] in outer]
    for (method, fold), table in fused.groupby(["method", "fold"], sort=False):
        tables.append((str(method), str(fold), table.assign(start=0.0, end=1.0)))
    return decide(tables, clips, classes)


def measure_predictions(
    predictions: Table,
    clips: Table,
    study: str,
    cross_validation: CrossValidation,
    evaluation: EvaluationStage,
    seed: int,
) -> tuple[Table, Table]:
    """All measures with their intervals, and confusion counts."""
    from abaw_pipeline.evaluation.metrics_table import confusion_table, metrics_table

    classes = ordered(set(clips["label"].dropna()))
    metrics = metrics_table(
        predictions,
        classes,
        study=study,
        protocol=cross_validation.protocol.kind,
        resamples=evaluation.resamples,
        confidence=evaluation.confidence,
        seed=seed,
    )
    return metrics, confusion_table(predictions, classes)


def collect_failures(
    quarantine: Table,
    media: PieceMap,
    vocals: PieceMap,
    embeddings: PieceMap,
    systems: PieceMap,
    posteriors: PieceMap,
) -> Table:
    """Everything that failed anywhere, one row a key, with the reason."""
    import pandas as pd

    tables = [quarantine, *(each.failures for each in (media, vocals, embeddings, systems, posteriors))]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else quarantine


def sum_stages(
    media: StoredMap, vocals: StoredMap, embeddings: StoredMap, systems: StoredMap, posteriors: StoredMap
) -> Table:
    """Pieces, failures, seconds of work and bytes of each artifact."""
    import pandas as pd

    from abaw_pipeline.report.gather import sum_stage

    return pd.DataFrame([sum_stage(each) for each in (media, vocals, embeddings, systems, posteriors)])


def describe_systems(stage: SystemsStage, fusion: FusionStage, fitted: PieceMap, folds: Table) -> Table:
    """What each system and each fusion is made of, and how long its training took."""
    import pandas as pd

    from abaw_pipeline.report.gather import describe_fusions, describe_system

    outer = list(folds.loc[folds["parent"].isna(), "fold"].unique())
    rows = [describe_system(name, system, fitted, outer) for name, system in stage.chosen.items()]
    return pd.DataFrame([*rows, *describe_fusions(stage, fusion)])


def write_report(
    parameters: dict[str, Any],
    clips: Table,
    folds: Table,
    metrics: Table,
    confusion: Table,
    weights: Table,
    system_facts: Table,
    failures: Table,
    stages: Table,
) -> tuple[str, dict[str, str], Table]:
    """The page, its figures, and the table of results."""
    from abaw_pipeline.report.figures import figures
    from abaw_pipeline.report.gather import gather
    from abaw_pipeline.report.page import render_report
    from abaw_pipeline.report.tables import results_table

    data = gather(
        parameters=parameters,
        clips=clips,
        folds=folds,
        metrics=metrics,
        confusion=confusion,
        fusion_weights=weights,
        systems=system_facts,
        failures=failures,
        stages=stages,
    )
    return render_report(data), figures(data), results_table(data.metrics)
