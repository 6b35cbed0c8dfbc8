"""Resolvers that configuration files may use."""

from __future__ import annotations

import os
from pathlib import Path


def corpus_folder(name: str) -> str:
    """Where a corpus lies: the variable ABAW_CORPUS_<NAME> where it is set, else data/01_raw/<name>.

    Used in configuration as `${corpus_folder:ravdess}`.
    """
    from kedro.utils import find_kedro_project

    variable = f"ABAW_CORPUS_{name.upper().replace('-', '_')}"
    if os.environ.get(variable):
        return str(Path(os.environ[variable]).expanduser())
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    return str(Path(project) / "data" / "01_raw" / name)
