"""Workers times threads never exceed the cores, measured in the workers of a map."""

from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests import working
from tests.faces.people import video
from tests.media.files import write_video

from abaw_pipeline import threads
from abaw_pipeline.artifacts import Recipe, StoredMap, processes
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore


def in_workers(folder: Path, function, count: int = 4, **arguments) -> list[dict]:
    """What a recipe gives in two workers, `count` times."""
    store = PieceStore(str(folder / function.__name__), "json")
    recipes = {f"k{n}": Recipe(function, {"number": n, **arguments}) for n in range(count)}
    manifest = compute_pieces("threads", recipes, store, Manifest([]), Execution(workers=2))
    made = StoredMap("threads", manifest.entries, store)
    assert not len(made.failures), made.failures["message"].tolist()
    return [made[key] for key in recipes]


@pytest.mark.parametrize("cores", [2, pytest.param(4, marks=pytest.mark.long)])
def test_libraries_keep_to_a_worker_s_share_of_the_cores(tmp_path, monkeypatch, cores):
    monkeypatch.setattr(processes, "cores", lambda: cores)
    for limits in in_workers(tmp_path, working.reported, count=2):
        limits.pop("process")
        assert set(limits.values()) == {cores // 2}, limits


def test_no_more_threads_work_than_a_worker_may_use(tmp_path, monkeypatch):
    """On two cores one thread of each worker: its own, or one of a library's that it waits for."""
    monkeypatch.setattr(processes, "cores", lambda: 2)

    def noise(index: int) -> np.ndarray:
        return np.random.default_rng(index).integers(0, 255, (360, 640, 3), dtype=np.uint8)

    media = write_video(tmp_path / "v.mp4", [Fraction(at, 25) for at in range(50)], picture=noise)
    for found in in_workers(tmp_path, working.worked, count=2, video=str(media)):
        for name, ticks in found.items():
            assert ticks and ticks[0] >= 5, f"{name} is over too soon to be measured: {ticks}"
            assert sum(ticks[1:]) <= max(2, 0.1 * ticks[0]), f"{name}: {ticks} hundredths of a second a thread"


def test_models_are_loaded_once_a_worker(tmp_path):
    media = video(tmp_path / "v.mp4", lambda at: {0: (60, 60)}, seconds=1.0)
    found = in_workers(tmp_path, working.loads, count=4, video=media.path)
    assert len({each["process"] for each in found}) <= 2
    assert {(each["detector"], each["identity"]) for each in found} == {(1, 1)}


def test_a_worker_that_grows_goes_on(tmp_path):
    """joblib would replace it, and where warnings are errors wait for it for ever."""
    found = in_workers(tmp_path, working.grows, count=8)
    calls = Counter(each["process"] for each in found)
    assert len(calls) <= 2
    assert sorted(each["held"] for each in found if each["process"] == min(calls)) == [*range(1, calls[min(calls)] + 1)]


@pytest.mark.parametrize(("told", "allowed"), [("3", 3), ("4,2", 4), ("0", 1), ("", None), ("all", None)])
def test_this_process_may_use_what_it_is_told(monkeypatch, told, allowed):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert threads.allowed_threads() == (allowed or threads.cores())


def test_without_a_word_all_cores_may_be_used(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads.allowed_threads() == threads.cores()
