"""A made-up study for the report's tests: realistic by default, with knobs for the nasty cases."""

from __future__ import annotations

import numpy as np
import pandas as pd

from abaw_pipeline.report.inputs import ReportInput

CLASSES = ("neutral", "calm", "anger", "disgust", "fear", "happiness", "sadness", "surprise")
SYSTEMS = (
    "average of all",
    "MCWF",
    "descriptors_net",
    "compare_lda",
    "compare_egemaps_svm",
    "xgboost_functionals",
    "logmel_cnn_bigru",
    "egemaps_svm",
    "wav2vec2_frozen_svm",
    "mel_mean_logreg",
)
LONG = "AffectNet-EE + two-layer LSTM on 2 s windows at 5 fps, balanced weights, chosen by unweighted average recall"
NASTY = "<script>alert('x')</script> & \"Füße\" 表情 {{ 7*7 }}"


def frame(columns: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def fabricate(
    names: tuple[str, ...] = SYSTEMS,
    classes: tuple[str, ...] = CLASSES,
    ran: int = 5,
    **changes: object,
) -> ReportInput:
    """A report's input with these systems (the first two are fusions), accuracies falling from 77 % on."""
    rng = np.random.default_rng(7)
    metrics, confusion = [], []
    for place, system in enumerate(names):
        one, two = _scored(rng, system, 0.772 - 0.035 * place, classes, ran)
        metrics += one
        confusion += two
    fused = names[:2] if len(names) > 2 else ()
    rest = [name for name in names if name not in fused]
    given: dict[str, object] = {
        "study": "ravdess",
        "title": "Emotions in acted speech",
        "created": "2026-11-20T12:34:56+00:00",
        "parameters": {"cross_validation": {"folds": "all"}, "systems": {"run": list(names)}, "seed": 7},
        "environment": {"abaw_pipeline": "0.1.0", "python": "3.11.2", "command": "kedro run --env ravdess"},
        "counts": frame("corpus clips subjects hours classes failed", [("RAVDESS", 1440, 24, 1.48, 8, 2)]),
        "classes": classes,
        "class_counts": frame(
            "corpus class clips", [("RAVDESS", name, 96 if i == 0 else 192) for i, name in enumerate(classes)]
        ),
        "folds": frame(
            "fold role subjects clips",
            [(fold, role, n, 60 * n) for fold in range(ran) for role, n in (("training", 19), ("validation", 5))],
        ),
        "folds_run": ran,
        "folds_total": 5,
        "protocol": "Five folds with separate actors, pooled predictions",
        "metrics": frame("study corpus protocol system fold split level class measure value lo hi interval n", metrics),
        "confusion": frame("system fold truth predicted count", confusion),
        "fusion_weights": frame("method fold system class source_class weight", _weights(rng, rest, classes, ran)),
        "systems": frame(
            "system kind inputs settings parameters seconds",
            [(s, "fusion", ", ".join(rest), "weights by class", "", 0.4) for s in fused]
            + [(s, "sequence net", "compare_lld, mel", "conv + BiGRU + attention", 255_331, 402.7) for s in rest],
        ),
        "failures": frame(
            "artifact key stage error message blocked_by",
            [
                (
                    "sound_embeddings",
                    "compare/03-01-07",
                    "features",
                    "DataError",
                    "the clip is too short: 0.02 s",
                    "",
                ),
                ("sound_posteriors", "descriptors_net/03-01-07", "predict", "", "", "compare/03-01-07"),
            ],
        ),
        "stages": frame(
            "artifact pieces computed skipped failed seconds bytes",
            [
                ("vocals", 1440, 1440, 0, 0, 310.5, 412_000_000),
                ("sound_embeddings", 4320, 2880, 1440, 1, 181.2, 96_500_000),
                ("sound_systems", 40, 40, 0, 0, 4030.0, 18_200_000),
                ("sound_posteriors", 40, 40, 0, 1, 21.7, 1_900_000),
            ],
        ),
    }
    return ReportInput(**(given | changes))  # type: ignore[arg-type]


def _scored(
    rng: np.random.Generator, system: str, accuracy: float, classes: tuple[str, ...], folds: int
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Metrics and confusion counts of one system."""
    head = ("ravdess", "RAVDESS", "actor folds", system)
    metrics: list[tuple[object, ...]] = []

    def add(fold: object, name: str, measure: str, value: float, half: float, interval: str, n: int) -> None:
        bounds = (value - half, value + half) if half else (np.nan, np.nan)
        metrics.append((*head, fold, "validation", "clip", name, measure, value, *bounds, interval, n))

    add("all", "", "accuracy", accuracy, 0.034, "bootstrap by subject", 1440)
    add("all", "", "accuracy", accuracy, 0.022, "wald", 1440)
    for measure, less in (("uar", 0.011), ("macro_f1", 0.014), ("cpm", 0.013)):
        add("all", "", measure, accuracy - less, 0.035, "bootstrap by subject", 1440)
    for fold in range(folds):
        add(fold, "", "accuracy", float(np.clip(accuracy + rng.normal(0, 0.03), 0, 1)), 0, "", 300)
    counts = []
    for i, truth in enumerate(classes):
        share = float(np.clip(accuracy + rng.normal(0, 0.09), 0.02, 0.98))
        for measure, more in (("precision", 0.02), ("recall", 0.0), ("f1", 0.01)):
            add("all", truth, measure, min(1.0, share + more), 0.05, "bootstrap by subject", 192)
        n = 96 if i == 0 else 192
        spread = rng.dirichlet(np.full(len(classes), 0.6)) * (1 - share)
        spread[i] += share
        for predicted, number in zip(classes, rng.multinomial(n, spread / spread.sum()), strict=True):
            counts.append((system, "all", truth, predicted, int(number)))
    return metrics, counts


def _weights(
    rng: np.random.Generator, systems: list[str], classes: tuple[str, ...], folds: int
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for fold in range(folds):
        for name in classes:
            for system, weight in zip(systems, rng.dirichlet(np.ones(len(systems))), strict=True):
                rows.append(("MCWF", fold, system, name, "", weight))
                rows += [
                    ("stacking", fold, system, name, source, rng.normal(0.9 if source == name else 0, 0.6))
                    for source in classes
                ]
    return rows
