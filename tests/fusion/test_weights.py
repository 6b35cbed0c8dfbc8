import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion.weights import FusionWeights

SYSTEMS, CLASSES = ["voice", "face"], ["anger", "fear", "neutral"]
RNG = np.random.default_rng(0)
MATRIX = FusionWeights({"weights": RNG.random((2, 3))}, {"measure": "cpm"})
STACKING = FusionWeights({"coef": RNG.normal(size=(3, 6)), "intercept": RNG.normal(size=3)}, {"C": 0.1})
both = pytest.mark.parametrize("weights", [MATRIX, STACKING], ids=["matrix", "stacking"])


@both
def test_parquet_and_back_is_exact_whatever_the_order_of_rows(weights, tmp_path):
    table = weights.table(SYSTEMS, CLASSES)
    assert list(table.columns) == ["system", "class", "source_class", "weight"]
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "weights.parquet")
    stored = pq.read_table(tmp_path / "weights.parquet").to_pandas().sample(frac=1, random_state=1)
    back = FusionWeights.from_table(stored, SYSTEMS, CLASSES, weights.info)
    assert back.info == weights.info
    assert set(back.values) == set(weights.values)
    for name, values in weights.values.items():
        np.testing.assert_array_equal(back.values[name], values)


def test_rows_of_a_matrix():
    table = MATRIX.table(SYSTEMS, CLASSES)
    assert len(table) == 6
    assert table["source_class"].isna().all()
    row = table[(table["system"] == "face") & (table["class"] == "fear")]
    assert row["weight"].item() == MATRIX.values["weights"][1, 1]


def test_rows_of_a_stacking():
    table = STACKING.table(SYSTEMS, CLASSES)
    assert len(table) == 2 * 3 * 3 + 3
    row = table[(table["system"] == "face") & (table["class"] == "fear") & (table["source_class"] == "neutral")]
    assert row["weight"].item() == STACKING.values["coef"][1, 1 * 3 + 2]
    intercept = table[table["system"].isna()]
    np.testing.assert_array_equal(intercept["weight"], STACKING.values["intercept"])


@both
def test_tables_that_do_not_fit_are_refused(weights):
    table = weights.table(SYSTEMS, CLASSES)
    with pytest.raises(DataError, match="missing"):
        FusionWeights.from_table(table.iloc[1:], SYSTEMS, CLASSES)
    with pytest.raises(DataError, match="not fused"):
        FusionWeights.from_table(table, SYSTEMS[:1], CLASSES)
    with pytest.raises(DataError, match=r"missing|not fused"):
        FusionWeights.from_table(table, ["voice", "lips"], CLASSES)
    with pytest.raises(DataError, match="twice"):
        FusionWeights.from_table(table.iloc[[0, *range(len(table))]], SYSTEMS, CLASSES)
    with pytest.raises(DataError, match="finite"):
        FusionWeights.from_table(table.assign(weight=np.nan), SYSTEMS, CLASSES)
    with pytest.raises(DataError, match="name of its own"):
        weights.table(["voice", "voice"], CLASSES)
    with pytest.raises(DataError, match="shape"):
        weights.table([*SYSTEMS, "lips"], CLASSES)
