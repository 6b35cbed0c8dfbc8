"""RecipeDataset inside real catalogs, pipelines and runners."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset, SharedMemoryDataCatalog
from kedro.pipeline import node, pipeline
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.artifacts.maps import PieceMap
from abaw_pipeline.datasets import RecipeDataset


def make_values(clips: pd.DataFrame) -> RecipeMap:
    return RecipeMap("values", {clip: Recipe(stages.fail_if_odd, {"x": int(clip[1:])}) for clip in clips["clip"]})


def make_doubles(values: PieceMap) -> RecipeMap:
    return RecipeMap("doubles", {key: Recipe(stages.double, {"x": values.ref(key)}) for key in values.asked})


def make_total(doubles: PieceMap) -> RecipeMap:
    return RecipeMap("total", {"all": Recipe(stages.total, {"parts": [doubles.ref(key) for key in doubles]})})


def make_table(total: PieceMap) -> pd.DataFrame:
    return pd.DataFrame({"total": [total["all"]]})


PIPELINE = pipeline(
    [
        node(make_values, "clips", "values", name="make_values"),
        node(make_doubles, "values", "doubles", name="make_doubles"),
        node(make_total, "doubles", "total", name="make_total"),
        node(make_table, "total", "table", name="make_table"),
    ]
)
NAMES = ("values", "doubles", "total")
CLIPS = {"type": "pandas.CSVDataset", "save_args": {"index": False}}


def catalog(
    folder: Path, stored: tuple[str, ...], clips: list[str], save_version: str = "1", **execution: str
) -> DataCatalog:
    config = {
        name: {
            "type": "abaw_pipeline.datasets.RecipeDataset",
            "filepath": str(folder / "demo" / f"{name}.parquet"),
            "pieces": {"path": str(folder / "pieces" / name), "format": "json"},
            "execution": {"workers": 1} | execution,
            "versioned": True,
        }
        for name in stored
    }
    made = DataCatalog.from_config(config, save_version=save_version)
    made["clips"] = MemoryDataset(pd.DataFrame({"clip": clips}))
    return made


def total_of(ran: dict) -> int:
    table = ran["table"].load() if hasattr(ran["table"], "load") else ran["table"]
    return table["total"][0]


@pytest.mark.parametrize("stored", [(), NAMES, ("doubles",), ("values", "total")], ids=str)
@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
def test_values_do_not_depend_on_what_is_stored(tmp_path, stored, runner):
    made = catalog(tmp_path, stored, ["k0", "k2", "k4"])
    assert total_of(runner().run(PIPELINE, made)) == 12
    assert sorted(path.stem for path in tmp_path.glob("demo/*.parquet")) == sorted(stored)


def test_types_of_the_catalog(tmp_path):
    made = catalog(tmp_path, NAMES, ["k0"])
    assert isinstance(made["values"], RecipeDataset)
    assert not made.exists("values")
    SequentialRunner().run(PIPELINE, made)
    assert made.exists("values")


def test_a_failure_is_blocked_on_and_the_rest_goes_through(tmp_path):
    made = catalog(tmp_path, NAMES, ["k0", "k1", "k2"])
    assert total_of(SequentialRunner().run(PIPELINE, made)) == 4
    assert list(made["doubles"].load().failures["blocked_by"]) == ["values[k1]"]


def test_a_stage_s_own_exception_comes_out_of_the_run(tmp_path):
    made = catalog(tmp_path, NAMES, ["k0", "k1"], on_error="raise")
    with pytest.raises(ValueError, match=r"^1 is odd$"):
        SequentialRunner().run(PIPELINE, made)


def test_from_nodes_takes_up_what_is_stored(tmp_path):
    SequentialRunner().run(PIPELINE, catalog(tmp_path, NAMES, ["k0", "k2"]))
    rest = PIPELINE.from_nodes("make_total")
    assert total_of(SequentialRunner().run(rest, catalog(tmp_path, NAMES, [], save_version="2"))) == 4


def test_an_older_version_is_loaded_on_request(tmp_path):
    SequentialRunner().run(PIPELINE, catalog(tmp_path, NAMES, ["k2"], save_version="1"))
    SequentialRunner().run(PIPELINE, catalog(tmp_path, NAMES, ["k2", "k4"], save_version="2"))
    config = catalog(tmp_path, NAMES, []).to_config()[0]
    older = DataCatalog.from_config(config, load_versions={"doubles": "1"}, save_version="3")
    assert dict(older["doubles"].load()) == {"k2": 4}
    assert dict(older["values"].load()) == {"k2": 2, "k4": 4}
    assert total_of(SequentialRunner().run(PIPELINE.only_nodes("make_total", "make_table"), older)) == 4


def test_processes_of_kedro_s_own(tmp_path, monkeypatch):
    """A save inside a worker of ParallelRunner may use workers of its own."""
    # A fork of a test process in which torch has threads would wait for them for ever.
    monkeypatch.setenv("KEDRO_MP_CONTEXT", "spawn")
    config = {**catalog(tmp_path, NAMES, []).to_config()[0], "clips": CLIPS | {"filepath": str(tmp_path / "c.csv")}}
    for name in NAMES:
        config[name]["execution"] = {"workers": 2}
    made = SharedMemoryDataCatalog.from_config(config, save_version="1")
    made["clips"].save(pd.DataFrame({"clip": ["k0", "k1", "k2"]}))
    ParallelRunner(max_workers=2).run(PIPELINE.to_nodes("make_total"), made)
    assert dict(made["total"].load()) == {"all": 4}
