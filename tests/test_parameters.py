"""The tree of parameters: what fits, and what a user is told of what does not."""

import copy
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from tests.conftest import PROJECT

from abaw_pipeline.evaluation.folds import make_folds
from abaw_pipeline.parameters import ParameterError, check_parameters
from abaw_pipeline.stages import expand_grid


@pytest.fixture
def tree() -> dict[str, Any]:
    """The demo's parameters, with resolvers replaced by plain values."""
    return read("base")


def read(environment: str) -> dict[str, Any]:
    """An environment's own parameters, with resolvers replaced by plain values."""
    text = (PROJECT / "conf" / environment / "parameters.yml").read_text(encoding="utf-8")
    return yaml.safe_load(re.sub(r"\$\{corpus_folder:\w+\}", "raw", text).replace("${globals:study}", "study"))


def change(tree: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(tree)
    *parents, last = path.split(".")
    node = changed
    for parent in parents:
        node = node[parent]
    node[last] = value
    return changed


@pytest.mark.parametrize(("study", "folds"), [("ravdess", 5), ("abaw2020", 1), ("base", 1)])
def test_all_studies_fit(tree: dict[str, Any], study: str, folds: int) -> None:
    assert check_parameters(tree | read(study)).cross_validation.protocol.n_folds(pd.DataFrame()) == folds


def test_a_study_of_many_fusions_also_runs_with_one_of_its_systems(tree: dict[str, Any]) -> None:
    """Table 6's are made of systems by name: trying one system must not ask for the others."""
    alone = check_parameters(change(tree | read("abaw2020"), "systems.run", ["ee_svm"]))
    assert (
        set(alone.fusion.methods) > set(alone.fusion.made(alone.systems.chosen)) == {"log_mean", "mcwf", "mcwf_ascent"}
    )
    headed = change(change(tree | read("abaw2020"), "systems.run", ["ee_svm"]), "evaluation.headline", "system_4")
    with pytest.raises(ParameterError, match="no running system or fusion 'system_4'"):
        check_parameters(headed)


def test_corpora_that_are_held_out_are_those_of_the_study(tree: dict[str, Any]) -> None:
    protocol = {"kind": "leave_one_corpus_out", "validation": ["demo"]}
    assert check_parameters(change(tree, "cross_validation.protocol", protocol))
    with pytest.raises(ParameterError, match=r"protocol.validation: no corpus 'dmo'; did you mean 'demo'"):
        check_parameters(change(tree, "cross_validation.protocol", protocol | {"validation": ["dmo"]}))


def test_a_protocol_may_be_ones_own(tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_protocol.py").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    own = {"kind": "own_protocol:FirstAlone", "people": 2}
    clips = pd.DataFrame({"clip_id": list("abc"), "subject": list("xyz"), "label": "fear"})
    protocol = check_parameters(change(tree, "cross_validation.protocol", own)).cross_validation.protocol
    folds = make_folds(protocol, clips)
    assert folds.loc[folds["role"] == "validation", "clip_id"].tolist() == ["a", "b"]
    with pytest.raises(ParameterError, match="did you mean 'people'"):
        check_parameters(change(tree, "cross_validation.protocol", own | {"peple": 1}))


OWN = """
from typing import Literal

import numpy as np

from abaw_pipeline.evaluation.protocols import Protocol


class FirstAlone(Protocol):
    kind: Literal["own_protocol:FirstAlone"] = "own_protocol:FirstAlone"
    people: int = 1

    def fold_titles(self, clips):
        return ("the first",)

    def validation_folds(self, clips, *, seed):
        first = sorted(set(clips["subject"]))[: self.people]
        return np.where(clips["subject"].isin(first), 0, -1)
"""


def test_a_study_of_sound_asks_for_no_faces(tree: dict[str, Any]) -> None:
    systems = check_parameters(tree | read("ravdess")).systems
    assert (systems.looks, systems.hears) == (False, True)
    assert systems.needed("face") == []


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("sed", 1, ["no parameter 'sed'", "did you mean 'seed'"]),
        ("cross_validation.foldz", "0+2", ["cross_validation", "'foldz'", "did you mean 'folds'"]),
        ("systems.sound.svm.CC", 1.0, ["systems.sound.svm:", "'CC'", "did you mean 'C'"]),
        ("systems.sound.svm.kind", "linear_svn", ["systems.sound.svm", "'linear_svn'", "did you mean 'linear_svm'"]),
        ("systems.sound.svm.C", -1.0, ["systems.sound.svm.C", "-1.0"]),
        ("systems.sound.svm.inputs", ["functional"], ["systems.sound.svm.inputs", "did you mean 'functionals'"]),
        ("systems.run", ["svn"], ["systems: run:", "'svn'", "did you mean 'svm'"]),
        ("systems.sound.ee_svm", {"kind": "linear_svm", "inputs": ["functionals"]}, ["both named 'ee_svm'"]),
        ("systems.face.ee_svm.inputs", ["functionals"], ["systems.face.ee_svm.inputs", "there are: ee"]),
        ("systems.face.ee_lstm.hiden", [8], ["systems.face.ee_lstm:", "did you mean 'hidden'"]),
        ("face.extractors.ee.backbone", "smal", ["face.extractors.ee", "did you mean 'small'"]),
        ("backbones.small.stills", ["fer2013"], ["backbones.small.stills", "'fer2013'"]),
        ("faces.detector.kind", "retinafce", ["faces.detector", "did you mean 'retinaface'"]),
        ("labels.rat", 5, ["labels", "did you mean 'rate'"]),
        ("fusion.members", ["svm", "ee_svn"], ["fusion.members", "did you mean 'ee_svm'"]),
        (
            "fusion.methods.log_mean.members",
            ["svm", "ee_svn"],
            ["fusion.methods.log_mean.members", "did you mean 'ee_svm'"],
        ),
        ("cross_validation.inner_folds", 1, ["cross_validation.inner_folds", "0 (none) or at least 2"]),
        ("fusion.optimistic", ["mcfw"], ["fusion", "did you mean 'mcwf'"]),
        ("sound.extractors.logmel.bandz", 3, ["sound.extractors.logmel:", "'bandz'"]),
        ("evaluation.headline", "logmean", ["evaluation.headline", "did you mean 'log_mean'"]),
        ("evaluation.submission", "mcfw", ["evaluation.submission", "did you mean 'mcwf'"]),
        ("study", "my study", ["study"]),
        ("corpora", {}, ["corpora"]),
    ],
)
def test_each_misfit_is_named_with_the_nearest(tree: dict[str, Any], path: str, value: Any, told: list[str]) -> None:
    with pytest.raises(ParameterError) as caught:
        check_parameters(change(tree, path, value))
    for text in told:
        assert text in str(caught.value)


def test_a_missing_section_is_named(tree: dict[str, Any]) -> None:
    del tree["corpora"]
    with pytest.raises(ParameterError, match="corpora: is missing"):
        check_parameters(tree)


def test_all_misfits_are_told_at_once(tree: dict[str, Any]) -> None:
    wrong = change(change(tree, "seed", -1), "evaluation.resamples", 3)
    with pytest.raises(ParameterError) as caught:
        check_parameters(wrong)
    assert "seed" in str(caught.value)
    assert "evaluation.resamples" in str(caught.value)


def test_a_grid_stands_for_one_system_a_combination(tree: dict[str, Any]) -> None:
    grid = {"kind": "linear_svm", "inputs": ["functionals"], "grid": {"C": [0.1, 1.0]}}
    systems = check_parameters(change(change(tree, "systems.sound.svm", grid), "systems.run", "all")).systems.chosen
    assert systems["svm[C=0.1]"].C == 0.1
    assert systems["svm[C=1.0]"].C == 1.0
    assert "svm" not in systems
    assert "lda" in systems


def test_one_row_of_a_grid_can_run_alone(tree: dict[str, Any]) -> None:
    grid = {"kind": "linear_svm", "inputs": ["functionals"], "grid": {"C": [0.1, 1.0]}}
    changed = change(change(tree, "systems.sound.svm", grid), "systems.run", ["svm[C=1.0]"])
    assert list(check_parameters(changed).systems.chosen) == ["svm[C=1.0]"]


def test_a_grid_multiplies() -> None:
    names = [name for name, _ in expand_grid("x", {"grid": {"a": [1, 2], "b": ["u"]}})]
    assert names == ["x[a=1,b=u]", "x[a=2,b=u]"]


def test_only_what_running_systems_read_is_extracted(tree: dict[str, Any]) -> None:
    assert check_parameters(change(tree, "systems.run", ["svm"])).systems.needed("sound") == ["functionals"]


def test_the_study_of_cremad_has_nine_sets_and_asks_for_no_faces(tree: dict[str, Any]) -> None:
    found = check_parameters(tree | read("cremad"))
    assert found.cross_validation.protocol.k == 9
    assert found.systems.needed("face") == []
