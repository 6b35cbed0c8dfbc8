import datetime
import functools
import json
import math
import pickle
from collections import Counter, OrderedDict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts import stages, values
from tests.artifacts.packages import package

from abaw_pipeline.artifacts import Recipe, RecipeMap, Ref
from abaw_pipeline.artifacts.fingerprint import ArgumentError, canonical, combine, components, digest
from abaw_pipeline.types import FeatureSequence, File, Waveform


def form(value: Any) -> str:
    return digest(canonical(value))


def noted(value, **attached):
    vars(value).update(attached)
    return value


ALL_DIFFERENT = {
    "int": 1,
    "float": 1.0,
    "true": True,
    "text": "1",
    "none": None,
    "zero": 0,
    "false": False,
    "float zero": 0.0,
    "minus zero": -0.0,
    "empty text": "",
    "text none": "None",
    "empty list": [],
    "empty tuple": (),
    "empty dict": {},
    "list": [1],
    "tuple": (1,),
    "list of a list": [[1]],
    "two in a list": [1, 1],
    "dict": {"1": 1},
    "dict with an int key": {1: 1},
    "dict like a float's form": {"float": (1.0).hex()},
    "dict like a dict's form": {"map": {"1": 1}},
    "dict like pairs": {"pairs": [[1, 1]]},
    "list of pairs": [["1", 1]],
    "infinity": math.inf,
    "nan": math.nan,
    "bytes": b"1",
    "float64": np.float64(1),
    "float32": np.float32(1),
    "int64": np.int64(1),
    "bool_": np.bool_(1),
    "str_": np.str_("1"),
    "longdouble": np.longdouble(1),
    "array": np.array([1]),
    "array of floats": np.array([1.0]),
    "array of small floats": np.array([1.0], np.float32),
    "array of one row": np.array([[1.0]]),
    "array of the same bytes": np.array([1.0]).view(np.int64),
    "part": stages.Gain(),
    "part with another field": stages.Gain(factor=2.0),
    "other part of the same fields": stages.Gain2(),
    "part's class": stages.Gain,
    "part's fields": {"kind": "gain", "factor": 1.0},
    "dataclass": stages.Pair(1, 2),
    "dataclass of other types": stages.Pair(1, 2.0),
    "enum": stages.Color.RED,
    "other member": stages.Color.BLUE,
    "nested enum": values.Nested.A.X,
    "other nested enum": values.Nested.B.X,
    "flags": values.Rights.READ | values.Rights.WRITE,
    "other flags": values.Rights.READ | values.Rights.RUN,
    "named tuple": values.Point(1, 2),
    "other named tuple": values.Place(1, 2),
    "plain pair": (1, 2),
    "function": stages.value,
    "other function": stages.double,
    "open model": values.Open(),
    "open model with more": values.Open(y=1),
    "sound": Waveform(np.zeros(3, np.float32), 16000),
    "longer sound": Waveform(np.zeros(4, np.float32), 16000),
    "features": FeatureSequence(np.zeros(1), np.ones(1), np.zeros((1, 2), np.float32)),
    "file": File("a.wav", "00"),
    "other file": File("a.wav", "01"),
    "text of a hash": "00",
    "reference": Ref("a", "k", "00"),
    "lone surrogate": "\udce9",
    "other order": {"a": 1, "b": 2},
    "another order": {"b": 2, "a": 1},
    "ordered dict": OrderedDict({"a": 1, "b": 2}),
    "counter": Counter({"a": 1, "b": 2}),
    "dict of a user's type": values.Bag({"a": 1, "b": 2}),
    "number of a user's type": values.Level(1),
    "text of a user's type": values.Name("1"),
    "list of a user's type": values.Names([1]),
    "list with a note": noted(values.Names([1]), note=1),
    "flag without a name": values.IntRights(8),
    "other flag without a name": values.IntRights(16),
    "very large number": 10**5000,
    "other very large number": 10**5000 + 1,
    "array by columns": np.asfortranarray(np.ones((2, 2))),
    "array by rows": np.ones((2, 2)),
    "not a time": np.datetime64("NaT"),
    "days": np.datetime64("2020-01-01"),
    "seconds": np.datetime64("2020-01-01T00:00:00"),
    "dataclass with defaults": values.Noted(),
    "dataclass with a note": noted(values.Noted(), note=1),
}


def test_types_and_values_are_told_apart():
    forms: dict[str, str] = {}
    for name, value in ALL_DIFFERENT.items():
        other = forms.setdefault(form(value), name)
        assert other == name, f"{name} and {other} have one form"


def test_forms_are_stable_and_json():
    for value in ALL_DIFFERENT.values():
        assert form(value) == form(value)
        json.dumps(canonical(value), allow_nan=False)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.0, 1.0, 2.0]) | st.sampled_from(["", "1", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["", "1", "a", "map", "float", "tuple"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def typed(value: Any) -> Any:
    """The value in a form in which == tells types and orders apart."""
    if isinstance(value, list | tuple):
        return (type(value), tuple(typed(item) for item in value))
    if isinstance(value, dict):
        return (dict, tuple((key, typed(item)) for key, item in value.items()))
    return (type(value), value)


@settings(deadline=None)
@given(json_like, json_like)
def test_equal_forms_mean_equal_values(left, right):
    assert (form(left) == form(right)) == (typed(left) == typed(right))


def test_order_of_a_dict_counts():
    """A function may go through it: classes in another order are columns in another order."""
    assert form({"a": 1, "b": 2}) != form({"b": 2, "a": 1})
    assert form({1: 1, "b": 2}) != form({"b": 2, 1: 1})


def test_order_of_arguments_does_not_count_and_is_not_seen():
    one, two = (Recipe(stages.order_of, given) for given in ({"a": 1, "b": 2}, {"b": 2, "a": 1}))
    assert one.fingerprint == two.fingerprint
    assert one.compute() == two.compute() == ["a", "b"]


def test_what_can_be_computed_again_does_not_count():
    value = values.Noted()
    before = form(value)
    assert value.later == 2
    assert form(value) == before


def test_text_that_names_code_counts_as_a_key_too(tmp_path: Path):
    def found(number: int) -> str:
        with package(tmp_path, {"__init__.py": "", "a.py": f"def f(): return {number}"}):
            return form({"made.a:f": 1})

    assert found(1) == found(1) != found(2)


def test_code_of_a_type_derived_from_one_of_pythons_counts(tmp_path: Path):
    """What a function asks of such a value is up to its class."""

    def found(base: str, number: int) -> str:
        with package(tmp_path, {"__init__.py": "", "a.py": f"class A({base}):\n    def f(self): return {number}"}):
            import made.a

            return form([made.a.A()])

    for base in ("int", "str", "float", "bytes", "list", "tuple", "dict"):
        assert found(base, 1) == found(base, 1) != found(base, 2), base


def test_where_a_file_lies_does_not_count():
    assert form(File("a.wav", "00")) == form(File("elsewhere/b.wav", "00"))
    assert form(stages.Pair(File("a", "00"), 1)) == form(stages.Pair(File("b", "00"), 1))


def test_only_that_layout_of_an_array_counts_that_reaches_a_worker():
    """A sum over columns differs in its last digits from one over rows; a view is copied on its way."""
    array = np.arange(6.0).reshape(2, 3)
    assert form(np.asfortranarray(array)) != form(array) == form(array[::-1][::-1])
    assert form(array.T) != form(np.ascontiguousarray(array.T))
    for each in (array, array.T, array[:, ::2]):
        assert form(pickle.loads(pickle.dumps(each))) == form(each)


def test_a_fingerprint_survives_the_way_between_processes():
    """Or a worker would say of every piece that its code was edited."""
    for name, value in ALL_DIFFERENT.items():
        assert form(pickle.loads(pickle.dumps(value))) == form(value), name


REFUSED = {
    "path": Path("a.wav"),
    "set": {1, 2},
    "object": object(),
    "open file": open(__file__),  # noqa: SIM115, PTH123
    "lambda": lambda: 1,
    "partial": functools.partial(stages.value, 1),
    "bound method": stages.Gain().apply,
    "array of objects": np.array([object()]),
    "structure of objects": np.zeros(1, [("a", object)]),
    "masked array": np.ma.MaskedArray([1, 2], [True, False]),
    "generator": (i for i in ()),
    "builtin": len,
    "array in another byte order": np.array([1.0], ">f8"),
    "scalar of objects": np.zeros(1, [("a", object)])[0],
    "array of texts of any length": np.array(["a" * 99], np.dtypes.StringDType()),
    "view of a user's type": np.zeros(2).view(np.recarray),
    "decimal": Decimal(1),
    "fraction": Fraction(1, 2),
    "date": datetime.date(2020, 1, 1),
    "time zone": datetime.UTC,
    "complex": 1j,
    "range": range(3),
    "bytes that change": bytearray(b"1"),
    "class of a library": np.float32,
    "exception": ValueError("x"),
}
REFUSED["open file"].close()


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [{"a": v}], lambda v: stages.Pair(v, 1)])
def test_what_has_no_stable_content_is_refused_by_name(value, wrap):
    with pytest.raises(ArgumentError, match="'x' of value"):
        components(stages.value, {"x": wrap(value)})


def test_components_name_each_argument():
    parts = components(stages.scaled, {"x": 1, "gain": stages.Gain()})
    of_gain = {"code of gain", "argument gain.kind", "argument gain.factor"}
    assert parts.keys() == {"code", "libraries", "generation", "argument x"} | of_gain
    assert (parts["argument x"], parts["argument gain.factor"]) == ("1", "1.0")
    changed = components(stages.scaled, {"x": 2, "gain": stages.Gain()})
    assert {name for name in parts if parts[name] != changed[name]} == {"argument x"}


def test_a_generation_makes_all_pieces_anew(monkeypatch):
    before = combine(components(stages.value, {"x": 1}))
    monkeypatch.setattr("abaw_pipeline.artifacts.fingerprint.GENERATION", 99)
    assert combine(components(stages.value, {"x": 1})) != before


def test_arguments_are_told_from_one_another():
    prints = {Recipe(stages.add, arguments).fingerprint for arguments in ({"left": 1}, {"right": 1}, {})}
    assert len(prints) == 3


def test_execution_and_chunk_are_left_out():
    plain = Recipe(stages.logged, {"x": 1})
    assert Recipe(stages.logged, {"x": 1}, execution={"log": "here"}, chunk=8).fingerprint == plain.fingerprint


def test_what_a_reference_reads_counts():
    upstream = RecipeMap("a", {"k": Recipe(stages.value, {"x": 1}), "l": Recipe(stages.value, {"x": 2})})
    one, two = (Recipe(stages.double, {"x": upstream.ref(key)}) for key in "kl")
    assert one.fingerprint != two.fingerprint
    same = RecipeMap("other name", {"m": Recipe(stages.value, {"x": 1})})
    assert Recipe(stages.double, {"x": same.ref("m")}).fingerprint == one.fingerprint


def test_code_of_a_part_counts(tmp_path: Path):
    def found(text: str) -> str:
        source = f"from abaw_pipeline.parts import Part\nclass A(Part):\n    x: int = 1\n    def f(self): return {text}"
        with package(tmp_path, {"__init__.py": "", "a.py": source}):
            import made.a

            return form([made.a.A()])

    assert found("1") == found("1  # a comment") != found("2")


def test_code_behind_a_text_counts(tmp_path: Path):
    def found(number: int) -> str:
        with package(tmp_path, {"__init__.py": "", "a.py": f"def f(): return {number}"}):
            return form({"backend": "made.a:f"})

    assert found(1) == found(1) != found(2)
