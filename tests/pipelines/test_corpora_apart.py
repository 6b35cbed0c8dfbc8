"""A study across corpora: what one of them alone can teach is not asked of it, and nothing else is lost."""

import logging

import pandas as pd
import pyarrow as pa
import pytest
from tests.pipelines.tiny import (
    CLASSES,
    FUSION,
    LABELS,
    STAGE,
    make_annotations,
    make_clips,
    make_embeddings,
    make_labels,
    make_vocals,
    nothing,
)

from abaw_pipeline.evaluation.folds import label_rows, make_folds
from abaw_pipeline.evaluation.leaks import check_leaks
from abaw_pipeline.evaluation.protocols import LeaveOneCorpusOut
from abaw_pipeline.pipelines.fusion.nodes import apply_fusion, fit_fusion
from abaw_pipeline.pipelines.ingestion.nodes import assign_folds
from abaw_pipeline.pipelines.reporting.nodes import collect_predictions, measure_predictions
from abaw_pipeline.pipelines.temporal_modeling.nodes import fit_sound_systems, predict_sound
from abaw_pipeline.stages import CrossValidation, EvaluationStage

CROSS = CrossValidation.model_validate({"protocol": {"kind": "leave_one_corpus_out"}, "inner_folds": 2})


def test_a_study_across_corpora_of_different_classes(caplog: pytest.LogCaptureFixture) -> None:
    """Sadness is in corpus r alone: three people, six of its clips."""
    clips = make_clips()
    clips["corpus"] = clips["subject"].map(lambda name: "pppqqqrrr"[int(name[2:])])
    clips = clips[(clips["corpus"] == "r") | (clips["label"] != "sadness")].reset_index(drop=True)
    annotations, labels = make_annotations(clips), make_labels(clips)
    with caplog.at_level(logging.WARNING):
        folds = assign_folds(clips, annotations, CROSS, FUSION, seed=0)
    assert (
        "corpus r has clips with classes alone that no training clip has: sadness; 6 clips are not scored"
        in caplog.text
    )

    data = (clips, folds, labels, make_vocals(clips), make_embeddings(make_clips()))
    systems = fit_sound_systems(*data, STAGE, FUSION, CROSS, seed=0)
    maps = (nothing("face_posteriors"), predict_sound(*data, systems, STAGE, FUSION))
    learned = fit_fusion(clips, folds, labels, *maps, FUSION, STAGE, LABELS, CROSS, seed=0)
    fused = apply_fusion(clips, folds, nothing("frames"), labels, *maps, *learned, FUSION, STAGE)
    predictions = collect_predictions(clips, folds, annotations, *maps, fused)
    metrics, _, _ = measure_predictions(predictions, annotations, "tiny", CROSS, EvaluationStage(), seed=0)

    names = {*STAGE.chosen, *FUSION.methods, "mcwf_optimistic"}
    assert set(predictions["system"]) == names
    asked = clips[(clips["corpus"] != "r") | (clips["label"] != "sadness")]
    for _, own in predictions.groupby("system"):
        assert sorted(own["clip_id"]) == sorted(asked["clip_id"])
        assert set(zip(own["fold"], own["corpus"], strict=True)) == {("0", "p"), ("1", "q"), ("2", "r")}
    assert names == set(metrics.loc[metrics["fold"] == "2", "system"])
    # r teaches sadness where it trains, and in fold final, on whose systems other media are judged
    for fold in ("0", "1", "final"):
        assert set(systems.recipes["svm", fold].arguments["clip_ids"]) >= set(clips[clips["corpus"] == "r"]["clip_id"])


def test_frames_of_classes_that_a_fold_has_not_trained_are_not_decided() -> None:
    """Of corpus r's one video a second is sad, which nobody else is; where r trains, sadness is asked of nobody."""
    clips = pd.DataFrame({"clip_id": list("abr"), "corpus": list("ppr"), "subject": ["p/1", "p/2", "r/1"]})
    labels = {"a": ["anger"] * 3, "b": ["happiness"] * 3, "r": ["anger", "sadness", "happiness"]}
    annotations = pd.DataFrame(
        [(clip_id, frame, float(frame), label) for clip_id, all_ in labels.items() for frame, label in enumerate(all_)],
        columns=["clip_id", "frame", "time", "label"],
    )
    folds = make_folds(LeaveOneCorpusOut(), label_rows(clips, annotations))
    check_leaks(folds, clips, annotations, skips_unknown_classes=True)
    said = {
        ("svm", fold): pa.table(
            {"clip_id": ids, "start": [0.0] * len(ids), "end": [3.0] * len(ids)}
            | {f"p_{name}": [value] * len(ids) for name, value in zip(CLASSES, (0.5, 0.3, 0.2), strict=True)}
        )
        for fold, ids in {"0": ["a", "b"], "1": ["r"]}.items()
    }
    fused = pd.DataFrame(columns=["method", "fold", "clip_id", "frame", "time", *(f"p_{name}" for name in CLASSES)])
    found = collect_predictions(clips, folds, annotations, nothing("face_posteriors"), said, fused)
    own = found[found["clip_id"] == "r"]
    assert list(zip(own["frame"], own["truth"], strict=True)) == [(0, "anger"), (2, "happiness")]
    assert len(found) == 8
