"""A study of a few clips that fits in memory, to run nodes without a catalog."""

import numpy as np
import pandas as pd

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.evaluation.folds import make_folds
from abaw_pipeline.evaluation.protocols import SubjectKFold
from abaw_pipeline.stages import CrossValidation, FusionStage, LabelStage, SystemsStage
from abaw_pipeline.types import FeatureSequence, Waveform

CLASSES = ("anger", "happiness", "sadness")
STAGE = SystemsStage.model_validate(
    {
        "sound": {
            "svm": {"kind": "linear_svm", "inputs": ["features"]},
            "lda": {"kind": "shrinkage_lda", "inputs": ["features"], "n_features": 4},
        }
    }
)
FUSION = FusionStage.model_validate(
    {
        "methods": {"mean": {"kind": "log_mean"}, "mcwf": {"kind": "mcwf", "pool": 50}},
        "optimistic": ["mcwf"],
    }
)
CROSS = CrossValidation.model_validate({"protocol": {"kind": "subject_kfold", "k": 3}, "inner_folds": 2})


LABELS = LabelStage()


def features(label: int, seed: int) -> FeatureSequence:
    """One vector whose mean tells the label."""
    values = np.random.default_rng(seed).normal(1.5 * np.eye(6)[label], 1).astype(np.float32)
    return FeatureSequence(np.zeros(1), np.ones(1), values[None])


def silence() -> Waveform:
    return Waveform(np.zeros(16, np.float32), 16_000)


def make_clips(takes: int = 2, subjects: int = 9) -> pd.DataFrame:
    """Every subject says everything `takes` times."""
    rows = [
        {"clip_id": f"c/{s}-{label}-{take}", "corpus": "c", "subject": f"c/{s}", "label": label, "duration": 1.0}
        for s in range(subjects)
        for label in CLASSES
        for take in range(takes)
    ]
    return pd.DataFrame(rows)


def make_embeddings(clips: pd.DataFrame) -> RecipeMap:
    recipes = {
        ("features", row.clip_id): Recipe(features, {"label": CLASSES.index(row.label), "seed": seed})
        for seed, row in enumerate(clips.itertuples())
    }
    return RecipeMap("sound_embeddings", recipes)


def make_vocals(clips: pd.DataFrame) -> RecipeMap:
    return RecipeMap("vocals", {clip_id: Recipe(silence, {}) for clip_id in clips["clip_id"]})


def three_folds(clips: pd.DataFrame) -> pd.DataFrame:
    return make_folds(SubjectKFold(k=3), clips, inner_folds=2, seed=0)


def make_annotations(clips: pd.DataFrame) -> pd.DataFrame:
    """Each clip has one label as a whole."""
    return clips[["clip_id", "label"]].assign(frame=None, time=None)


def make_labels(clips: pd.DataFrame) -> pd.DataFrame:
    return clips[["clip_id", "label"]].assign(start=0.0, end=clips["duration"])


def nothing(name: str) -> RecipeMap:
    return RecipeMap(name, {})
