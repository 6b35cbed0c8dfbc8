"""Nodes of reporting."""

from __future__ import annotations

from typing import Any

import pandas as pd

from abaw_pipeline.artifacts import PieceMap, StoredMap
from abaw_pipeline.emotions import ordered
from abaw_pipeline.parameters import CrossValidation, EvaluationStage, FusionStage, SystemsStage


def collect_predictions(
    clips: pd.DataFrame, folds: pd.DataFrame, posteriors: PieceMap, fused: pd.DataFrame
) -> pd.DataFrame:
    """What each system and each fusion decided for each validation clip, beside the truth."""
    from abaw_pipeline.evaluation.predictions import decide

    classes = ordered(set(clips["label"].dropna()))
    outer = set(folds.loc[folds["parent"].isna(), "fold"])
    tables = [
        (system, fold, posteriors[system, fold].to_pandas()) for system, fold in posteriors if fold in outer
    ]
    for (method, fold), table in fused.groupby(["method", "fold"], sort=False):
        tables.append((method, fold, table.assign(start=0.0, end=1.0)))
    return decide(tables, clips, classes)


def measure_predictions(
    predictions: pd.DataFrame,
    clips: pd.DataFrame,
    study: str,
    cross_validation: CrossValidation,
    evaluation: EvaluationStage,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
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
    quarantine: pd.DataFrame,
    media: PieceMap,
    vocals: PieceMap,
    embeddings: PieceMap,
    systems: PieceMap,
    posteriors: PieceMap,
) -> pd.DataFrame:
    """Everything that failed anywhere, one row a key, with the reason."""
    tables = [quarantine, *(each.failures for each in (media, vocals, embeddings, systems, posteriors))]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else quarantine


def sum_stages(
    media: StoredMap, vocals: StoredMap, embeddings: StoredMap, systems: StoredMap, posteriors: StoredMap
) -> pd.DataFrame:
    """Pieces, failures, seconds of work and bytes of each artifact."""
    from abaw_pipeline.report.gather import sum_stage

    return pd.DataFrame([sum_stage(each) for each in (media, vocals, embeddings, systems, posteriors)])


def describe_systems(stage: SystemsStage, fusion: FusionStage, fitted: PieceMap, folds: pd.DataFrame) -> pd.DataFrame:
    """What each system and each fusion is made of, and how long its training took."""
    from abaw_pipeline.report.gather import describe_fusions, describe_system

    outer = list(folds.loc[folds["parent"].isna(), "fold"].unique())
    rows = [describe_system(name, system, fitted, outer) for name, system in stage.chosen.items()]
    return pd.DataFrame([*rows, *describe_fusions(stage, fusion)])


def write_report(
    parameters: dict[str, Any],
    clips: pd.DataFrame,
    folds: pd.DataFrame,
    metrics: pd.DataFrame,
    confusion: pd.DataFrame,
    weights: pd.DataFrame,
    system_facts: pd.DataFrame,
    failures: pd.DataFrame,
    stages: pd.DataFrame,
) -> tuple[str, dict[str, str], pd.DataFrame]:
    """The page, its figures, and the table of results."""
    from abaw_pipeline.report.gather import gather
    from abaw_pipeline.report.page import figures, render_report
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
