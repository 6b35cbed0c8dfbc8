import logging
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError, Version
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.artifacts.manifest import ManifestError, read_manifest
from abaw_pipeline.datasets import RecipeDataset

Make = Callable[..., RecipeDataset]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def dataset(version: Version | None = None, study: str = "demo", **more) -> RecipeDataset:
        given = {"execution": {"workers": 1}, "pieces": {"path": str(tmp_path / "pieces"), "format": "json"}}
        return RecipeDataset(filepath=str(tmp_path / study / "numbers.parquet"), version=version, **(given | more))

    return dataset


def doubles(*numbers: int) -> RecipeMap:
    return RecipeMap("numbers", {f"k{n}": Recipe(stages.double, {"x": n}) for n in numbers})


def logged(log: Path, *numbers: int) -> RecipeMap:
    recipes = {f"k{n}": Recipe(stages.logged, {"x": n}, execution={"log": str(log)}) for n in numbers}
    return RecipeMap("numbers", recipes)


def lines(log: Path) -> int:
    return len(log.read_text().splitlines())


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_saved_is_loaded(make):
    dataset = make()
    assert not dataset.exists()
    dataset.save(doubles(1, 2))
    assert dataset.exists()
    assert dict(make().load()) == {"k1": 2, "k2": 4}
    assert dataset.load().name == dataset.name == "numbers"


def test_saving_again_computes_nothing(make, tmp_path):
    log = tmp_path / "log"
    make().save(logged(log, 1, 2))
    make().save(logged(log, 1, 2))
    assert lines(log) == 2
    make().save(logged(log, 2, 3))
    assert lines(log) == 3
    assert dict(make().load()) == {"k2": 20, "k3": 30}


def test_another_study_finds_the_pieces(make, tmp_path):
    log = tmp_path / "log"
    make().save(logged(log, 1, 2))
    make(study="other").save(logged(log, 1, 2, 3))
    assert lines(log) == 3
    assert dict(make(study="other").load()) == {"k1": 10, "k2": 20, "k3": 30}
    assert list(make().load()) == ["k1", "k2"]


KEYS = [
    "a/b/../c.wav",
    "/absolute",
    "two words",
    "Füße 表情 🙂",
    "x" * 300,
    ".",
    "",
    "a\nb",
    "CON",
    ("extractor", "clip/1"),
    ("a", "b", "c"),
    ("", ""),
    "a, b",
    ("a", "b"),
]


def test_keys_of_all_kinds(make):
    recipes = {key: Recipe(stages.value, {"x": place}) for place, key in enumerate(KEYS)}
    make().save(RecipeMap("numbers", recipes))
    loaded = make().load()
    assert list(loaded) == KEYS
    assert [loaded[key] for key in KEYS] == list(range(len(KEYS)))


def test_versions_name_what_was_asked_for_then(make):
    for version, numbers in (("2026-01-01T00.00.00.000Z", (1, 2)), ("2026-01-02T00.00.00.000Z", (2, 3))):
        make(Version(None, version)).save(doubles(*numbers))
    assert list(make(Version(None, None)).load()) == ["k2", "k3"]
    older = make(Version("2026-01-01T00.00.00.000Z", None))
    assert dict(older.load()) == {"k1": 2, "k2": 4}
    assert older.exists()
    assert not make(Version("2020-01-01T00.00.00.000Z", None)).exists()


def test_the_latest_version_is_what_is_skipped(make, tmp_path, caplog):
    log = tmp_path / "log"
    make(Version(None, "1")).save(logged(log, 1))
    make(Version(None, "2")).save(logged(log, 1, 2))
    with caplog.at_level(logging.INFO):
        make(Version(None, "3")).save(logged(log, 1, 2))
    assert lines(log) == 2
    seconds = {version: make(Version(version, None)).load().entries["k1"].seconds for version in ("1", "3")}
    assert seconds["1"] == seconds["3"] is not None


def test_a_version_that_exists_is_an_error_before_the_work(make, tmp_path):
    log = tmp_path / "log"
    make(Version(None, "1")).save(logged(log, 1))
    with pytest.raises(DatasetError, match="must not exist"):
        make(Version(None, "1")).save(logged(log, 2))
    assert lines(log) == 1


def test_one_dataset_saves_several_versions(make):
    dataset = make(Version(None, None))
    dataset.save(doubles(1))
    dataset.release()
    dataset.save(doubles(2))
    assert dataset.list_versions()
    assert list(dataset.load()) == ["k2"]


def test_failures_do_not_stop_the_save(make):
    recipes = {"good": Recipe(stages.value, {"x": 1}), "bad": Recipe(stages.fail, {"x": 1})}
    make().save(RecipeMap("numbers", recipes))
    loaded = make().load()
    assert dict(loaded) == {"good": 1}
    assert list(loaded.failures["error"]) == ["StageError"]


def test_raise_gives_the_stage_s_own_exception_and_no_manifest(make):
    dataset = make(execution={"on_error": "raise", "workers": 1})
    recipes = {"good": Recipe(stages.value, {"x": 1}), "bad": Recipe(stages.fail, {"x": 1})}
    with pytest.raises(stages.StageError):
        dataset.save(RecipeMap("numbers", recipes))
    assert not dataset.exists()


@pytest.mark.parametrize("data", [{"k": 1}, 3, [1], None])
def test_what_is_no_map_of_recipes_is_refused_with_a_hint(make, data):
    with pytest.raises(DatasetError, match=r"RecipeMap\(name"):
        make().save(data)


def test_a_loaded_map_cannot_be_saved_as_it_is(make):
    make().save(doubles(1))
    with pytest.raises(DatasetError, match="returned StoredMap"):
        make().save(make().load())


@pytest.mark.parametrize(
    "pieces", [{}, {"path": "x"}, {"format": "json"}, {"path": "x", "format": "json", "more": "y"}]
)
def test_pieces_must_say_where_and_how(make, pieces):
    with pytest.raises(DatasetError, match="must say path and format"):
        make(pieces=pieces)


def test_a_manifest_that_prune_would_not_find_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"ends in \.parquet"):
        RecipeDataset(filepath=str(tmp_path / "numbers.pq"), pieces={"path": str(tmp_path), "format": "json"})


def test_settings_are_checked_when_the_catalog_is_read(make, tmp_path):
    with pytest.raises(ValueError, match="no format 'pickle'"):
        make(pieces={"path": str(tmp_path), "format": "pickle"})
    with pytest.raises(ValueError, match="worker"):
        make(execution={"worker": 1})


def test_a_missing_version_and_garbage_are_clear(make, tmp_path):
    with pytest.raises(DatasetError, match="numbers"):
        make().load()
    path = tmp_path / "demo" / "numbers.parquet"
    path.parent.mkdir()
    path.write_bytes(b"garbage")
    with pytest.raises(DatasetError, match="not a manifest of pieces") as caught:
        make().load()
    assert isinstance(caught.value.__cause__, ManifestError)


def test_an_unreadable_older_manifest_does_not_block_the_next_run(make, tmp_path, caplog):
    """A release with another layout, or a damaged file, costs a check of the pieces, not their computation."""
    log = tmp_path / "log"
    make(Version(None, "1")).save(logged(log, 1))
    next((tmp_path / "demo").rglob("1/*.parquet")).write_bytes(b"garbage")
    make(Version(None, "2")).save(logged(log, 1))
    assert lines(log) == 1
    assert "not a manifest" in caplog.text


def test_a_truncated_piece_is_made_again(make, tmp_path):
    log = tmp_path / "log"
    make().save(logged(log, 1))
    piece = files(tmp_path / "pieces")[0]
    piece.write_bytes(piece.read_bytes()[:-1])
    make().save(logged(log, 1))
    assert lines(log) == 2
    assert make().load()["k1"] == 10


def test_loading_opens_no_piece_and_reading_opens_one(make, tmp_path):
    make().save(doubles(*range(20)))
    loaded = make().load()
    keep = loaded.store.path(loaded.entries["k7"].path)
    for path in files(tmp_path / "pieces"):
        if path != keep:
            path.unlink()
    assert make().load()["k7"] == 14


def test_preview_shows_rows_of_the_manifest_without_any_piece(make, tmp_path):
    recipes = {("a", f"k{n}"): Recipe(stages.fail_if_odd, {"x": n}) for n in range(30)}
    make().save(RecipeMap("numbers", recipes))
    for path in files(tmp_path / "pieces"):
        path.unlink()
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td>", make().preview(nrows=3))
    assert rows == [("a, k0", "done"), ("a, k1", "failed"), ("a, k2", "done")]
    make(study="empty").save(RecipeMap("numbers", {}))
    assert "0 of 0 pieces" in make(study="empty").preview()


def test_the_manifest_names_the_artifact_and_the_format(make, tmp_path):
    make().save(doubles(1))
    facts = pq.read_schema(tmp_path / "demo" / "numbers.parquet").metadata
    assert facts[b"abaw_pipeline.artifact"] == b"numbers"
    assert facts[b"abaw_pipeline.format"] == b"json"


def test_a_dataset_can_be_sent_to_another_process(make):
    make(Version(None, "1")).save(doubles(1))
    sent = pickle.loads(pickle.dumps(make(Version(None, None))))
    assert dict(sent.load()) == {"k1": 2}
    assert pickle.loads(pickle.dumps(sent.load().ref("k1"))).read() == 2


def test_a_relative_folder_means_the_folder_at_the_start(make, tmp_path, monkeypatch):
    """Workers live on when the program changes its folder."""
    monkeypatch.chdir(tmp_path)
    dataset = make(pieces={"path": "relative", "format": "json"}, execution={"workers": 2})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    dataset.save(doubles(1, 2))
    assert dict(dataset.load()) == {"k1": 2, "k2": 4}
    assert len(files(tmp_path / "relative")) == 2


def test_a_save_that_cannot_write_its_manifest_says_so(make, tmp_path, monkeypatch):
    monkeypatch.setattr(pq, "write_table", lambda *_, **__: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(DatasetError, match="no space left"):
        make().save(doubles(1))
    monkeypatch.undo()
    make().save(doubles(1))
    assert [entry.key for entry in read_manifest(tmp_path / "demo" / "numbers.parquet").entries] == ["k1"]


def test_its_description_tells_where_things_lie(make, tmp_path):
    text = repr(make())
    assert "numbers.parquet" in text
    assert "pieces" in text
