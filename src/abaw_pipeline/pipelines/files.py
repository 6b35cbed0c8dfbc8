"""Where nodes get the content hashes of users' files from."""

from __future__ import annotations

from pathlib import Path

from kedro.utils import find_kedro_project

from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.file_hashes import FileHashes
from abaw_pipeline.artifacts.folder_hashes import FolderHashes

MEMORY = "data/.file_hashes.json"
"""From the project's folder; shared by all studies, as the files that it is about are."""


def file_hashes(execution: Execution) -> FileHashes:
    """Hashes of files, remembered from run to run.

    A node makes this from a parameter and hands it to domain code. No global state, which notebooks and workers would
    have to set; no hook, since none runs in a ParallelRunner's workers; no dataset, since what is remembered is
    nothing that a result is made of: a node gives the same with it, without it, and with one that is damaged.
    """
    return FileHashes(_memory(), reread=execution.reread)


def folder_hashes(execution: Execution) -> FolderHashes:
    """Hashes of folders with many small files, remembered in the same place."""
    return FolderHashes(_memory(), reread=execution.reread)


def _memory() -> Path:
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    return Path(project) / MEMORY
