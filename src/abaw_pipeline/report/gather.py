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
from abaw_pipeline.evaluation.folds import (
    FINAL,
    label_rows,
    left_out,
    of_trained_classes,
    protocol_clips,
    scored_folds,
    trained_classes,
)
from abaw_pipeline.evaluation.protocols import Protocol
from abaw_pipeline.evaluation.work import media_seconds
from abaw_pipeline.parameters import Parameters, check_parameters
from abaw_pipeline.parts import Part
from abaw_pipeline.report.counts import annotated_units, count_asked, count_classes, count_folds
from abaw_pipeline.report.inputs import ReportInput
from abaw_pipeline.stages import FusionStage, SystemsStage
from abaw_pipeline.systems.storage import read_card
from abaw_pipeline.threads import cores
from abaw_pipeline.types import OPTIMISTIC

PACKAGES = ("kedro", "torch", "numpy", "scikit-learn", "xgboost", "librosa", "av", "opensmile")


def sum_stage(pieces: StoredMap, durations: Mapping[str, float], validated: Mapping[str, float]) -> dict[str, Any]:
    """One row of the STAGES schema: pieces, failures, seconds of work and bytes of an artifact.

    Work and media are compared on the pieces whose time is known; those that another run computed have none.

    Args:
        pieces: the artifact.
        durations: clip id -> seconds.
        validated: fold of the protocol -> seconds of its validation clips.
    """
    table = pieces.table
    timed = [entry for entry in pieces.entries.values() if entry.status == "done" and entry.seconds is not None]
    training = pieces.name.endswith("_systems")  # takes time once, not a second of video
    keys = [] if training else [entry.key for entry in timed]
    media, about = media_seconds(keys, durations, validated)
    work = sum(entry.seconds or 0.0 for entry, counts in zip(timed, about, strict=False) if counts)
    return {
        "artifact": pieces.name,
        "pieces": int((table["status"] == "done").sum()),
        "failed": int((table["status"] == "failed").sum()),
        "seconds": float(pd.to_numeric(table["seconds"]).sum()),
        "bytes": int(pd.to_numeric(table["bytes"]).fillna(0).sum()),
        "media_seconds": media,
        "per_second": work / media if media else None,
    }


def describe_system(name: str, system: Any, fitted: PieceMap, folds: Sequence[str]) -> dict[str, Any]:
    """What a system is made of: parameters of its first fold that was trained, mean seconds of all of them.

    Args:
        name: the system's name.
        system: its part.
        fitted: the fitted systems of its modality, by (system, fold).
        folds: outer folds.
    """
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
    """What each fusion that can be made is made of, as rows like those of `describe_system`."""
    rows = []
    for name, method in fusion.made(stage.chosen).items():
        members = ", ".join(fusion.fused_by(name, stage.chosen))
        settings = f"{method.kind}: {settings_text(method, leave=('kind', 'members'))}".rstrip(": ")
        row = {"kind": "fusion", "inputs": members, "parameters": "", "seconds": None}
        rows.append({"system": name, "settings": settings, **row})
        if name in fusion.optimistic:
            seen = f"{settings}; weights chosen on the clips that are scored"
            rows.append({"system": name + OPTIMISTIC, "settings": seen, **row})
    return rows


def settings_text(part: Part, leave: tuple[str, ...] = ()) -> str:
    """A part's fields as "name value, name value"; empty ones are left out, parts within come in brackets."""
    return _fields_text(part.model_dump(mode="json", exclude=set(leave)))


def _fields_text(fields: Mapping[str, Any]) -> str:
    known = {name: value for name, value in fields.items() if value not in (None, "", [], {}) and name != "kind"}
    return ", ".join(f"{name} {_value_text(value)}" for name, value in known.items())


def _value_text(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = _fields_text(value)
        return " ".join(filter(None, (value.get("kind", ""), f"({inner})" if inner else "")))
    return " ".join(map(_value_text, value)) if isinstance(value, list) else str(value)


def gather(
    *,
    parameters: Mapping[str, Any],
    inspection: pd.DataFrame,
    clips: pd.DataFrame,
    annotations: pd.DataFrame,
    classes: tuple[str, ...],
    folds: pd.DataFrame,
    metrics: pd.DataFrame,
    sheets: Mapping[str, bytes] | None = None,
    **tables: pd.DataFrame,
) -> ReportInput:
    """Everything that a report shows.

    Args:
        parameters: the merged tree, as Kedro's `parameters` gives it.
        inspection: INSPECTION schema.
        clips: CLIPS schema.
        annotations: ANNOTATIONS schema, of clips as a whole or of frames.
        classes: the K classes, in the order of figures.
        folds: FOLDS schema.
        metrics: METRICS schema.
        sheets: contact sheets by clip, JPEG.
        tables: all others, by the names that `ReportInput` has for them; rows of fold `final` are left out.
    """
    tree = check_parameters({name: plain_tree(value) for name, value in parameters.items()})
    outer = scored_folds(folds)
    units = annotated_units(clips, annotations)
    protocol = tree.cross_validation.protocol
    trained = trained_classes(folds, annotations) if protocol.skips_unknown_classes else None
    asked = count_asked(units if trained is None else of_trained_classes(units, folds, trained), outer)
    rows = label_rows(clips, annotations)
    titles = protocol.fold_titles(protocol_clips(protocol, rows))
    others: dict[str, Any] = {name: _outer(table) for name, table in tables.items()}
    return ReportInput(
        study=tree.study,
        title=f"Study {tree.study}",
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        parameters=tree.model_dump(mode="json"),
        environment=environment(),
        counts=inspection,
        classes=classes,
        class_counts=count_classes(units),
        folds=count_folds(outer, units, titles),
        folds_run=outer["fold"].nunique(),
        folds_total=len(titles),
        protocol=_protocol(tree),
        metrics=metrics,
        optimistic=tree.evaluation.headline.removesuffix(OPTIMISTIC) in tree.fusion.optimistic
        and tree.evaluation.headline.endswith(OPTIMISTIC),
        shuffled=tree.cross_validation.permute_training_labels,
        notes=(
            *_notes(tree, clips, asked, metrics),
            *_left_out(protocol, rows, folds),
            *_skipped(units, outer, trained),
        ),
        measure=tree.evaluation.measure,
        headline=tree.evaluation.headline,
        confidence=tree.evaluation.confidence,
        asked=asked,
        sheets=sheets or {},
        **others,
    )


def _outer(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the protocol's own folds; all, where there are no folds."""
    return table[table["fold"] != FINAL].reset_index(drop=True) if "fold" in table.columns else table


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


def _protocol(tree: Parameters) -> str:
    inner = tree.cross_validation.inner_folds
    learned = (
        f"on {inner} inner folds of each training side"
        if inner
        else f"on the other people of the validation side, in {tree.fusion.parts} parts at most"
    )
    fitted = f"; fusion weights are fitted {learned}" if tree.fusion.learning else ""
    return f"{tree.cross_validation.protocol.kind}, subjects apart{fitted}"


def _notes(tree: Parameters, clips: pd.DataFrame, asked: pd.DataFrame, metrics: pd.DataFrame) -> tuple[str, ...]:
    notes = list(tree.evaluation.notes)
    strangers = int((clips["subject"] == clips["clip_id"]).sum())
    if strangers:
        notes.append(
            f"The subject of {strangers:,} clips is unknown. Each counts as a person of its own: the same person may "
            "train and validate, and intervals are too narrow. Name subjects in the manifest's column 'subject'."
        )
    if tree.fusion.optimistic:
        names = ", ".join(name + OPTIMISTIC for name in tree.fusion.optimistic)
        notes.append(f"Weights of {names} were chosen on the very clips that are scored.")
    return (*notes, *_unscored(asked, metrics))


def _left_out(protocol: Protocol, rows: pd.DataFrame, folds: pd.DataFrame) -> list[str]:
    """What the protocol leaves out of a fold, a sentence each."""
    titles = protocol.fold_titles(protocol_clips(protocol, rows))
    return [
        f"Fold {fold} ({titles[int(fold)]}) leaves out clips {protocol.left_out}: {len(names):,}."
        for fold, names in (left_out(protocol, rows, folds) if protocol.left_out else {}).items()
    ]


def _skipped(units: pd.DataFrame, outer: pd.DataFrame, trained: Mapping[str, set[str]] | None) -> list[str]:
    """Frames that are not scored since no training clip of their fold has their class, a sentence each."""
    notes = []
    for fold, classes in (trained or {}).items():
        own = outer.loc[(outer["fold"] == fold) & (outer["role"] == "validation"), "clip_id"]
        strange = units[units["clip_id"].isin(set(own)) & ~units["label"].isin(classes)]
        if len(strange):
            names = ", ".join(sorted(set(strange["label"])))
            notes.append(
                f"Fold {fold} does not score {len(strange):,} frames of classes that it has not trained: {names}."
            )
    return notes


def _unscored(asked: pd.DataFrame, metrics: pd.DataFrame) -> list[str]:
    """What was to be scored and was not, a sentence for each corpus and unit."""
    notes = []
    pooled = metrics[(metrics["fold"] == "all") & (metrics["measure"] == "accuracy")]
    for row in asked.to_dict("records"):
        own = pooled[(pooled["corpus"] == row["corpus"]) & (pooled["level"] == row["unit"])]
        short = own[own["n"] < row["units"]].drop_duplicates("system")
        if len(short):
            names = ", ".join(f"{one.system} ({one.n:,})" for one in short.itertuples())
            what = f"{row['units']:,} annotated {row['unit']}s of {row['corpus']} in validation"
            notes.append(f"Of {what} not all could be scored: {names}; see failures.")
    return notes
