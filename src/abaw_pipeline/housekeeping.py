"""What kedro prune and kedro verify do and print."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from abaw_pipeline.artifacts.keys import key_text
from abaw_pipeline.artifacts.manifest import ManifestError
from abaw_pipeline.artifacts.prune import Heap, PrunePlan, StoreUse, Wish, carry_out, plan_prune
from abaw_pipeline.artifacts.verify import Finding, Piece, check_pieces, named_pieces
from abaw_pipeline.errors import PipelineError
from abaw_pipeline.locks import BusyError, alone
from abaw_pipeline.report.numbers import size
from abaw_pipeline.stored import Study

HEAPS = ("unnamed", "aside", "damaged", "young", "named")
"""What a store holds, in the order in which it is shown; the first three go."""


def prune(studies: Collection[Study], chosen: Collection[Study], wish: Wish, *, remove: bool, as_json: bool) -> None:
    """Show what would go, or remove it.

    Args:
        studies: all there are.
        chosen: those whose older versions go.
        wish: what is to be pruned.
        remove: whether to do it.
        as_json: print for machines.

    Raises:
        ClickException: a run is at work, or something cannot be read.
    """
    if not wish.data.is_dir():
        raise click.ClickException(f"{wish.data}: there is no such folder, and nothing to prune")
    known, cleaned = ([each for study in some for each in study.datasets] for some in (studies, chosen))
    try:
        busy = "" if remove else _who_is_at_work(wish.data)
        with alone(wish.data) if remove else nullcontext():
            plan = plan_prune(wish, known, cleaned)
            if remove:
                carry_out(plan)
    except PipelineError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}; nothing more was removed") from error
    if as_json:
        click.echo(json.dumps(_for_machines(plan, removed=remove, busy=busy), indent=2))
    else:
        _for_people(plan, wish, removed=remove, busy=busy)


def _who_is_at_work(data: Path) -> str:
    try:
        with alone(data):
            return ""
    except BusyError as error:
        return error.what.removesuffix("; nothing was removed")
    except OSError:  # data that may not be written to can be looked at, but not locked
        return ""


def _for_machines(plan: PrunePlan, *, removed: bool, busy: str) -> dict[str, Any]:
    stores = [
        {"artifact": store.artifact, "folder": str(store.folder)} | {name: _count(store, name) for name in HEAPS}
        for store in plan.stores
    ]
    return {
        "removed": removed,
        "busy": busy,
        "bytes": plan.bytes,
        "files": plan.files,
        "versions": [{"path": str(path), "bytes": count} for path, count in plan.versions.items()],
        "stores": stores,
        "left_alone": [str(folder) for folder in plan.outside],
    }


def _count(store: StoreUse, name: str) -> dict[str, int]:
    heap: Heap = getattr(store, name)
    return {"files": len(heap), "bytes": heap.bytes}


def _for_people(plan: PrunePlan, wish: Wish, *, removed: bool, busy: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title="Pieces that no kept manifest names, and the rest", title_justify="left")
    table.add_column("Store", overflow="fold")
    for heading in ("Not named", "Left aside", "Damaged", "Too young", "Named"):
        table.add_column(heading, justify="right")
    for store in plan.stores:
        table.add_row(store.artifact, *(_cell(getattr(store, name)) for name in HEAPS))
    if plan.stores:
        console.print(table)
    verb = "Removed" if removed else "Would remove"
    for name, count in sorted(plan.datasets.items()):
        click.echo(f"{verb} {count} older version{'s'[: count != 1]} of {name}")
    for folder in plan.outside:
        click.echo(f"Left alone, as it lies outside of {wish.data}: {folder}")
    versions = f"{len(plan.versions)} older versions and " if plan.versions else ""
    click.echo(f"{verb} {versions}{plan.files} files of stores: {size(plan.bytes)}.")
    if busy:
        click.echo(f"Note: {busy}; until it has ended, --yes is refused.")
    elif not removed and (plan.files or plan.versions):
        click.echo("Nothing was removed; kedro prune --yes, with the same options, does it.")


def _cell(heap: Heap) -> str:
    return f"{len(heap):,} ({size(heap.bytes)})" if len(heap) else "-"


def verify(studies: Collection[Study], version: str | None) -> bool:
    """Check every piece that manifests of studies name, and print what is wrong; whether all is well.

    Raises:
        ClickException: a manifest cannot be read, or no dataset has that version.
    """
    datasets = [each for study in studies for each in study.datasets]
    names = ", ".join(sorted({study.name for study in studies}))
    pieces_of = [each for each in datasets if each.store is not None]
    if version is not None and not any(version in each.versions() for each in pieces_of if each.versioned):
        raise click.ClickException(f"no artifact of {names} has a version {version!r}; see the folders below data/")
    try:
        pieces = named_pieces(pieces_of, version)
    except ManifestError as error:
        raise click.ClickException(str(error)) from None
    findings = _with_progress(pieces)
    for finding in findings:
        _tell(finding)
    total = size(sum(piece.bytes for piece in pieces))
    if not findings:
        click.echo(f"{names}: {len(pieces)} pieces ({total}) are whole.")
        return True
    click.echo(
        f"{names}: {len(findings)} of {len(pieces)} pieces ({total}) cannot be used. What is missing or damaged is "
        "made again by the next run that asks for it: kedro run, with the study's --env."
    )
    return False


def _with_progress(pieces: list[Piece]) -> list[Finding]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{len(pieces)} pieces", total=sum(piece.bytes for piece in pieces))
        return list(check_pieces(pieces, lambda piece: bar.advance(task, piece.bytes)))


def _tell(finding: Finding) -> None:
    keys = ", ".join(f"{artifact}[{key_text(key)}]" for artifact, key in finding.piece.keys)
    note = f" ({finding.note})" if finding.note else ""
    click.echo(f"{finding.problem}: {keys}: {finding.piece.path}{note}")
