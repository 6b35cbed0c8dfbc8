import pytest
from tests.artifacts import stages
from tests.artifacts.packages import package

from abaw_pipeline.artifacts import Recipe, Ref, StoredMap
from abaw_pipeline.artifacts import plan as planning
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.plan import Plan
from abaw_pipeline.types import File


def doubles(*numbers: int) -> dict[str, Recipe]:
    return {f"k{number}": Recipe(stages.double, {"x": number}) for number in numbers}


def make_plan(recipes, store, before) -> Plan:
    return planning.make_plan(recipes, store, Manifest(list(before.values())))


def test_new_keys_are_jobs(store):
    plan = make_plan(doubles(1, 2), store, {})
    assert [job.keys for job in plan.jobs] == [("k1",), ("k2",)]
    assert plan.reasons() == {"new": 2}
    assert not plan.skipped


def test_what_is_stored_is_skipped_and_only_the_rest_is_a_job(store, save):
    before = save(doubles(1, 2))
    plan = make_plan(doubles(1, 2, 3), store, before)
    assert [entry.key for entry in plan.skipped] == ["k1", "k2"]
    assert [job.keys for job in plan.jobs] == [("k3",)]


def test_a_changed_argument_is_named(store, save):
    before = save({"k": Recipe(stages.add, {"left": 1, "right": 2})})
    plan = make_plan({"k": Recipe(stages.add, {"left": 5, "right": 6})}, store, before)
    assert plan.reasons() == {"argument left changed; argument right changed: left 1 -> 5; right 2 -> 6": 1}


def test_an_added_argument_and_another_function_are_named(store, save):
    before = save({"k": Recipe(stages.value, {"x": 1})})
    plan = make_plan({"k": Recipe(stages.scaled, {"x": 1, "gain": stages.Gain()})}, store, before)
    names = next(iter(plan.reasons())).split("; ")
    assert names == ["argument gain.factor is new", "argument gain.kind is new", "code changed", "and 1 more"]


def test_changed_code_is_named(store, save, tmp_path):
    def plan(number, previous):
        with package(tmp_path, {"__init__.py": "", "a.py": f"def f(): return {number}"}):
            import made.a

            recipes = {"k": Recipe(made.a.f, {})}
            return make_plan(recipes, store, previous).reasons(), save(recipes)

    _, before = plan(1, {})
    assert plan(1, before)[0] == {}
    assert plan(2, before)[0] == {"code changed": 1}  # the manifest that knows definitions is not at hand


def test_changed_definitions_are_named(store, save, tmp_path):
    """Who edits a helper wants to read its name, not that "code" changed somewhere."""
    source = "from made.b import g\ndef f(): return g()"
    before = {}
    for helper in ("def g(): return 1", "def g(): return 2"):
        with package(tmp_path, {"__init__.py": "", "a.py": source, "b.py": helper}):
            import made.a

            recipes = {"k": Recipe(made.a.f, {})}
            execution = Execution(workers=1)
            found = planning.make_plan(recipes, store, before or Manifest()).reasons()
            before = compute_pieces("numbers", recipes, store, before or Manifest(), execution)
    assert found == {"code changed: made.b:g": 1}


def test_values_that_differ_from_piece_to_piece_are_not_told_one_by_one(store, save):
    before = save(doubles(1, 2, 3))
    shifted = {f"k{number}": Recipe(stages.double, {"x": number + 10}) for number in (1, 2, 3)}
    assert make_plan(shifted, store, before).reasons() == {"argument x changed": 3}


def test_files_and_pieces_are_told_from_values(store, save):
    one, two = (Ref("up", "k", digit * 32, "p", "json") for digit in "ab")
    before = save({"k": Recipe(stages.value, {"x": File("a", "00")}), "l": Recipe(stages.value, {"x": one})})
    changed = {"k": Recipe(stages.value, {"x": File("a", "11")}), "l": Recipe(stages.value, {"x": two})}
    assert set(make_plan(changed, store, before).reasons()) == {
        "failed last time; the file x changed",  # a File is no JSON
        "failed last time; x was made anew",
    }


def test_another_format_is_named(tmp_path, store, save):
    before = save(doubles(1))
    other = type(store)(store.folder, "table")
    assert make_plan(doubles(1), other, before).reasons() == {"format changed: format json 1 -> table 1": 1}


def test_failures_are_tried_again(store, save):
    before = save({"k": Recipe(stages.fail, {"x": 1})})
    assert make_plan({"k": Recipe(stages.fail, {"x": 1})}, store, before).reasons() == {"failed last time": 1}
    changed = make_plan({"k": Recipe(stages.fail, {"x": 2})}, store, before)
    assert changed.reasons() == {"failed last time; argument x changed: x 1 -> 2": 1}


def test_a_missing_and_a_short_file_are_made_again(store, save):
    before = save(doubles(1, 20))
    store.path(before["k1"].path).unlink()
    long = store.path(before["k20"].path)
    long.write_bytes(long.read_bytes()[:-1])
    assert make_plan(doubles(1, 20), store, before).reasons() == {
        "the stored file is gone": 1,
        "the stored file was damaged": 1,
    }


def test_keys_with_equal_recipes_share_a_job(store):
    plan = make_plan({"a": Recipe(stages.double, {"x": 1}), ("b", "c"): Recipe(stages.double, {"x": 1})}, store, {})
    assert [job.keys for job in plan.jobs] == [("a", ("b", "c"))]


def test_an_earlier_piece_under_another_key_is_skipped(store, save):
    before = save({"old": Recipe(stages.double, {"x": 1})})
    plan = make_plan({"new": Recipe(stages.double, {"x": 1})}, store, before)
    assert [entry.key for entry in plan.skipped] == ["new"]


def test_a_failed_reference_blocks_wherever_it_hides(store, save):
    failed = save({"k": Recipe(stages.fail, {"x": 1})})
    ref = StoredMap("up", list(failed.values()), store).ref("k")
    recipes = {
        "plain": Recipe(stages.value, {"x": ref}),
        "list": Recipe(stages.value, {"x": [Ref("up", "ok", "00", "p", "json"), ref]}),
        "dict": Recipe(stages.value, {"x": {"a": (ref,)}}),
    }
    plan = make_plan(recipes, store, {})
    assert [entry.blocked_by for entry in plan.blocked] == ["up[k]"] * 3
    assert not plan.jobs


def test_an_edited_format_makes_pieces_anew(tmp_path, store):
    source = "from abaw_pipeline.artifacts.formats import JsonFormat\nclass Own(JsonFormat):\n    separators = '{}'\n"

    def fingerprint(text):
        with package(tmp_path, {"__init__.py": "", "own.py": source.format(text)}):
            from abaw_pipeline.artifacts.formats import get_format

            get_format.cache_clear()
            other = type(store)(store.folder, "made.own:Own")
            return make_plan(doubles(1), other, {}).jobs[0].fingerprint

    assert fingerprint("a") == fingerprint("a") != fingerprint("b")


def test_a_function_without_source_is_an_error_before_any_work(store):
    with pytest.raises(TypeError, match="top level of a module"):
        make_plan({"k": Recipe(lambda: 1, {})}, store, {})
