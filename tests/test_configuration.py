"""What the catalog sees of a study's parameters, through the loader that Kedro uses."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from omegaconf.errors import InterpolationResolutionError
from tests.conftest import PROJECT, Project

from abaw_pipeline.configuration import StudyConfigLoader, corpus_folder

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


@pytest.mark.parametrize("study", ["base", "ravdess", "abaw2020"])
def test_the_projects_datasets_get_what_the_study_says(study: str) -> None:
    def loader(**params: object) -> StudyConfigLoader:
        resolvers = {"corpus_folder": corpus_folder}
        conf = str(PROJECT / "conf")
        return StudyConfigLoader(conf, env=study, base_env="base", custom_resolvers=resolvers, runtime_params=params)

    for given, expected in (({}, ("auto", "record")), ({"execution": {"workers": 1}}, (1, "record"))):
        entries = [each["execution"] for each in loader(**given)["catalog"].values() if "execution" in each]
        assert entries
        assert {(each["workers"], each["on_error"]) for each in entries} == {expected}


def test_a_misspelt_study_is_named_with_the_nearest_one(project: Project) -> None:
    output = project.kedro("run", "--env=ravdes", ok=False)
    assert "no study 'ravdes'; did you mean 'ravdess'?" in output
    assert "Traceback" not in output
