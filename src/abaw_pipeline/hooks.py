"""Checks before a run, and what a run says at its end. No result depends on a hook."""

from __future__ import annotations

import logging
import multiprocessing
from pathlib import Path
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset
from kedro.pipeline import Node, Pipeline

from abaw_pipeline.provenance import Provenance

log = logging.getLogger(__name__)

DRY_RUN = "DryRunner"
"""How a run that makes nothing (dry_run.py) is told from a real one."""


class ProjectHooks:
    """Parameters are checked, inputs looked for, and the study is locked for the time of a run."""

    def __init__(self) -> None:
        self._lock: Any = None
        self._study, self._project = "", Path()
        self._measure = "accuracy"
        self.provenance: Provenance | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check the whole tree of parameters.

        Raises:
            ClickException: a parameter is unknown, missing or impossible.
        """
        from kedro.framework.project import pipelines

        from abaw_pipeline.parameters import ParameterError, check_parameters

        tree = context.config_loader["parameters"]
        try:
            parameters = check_parameters(tree)
        except ParameterError as error:
            raise click.ClickException(str(error)) from None
        self._study, self._project = parameters.study, Path(context.project_path)
        self._measure = parameters.evaluation.measure
        whole = pipelines["__default__"] + pipelines["inference"]
        self.provenance = Provenance(self._project / "data" / f".{self._study}.made.json", whole, tree)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any) -> None:
        """Lock the study, then look for what the pipeline reads but does not make.

        Raises:
            ClickException: an input is missing or was made under other parameters, or another run works on the study.
        """
        if run_params["runner"] != DRY_RUN:
            self._take_lock()  # first: a prune must not take away what was found to be there
        try:
            self._check_inputs(run_params, pipeline, catalog)
        except BaseException:
            self._release_lock()
            raise

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Note under which parameters the node's outputs were made.

        Not in the processes of a ParallelRunner, which would write the note at the same time: its end notes all.
        """
        if self.provenance is not None and self._lock is not None and multiprocessing.parent_process() is None:
            self.provenance.remember(node.outputs)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Release the study and print what the run's end tells: the report, the pages, or else the table of corpora."""
        if self._lock is None:
            return  # a dry run has made nothing
        if self.provenance is not None:
            self.provenance.remember(pipeline.all_outputs())
        self._release_lock()
        if "report" in pipeline.all_outputs():
            from abaw_pipeline.report.terminal import print_results

            report: Any = catalog.get("report")
            page = report._get_load_path()
            print_results(catalog.load("metrics"), catalog.load("failures"), page, self._project, self._measure)
        elif "inspection" in pipeline.all_outputs():  # where there is a report, it holds this table
            _tell_corpora(catalog)
        if "inference.results" in pipeline.all_outputs():
            from abaw_pipeline.inference.terminal import print_videos

            cards, failures = catalog.load("inference.cards"), catalog.load("inference.failures")
            print_videos(cards, failures, catalog.load("inference.results"))

    @hook_impl
    def on_pipeline_error(self, error: Exception, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any) -> None:
        """Note what was made, release the study; on the command line, say what is wrong without a traceback.

        Raises:
            ClickException: the error is one that the user can put right.
        """
        from abaw_pipeline.errors import PipelineError

        if self.provenance is not None and self._lock is not None:
            saved = _saved(pipeline, catalog, run_params["run_id"])
            self.provenance.remember(saved)
            if "inspection" in saved and "folds" not in saved:  # it shows of what no folds could be made
                _tell_corpora(catalog)
        self._release_lock()
        if isinstance(error, PipelineError) and click.get_current_context(silent=True) is not None:
            raise click.ClickException(str(error)) from None

    def _check_inputs(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any) -> None:
        inputs = [name for name in sorted(pipeline.inputs()) if name != "parameters" and not name.startswith("params:")]
        missing = [name for name in inputs if not catalog.exists(name)]
        if missing:
            raise click.ClickException(_tell_missing(missing))
        chosen = set(run_params.get("load_versions") or {})
        kept = [name for name in inputs if name not in chosen]
        if run_params.get("only_missing_outputs"):  # Kedro takes whatever is there, however it was made
            kept += [name for name in sorted(pipeline.all_outputs()) if catalog.exists(name)]
        self._refuse_stale(kept)

    def _refuse_stale(self, names: list[str]) -> None:
        if self.provenance is None:
            return
        changed = {name: self.provenance.differences(name) for name in names}
        lines = [f"  {name} ({'; '.join(what)})" for name, what in changed.items() if what]
        if lines:
            raise click.ClickException(
                "stored inputs were made under other parameters:\n"
                + "\n".join(lines)
                + "\nMake them again by the whole chain: kedro run, with the --env and --params of now; what has not "
                "changed is skipped. Or give the parameters as they were, or choose a version with --load-versions."
            )

    def _take_lock(self) -> None:
        from abaw_pipeline.locks import BusyError, lock_study

        try:
            self._lock = lock_study(self._project / "data", self._study)
        except BusyError as error:
            raise click.ClickException(str(error)) from None

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _tell_corpora(catalog: Any) -> None:
    """Print the table of corpora, with their notes."""
    from abaw_pipeline.report.terminal import print_inspection
    from abaw_pipeline.schemas import CORPUS_NOTES

    known = catalog.exists("corpus_notes")  # not where inspection alone has run on what is older than notes
    print_inspection(catalog.load("inspection"), catalog.load("corpus_notes") if known else CORPUS_NOTES.empty())


def _saved(pipeline: Pipeline, catalog: Any, version: str) -> list[str]:
    """Outputs that a run has saved: there is its own version of them."""
    every = {name: catalog.get(name) for name in pipeline.all_outputs()}
    versioned = {name: each for name, each in every.items() if isinstance(each, AbstractVersionedDataset)}
    paths = {name: each._get_versioned_path(version) for name, each in versioned.items() if each._version}
    return [name for name, path in paths.items() if versioned[name]._exists_function(str(path))]


def _maker(name: str) -> str:
    """Which command makes a dataset."""
    from kedro.framework.project import pipelines

    makers = [label for label, each in pipelines.items() if name in each.all_outputs() and label != "__default__"]
    return f"make it with: kedro run --pipelines={makers[0]}" if makers else "no pipeline makes it"


def _tell_missing(names: list[str]) -> str:
    return (
        "inputs are missing (add the same --env to the commands):\n"
        + "\n".join(f"  {name}: {_maker(name)}" for name in names)
        + "\nOr run the whole chain: kedro run"
    )
