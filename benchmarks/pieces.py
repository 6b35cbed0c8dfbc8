"""Ten thousand tiny pieces: save, load all, rerun unchanged, against Kedro's PartitionedDataset."""

import tempfile
from pathlib import Path

from benchmarks import stages
from benchmarks.row import Row, held, row, timed
from kedro.io.core import Version
from kedro_datasets.partitions import PartitionedDataset

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.datasets import RecipeDataset

COUNT = 10_000


def recipes(count: int, first: int = 0) -> RecipeMap:
    return RecipeMap(
        "pieces", {f"{n:05d}": Recipe(stages.small_table, {"seed": n}) for n in range(first, first + count)}
    )


def dataset(folder: Path, version: str | None, workers: int | str = "auto") -> RecipeDataset:
    return RecipeDataset(
        filepath=str(folder / "pieces.parquet"),
        pieces={"path": str(folder / "pieces"), "format": "table"},
        execution={"workers": workers},
        version=Version(None, version),
    )


def rows(count: int = COUNT) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stock = PartitionedDataset(
            path=str(folder / "stock"), dataset="pandas.ParquetDataset", filename_suffix=".parquet"
        )
        frames = {f"{n:05d}": (lambda n=n: stages.small_table(n).to_pandas()) for n in range(count)}
        theirs = {"save": timed(lambda: stock.save(frames))}
        theirs["load"] = timed(lambda: [load() for load in stock.load().values()])
        theirs["rerun"] = timed(lambda: stock.save(frames))

        dataset(folder, "v0").save(recipes(4, first=count))  # workers and their imports are there
        saved = timed(lambda: dataset(folder, "v1").save(recipes(count)))
        alone = timed(lambda: dataset(folder / "alone", "v1", workers=1).save(recipes(count)))
        loaded = timed(lambda: list(dataset(folder, None).load().values()))
        again = timed(lambda: dataset(folder, "v2").save(recipes(count)))
        against = "PartitionedDataset of pandas.ParquetDataset"
        per_piece = 1000 * again / count
        limit = f"{held(again, 5, 'under 5 s')}; {held(per_piece, 1, f'1 ms a piece ({per_piece:.2f})')}"
        return [
            row(
                f"save {count} pieces, two processes",
                saved,
                theirs["save"],
                against=against,
                limit=held(saved, theirs["save"], "no slower"),
            ),
            row(
                f"save {count} pieces, one process",
                alone,
                theirs["save"],
                against=against,
                limit=held(alone, theirs["save"], "no slower"),
            ),
            row(f"load {count} pieces", loaded, theirs["load"], against=against),
            row(f"rerun {count} unchanged", again, theirs["rerun"], against=against, limit=limit),
        ]
