"""Commands that the project adds to Kedro's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run
from kedro.framework.cli.utils import _split_params
from kedro.framework.project import settings

from abaw_pipeline.durations import seconds


@click.group()
def cli() -> None:
    """Commands of the project; Kedro adds its own."""


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--env", "-e", default=None, help="Study whose systems judge; without it, the demo's.")
@click.option("--folder", "-o", default=None, help="Where results go; without it, among the study's reports.")
@click.option("--params", default="", callback=_split_params, help="Parameters, as for kedro run.")
@click.option("--conf-source", default=None, help="Folder or archive of configuration, as for kedro run.")
def infer(
    paths: tuple[str, ...], env: str | None, folder: str | None, params: dict[str, Any], conf_source: str | None
) -> None:
    """Judge videos and sound files: PATH is a file, a folder, or a CSV or Parquet manifest of segments.

    Unlike kedro run --params, it takes any file name.
    """
    from abaw_pipeline.corpora.media_files import absolute

    given = dict(params)
    if folder is not None:
        given["inference"] = {**given.get("inference", {}), "folder": str(Path(folder).expanduser().absolute())}
    given["media"] = [str(absolute(path)) for path in paths]
    with settings.SESSION_CLASS.create(env=env, conf_source=conf_source, runtime_params=given) as session:
        session.run(pipeline_names=["inference"])


@cli.command()
@click.option("--yes", is_flag=True, help="Remove it; without this, it is only shown.")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Keep the newest N versions of each dataset, and remove older ones with what only they name. "
    "Without it, every version is kept.",
)
@click.option(
    "--env", "-e", default=None, help="Study whose older versions go (--keep). What other studies name is kept anyway."
)
@click.option(
    "--older-than",
    callback=seconds,
    default="1h",
    show_default=True,
    help="Age (30m, 1h, 2d, 0) below which a piece is kept. Runs are never disturbed; but a save outside of a run "
    "(catalog.save in a notebook) cannot be seen, and names its pieces only when it is done.",
)
@click.option(
    "--store",
    "stores",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Prune a store outside of this project's data folder, too. Other projects may use it: what only they name is "
    "removed, and runs of theirs are not seen. Can be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
@click.option("--conf-source", default=None, help="Folder of configuration, as for kedro run.")
def prune(
    *,
    yes: bool,
    keep: int | None,
    env: str | None,
    older_than: float,
    stores: tuple[Path, ...],
    as_json: bool,
    conf_source: str | None,
) -> None:
    """Show, or remove, pieces that no kept manifest of any study names, and older versions.

    Beside them goes what a killed process left half written, and what was found damaged. While a run is at work
    nothing is removed; a run that begins waits.
    """
    from abaw_pipeline.artifacts.prune import Wish
    from abaw_pipeline.housekeeping import prune as do_prune
    from abaw_pipeline.stored import read_studies, read_study

    chosen = [] if env is None else [read_study(env, conf_source)]
    studies = [*read_studies(conf_source), *chosen]
    wish = Wish(studies[0].data, keep, older_than, tuple(store.expanduser().absolute() for store in stores))
    do_prune(studies, chosen or studies, wish, remove=yes, as_json=as_json)


@cli.command()
@click.option("--env", "-e", default=None, help="Study to be checked; without it, the one that runs without --env.")
@click.option("--all", "every", is_flag=True, help="Check all studies.")
@click.option("--version", default=None, help="Version of a run; without it, the latest of each artifact.")
@click.option("--conf-source", default=None, help="Configuration, as for kedro run.")
def verify(*, env: str | None, every: bool, version: str | None, conf_source: str | None) -> None:
    """Read every piece that a study's manifests name and compare it with its checksum.

    What is damaged is moved aside, as it is when a run reads it, and the next run makes it again. The exit status is 1
    where a piece is missing or damaged.
    """
    from abaw_pipeline.housekeeping import verify as do_verify
    from abaw_pipeline.stored import read_studies, read_study

    if every and env is not None:
        raise click.UsageError("--all checks all studies; --env names one: give one of them")
    if not do_verify(read_studies(conf_source) if every else [read_study(env, conf_source)], version):
        raise click.exceptions.Exit(1)


@cli.command()
@click.argument("versions", nargs=-1, metavar="[BEFORE [NOW]]")
@click.option("--env", "-e", default=None, help="Study whose runs are compared; without it, the demo.")
@click.option("--measure", default=None, help="What is shown first; without it, the study's evaluation.measure.")
@click.option("--markdown", "target", type=click.Path(path_type=Path), default=None, help="Write everything here, too.")
@click.option("--conf-source", default=None, help="Folder of configuration, as for kedro run.")
def compare(
    *,
    versions: tuple[str, ...],
    env: str | None,
    measure: str | None,
    target: Path | None,
    conf_source: str | None,
) -> None:
    """Say what changed in parameters and results between two runs of a study.

    BEFORE and NOW are versions, as the folders of data/08_reporting/STUDY/metrics.parquet are named, or their
    beginnings. Without NOW the newest run is meant, without BEFORE the one before it.
    """
    from abaw_pipeline.comparing import compare as do_compare
    from abaw_pipeline.stored import read_study

    if len(versions) > 2:
        raise click.UsageError("two versions are compared at most")
    do_compare(read_study(env, conf_source), versions, measure, target)


def _plan(**options: Any) -> None:
    run.callback(**options, runner="abaw_pipeline.dry_run.DryRunner")  # type: ignore[misc]


cli.add_command(
    click.Command(
        "plan",
        callback=_plan,
        params=[option for option in run.params if option.name != "runner"],
        help="Say what kedro run, with the same options, would compute and why; nothing is computed or written.",
    )
)
