"""`kedro run --pipelines=fusion` on a study as large as AffWild2: 4 systems, 7 classes, 323,518 validation frames."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.cold_start import kedro
from benchmarks.project import PROJECT, make_project
from benchmarks.row import Row, held, row, timed

VIDEOS, FRAMES, FPS = 70, 323_518, 30.0
TRAINING = 250
"""Videos that train, of a minute and a half each: weights are fitted on their labels at 5 Hz."""

CONF = """
corpora: {wild: {kind: manifest, path: nowhere.csv}}
cross_validation: {protocol: {kind: official}, inner_folds: 2, final: false}
systems:
  run: all
  face:
    framewise: {kind: framewise, inputs: [ee]}
    face_svm: {kind: linear_svm, inputs: [ee]}
  sound:
    sound_svm: {kind: linear_svm, inputs: [functionals]}
    sequence: {kind: sequence_network, inputs: [logmel]}
fusion:
  methods:
    log_mean: {kind: log_mean}
    mcwf: {kind: mcwf, measure: cpm}
    mcwf_ascent: {kind: mcwf, measure: cpm, sweeps: 20}
evaluation: {resamples: 1000, headline: mcwf, measure: cpm}
"""

FILL = """
import numpy as np, pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.evaluation.folds import make_folds
from abaw_pipeline.evaluation.protocols import Official
from abaw_pipeline.schemas import ANNOTATIONS, CLIPS
from benchmarks import stages
from benchmarks.fusion_run import FRAMES, FPS, TRAINING, VIDEOS

bootstrap_project(".")
rng = np.random.default_rng(0)
lengths = np.r_[np.full(VIDEOS - 1, FRAMES // VIDEOS), FRAMES - (VIDEOS - 1) * (FRAMES // VIDEOS)]
frames = {f"wild/v{n}": int(count) for n, count in enumerate(lengths)} | {
    f"wild/t{n}": int(90 * FPS) for n in range(TRAINING)
}
names = list(frames)
clips = pd.DataFrame({"clip_id": names, "corpus": "wild", "media": names, "sha256": names, "start": 0.0})
clips["end"] = clips["duration"] = [count / FPS for count in frames.values()]
clips["subject"], clips["sound"], clips["video"], clips["fps"] = names, True, True, FPS
clips["split"] = ["validation" if "/v" in name else "train" for name in names]
clips = CLIPS.validate(clips.reindex(columns=list(CLIPS.columns)))
emotions = ["neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise"]
tables = []
for name, count in frames.items():
    steps = int(count / FPS * 5)
    label = np.repeat(rng.choice(emotions, steps // 25 + 1, p=[.4, .05, .05, .05, .2, .15, .1]), 25)[:steps]
    tables.append(pd.DataFrame({"clip_id": name, "start": np.arange(steps) / 5, "end": (np.arange(steps) + 1) / 5,
        "label": label}))
labels = pd.concat(tables, ignore_index=True)
steps = {name: table["label"].to_numpy() for name, table in zip(frames, tables)}
annotations = ANNOTATIONS.validate(pd.concat([
    pd.DataFrame({"clip_id": name, "frame": np.arange(count), "time": np.arange(count) / FPS,
        "label": steps[name][np.minimum(np.arange(count) * 5 // int(FPS), len(steps[name]) - 1)]})
    for name, count in frames.items()], ignore_index=True))
marked = clips.merge(labels.drop_duplicates("clip_id")[["clip_id", "label"]], on="clip_id", suffixes=("_", ""))
folds = make_folds(Official(), marked, inner_folds=2, final=False, seed=0)
with KedroSession.create(".") as session:
    catalog = session.load_context().catalog
    catalog.save("clips", clips), catalog.save("labels_5hz", labels), catalog.save("folds", folds)
    catalog.save("annotations", annotations)
    catalog.save("frames", RecipeMap("frames", {
        name: Recipe(stages.frame_table, {"count": count, "fps": FPS}) for name, count in frames.items()}))
    parts = {fold: rows.loc[rows["role"] == "validation", "clip_id"].tolist() for fold, rows in folds.groupby("fold")}
    for kind, systems, shift in (("face", ("framewise", "face_svm"), 0.2), ("sound", ("sound_svm", "sequence"), 0.8)):
        catalog.save(f"{kind}_posteriors", RecipeMap(f"{kind}_posteriors", {
            (system, fold): Recipe(stages.posterior_table, {
                "clip_ids": ids, "seconds": [frames[each] / FPS for each in ids], "shift": shift,
                "classes": emotions, "seed": number})
            for number, system in enumerate(systems) for fold, ids in parts.items()}))
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = make_project(Path(name, "study"), CONF)
        shutil.copytree(PROJECT / "benchmarks", folder / "benchmarks")
        subprocess.run([sys.executable, "-c", FILL], cwd=folder, check=True)
        seconds = timed(lambda: kedro(folder, "run", "--pipelines=fusion"))
        measuring = timed(lambda: kedro(folder, "run", "--pipelines=reporting", "--to-outputs=metrics,comparisons"))
    what = f"kedro run --pipelines=fusion, {FRAMES:,} frames, 4 systems"
    return [
        row(what, seconds, limit=held(seconds, 15, "under 15 s")),
        row("all measures of these and 3 fusions", measuring),
    ]
