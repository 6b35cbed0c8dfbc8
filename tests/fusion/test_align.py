"""Systems of any rate, and such that say nothing or nonsense, brought to the same moments and fused."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fusion.test_fusion import every_fusion

from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion import KNNStacking, LogisticStacking, Mean
from abaw_pipeline.fusion.align import align, fit_method, fuse, members_of
from abaw_pipeline.schemas import FUSION_FITS

CLASSES = ("anger", "fear", "joy")
COLUMNS = [f"p_{name}" for name in CLASSES]
SUBJECTS = {f"c{number}": f"s{number % 6}" for number in range(12)}


def said(seed, rate=2.0, clips=SUBJECTS, seconds=3.0):
    """What a system says of some clips, in windows that follow each other; shares of whole counts, as in `conftest`."""
    start = np.arange(int(seconds * rate)) / rate
    rng = np.random.default_rng(seed)
    parts = []
    for number, clip_id in enumerate(clips):
        counts = rng.integers(1, 20, (len(start), len(CLASSES))) + 8 * np.eye(3, dtype=int)[number % 3]
        values = (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)
        part = pd.DataFrame({"clip_id": clip_id, "start": start, "end": start + 1 / rate})
        parts.append(part.assign(**dict(zip(COLUMNS, values.T, strict=True))))
    return pd.concat(parts, ignore_index=True)


def moments(clips=SUBJECTS, times=(0.1, 0.9, 1.7, 2.5)):
    rows = [(clip, at, time, CLASSES[int(clip[1:]) % 3]) for clip in clips for at, time in enumerate(times)]
    table = pd.DataFrame(rows, columns=["clip_id", "frame", "time", "label"])
    return table.astype({"frame": "Int64", "time": "Float64"})


def learn(method, aligned):
    return fit_method(method, aligned, SUBJECTS, CLASSES, seed=0)


def test_each_system_speaks_at_its_own_rate():
    slow, fast = said(0, rate=1.0), said(1, rate=5.0)
    aligned = align({"slow": slow, "fast": fast}, moments(["c1"], (0.95, 1.05)), CLASSES)
    own = [table[table["clip_id"] == "c1"][COLUMNS].to_numpy(np.float64) for table in (slow, fast)]
    np.testing.assert_array_equal(aligned.values[:, 0], own[0][[0, 1]])
    np.testing.assert_array_equal(aligned.values[:, 1], own[1][[4, 5]])


def test_who_says_nothing_of_a_clip_is_undecided_and_a_clip_without_a_word_is_left_out():
    lacking = said(1, clips=[clip for clip in SUBJECTS if clip not in ("c2", "c5")])
    silent = said(0, clips=[clip for clip in SUBJECTS if clip != "c5"])
    aligned = align({"a": silent, "b": lacking}, moments(), CLASSES)
    assert "c5" not in set(aligned.units["clip_id"])
    rows = (aligned.units["clip_id"] == "c2").to_numpy()
    np.testing.assert_array_equal(aligned.silent, np.stack([np.zeros(44, bool), rows], axis=1))
    np.testing.assert_array_equal(aligned.values[rows, 1], 1 / 3)
    assert "c2" not in set(aligned.of(["b"]).units["clip_id"])
    np.testing.assert_array_equal(aligned.of(["b", "a"]).values, aligned.values[:, ::-1])


def test_no_system_no_moment():
    assert align({}, moments(), CLASSES).values.shape == (0, 0, 3)
    nothing = align({"a": said(0).iloc[:0]}, moments(), CLASSES)
    assert nothing.values.shape == (0, 1, 3)
    with pytest.raises(DataError, match="no clip to fit the fusion on"):
        learn(Mean(), nothing)


def spoil(value, column="p_fear"):
    table = said(1)
    table.loc[7, column] = value
    return table


BAD = {
    "nan": (spoil(np.nan, "p_anger"), "posteriors of b, row 7, clip c1: probabilities are not finite"),
    "nan in a later class": (spoil(np.nan), "not finite"),
    "infinite": (spoil(np.inf), "not finite"),
    "negative": (spoil(-0.2), "posteriors of b, row 7, clip c1: probabilities are negative"),
    "scale": (spoil(0.99), "posteriors of b, row 7, clip c1: probabilities do not sum to 1, but to 1."),
    "class": (said(1).drop(columns="p_joy"), "posteriors of b: posteriors lack the classes joy"),
}


@pytest.mark.parametrize("whole", [False, True], ids=["frames", "clips"])
@pytest.mark.parametrize("name", BAD)
def test_what_are_no_posteriors_is_told_by_system_and_clip(name, whole):
    """Means over a clip's windows would hide it, and a missing number would pass for silence."""
    table, told = BAD[name]
    units = moments().assign(frame=None, time=None).drop_duplicates() if whole else moments()
    with pytest.raises(DataError) as error:
        align({"a": said(0), "b": table}, units.astype({"frame": "Int64", "time": "Float64"}), CLASSES)
    assert told in str(error.value)


@every_fusion
def test_a_fit_is_stored_and_fuses_whatever_the_order_of_systems_and_columns(fusion, tmp_path):
    aligned = align({"a": said(0), "b": said(1, rate=5.0), "c": said(2, clips=list(SUBJECTS)[1:])}, moments(), CLASSES)
    weights, fit = learn(fusion, aligned)
    expected = fuse(fusion, weights, fit, aligned, CLASSES)
    assert expected[COLUMNS].to_numpy().dtype == np.float32
    np.testing.assert_allclose(expected[COLUMNS].sum(axis=1), 1, atol=1e-6)
    table = pd.DataFrame([{"method": "one", "fold": "0", "part": None, "people": None, **fit}])
    table = FUSION_FITS.validate(table)
    table.to_parquet(tmp_path / "fits.parquet")
    stored = pq.read_table(tmp_path / "fits.parquet").to_pandas().to_dict("records")[0]
    assert members_of(stored) == ["a", "b", "c"]
    assert stored["model"] == fit["model"]
    moved = {"c": said(2, clips=list(SUBJECTS)[1:]), "a": said(0), "b": said(1, rate=5.0)}
    moved = {name: table[["end", "p_joy", "clip_id", "p_anger", "p_fear", "start"]] for name, table in moved.items()}
    again = align(moved, moments(), CLASSES).of(members_of(stored))
    pd.testing.assert_frame_equal(fuse(fusion, weights, stored, again, CLASSES), expected)


@every_fusion
@given(order=st.permutations(range(3)))
@settings(max_examples=2, deadline=None)
def test_fitted_to_systems_in_another_order_it_decides_the_same(fusion, order):
    """A pool's draws meet other systems, and trees break ties by column: there, most decisions agree."""
    systems = {"a": said(0), "b": said(1, rate=5.0), "c": said(2)}
    fused = []
    for names in (list(systems), [list(systems)[at] for at in order]):
        aligned = align({name: systems[name] for name in names}, moments(), CLASSES)
        fused.append(fuse(fusion, *learn(fusion, aligned), aligned, CLASSES)[COLUMNS].to_numpy(np.float64))
    if fusion.kind in ("mcwf", "xgboost_stacking"):
        assert (fused[0].argmax(axis=1) == fused[1].argmax(axis=1)).mean() > 0.8
    else:
        np.testing.assert_allclose(*fused, atol=2e-3 if "stacking" in fusion.kind else 1e-6)


@every_fusion
def test_no_moment_to_decide_on_gives_no_rows(fusion):
    """As in a fold none of whose validation clips is known to any system."""
    systems = {"a": said(0), "b": said(1)}
    learned = learn(fusion, align(systems, moments(), CLASSES))
    fused = fuse(fusion, *learned, align(systems, moments(["c0"], ()), CLASSES), CLASSES)
    assert list(fused.columns) == ["clip_id", "frame", "time", *COLUMNS]
    assert fused.empty


@pytest.mark.parametrize("fusion", [Mean(), LogisticStacking(grid=(1.0,)), KNNStacking(grid=(5,))], ids=str)
def test_what_was_fitted_to_others_is_refused(fusion):
    """A model knows columns by number alone: emotions of another study would pass for its own."""
    aligned = align({"a": said(0), "b": said(1)}, moments(), CLASSES)
    weights, fit = learn(fusion, aligned)
    with pytest.raises(DataError, match="fitted to the systems a, b"):
        fuse(fusion, weights, fit, aligned.of(["b", "a"]), CLASSES)
    with pytest.raises(DataError, match="fitted to the classes anger, fear, joy"):
        fuse(fusion, weights, fit, aligned, ("anger", "joy", "fear"))
    assert json.loads(fit["classes"]) == list(CLASSES)


def test_the_fit_tells_on_how_many_rows_it_was_made():
    aligned = align({"a": said(0, rate=20.0)}, moments(times=tuple(np.arange(20) / 10)), CLASSES)
    _, whole = learn(Mean(), aligned)
    _, drawn = learn(KNNStacking(grid=(5,), max_rows=100), aligned)
    assert (whole["rows"], drawn["rows"]) == (240, 100)
    assert json.loads(drawn["info"])["rows_given"] == 240
    assert whole["subjects"] == drawn["subjects"] == 6
