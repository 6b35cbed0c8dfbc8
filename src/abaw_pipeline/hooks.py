"""Checks before a run, and what a run says at its end. No result depends on a hook."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

log = logging.getLogger(__name__)


class ProjectHooks:
    """Parameters are checked, inputs looked for, and the study is locked for the time of a run."""

    def __init__(self) -> None:
        self._lock: Any = None
        self._study, self._project = "", Path()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check the whole tree of parameters.

        Raises:
            ClickException: a parameter is unknown, missing or impossible.
        """
        from abaw_pipeline.parameters import ParameterError, check_parameters

        try:
            parameters = check_parameters(context.config_loader["parameters"])
        except ParameterError as error:
            raise click.ClickException(str(error)) from None
        self._study, self._project = parameters.study, Path(context.project_path)

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Look for what the pipeline reads but does not make, then lock the study.

        Raises:
            ClickException: an input is missing, or another run works on the study.
        """
        missing = [name for name in sorted(pipeline.inputs()) if _is_missing(name, catalog)]
        if missing:
            raise click.ClickException(_tell_missing(missing))
        self._take_lock()

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Release the study and, where a report was made, print its results."""
        self._release_lock()
        if "report" in pipeline.all_outputs():
            from abaw_pipeline.report.terminal import print_results

            dataset: Any = catalog.get("report")
            print_results(catalog.load("metrics"), dataset._get_load_path(), self._project)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Release the study."""
        self._release_lock()

    def _take_lock(self) -> None:
        from filelock import FileLock, Timeout

        path = self._project / "data" / f".{self._study}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        owner = path.with_suffix(".owner")
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            who = owner.read_text(encoding="utf-8").strip() if owner.is_file() else "unknown process"
            raise click.ClickException(
                f"another run ({who}) is working on study {self._study!r} in {path.parent}. "
                "Wait for it to end, or run another study or another copy of the project."
            ) from None
        owner.write_text(f"process {os.getpid()}", encoding="utf-8")
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _is_missing(name: str, catalog: Any) -> bool:
    if name == "parameters" or name.startswith("params:"):
        return False
    return not catalog.exists(name)


def _tell_missing(names: list[str]) -> str:
    """Which command makes each missing input."""
    from kedro.framework.project import pipelines

    lines = []
    for name in names:
        makers = [label for label, pipeline in pipelines.items() if name in pipeline.all_outputs()]
        first = next((label for label in makers if label != "__default__"), None)
        advice = f"make it with: kedro run --pipeline={first}" if first else "no pipeline makes it"
        lines.append(f"  {name}: {advice}")
    return (
        "inputs are missing (add the same --env to the commands):\n"
        + "\n".join(lines)
        + "\nOr run the whole chain: kedro run"
    )
