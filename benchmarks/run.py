"""Ratios against what one would otherwise run, in one process; a table and data/08_reporting/bench.json."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent))


def timed(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def bench_pieces(count: int = 2000) -> list[dict[str, Any]]:
    """Save and rerun many small tables: recipe dataset against Kedro's PartitionedDataset."""
    import stages
    from kedro.io.core import Version
    from kedro_datasets.partitions import PartitionedDataset

    from abaw_pipeline.artifacts import Recipe, RecipeMap
    from abaw_pipeline.datasets import RecipeDataset

    folder = Path(tempfile.mkdtemp())
    try:
        stock = PartitionedDataset(
            path=str(folder / "stock"), dataset="pandas.ParquetDataset", filename_suffix=".parquet"
        )
        frames = {f"{i:05d}": (lambda i=i: stages.small_table(i).to_pandas()) for i in range(count)}
        recipes = RecipeMap("pieces", {f"{i:05d}": Recipe(stages.small_table, {"seed": i}) for i in range(count)})

        def ours(version: str) -> RecipeDataset:
            return RecipeDataset(
                filepath=str(folder / "pieces.parquet"),
                pieces={"path": str(folder / "pieces"), "format": "table"},
                version=Version(None, version),
            )

        ours("warm").save(RecipeMap("pieces", {"warm": Recipe(stages.small_table, {"seed": -1})}))
        return [
            row(f"save {count} pieces", timed(lambda: ours("v1").save(recipes)), timed(lambda: stock.save(frames))),
            row(
                f"rerun {count} unchanged",
                timed(lambda: ours("v2").save(recipes)),
                timed(lambda: stock.save(frames)),
            ),
        ]
    finally:
        shutil.rmtree(folder)


def bench_mcwf(clips: int = 1440, systems: int = 6, classes: int = 8, draws: int = 1000) -> list[dict[str, Any]]:
    """MCWF's pool against a loop over draws with scikit-learn's measures."""
    from sklearn.metrics import accuracy_score, f1_score

    from abaw_pipeline.fusion import MCWF

    rng = np.random.default_rng(0)
    posteriors = rng.dirichlet(np.ones(classes), (clips, systems))
    labels = rng.integers(0, classes, clips)
    groups = [str(i % 24) for i in range(clips)]
    sample = max(1, draws // 20)
    weights = rng.dirichlet(np.ones(systems), (sample, classes))

    def loop() -> float:
        best = 0.0
        for draw in weights:
            decided = np.einsum("nlk,kl->nk", posteriors, draw).argmax(axis=1)
            score = 0.67 * f1_score(labels, decided, average="macro") + 0.33 * accuracy_score(labels, decided)
            best = max(best, score)
        return best

    ours = timed(lambda: MCWF(pool=draws).fit(posteriors, labels, groups, seed=0))
    return [row(f"MCWF, {draws} draws, {clips} x {systems} x {classes}", ours, timed(loop) * draws / sample)]


def bench_bootstrap(subjects: int = 24, classes: int = 8, resamples: int = 1000) -> list[dict[str, Any]]:
    """Intervals by subject against a loop that resamples subjects and counts anew."""
    from sklearn.metrics import confusion_matrix

    from abaw_pipeline.evaluation.bootstrap import resample_subjects
    from abaw_pipeline.evaluation.measures import grouped_confusions

    rng = np.random.default_rng(0)
    truth, decided = rng.integers(0, classes, (2, 60 * subjects))
    who = np.repeat(np.arange(subjects), 60)
    sample = max(1, resamples // 20)

    def loop() -> None:
        for _ in range(sample):
            chosen = rng.integers(0, subjects, subjects)
            rows = np.concatenate([np.flatnonzero(who == subject) for subject in chosen])
            confusion_matrix(truth[rows], decided[rows], labels=range(classes))

    def ours() -> None:
        counts = grouped_confusions(who, truth, decided, subjects, classes)
        resample_subjects(counts, resamples=resamples, seed=0)

    return [row(f"bootstrap, {resamples} of {subjects} subjects", timed(ours), timed(loop) * resamples / sample)]


def row(what: str, ours: float, other: float) -> dict[str, Any]:
    return {"what": what, "seconds": round(ours, 3), "otherwise": round(other, 3), "times": round(other / ours, 1)}


def main() -> None:
    rows = [*bench_pieces(), *bench_mcwf(), *bench_bootstrap()]
    print(pd.DataFrame(rows).to_string(index=False))
    target = Path("data/08_reporting/bench.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"rows": rows, "pyarrow": pa.__version__}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
