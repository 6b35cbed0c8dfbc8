"""A run that computes no piece and writes no dataset: what would be made, what is there, and why.

What it reads of media is remembered (`pipelines/files.py`), so that the run that follows need not read it again.

Kedro's own options choose what is looked at: `kedro plan` takes all that `kedro run` takes, and
`kedro run --runner=abaw_pipeline.dry_run.DryRunner` is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import click
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner

from abaw_pipeline.artifacts import RecipeMap
from abaw_pipeline.artifacts.plan import Plan
from abaw_pipeline.artifacts.planned import NotMadeError, PlannedMap
from abaw_pipeline.datasets import RecipeDataset
from abaw_pipeline.hooks import DRY_RUN, ProjectHooks

ACTS = "acts"
"""Tag of nodes that write outside the catalog; a dry run takes what they have left, if its parameters are the same."""


@dataclass
class Foreseen:
    """What would become of one artifact.

    Attributes:
        name: of the dataset.
        plan: what is there and what is to be made; None where that cannot be told.
        because: why it cannot.
    """

    name: str
    plan: Plan | None = None
    because: str = ""


@dataclass
class _Look:
    """What is known while one goes through a pipeline."""

    catalog: Any
    provenance: Any
    values: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    foreseen: list[Foreseen] = field(default_factory=list)

    def load(self, name: str) -> Any:
        if name not in self.values:
            self.values[name] = self.catalog.load(name)
        return self.values[name]


class DryRunner(SequentialRunner):
    """Runs the nodes that lead to artifacts, for they only say what is to be done, and does nothing of it.

    Attributes:
        foreseen: what would become of each artifact, in the order of nodes; filled by a run.
    """

    def __init__(self, is_async: bool = False) -> None:
        super().__init__(is_async)
        self.foreseen: list[Foreseen] = []

    def __str__(self) -> str:
        """The name that hooks get."""
        return DRY_RUN

    def _run(self, pipeline: Pipeline, catalog: Any, hook_manager: Any = None, run_id: str | None = None) -> None:
        look = _Look(catalog, _provenance(hook_manager))
        for node in pipeline.nodes:
            if _leads_to_pieces(node, pipeline, catalog):
                _foresee(node, look)
        self.foreseen = look.foreseen
        for line in told(self.foreseen):
            click.echo(line)


def _foresee(node: Node, look: _Look) -> None:
    because = next((look.unknown[name] for name in node.inputs if name in look.unknown), "")
    if not because and ACTS in node.tags:
        because = _left_by(node, look)
    elif not because:
        try:
            made = node.run({name: look.load(name) for name in node.inputs})
        except NotMadeError as error:
            because = f"{node.name} reads {error.artifact}, of which some is still to be made"
        else:
            look.values.update({name: _planned(name, value, look) for name, value in made.items()})
    if because:
        look.unknown.update(dict.fromkeys(node.outputs, because))
        pieces = [name for name in node.outputs if isinstance(look.catalog.get(name), RecipeDataset)]
        look.foreseen.extend(Foreseen(name, None, because) for name in pieces)


def _left_by(node: Node, look: _Look) -> str:
    """Take what a node that acts has left; why not, where that is not what it would make now."""
    changed = [name for name in node.outputs if not look.catalog.exists(name) or look.provenance.differences(name)]
    if changed:
        return f"{node.name} would write {', '.join(changed)} anew"
    look.values.update({name: look.catalog.load(name) for name in node.outputs})
    return ""


def _planned(name: str, value: Any, look: _Look) -> Any:
    dataset = look.catalog.get(name)
    if not isinstance(dataset, RecipeDataset) or not isinstance(value, RecipeMap):
        return value
    plan, previous = dataset.plan(value)
    look.foreseen.append(Foreseen(name, plan))
    return PlannedMap(value.name, plan, dataset.store, previous)


def _leads_to_pieces(node: Node, pipeline: Pipeline, catalog: Any) -> bool:
    after = pipeline.from_nodes(node.name).all_outputs()
    return any(isinstance(catalog.get(name), RecipeDataset) for name in after)


def _provenance(hook_manager: Any) -> Any:
    return next(each for each in hook_manager.get_plugins() if isinstance(each, ProjectHooks)).provenance


def told(foreseen: list[Foreseen]) -> list[str]:
    """A plan as lines for people."""
    width = max((len(each.name) for each in foreseen), default=0)
    lines, count = [], 0
    for each in foreseen:
        if each.plan is None:
            lines.append(f"{each.name:{width}}  cannot be told yet: {each.because}")
            continue
        made = sum(len(job.keys) for job in each.plan.jobs)
        there = len(each.plan.order) - made - len(each.plan.blocked)
        blocked = f", {len(each.plan.blocked)} blocked by failures" if each.plan.blocked else ""
        lines.append(f"{each.name:{width}}  {there} there, {made} to compute{blocked}")
        reasons = each.plan.reasons().items()
        lines.extend(f"{'':{width}}    {number} because: {reason}" for reason, number in reasons)
        count += made
    later = any(each.plan is None for each in foreseen)
    more = ", and what cannot be told yet" if later else ""
    return [*lines, f"{count} pieces would be computed{more}. No piece was computed, no dataset was written."]
