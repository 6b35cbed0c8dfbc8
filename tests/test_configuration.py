"""What the catalog sees of a study's parameters, through the loader that Kedro uses."""

import re
from pathlib import Path

import pytest
from click import ClickException
from kedro.config import OmegaConfigLoader
from omegaconf.errors import InterpolationResolutionError
from tests.conftest import PROJECT, Project

from abaw_pipeline.configuration import StudyConfigLoader
from abaw_pipeline.settings import CONFIG_LOADER_ARGS

# Kedro 1.7 itself calls what omegaconf 2.4 has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:\\s*register_new_resolver:UserWarning")

CATALOG = """
pieces:
  type: Some
  workers: ${study_parameter:execution.workers, auto}
  on_error: ${study_parameter:execution.on_error, record}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    for name, text in {
        "base/catalog.yml": CATALOG,
        "base/parameters.yml": "execution: {workers: 2, on_error: raise}",
        "study/parameters.yml": "execution: {workers: 3}",
        "other/parameters.yml": "seed: 1",
        "study/globals.yml": "study: mine",
        "over/parameters.yml": "execution: {on_error: record}",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def load(conf: Path, env: str, **params: object) -> StudyConfigLoader:
    return StudyConfigLoader(str(conf), env=env, base_env="base", runtime_params=params)


def seen(loader: OmegaConfigLoader) -> tuple[object, object]:
    entry = loader["catalog"]["pieces"]
    return entry["workers"], entry["on_error"]


def test_environment_over_base_and_command_line_over_both(conf: Path) -> None:
    assert seen(load(conf, "base")) == (2, "raise")
    assert seen(load(conf, "other")) == (2, "raise")
    assert seen(load(conf, "study")) == (3, "record")  # a study replaces the whole section
    assert seen(load(conf, "study", execution={"workers": 1})) == (1, "record")
    assert seen(load(conf, "other", execution={"workers": 1})) == (1, "raise")


def test_environments_are_laid_over_one_another(conf: Path) -> None:
    (conf / "study" / "parameters.yml").write_text("execution: {workers: 3}\nseed: 5\nstudy: ${globals:study}")
    loader = load(conf, "study+over", seed=6)
    assert loader["parameters"] == {"execution": {"on_error": "record"}, "seed": 6, "study": "mine"}
    assert seen(loader) == ("auto", "record")  # the last one's section, and nothing of those before it
    assert seen(load(conf, "study+over", execution={"workers": 1})) == (1, "record")
    assert seen(load(conf, "over+other")) == ("auto", "record")
    assert seen(load(conf, "base+over")) == ("auto", "record")


MISNAMED = [
    ("study+ovr", "no study 'ovr'; did you mean 'over'?"),
    ("studdy+over", "no study 'studdy'; did you mean 'study'?"),
    ("study++over", "no study ''"),
    ("over+study", "'study' is a study; one study a run, named first"),
]


@pytest.mark.parametrize(("env", "told"), MISNAMED)
def test_a_part_that_is_misspelt_or_in_the_wrong_place_is_named(conf: Path, env: str, told: str) -> None:
    with pytest.raises(ClickException, match=re.escape(told)):
        load(conf, env)


def test_a_study_on_a_cluster_keeps_its_name_and_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    def loader(env: str) -> StudyConfigLoader:
        return StudyConfigLoader(str(PROJECT / "conf"), env=env, **CONFIG_LOADER_ARGS)

    monkeypatch.chdir(PROJECT)
    monkeypatch.delenv("ABAW_SCHEDULER", raising=False)
    alone, there = loader("ravdess"), loader("ravdess+cluster")
    assert there["parameters"]["execution"]["scheduler"] == str(PROJECT / "data" / "scheduler.json")
    assert {**there["parameters"], "execution": 0} == {**alone["parameters"], "execution": 0}
    paths = [{name: entry.get("filepath") for name, entry in each["catalog"].items()} for each in (alone, there)]
    assert paths[0] == paths[1]
    monkeypatch.setenv("ABAW_SCHEDULER", "tcp://10.0.0.1:8786")
    demo = loader("cluster")
    assert demo["parameters"]["study"] == "demo"
    assert demo["catalog"]["vocals"]["execution"]["scheduler"] == "tcp://10.0.0.1:8786"


def test_two_loaders_of_one_process_keep_to_their_own_study(conf: Path) -> None:
    one, two = load(conf, "study"), load(conf, "other")
    assert (seen(one)[0], seen(two)[0], seen(one)[0]) == (3, 2, 3)


def test_parameters_set_by_hand_are_seen(conf: Path) -> None:
    loader = load(conf, "base")
    loader["parameters"] = {"execution": {"workers": 7}}
    assert seen(loader) == (7, "record")


def test_a_value_that_is_nowhere_is_an_error(conf: Path) -> None:
    (conf / "base" / "catalog.yml").write_text("pieces: {type: '${study_parameter:execution.wrkers}'}")
    with pytest.raises(InterpolationResolutionError, match=r"no parameter 'execution\.wrkers'"):
        load(conf, "base")["catalog"]


@pytest.mark.parametrize("study", ["base", "ravdess", "cremad", "abaw2020", "ravdess+cluster"])
def test_the_projects_datasets_get_what_the_study_says(study: str) -> None:
    def loader(**params: object) -> StudyConfigLoader:
        return StudyConfigLoader(str(PROJECT / "conf"), env=study, runtime_params=params, **CONFIG_LOADER_ARGS)

    for given, expected in (({}, ("auto", "record")), ({"execution": {"workers": 1}}, (1, "record"))):
        entries = [each["execution"] for each in loader(**given)["catalog"].values() if "execution" in each]
        assert entries
        assert {(each["workers"], each["on_error"]) for each in entries} == {expected}


def test_a_misspelt_study_is_named_with_the_nearest_one(project: Project) -> None:
    output = project.kedro("run", "--env=ravdes", ok=False)
    assert "no study 'ravdes'; did you mean 'ravdess'?" in output
    assert "Traceback" not in output
