"""A folder with this project's configuration and parameters of one's own, in which Kedro runs."""

import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def make_project(folder: Path, parameters: str) -> Path:
    """Copy what a run needs; parameters become those of `conf/local`."""
    shutil.copytree(PROJECT / "conf", folder / "conf")
    folder.joinpath("conf", "local").mkdir(exist_ok=True)
    folder.joinpath("conf", "local", "parameters.yml").write_text(parameters, encoding="utf-8")
    folder.joinpath("src").mkdir()
    for file in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / file, folder)
    return folder
