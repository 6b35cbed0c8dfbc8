"""Nodes of reporting."""

from __future__ import annotations

from typing import Any

from abaw_pipeline.artifacts import PieceMap, StoredMap
from abaw_pipeline.emotions import ordered
from abaw_pipeline.pipelines.segments import segments
from abaw_pipeline.stages import CrossValidation, EvaluationStage, FusionStage, SystemsStage
from abaw_pipeline.types import Table


def collect_predictions(
    clips: Table,
    folds: Table,
    annotations: Table,
    face_posteriors: PieceMap,
    sound_posteriors: PieceMap,
    fused: Table,
) -> Table:
    """What each system and each fusion decided for each validation clip, or each of its frames, beside the truth."""
    import pandas as pd

    from abaw_pipeline.evaluation.folds import scored_folds, trained_classes
    from abaw_pipeline.evaluation.predictions import decide_fused, decide_posteriors
    from abaw_pipeline.evaluation.units import scored_units
    from abaw_pipeline.schemas import PREDICTIONS

    classes = ordered(annotations["label"].unique())
    trained = trained_classes(folds, annotations)
    outer = scored_folds(folds)
    outer = outer[outer["role"] == "validation"]
    units = {
        str(fold): scored_units(annotations, part["clip_id"], trained[str(fold)])
        for fold, part in outer.groupby("fold", sort=False)
    }
    systems = [
        (key[0], key[1], posteriors[key].to_pandas(), units[key[1]])
        for posteriors in (face_posteriors, sound_posteriors)
        for key in posteriors
        if key[1] in units
    ]
    tables = decide_posteriors(systems, clips, classes)
    for fold, scored in units.items():
        tables += decide_fused(fused, fold, scored, clips, classes)
    return pd.concat(tables, ignore_index=True) if tables else PREDICTIONS.empty()


def collect_levels(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    face_posteriors: PieceMap,
    sound_posteriors: PieceMap,
    fused: Table,
) -> Table:
    """The same decisions at 5 Hz and, of systems, on their own windows, where frames have labels."""
    import pandas as pd

    from abaw_pipeline.evaluation.folds import scored_folds, trained_classes
    from abaw_pipeline.evaluation.levels import decide_steps, decide_windows, step_units
    from abaw_pipeline.schemas import LEVEL_PREDICTIONS

    classes = ordered(labels_5hz["label"].unique())
    timed = labels_5hz[labels_5hz["clip_id"].isin(clips.loc[clips["label"].isna(), "clip_id"])]
    trained = trained_classes(folds, labels_5hz)
    outer = scored_folds(folds)
    tables: list[Table] = []
    for name, part in outer[outer["role"] == "validation"].groupby("fold", sort=False):
        fold = str(name)
        known = timed[timed["clip_id"].isin(part["clip_id"]) & timed["label"].isin(trained[fold])]
        if known.empty:
            continue
        units = step_units(known, set(part["clip_id"]))
        for posteriors in (face_posteriors, sound_posteriors):
            for key in [each for each in posteriors if each[1] == fold]:
                said = posteriors[key].to_pandas()
                tables.append(decide_steps(key[0], fold, said, units, clips, classes))
                tables.append(decide_windows(key[0], fold, said, known, clips, classes))
        for method, rows in fused[(fused["fold"] == fold) & fused["time"].notna()].groupby("method", sort=False):
            moments = rows.assign(start=rows["time"], end=rows["time"])
            tables.append(decide_steps(str(method), fold, moments, units, clips, classes))
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else LEVEL_PREDICTIONS.empty()


def measure_predictions(
    predictions: Table,
    annotations: Table,
    study: str,
    cross_validation: CrossValidation,
    evaluation: EvaluationStage,
    seed: int,
    levels: Table | None = None,
) -> tuple[Table, Table, Table]:
    """All measures with their intervals, confusion counts, and measures around changes of emotion."""
    import pandas as pd

    from abaw_pipeline.evaluation.change_points import change_point_table
    from abaw_pipeline.evaluation.metrics_table import confusion_table, metrics_table

    classes = ordered(annotations["label"].unique())
    tables: list[Table] = [predictions] if levels is None or levels.empty else [predictions, levels]
    measured = [
        metrics_table(
            table,
            classes,
            study=study,
            protocol=cross_validation.protocol.kind,
            resamples=evaluation.resamples,
            confidence=evaluation.confidence,
            seed=seed,
        )
        for table in tables
    ]
    around = change_point_table(
        predictions, classes, width=evaluation.change_point_width, bins=evaluation.change_point_bins
    )
    return pd.concat(measured, ignore_index=True), confusion_table(predictions, classes), around


def compare_systems(
    predictions: Table, annotations: Table, evaluation: EvaluationStage, seed: int
) -> tuple[Table, Table]:
    """Tests and differences of every pair of systems, and how far each one's confidence is from its accuracy."""
    from abaw_pipeline.evaluation.comparisons import comparison_table
    from abaw_pipeline.evaluation.probabilities import calibration_table

    comparisons = comparison_table(
        predictions,
        ordered(annotations["label"].unique()),
        measure=evaluation.measure,
        resamples=evaluation.resamples,
        confidence=evaluation.confidence,
        seed=seed,
    )
    return comparisons, calibration_table(predictions)


def collect_failures(quarantine: Table, stills_quarantine: Table, **artifacts: PieceMap) -> Table:
    """Everything that failed anywhere, one row a key, with the reason."""
    import pandas as pd

    from abaw_pipeline.corpora.stills import refused_stills

    stills = refused_stills(artifacts["stills"])
    tables = [quarantine, stills_quarantine, stills, *(each.failures for each in artifacts.values())]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else quarantine


def sum_stages(clips: Table, folds: Table, **artifacts: StoredMap) -> Table:
    """Pieces, failures, seconds of work and bytes of each artifact, and seconds of work a second of media."""
    import pandas as pd

    from abaw_pipeline.evaluation.work import validated_seconds
    from abaw_pipeline.report.gather import sum_stage

    durations = dict(zip(clips["clip_id"], clips["duration"], strict=True))
    validated = validated_seconds(clips, folds)
    return pd.DataFrame([sum_stage(each, durations, validated) for each in artifacts.values() if len(each.asked)])


def show_clips(
    predictions: Table,
    face_crops: PieceMap,
    face_tracks: PieceMap,
    clips: Table,
    evaluation: EvaluationStage,
) -> tuple[Table, Table]:
    """Truth and decisions over time of the clips that the report shows, and where each clip's boxes come from."""
    from abaw_pipeline.evaluation.timelines import shown_clips, timelines
    from abaw_pipeline.faces.facts import face_facts

    shown = shown_clips(predictions, evaluation.clips_shown)
    crops = {clip["clip_id"]: key for key, members in segments(clips).items() for clip in members}
    found = {
        str(each): (
            face_tracks.ref(each).in_parts(["origin", "crop"]),
            face_crops.ref(crops[str(each)]).in_parts(["track"]),
        )
        for each in face_tracks
    }
    return timelines(predictions, shown), face_facts(found)


def describe_systems(
    systems: SystemsStage, fusion: FusionStage, face_systems: PieceMap, sound_systems: PieceMap, folds: Table
) -> Table:
    """What each system and each fusion is made of, and how long its training took."""
    import pandas as pd

    from abaw_pipeline.evaluation.folds import scored_folds
    from abaw_pipeline.report.gather import describe_fusions, describe_system

    outer = list(scored_folds(folds)["fold"].unique())
    rows = [describe_system(name, system, face_systems, outer) for name, system in systems.of("face").items()]
    rows += [describe_system(name, system, sound_systems, outer) for name, system in systems.of("sound").items()]
    return pd.DataFrame([*rows, *describe_fusions(systems, fusion)])


def write_report(
    parameters: dict[str, Any],
    inspection: Table,
    clips: Table,
    annotations: Table,
    folds: Table,
    metrics: Table,
    timelines: Table,
    contact_sheets: PieceMap,
    **tables: Table,
) -> tuple[str, dict[str, str], Table, Table, dict[str, str], dict[str, str]]:
    """The page, its figures, the table of results twice (CSV, Parquet), and the page's tables as Markdown and CSV."""
    from abaw_pipeline.report.exports import export_tables
    from abaw_pipeline.report.figures import figures
    from abaw_pipeline.report.gather import gather
    from abaw_pipeline.report.page import render_report
    from abaw_pipeline.report.page_tables import page_tables
    from abaw_pipeline.report.results import Results
    from abaw_pipeline.report.tables import results_table

    shown = dict.fromkeys(timelines["clip_id"])
    data = gather(
        parameters=parameters,
        inspection=inspection,
        clips=clips,
        annotations=annotations,
        classes=ordered(annotations["label"].unique()),
        folds=folds,
        metrics=metrics,
        timelines=timelines,
        sheets={str(clip_id): contact_sheets[clip_id] for clip_id in shown if clip_id in contact_sheets},
        **tables,
    )
    results = results_table(data.metrics, measure=data.measure)
    markdown, csv = export_tables(page_tables(Results(data)))
    return render_report(data), figures(data), results, results, markdown, csv


def note_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of this run, to be compared with those of another."""
    from abaw_pipeline.report.gather import plain_tree

    return {name: plain_tree(value) for name, value in parameters.items()}
