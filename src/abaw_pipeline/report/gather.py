"""Gathers what a report shows from the tables of a run."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

import abaw_pipeline
from abaw_pipeline.artifacts import PieceMap, StoredMap
from abaw_pipeline.artifacts.execution import cores
from abaw_pipeline.emotions import ordered
from abaw_pipeline.parameters import FusionStage, Parameters, SystemsStage, check_parameters
from abaw_pipeline.parts import Part
from abaw_pipeline.report.inputs import ReportInput
from abaw_pipeline.systems.storage import read_card

PACKAGES = ("kedro", "torch", "numpy", "scikit-learn", "xgboost", "librosa", "av", "opensmile")


def sum_stage(pieces: StoredMap) -> dict[str, Any]:
    """One row of the STAGES schema: pieces, failures, seconds of work and bytes of an artifact."""
    table = pieces.table
    return {
        "artifact": pieces.name,
        "pieces": int((table["status"] == "done").sum()),
        "failed": int((table["status"] == "failed").sum()),
        "seconds": float(pd.to_numeric(table["seconds"]).sum()),
        "bytes": int(pd.to_numeric(table["bytes"]).fillna(0).sum()),
    }


def describe_system(name: str, system: Any, fitted: PieceMap, folds: Sequence[str]) -> dict[str, Any]:
    """What a system is made of; parameters and seconds are those of its first fold that was trained."""
    row: dict[str, Any] = {
        "system": name,
        "kind": system.kind,
        "inputs": ", ".join(system.inputs),
        "settings": settings_text(system, leave=("kind", "inputs")),
        "parameters": "",
        "seconds": None,
    }
    keys = [(name, fold) for fold in folds if (name, fold) in fitted]
    if keys:
        path = fitted.ref(keys[0]).path
        count = (read_card(path) if path else fitted[keys[0]].card).get("n_parameters")
        row["parameters"] = f"{count:,}" if count else ""
    if keys and isinstance(fitted, StoredMap):
        seconds = [fitted.entries[key].seconds for key in keys]
        known = [value for value in seconds if value is not None]
        row["seconds"] = sum(known) / len(known) if known else None
    return row


def describe_fusions(stage: SystemsStage, fusion: FusionStage) -> list[dict[str, Any]]:
    """What each fusion is made of, as rows like those of `describe_system`."""
    members = ", ".join(fusion.chosen(stage.chosen))
    rows = []
    for name, method in fusion.methods.items():
        settings = f"{method.kind}: {settings_text(method, leave=('kind',))}".rstrip(": ")
        row = {"kind": "fusion", "inputs": members, "parameters": "", "seconds": None}
        rows.append({"system": name, "settings": settings, **row})
        if name in fusion.optimistic:
            seen = f"{settings}; weights chosen on the clips that are scored"
            rows.append({"system": f"{name}_optimistic", "settings": seen, **row})
    return rows


def settings_text(part: Part, leave: tuple[str, ...] = ()) -> str:
    """A part's fields as "name value, name value"."""
    fields = part.model_dump(mode="json", exclude=set(leave))
    return ", ".join(f"{name} {value}" for name, value in fields.items())


def gather(
    *,
    parameters: Mapping[str, Any],
    clips: pd.DataFrame,
    folds: pd.DataFrame,
    metrics: pd.DataFrame,
    confusion: pd.DataFrame,
    fusion_weights: pd.DataFrame,
    systems: pd.DataFrame,
    failures: pd.DataFrame,
    stages: pd.DataFrame,
) -> ReportInput:
    """Everything that a report shows.

    Args:
        parameters: the merged tree, as Kedro's `parameters` gives it.
        clips: CLIPS schema.
        folds: FOLDS schema.
        metrics: METRICS schema.
        confusion: CONFUSION schema.
        fusion_weights: FUSION_WEIGHTS schema.
        systems: as `describe_system` gives it.
        failures: QUARANTINE schema.
        stages: STAGES schema.
    """
    tree = check_parameters({name: plain_tree(value) for name, value in parameters.items()})
    labelled = clips[clips["label"].notna()]
    outer = folds[folds["parent"].isna()]
    return ReportInput(
        study=tree.study,
        title=f"Study {tree.study}",
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        parameters=tree.model_dump(mode="json"),
        environment=environment(),
        counts=_count_clips(clips, failures),
        classes=ordered(set(labelled["label"])),
        class_counts=_count_classes(labelled),
        folds=_count_folds(outer),
        folds_run=outer["fold"].nunique(),
        folds_total=tree.cross_validation.protocol.n_folds,
        protocol=_protocol(tree),
        metrics=metrics,
        confusion=confusion,
        fusion_weights=fusion_weights,
        systems=systems,
        failures=failures,
        stages=stages,
        optimistic=tree.evaluation.headline.removesuffix("_optimistic") in tree.fusion.optimistic
        and tree.evaluation.headline.endswith("_optimistic"),
        notes=_notes(tree, clips, outer, metrics),
        headline=tree.evaluation.headline,
        confidence=tree.evaluation.confidence,
    )


def plain_tree(value: Any) -> Any:
    """Parameters without the models that Kedro has put in place of mappings."""
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def environment() -> dict[str, str]:
    """Versions of the project and of what results depend on, and the machine's size."""
    found = {"abaw_pipeline": abaw_pipeline.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found | {"system": sys.platform, "cores": str(cores())}


def _count_clips(clips: pd.DataFrame, failures: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for corpus, part in clips.groupby("corpus", sort=False):
        failed = failures[failures["artifact"].isin(["clips", "media"])]["key"].str.startswith(f"{corpus}/")
        rows.append(
            {
                "corpus": corpus,
                "clips": len(part),
                "labelled": int(part["label"].notna().sum()),
                "subjects": part["subject"].nunique(),
                "hours": round(part["duration"].sum() / 3600, 3),
                "failed": int(failed.sum()),
            }
        )
    return pd.DataFrame(rows)


def _count_classes(labelled: pd.DataFrame) -> pd.DataFrame:
    counts = labelled.groupby(["corpus", "label"], sort=False).size().reset_index(name="clips")
    return counts.rename(columns={"label": "class"})


def _count_folds(outer: pd.DataFrame) -> pd.DataFrame:
    counts = outer.groupby(["fold", "role"], sort=False).agg(
        subjects=("subject", "nunique"), clips=("clip_id", "nunique")
    )
    return counts.reset_index()


def _protocol(tree: Parameters) -> str:
    inner = tree.cross_validation.inner_folds
    return (
        f"{tree.cross_validation.protocol.kind}, subjects apart; fusion weights are fitted on {inner} inner folds "
        "of each training side"
    )


def _notes(tree: Parameters, clips: pd.DataFrame, outer: pd.DataFrame, metrics: pd.DataFrame) -> tuple[str, ...]:
    notes = list(tree.evaluation.notes)
    strangers = int((clips["subject"] == clips["clip_id"]).sum())
    if strangers:
        notes.append(
            f"The subject of {strangers} clips is unknown. Each counts as a person of its own: the same person may "
            "train and validate, and intervals are too narrow. Name subjects in the manifest's column 'subject'."
        )
    if tree.cross_validation.permute_training_labels:
        notes.append("Training labels were shuffled: this run is a check, and its results must lie at chance.")
    if tree.fusion.optimistic:
        names = ", ".join(f"{name}_optimistic" for name in tree.fusion.optimistic)
        notes.append(f"Weights of {names} were chosen on the very clips that are scored.")
    asked = int((outer["role"] == "validation").sum())
    pooled = metrics[(metrics["fold"] == "all") & (metrics["measure"] == "accuracy")]
    short = pooled[pooled["n"] < asked].drop_duplicates("system")
    if len(short):
        names = ", ".join(f"{row.system} ({row.n})" for row in short.itertuples())
        notes.append(f"Of {asked} validation clips not all could be scored: {names}; see failures.")
    return tuple(notes)
