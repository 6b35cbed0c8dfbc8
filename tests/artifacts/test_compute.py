import os
import sys
import time

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, StoredMap


def lines(path) -> list[str]:
    return path.read_text().splitlines()


def read(store, entry):
    return StoredMap("numbers", [entry], store)[entry.key]


def logged(log, *numbers: int) -> dict[str, Recipe]:
    return {f"k{n}": Recipe(stages.logged, {"x": n}, execution={"log": str(log)}) for n in numbers}


@pytest.mark.parametrize("workers", [1, 2])
def test_only_what_changed_is_computed(store, save, tmp_path, workers):
    log = tmp_path / "log"
    first = save(logged(log, 1, 2, 3), workers=workers)
    assert len(lines(log)) == 3
    second = save(logged(log, 1, 2, 4), first, workers=workers)
    assert [line.split()[0] for line in lines(log)[3:]] == ["4"]
    assert {key: read(store, entry) for key, entry in second.items()} == {"k1": 10, "k2": 20, "k4": 40}
    assert second["k1"].seconds == first["k1"].seconds


def test_keys_with_equal_recipes_share_one_call_and_one_file(store, save, tmp_path):
    log = tmp_path / "log"
    entries = save({"a": logged(log, 1)["k1"], "b": logged(log, 1)["k1"]})
    assert len(lines(log)) == 1
    assert entries["a"].path == entries["b"].path
    assert len(store.present()) == 1


def test_parallel_gives_what_serial_gives(tmp_path, save, store):
    recipes = {f"k{n}": Recipe(stages.fail_if_odd if n % 3 else stages.double, {"x": n}) for n in range(40)}

    def facts(entries):
        return [(e.key, e.status, e.fingerprint, e.sha256, e.error, e.message, e.stage) for e in entries.values()]

    serial = facts(save(recipes))
    for path, _ in list(store.files()):
        store.path(path).unlink()
    assert facts(save(recipes, workers=2)) == serial


def test_parallel_uses_other_processes(save, tmp_path):
    log = tmp_path / "log"
    save(logged(log, *range(8)), workers=2)
    assert str(os.getpid()) not in {line.split()[1] for line in lines(log)}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_is_a_row_and_the_others_go_on(store, save, workers):
    entries = save({f"k{n}": Recipe(stages.fail_if_odd, {"x": n}) for n in range(5)}, workers=workers)
    assert [entry.status for entry in entries.values()] == ["done", "failed"] * 2 + ["done"]
    row = entries["k1"]
    assert (row.stage, row.error, row.message) == ("fail_if_odd", "ValueError", "1 is odd")
    assert "in fail_if_odd" in row.traceback
    assert (row.path, row.rows, row.blocked_by) == (None, None, None)


@pytest.mark.parametrize("workers", [1, 2])
def test_raise_gives_the_stage_s_own_exception(save, workers):
    recipes = {f"k{n}": Recipe(stages.fail, {"x": n}) for n in range(2)}
    with pytest.raises(stages.StageError) as caught:
        save(recipes, workers=workers, on_error="raise")
    assert caught.value.code == 7
    # where it happened is said, also when that was in another process
    frames = [f"in {entry.name}\n" for entry in caught.traceback]
    assert any("in fail\n" in text for text in [*frames, *getattr(caught.value, "__notes__", [])])


def test_a_stop_cancels_what_is_left(save, tmp_path):
    """An error after a minute must not be followed by hours of work for nothing, nor by joblib's own warning."""
    log = tmp_path / "log"
    later = {f"k{n}": Recipe(stages.slow_logged, {"x": n}, execution={"log": str(log)}) for n in range(200)}
    with pytest.raises(stages.StageError) as caught:
        save({"bad": Recipe(stages.fail, {"x": 1}), **later}, workers=2, on_error="raise")
    assert caught.value.what == "cannot do 1"
    done = len(lines(log)) if log.exists() else 0
    time.sleep(0.3)
    assert done == (len(lines(log)) if log.exists() else 0) < 50


def test_what_was_made_before_a_stop_is_kept(save, store):
    recipes = {"good": Recipe(stages.double, {"x": 1}), "bad": Recipe(stages.fail, {"x": 1})}
    with pytest.raises(stages.StageError):
        save(recipes, on_error="raise")
    assert len(store.present()) == 1


def test_an_exception_that_cannot_travel_keeps_its_text(save):
    entries = save({f"k{n}": Recipe(stages.fail_unportable, {"x": n}) for n in range(2)}, workers=2)
    assert entries["k1"].message == "UnportableError: about 1"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stage_that_exits_is_a_failure(save, workers):
    entries = save({f"k{n}": Recipe(stages.leave, {"x": n}) for n in range(2)}, workers=workers)
    assert [entry.message for entry in entries.values()] == ["SystemExit: 0", "SystemExit: 1"]


def test_a_value_of_the_wrong_type_is_a_failure_of_its_key(tmp_path, save):
    entries = save({"good": Recipe(stages.value, {"x": 1}), "bad": Recipe(stages.features, {"steps": 2})})
    assert entries["good"].status == "done"
    assert entries["bad"].error == "TypeError"
    assert not list((tmp_path / "pieces" / ".aside").iterdir())


def chunks(function, *numbers: int, size: int = 4, **execution) -> dict[str, Recipe]:
    return {f"k{n}": Recipe(function, {"x": n}, execution=execution, chunk=size) for n in numbers}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_chunked_function_serves_several_keys_a_call(store, save, tmp_path, workers):
    log = tmp_path / "log"
    entries = save(chunks(stages.chunk_double, *range(10), log=str(log)), workers=workers)
    assert [read(store, entry) for entry in entries.values()] == [2 * n for n in range(10)]
    assert sorted(lines(log)) == ["2", "4", "4"]


def test_different_settings_are_not_mixed_in_a_chunk(save, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    recipes = chunks(stages.chunk_double, 1, 2, log=str(one)) | chunks(stages.chunk_double, 3, log=str(two))
    save(recipes)
    assert lines(one) == ["2"]
    assert lines(two) == ["1"]


@pytest.mark.parametrize("function", [stages.chunk_marks_odd, stages.chunk_raises_on_odd])
def test_a_bad_key_does_not_spoil_its_chunk(store, save, function):
    entries = save(chunks(function, 0, 1, 2, 3))
    assert [entry.status for entry in entries.values()] == ["done", "failed", "done", "failed"]
    assert entries["k3"].message == "3 is odd"
    assert read(store, entries["k2"]) == 2


def test_a_chunk_with_too_few_results_is_done_key_by_key(store, save):
    entries = save(chunks(stages.chunk_loses_one, 5, 6, 7))
    assert [read(store, entry) for entry in entries.values()] == [5, 6, 7]


def test_no_result_at_all_is_a_failure(save):
    entries = save(chunks(stages.chunk_gives_none, 5, 6))
    assert [entry.message for entry in entries.values()] == ["chunk_gives_none gave 0 results for 1 keys"] * 2


def test_chunks_give_what_single_calls_give(store, save):
    together = save(chunks(stages.chunk_double, *range(5), size=5))
    alone = save(chunks(stages.chunk_double, *range(5), size=1))
    assert [entry.path for entry in together.values()] == [entry.path for entry in alone.values()]


def test_what_another_study_has_stored_is_adopted(store, save, tmp_path):
    log = tmp_path / "log"
    first = save(logged(log, 1, 2))
    again = save(logged(log, 1, 2, 3), previous={})
    assert len(lines(log)) == 3
    for key in ("k1", "k2"):
        assert (again[key].path, again[key].sha256, again[key].bytes, again[key].rows) == (
            first[key].path,
            first[key].sha256,
            first[key].bytes,
            first[key].rows,
        )
        assert again[key].seconds is None


@pytest.mark.parametrize("damage", [b"", b"[1, ", b"\xff\xfe"])
def test_a_damaged_piece_is_not_adopted(store, save, tmp_path, damage, caplog):
    log = tmp_path / "log"
    first = save(logged(log, 1))
    store.path(first["k1"].path).write_bytes(damage)
    with caplog.at_level("INFO"):
        again = save(logged(log, 1), previous={})
    assert read(store, again["k1"]) == 10
    assert "1 computed, 0 skipped, 0 failed" in caplog.text


def test_a_truncated_piece_is_made_again(store, save, tmp_path):
    log = tmp_path / "log"
    first = save(logged(log, 1, 2))
    store.path(first["k1"].path).write_bytes(b"1")
    again = save(logged(log, 1, 2), first)
    assert read(store, again["k1"]) == 10
    assert len(lines(log)) == 3


def test_references_are_read_in_the_worker(store, save, tmp_path):
    values = save({f"k{n}": Recipe(stages.value, {"x": n}) for n in range(3)})
    upstream = StoredMap("values", list(values.values()), store)
    assert set(vars(upstream.ref("k1"))) == {"artifact", "key", "fingerprint", "path", "format", "recipe"}
    sums = {
        "sum": Recipe(stages.add, {"left": upstream.ref("k1"), "right": upstream.ref("k2")}),
        "total": Recipe(stages.total, {"parts": [upstream.ref(key) for key in upstream]}),
    }
    entries = save(sums, workers=2)
    assert [read(store, entry) for entry in entries.values()] == [3, 3]


def test_failures_are_handed_on_through_three_artifacts(store, save):
    def stored(name, entries):
        return StoredMap(name, list(entries.values()), store)

    a = stored("a", save({f"k{n}": Recipe(stages.fail_if_odd, {"x": n}) for n in (1, 2)}))
    b = stored("b", save({key: Recipe(stages.double, {"x": a.ref(key)}) for key in a.asked}))
    c = stored(
        "c",
        save(
            {
                "all": Recipe(stages.total, {"parts": [b.ref(key) for key in b.asked]}),
                **{key: Recipe(stages.double, {"x": b.ref(key)}) for key in b.asked},
            }
        ),
    )
    assert c["k2"] == 8
    assert list(a.failures["blocked_by"].isna()) == [True]
    assert list(b.failures["blocked_by"]) == ["a[k1]"]
    assert list(c.failures["blocked_by"]) == ["b[k1]", "b[k1]"]
    assert list(c.failures["key"]) == ["all", "k1"]


def test_a_key_that_kills_its_process_is_a_row(store, save):
    """Without care one crash in native code, or the kernel's out-of-memory killer, takes hours of work down."""
    plain = {f"p{n}": Recipe(stages.value, {"x": n}) for n in range(20)}
    numbers = (0, 1, 2, 4, 6, 8)
    entries = save({**plain, **chunks(stages.chunk_dies_on_odd, *numbers, size=3)}, workers=2)
    assert [key for key, entry in entries.items() if entry.error == "WorkerDiedError"] == ["k1"]
    assert "died" in entries["k1"].message
    values = {key: read(store, entry) for key, entry in entries.items() if entry.status == "done"}
    assert values == {f"p{n}": n for n in range(20)} | {f"k{n}": n for n in (0, 2, 4, 6, 8)}


def test_a_worker_with_other_code_stores_nothing(save, store):
    """Somebody edits a file during a long run, and a worker that starts later has the new code."""
    recipes = {f"k{n}": Recipe(stages.double, {"x": n}) for n in range(2)}
    for recipe in recipes.values():
        recipe.components["code"] = "code as it was"
    entries = save(recipes, workers=2)
    assert {entry.error for entry in entries.values()} == {"CodeChangedError"}
    assert not store.present()


def test_settings_that_cannot_travel_are_an_error_that_says_so(save):
    import threading

    recipes = {f"k{n}": Recipe(stages.value, {"x": n}, execution={"lock": threading.Lock()}) for n in range(2)}
    with pytest.raises(Exception, match="pickle"):
        save(recipes, workers=2)


def test_nothing_to_do_starts_no_process(save, monkeypatch):
    first = save({"k": Recipe(stages.value, {"x": 1}), "l": Recipe(stages.value, {"x": 2})})
    monkeypatch.setitem(sys.modules, "joblib", None)
    save({"k": Recipe(stages.value, {"x": 1}), "l": Recipe(stages.value, {"x": 2})}, first, workers=2)
    assert save({}, first, workers=2) == {}
