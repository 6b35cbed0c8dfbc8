"""A made-up study for the report's tests: realistic by default, with knobs for the nasty cases."""

from __future__ import annotations

import io
import itertools
import json

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
            "corpus class clips unit",
            [("RAVDESS", name, 96 if i == 0 else 192, "clip") for i, name in enumerate(classes)],
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
        "comparisons": frame(
            "test system_a system_b measure difference lo hi statistic p p_bonferroni effect n unit",
            _comparisons(names),
        ),
        "fusion_fits": frame("method fold rows subjects info", _fits(fused)),
        "calibration": frame(
            "system lo hi n confidence accuracy",
            [
                (name, place / 15, (place + 1) / 15, 100 + place, (place + 0.5) / 15, (place - 0.4 - rank / 9) / 15)
                for rank, name in enumerate(names)
                for place in range(3 + rank % 2, 15)
            ],
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
            "artifact pieces computed skipped failed seconds bytes media_seconds per_second",
            [
                ("vocals", 1440, 1440, 0, 0, 310.5, 412_000_000, 5328.0, 310.5 / 5328),
                ("sound_embeddings", 4320, 2880, 1440, 1, 181.2, 96_500_000, 5328.0, 181.2 / 5328),
                ("sound_systems", 40, 40, 0, 0, 4030.0, 18_200_000, None, None),
                ("sound_posteriors", 40, 40, 0, 1, 21.7, 1_900_000, 5328.0, 21.7 / 5328),
            ],
        ),
    }
    return ReportInput(**(given | changes))  # type: ignore[arg-type]


def _fits(fused: tuple[str, ...]) -> list[tuple[object, ...]]:
    """An ascent, and a stacking."""
    climbed = {"measure": "cpm", "value": 0.81, "uniform_value": 0.7, "pool_value": 0.79, "candidate": 3, "sweeps": 4}
    stacked = {"C": 10.0, "converged": True, "measure": "accuracy", "tried": {"1": 0.71, "10": 0.72}}
    return [(name, "0", 1140, 19, json.dumps(info)) for name, info in zip(fused, (climbed, stacked), strict=False)]


def _comparisons(names: tuple[str, ...]) -> list[tuple[object, ...]]:
    """Of every pair a test and a difference, and one fusion's optimism."""
    rows: list[tuple[object, ...]] = []
    for a, b in itertools.combinations(range(len(names)), 2):
        apart = 0.035 * (b - a)
        pair = (names[a], names[b])
        rows.append(
            ("mcnemar", *pair, "accuracy", apart, None, None, 9.1, 0.04 / (b - a) ** 6, 0.9, 0.2, 1440, "clips")
        )
        rows.append(("difference", *pair, "accuracy", apart, apart - 0.05, apart + 0.05, *[None] * 4, 24, "subjects"))
    if len(names) > 2:
        rows.append(("cochran_q", None, None, "accuracy", None, None, None, 40.2, 1e-9, None, None, 1440, "clips"))
        rows.append(("optimism", names[1], names[0], "accuracy", 0.051, 0.03, 0.071, *[None] * 4, 24, "subjects"))
    return rows


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
    add("all", "", "log_loss", 2.2 - accuracy, 0.1, "bootstrap by subject", 1440)
    add("all", "", "ece", 0.9 - accuracy, 0.01, "bootstrap by subject", 1440)
    for measure, less in (("uar", 0.011), ("macro_f1", 0.014), ("cpm", 0.013)):
        add("all", "", measure, accuracy - less, 0.035, "bootstrap by subject", 1440)
    for fold in range(folds):
        add(fold, "", "accuracy", float(np.clip(accuracy + rng.normal(0, 0.03), 0, 1)), 0, "", 300)
    counts = []
    for i, truth in enumerate(classes):
        share = float(np.clip(accuracy + rng.normal(0, 0.09), 0.02, 0.98))
        for measure, more in (("precision", 0.02), ("recall", 0.0), ("f1", 0.01)):
            n = 96 if i == 0 else 192
            add("all", truth, measure, min(1.0, share + more), 0.05, "bootstrap by subject", n)
        spread = rng.dirichlet(np.full(len(classes), 0.6)) * (1 - share)
        spread[i] += share
        for predicted, number in zip(classes, rng.multinomial(n, spread / spread.sum()), strict=True):
            counts.append((system, "all", truth, predicted, int(number)))
    return metrics, counts


FACES = ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise", "other")
SEEN = ("MCWF", "stacking", "affectnet_ee_lstm", "affwild2_ee_lstm", "framewise", "cnn_lstm_sound", "vggish_svm")


def fabricate_frames(names: tuple[str, ...] = SEEN, n_clips: int = 4, **changes: object) -> ReportInput:
    """A study at the level of frames: videos whose emotions change, faces, a submission."""
    rng = np.random.default_rng(11)
    clips = [f"affwild2/{number}-30-1280x720" for number in range(n_clips)]
    base = fabricate(names=names, classes=FACES)
    metrics = base.metrics.assign(level="frame", corpus="affwild2", n=base.metrics["n"] * 20)
    given: dict[str, object] = {
        "title": "Emotions in the wild",
        "measure": "cpm",
        "metrics": metrics,
        "counts": frame("corpus clips subjects hours failed", [("affwild2", n_clips, n_clips, 0.3, 0)]),
        "class_counts": frame(
            "corpus class clips unit", [("affwild2", name, 1000 + 700 * i, "frame") for i, name in enumerate(FACES)]
        ),
        "asked": frame("corpus unit units clips", [("affwild2", "frame", 30_000, n_clips)]),
        "timelines": fabricate_timelines(rng, clips, names),
        "sheets": {clip: sheet(rng) for clip in clips[: max(1, n_clips - 1)]},
        "face_facts": frame(
            "clip_id frames detected interpolated nearest missing people crops",
            [(clip, 1800, 300, 1200, 100 + i, 200 - i, 1 + i, 290) for i, clip in enumerate(clips)],
        ),
        "change_points": frame(
            "system bin lo hi frames change_points cpm",
            [
                (name, place, 2.0 * place, 2.0 * place + 2, 4000 + place, 81, value - 0.03 * rank)
                for rank, name in enumerate(names)
                for place, value in zip((-2, -1, 0, 1), (0.62, 0.49, 0.484, 0.581), strict=True)
            ],
        ),
        "corpus_notes": frame("corpus note", [("affwild2", "2 videos have no labels and are left out: 7, 9")]),
        "submission": frame("file clip_id frames problem", [(clip.split("/")[1], clip, 1800, None) for clip in clips]),
    }
    return fabricate(names=names, classes=FACES, **(given | changes))


def fabricate_timelines(rng: np.random.Generator, clips: list[str], names: tuple[str, ...]) -> pd.DataFrame:
    """Truth with a gap, and systems that follow it, the last of them flickering from frame to frame."""
    rows: list[tuple[object, ...]] = []
    for clip in clips:
        length = float(rng.integers(40, 140))
        cuts = [0.0, *np.sort(rng.uniform(0, length, 9)).round(2), length]
        labels = [FACES[k] for k in rng.integers(0, len(FACES), 10)]
        truth = [run for place, run in enumerate(zip(cuts[:-1], cuts[1:], labels, strict=True)) if place != 3]
        rows += [(clip, "truth", *run) for run in truth]
        for rank, name in enumerate(names):
            step = 0.04 if rank == len(names) - 1 else 1.0 + rank
            for start, end, label in truth:
                edges = [*np.arange(start, end - 1e-3, step), end]
                for one, other in itertools.pairwise(edges):
                    said = label if rng.random() < 0.75 - 0.06 * rank else FACES[rng.integers(len(FACES))]
                    if rows[-1][1:2] + rows[-1][3:] == (name, one, said):
                        one = rows.pop()[2]
                    rows.append((clip, name, one, other, said))
    return frame("clip_id row start end label", rows)


def sheet(rng: np.random.Generator, rows: int = 3, columns: int = 8) -> bytes:
    """A contact sheet of made-up faces: ovals on plain grounds."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (112 * columns, 112 * rows), (30, 30, 34))
    draw = ImageDraw.Draw(picture)
    for place in range(rows * columns):
        x, y = 112 * (place % columns), 112 * (place // columns)
        skin = tuple(int(v) for v in rng.integers(90, 230, 3))
        draw.rectangle((x + 2, y + 2, x + 109, y + 109), fill=tuple(int(v) for v in rng.integers(40, 120, 3)))
        draw.ellipse((x + 26, y + 14, x + 86, y + 100), fill=skin)
        draw.ellipse((x + 40, y + 42, x + 48, y + 50), fill=(20, 20, 20))
        draw.ellipse((x + 64, y + 42, x + 72, y + 50), fill=(20, 20, 20))
        draw.arc((x + 42, y + 60, x + 70, y + 84), 10, 170, fill=(60, 10, 10), width=3)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()


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
