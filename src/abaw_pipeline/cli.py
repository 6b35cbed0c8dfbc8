"""Commands that the project adds to Kedro's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run
from kedro.framework.cli.utils import _split_params
from kedro.framework.project import settings


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
