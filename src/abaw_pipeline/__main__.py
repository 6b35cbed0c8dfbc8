"""The packaged project: `python -m abaw_pipeline` takes what `kedro run` takes, in any folder."""

from __future__ import annotations

import sys
from typing import Any

from kedro.framework.cli.project import run
from kedro.framework.project import configure_project

from abaw_pipeline.cli import cli


def main(*arguments: Any, **options: Any) -> Any:
    """Run the pipeline, or one of the project's own commands where the first argument names it.

    Data are read from and written to `data` in the working folder; configuration comes from `--conf-source`, or from
    `conf` there. From Python: `main(["--conf-source=conf.tar.gz", "--pipelines=ingestion"], standalone_mode=False)`.

    Args:
        arguments: a list of arguments; none: those of the process.
        options: what click's commands take.

    Returns:
        What the command returns, where `standalone_mode` is false; else the process ends.
    """
    # Not Kedro's own finder of the run command: it asks for `run` in the project's cli.py, which only adds commands.
    configure_project("abaw_pipeline")
    options.setdefault("standalone_mode", not hasattr(sys, "ps1"))
    given = arguments[0] if arguments else sys.argv[1:]
    command = cli if given and given[0] in cli.commands else run
    return command(*arguments, **options)


if __name__ == "__main__":
    main()
