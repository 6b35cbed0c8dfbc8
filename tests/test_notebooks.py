"""Notebooks run from top to bottom, cell by cell in a kernel, on studies that have run."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import PROJECT, Project

NOTEBOOKS = PROJECT / "notebooks"


@pytest.fixture(scope="module")
def with_faces(seen: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of a project in which a study with faces has run."""
    folder = tmp_path_factory.mktemp("faces") / "project"
    shutil.copytree(seen.folder, folder, symlinks=True)
    return Project(folder)


def execute(project: Project, name: str) -> list[dict[str, Any]]:
    """The code cells of a notebook after it has run where users open it: in the folder of the notebooks."""
    path = project.folder / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    shutil.copy(NOTEBOOKS / path.name, path)
    project._run("-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path), ok=True)
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def outputs(cells: list[dict[str, Any]], kind: str) -> list[Any]:
    return [each["data"][kind] for cell in cells for each in cell["outputs"] if kind in each.get("data", {})]


def titles(cells: list[dict[str, Any]]) -> list[str]:
    return [figure["layout"]["title"]["text"] for figure in outputs(cells, "application/vnd.plotly.v1+json")]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_output_is_committed(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_a_study_with_faces_is_shown_with_them(with_faces: Project) -> None:
    cells = execute(with_faces, "explore_a_study")
    assert len(outputs(cells, "image/jpeg")) == 1, "the contact sheet"
    drawn = titles(cells)
    clip = drawn[1]
    assert drawn == [
        "Seconds of each emotion",
        clip,
        "ee, by emotion",
        "ee, by person",
        clip,
        "Weights of mcwf",
        "All validation clips together",
    ]
    over_time = outputs(cells, "application/vnd.plotly.v1+json")[4]
    rows = [axis["title"]["text"] for name, axis in over_time["layout"].items() if name.startswith("yaxis")]
    assert rows == ["truth", "ee_framewise", "ee_svm", "svm", "log_mean", "mcwf"]


def test_a_study_that_only_hears_is_shown_without_faces(demo_copy: Project) -> None:
    cells = execute(demo_copy, "explore_a_study")
    assert not outputs(cells, "image/jpeg")
    assert "functionals, by emotion" in titles(cells)


def test_an_own_corpus_is_run_and_its_bad_rows_are_told(demo_copy: Project) -> None:
    cells = execute(demo_copy, "your_own_corpus")
    told = "".join(outputs(cells, "text/html")[-1])
    assert "lost.wav" in told
    assert "angrry" in told
    assert "log_mean: what was felt, and what was said" in titles(cells)
    assert list((demo_copy.folder / "data/08_reporting/mine/report.html").glob("*/report.html"))
    assert not (demo_copy.folder / "conf/mine").exists(), "the last cell takes the study away"


def test_a_study_of_the_same_name_is_not_overwritten(demo_copy: Project) -> None:
    own = demo_copy.write("conf/mine/globals.yml", "study: mine  # years of work\n")
    path = demo_copy.folder / "notebooks" / "your_own_corpus.ipynb"
    path.parent.mkdir()
    shutil.copy(NOTEBOOKS / path.name, path)
    said = demo_copy._run("-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path), ok=False)
    assert "is a study of yours" in said
    assert own.read_text(encoding="utf-8") == "study: mine  # years of work\n"
