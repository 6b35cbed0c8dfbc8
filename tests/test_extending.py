"""docs/extend.md, followed to the letter in a project of its own, on a smaller demo."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tests.conftest import PROJECT, Project, make_project

SMALL = {
    "demo_corpus": {
        "path": "${corpus_folder:demo}",
        "settings": {
            "seed": 2020,
            "videos": {"count": 9, "seconds_min": 2, "seconds_max": 2},
            "stills": None,
        },
    },
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def guide() -> list[tuple[str, str]]:
    """Language and text of each block of the guide."""
    return BLOCK.findall((PROJECT / "docs" / "extend.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, guide: list[tuple[str, str]]) -> tuple[Project, list[str]]:
    """The project after all blocks, and what each command printed."""
    project = make_project(tmp_path_factory.mktemp("extend") / "project")
    base = project.folder / "conf" / "base" / "parameters.yml"
    base.write_text(yaml.safe_dump({**yaml.safe_load(base.read_text()), **SMALL}), encoding="utf-8")
    printed = []
    for language, text in guide:
        if language == "console":
            printed += [project.kedro(*shlex.split(line)[2:]) for line in text.splitlines()]
        else:
            _write(project.folder, text)
    return project, printed


def _write(folder: Path, text: str) -> None:
    """A whole file, or lines below a section of one that is there."""
    place, _, section = text.splitlines()[0].removeprefix("# ").partition(", ")
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if not section:
        path.write_text(text, encoding="utf-8")
        return
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    target = tree
    for name in section.split("."):
        target = target[name]
    target.update(yaml.safe_load(text))
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def test_the_extractor_makes_features_from_which_a_system_learns(followed: tuple[Project, list[str]]) -> None:
    project, _ = followed
    features = pd.read_parquet(project.latest("data/04_feature/parts/sound_embeddings.parquet"))
    done = features[features["status"] == "done"]
    assert {next(iter(key)) for key in done["key"]} == {"loudness"}
    assert len(done) >= 6
    systems = pd.read_parquet(project.latest("data/07_model_output/parts/predictions.parquet"))["system"]
    assert set(systems) == {"quiet_or_loud", "log_mean", "skill"}


def test_the_detector_found_the_faces(followed: tuple[Project, list[str]]) -> None:
    project, printed = followed
    versions = (project.folder / "data" / "02_intermediate" / "parts" / "face_crops.parquet").glob("*/*.parquet")
    manifest = max((pd.read_parquet(path) for path in versions), key=len)  # the run with a system that sees
    assert (manifest["status"] == "done").all()
    found = pd.concat(
        pd.read_parquet(project.folder / "data" / "02_intermediate" / "face_crops" / path, columns=["origin"])
        for path in manifest["path"]
    )
    assert (found["origin"] == "detected").sum() >= 20
    assert "contact_sheets" in printed[1]


def test_the_fuser_computes_no_piece_anew(followed: tuple[Project, list[str]]) -> None:
    _, printed = followed
    assert "to compute" in printed[0]
    assert "to compute" not in printed[2]
    assert "skill" in printed[2]
