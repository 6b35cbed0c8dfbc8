import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion import MCWF, FusionMethod, FusionWeights, LogisticStacking, LogMean, WeightedVote
from abaw_pipeline.inference.judge import WEIGHTS, judge_video, judged_schema
from abaw_pipeline.pipelines.fusion.nodes import apply_fusion
from abaw_pipeline.stages import FusionStage, SystemsStage

CLASSES = ("anger", "happiness", "sadness")
COLUMNS = [f"p_{name}" for name in CLASSES]
METHODS: dict[str, FusionMethod] = {
    "mean": LogMean(),
    "mcwf": MCWF(pool=30),
    "stacking": LogisticStacking(grid=(1.0,)),
    "stacked_logs": LogisticStacking(grid=(1.0,), features="log_posteriors"),
    "votes": WeightedVote(),
}
SYSTEMS = ("face", "sound")
LETTERS = {"d": "detected", "i": "interpolated", "n": "nearest", "m": "missing"}


def posteriors(edges: Sequence[tuple[float, float]], seed: int = 0) -> pa.Table:
    """Windows (s) with random posteriors."""
    values = np.random.default_rng(seed).dirichlet(np.ones(len(CLASSES)), len(edges)).astype(np.float32)
    start, end = ([float(edge[side]) for edge in edges] for side in (0, 1))
    columns = {name: pa.array(values[:, at], pa.float32()) for at, name in enumerate(COLUMNS)}
    return pa.table({"start": pa.array(start, pa.float64()), "end": pa.array(end, pa.float64()), **columns})


def even(count: int, seconds: float = 4.0) -> list[tuple[float, float]]:
    return [(seconds * at / count, seconds * (at + 1) / count) for at in range(count)]


def listed(times: Sequence[float], first: int = 0) -> pa.Table:
    return pa.table(
        {"frame": pa.array(range(first, first + len(times)), pa.int64()), "time": pa.array(times, pa.float64())}
    )


def track(origins: str, times: Sequence[float] | None = None, first: int = 0) -> pa.Table:
    """A person, a letter a frame; boxes tell the frame."""
    times = [at / 25 for at in range(len(origins))] if times is None else times
    boxes = {
        name: pa.array(
            [10.0 * side + at if letter in "di" else None for at, letter in enumerate(origins)], pa.float32()
        )
        for side, name in enumerate(("x1", "y1", "x2", "y2"))
    }
    table = listed(times, first)
    for name, column in (boxes | {"origin": pa.array([LETTERS[letter] for letter in origins])}).items():
        table = table.append_column(name, column)
    return table


def learned(method: FusionMethod, systems: Sequence[str] = SYSTEMS) -> FusionWeights:
    """What a method learns from some random posteriors, the same each time."""
    rng = np.random.default_rng(5)
    given_posteriors = rng.dirichlet(np.ones(len(CLASSES)), (60, len(systems)))
    labels = np.arange(60) % len(CLASSES)
    given_posteriors[np.arange(60), :, labels] += 0.3
    given_posteriors /= given_posteriors.sum(axis=2, keepdims=True)
    groups = [f"s{at % 6}" for at in range(60)]
    return method.fit(given_posteriors, labels, groups, seed=0)


def as_rows(table: pd.DataFrame) -> list[list]:
    """As weights go to where they are used: what is missing is None."""
    plain = table[WEIGHTS].astype(object)
    return plain.where(plain.notna(), None).to_numpy(object).tolist()


LEARNED = {name: learned(method) for name, method in METHODS.items()}
TABLES = {name: each.table(SYSTEMS, CLASSES) for name, each in LEARNED.items()}
FITS = {
    name: {
        "members": json.dumps(SYSTEMS),
        "classes": json.dumps(CLASSES),
        "info": json.dumps(dict(each.info)),
        "model": each.model,
    }
    for name, each in LEARNED.items()
}
ROWS = {name: as_rows(table) for name, table in TABLES.items()}


def judge(
    frames: pa.Table | None = None,
    duration: float = 4.0,
    tracks: Mapping[str, pa.Table] | None = None,
    seen: Mapping[str, Mapping[str, pa.Table]] | None = None,
    heard: Mapping[str, pa.Table] | None = None,
    voice: pa.Table | None = None,
    methods: Mapping[str, FusionMethod] = METHODS,
) -> pd.DataFrame:
    """What is said, once it is found to be as promised whatever it was made of."""
    weights = {name: ROWS[name] for name in methods}
    parts = judge_video(frames, duration, tracks or {}, seen or {}, heard or {}, voice, methods, weights, FITS, CLASSES)
    judged = whole(parts)
    assert judged.schema == judged_schema(CLASSES)
    table = judged.to_pandas()
    assert not table[[*COLUMNS, "person", "time", "system", "predicted"]].isna().any(axis=None)
    np.testing.assert_allclose(table[COLUMNS].sum(axis=1), 1, atol=1e-5)
    assert (table[COLUMNS] >= 0).all(axis=None)
    assert (table["predicted"] == np.array(CLASSES)[table[COLUMNS].to_numpy().argmax(axis=1)]).all()
    for _, rows in table.groupby("system"):
        assert (np.diff(rows.index) == 1).all()
        assert rows[["person", "time"]].apply(tuple, axis=1).is_monotonic_increasing
    return table


def of(table: pd.DataFrame, system: str, person: int = 1) -> pd.DataFrame:
    return table[(table["system"] == system) & (table["person"] == person)].reset_index(drop=True)


def spoken(*stretches: tuple[float, float]) -> pa.Table:
    return pa.table(
        {side: pa.array([each[at] for each in stretches], pa.float64()) for at, side in enumerate(("start", "end"))}
    )


def test_a_person_has_rows_from_the_first_to_the_last_face():
    origins = "nnmdinnmmdinnmm"
    rows = of(judge(tracks={"1": track(origins, first=40)}, seen={"1": {"face": posteriors(even(3))}}), "face")
    assert rows["frame"].tolist() == list(range(43, 51))
    assert rows["face"].tolist() == [LETTERS[letter] for letter in "dinnmmdi"]
    assert rows["x1"].isna().tolist() == [letter not in "di" for letter in "dinnmmdi"]
    assert rows.loc[6, ["x1", "y1", "x2", "y2"]].tolist() == [9, 19, 29, 39]
    assert rows["time"].tolist() == [at / 25 for at in range(3, 11)]


def test_a_face_in_one_frame_is_one_row():
    table = judge(tracks={"1": track("nnndnnn")}, seen={"1": {"face": posteriors(even(2))}})
    assert table.groupby("system").size().to_dict() == dict.fromkeys(["face", *METHODS], 1)


def test_everybody_is_judged_by_own_faces_and_by_the_same_sound():
    tracks = {"1": track("d" * 100), "2": track("n" * 20 + "d" * 60 + "n" * 20), "10": track("d" * 30 + "n" * 70)}
    seen = {name: {"face": posteriors(even(7), seed=at)} for at, name in enumerate(tracks)}
    table = judge(tracks=tracks, seen=seen, heard={"sound": posteriors(even(5), seed=9)})
    assert list(table["system"].unique()) == ["face", "sound", *METHODS]
    assert table.loc[table["system"] == "mcwf", "person"].unique().tolist() == [1, 2, 10]  # numbers, not texts
    first, second = of(table, "sound", 1), of(table, "sound", 2)
    assert len(second) == 60
    shared = first[first["frame"].isin(second["frame"])]
    np.testing.assert_array_equal(shared[COLUMNS], second[COLUMNS])
    faces = [of(table, "face", person).iloc[20:30][COLUMNS].to_numpy() for person in (1, 10)]
    assert not np.allclose(*faces)


def test_where_nobody_is_seen_sound_alone_decides():
    table = judge(frames=listed([0.0, 0.1, 0.35], first=7), heard={"sound": posteriors(even(2))})
    assert set(table["person"]) == {0}
    assert of(table, "mean", 0)["frame"].tolist() == [7, 8, 9]
    assert of(table, "sound", 0)["time"].tolist() == [0.0, 0.1, 0.35]
    assert table[["x1", "y1", "x2", "y2", "face"]].isna().all(axis=None)


@pytest.mark.parametrize(("duration", "count"), [(0.05, 1), (0.2, 1), (0.21, 2), (3.0, 15), (0.6, 3), (4.04, 21)])
def test_sound_without_pictures_is_judged_five_times_a_second(duration, count):
    rows = of(judge(duration=duration, heard={"sound": posteriors(even(4, duration))}), "sound", 0)
    assert rows["time"].tolist() == [at / 5 for at in range(count)]
    assert rows["frame"].isna().all() and rows["face"].isna().all()


def test_sound_without_pictures_is_judged_moment_by_moment_and_not_as_a_whole():
    windows = posteriors(even(4))
    rows = of(judge(heard={"sound": windows}), "sound", 0)
    values = windows.select(COLUMNS).to_pandas().to_numpy()
    np.testing.assert_allclose(rows[COLUMNS], values.repeat(5, axis=0), atol=1e-6)


def test_pictures_without_sound_have_no_voice_and_no_word_of_what_hears():
    table = judge(tracks={"1": track("d" * 10)}, seen={"1": {"face": posteriors(even(3))}})
    assert table["voice"].isna().all()
    assert set(table["system"]) == {"face", *METHODS}


def test_a_voice_is_there_from_its_start_until_before_its_end():
    times = [0.0, 0.49, 0.5, 0.99, 1.0, 1.5, 1.99, 2.0, 3.9]
    voice = spoken((0.5, 1.0), (1.0, 1.5), (1.99, 4.0))
    rows = of(judge(frames=listed(times), heard={"sound": posteriors(even(2))}, voice=voice), "sound", 0)
    assert rows["voice"].tolist() == [False, False, True, True, True, False, True, True, True]


def test_sound_in_which_nobody_speaks_is_known_to_have_no_voice():
    table = judge(frames=listed([0.0, 1.0]), heard={"sound": posteriors(even(2))}, voice=spoken())
    assert table["voice"].tolist() == [False] * len(table)


def test_a_moment_takes_the_windows_that_cover_it_or_the_nearest():
    windows = posteriors([(1.0, 2.0), (1.5, 2.5), (3.0, 3.2)])
    times = [0.0, 1.0, 1.7, 2.4, 2.6, 2.9, 3.1, 99.0]
    rows = of(judge(frames=listed(times), heard={"sound": windows}), "sound", 0)
    values = windows.select(COLUMNS).to_pandas().to_numpy(np.float64)
    expected = [[0], [0], [0, 1], [1], [1], [2], [2], [2]]
    np.testing.assert_allclose(rows[COLUMNS], [values[which].mean(axis=0) for which in expected], atol=1e-6)


def test_times_are_those_of_the_frames_however_uneven():
    times = np.cumsum([0.0, 0.04, 0.001, 0.5, 0.02, 1.3, 0.033]).tolist()
    rows = of(judge(tracks={"1": track("ddnnmdd", times)}, seen={"1": {"face": posteriors(even(40))}}), "face")
    assert rows["time"].tolist() == times
    values = posteriors(even(40)).select(COLUMNS).to_pandas().to_numpy()
    np.testing.assert_allclose(rows[COLUMNS], values[[int((time + 1e-9) * 10) for time in times]], atol=1e-6)


@pytest.mark.parametrize("lost", [{}, {"face": posteriors([])}], ids=["failed", "empty"])
def test_a_system_that_failed_for_one_person_counts_as_undecided_in_fusions(lost):
    tracks = {"1": track("d" * 10), "2": track("d" * 10)}
    sound = posteriors(even(5), seed=4)
    table = judge(tracks=tracks, seen={"1": {"face": posteriors(even(3))}, "2": lost}, heard={"sound": sound})
    assert of(table, "face", 2).empty and len(of(table, "face", 1)) == 10
    root = np.sqrt(of(table, "sound", 2)[COLUMNS].to_numpy())
    np.testing.assert_allclose(of(table, "mean", 2)[COLUMNS], root / root.sum(axis=1, keepdims=True), atol=1e-6)
    assert not np.allclose(of(table, "mean", 1)[COLUMNS], of(table, "mean", 2)[COLUMNS])


def test_a_person_of_whom_nothing_is_known_has_no_rows_and_stops_nobody():
    tracks = {"1": track("d" * 10), "2": track("d" * 10)}
    table = judge(tracks=tracks, seen={"2": {"face": posteriors(even(3))}})
    assert set(table["person"]) == {2}


def test_a_fusion_without_any_of_its_members_is_not_there():
    table = judge(tracks={"1": track("dd")}, seen={"1": {"other": posteriors(even(3))}})
    assert set(table["system"]) == {"other"}


def test_a_system_that_is_not_fused_changes_no_fusion():
    given_seen = {"face": posteriors(even(3))}
    tracks = {"1": track("d" * 9)}
    alone, more = (
        judge(tracks=tracks, seen={"1": each}) for each in (given_seen, {"other": posteriors(even(3), 8)} | given_seen)
    )
    for name in METHODS:
        pd.testing.assert_frame_equal(of(alone, name), of(more, name))


def test_without_fusions_systems_speak_for_themselves():
    table = judge(tracks={"1": track("ddd")}, seen={"1": {"face": posteriors(even(3))}}, methods={})
    assert set(table["system"]) == {"face"}


@pytest.mark.parametrize("frames", [None, listed([0.0, 0.1])])
@pytest.mark.parametrize("tracks", [{}, {"1": track("ddd")}])
def test_where_no_system_says_anything_there_is_an_error(frames, tracks):
    for seen in ({}, {"1": {}}, {"1": {"face": posteriors([])}}):
        with pytest.raises(DataError, match="no system could judge it"):
            judge(frames=frames, tracks=tracks, seen=seen)


STAGE = SystemsStage.model_validate(
    {
        "face": {"face": {"kind": "linear_svm", "inputs": ["features"]}},
        "sound": {"sound": {"kind": "linear_svm", "inputs": ["functionals"]}},
    }
)
FUSION = FusionStage(methods=METHODS)


def evaluated(times: Sequence[float], said: Mapping[str, pa.Table], silent: str | None) -> pd.DataFrame:
    """What the evaluation fuses of a clip `v` in the one fold there is; of a silent system's it knows another clip."""
    clips = pd.DataFrame({"clip_id": ["v"], "label": [None]})
    folds = pd.DataFrame({"fold": ["0"], "parent": pd.array([None], "string"), "clip_id": "v", "role": "validation"})
    maps = [
        {
            (name, "0"): said[name].append_column(
                "clip_id", pa.array(["w" if name == silent else "v"] * said[name].num_rows)
            )
        }
        for name in SYSTEMS
    ]
    whole = {"fold": "0", "part": None}
    weights = pd.concat([table.assign(method=name, **whole) for name, table in TABLES.items()])
    fits = pd.DataFrame([{"method": name, "people": None, **whole, **fit} for name, fit in FITS.items()])
    labels = pd.DataFrame({"label": list(CLASSES)})
    return apply_fusion(clips, folds, {"v": listed(times)}, labels, *maps, weights, fits, FUSION, STAGE)


def edges() -> st.SearchStrategy[list[tuple[float, float]]]:
    """Windows that may overlap, leave gaps, and begin or end elsewhere than the clip."""
    pair = st.tuples(st.integers(-10, 40), st.integers(1, 30))
    return st.lists(pair, min_size=1, max_size=6).map(
        lambda pairs: [(start / 10, (start + length) / 10) for start, length in sorted(pairs)]
    )


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=12, unique=True).map(sorted),
    edges(),
    edges(),
    st.sampled_from([None, *SYSTEMS]),
    st.integers(0, 10**6),
)
@settings(max_examples=25, deadline=None)
def test_fusions_are_those_of_the_evaluation(milliseconds, face, sound, silent, seed):
    times = [each / 1000 for each in milliseconds]
    said = {"face": posteriors(face, seed), "sound": posteriors(sound, seed + 1)}
    expected = evaluated(times, said, silent)
    table = judge(
        tracks={"1": track("d" * len(times), times)},
        seen={"1": {} if silent == "face" else {"face": said["face"]}},
        heard={} if silent == "sound" else {"sound": said["sound"]},
    )
    for name in METHODS:
        rows = expected[expected["method"] == name]
        np.testing.assert_array_equal(of(table, name)["time"], rows["time"])
        np.testing.assert_allclose(of(table, name)[COLUMNS], rows[COLUMNS], atol=1e-6)
