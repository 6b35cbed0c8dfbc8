"""What the catalogs of studies keep on disk, for commands that look after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from kedro.framework.project import pipelines, settings
from kedro.io import AbstractVersionedDataset, CachedDataset, DataCatalog

from abaw_pipeline.artifacts.versions import Stored
from abaw_pipeline.datasets import RecipeDataset

_LOCAL = {"file", "local", ""}


@dataclass(frozen=True)
class Study:
    """What one environment keeps.

    Attributes:
        env: the environment; None: the one that is read without `--env`.
        name: of the study.
        data: the project's folder of data.
        datasets: those on this machine's disks.
    """

    env: str | None
    name: str
    data: Path
    datasets: tuple[Stored, ...]


def read_study(env: str | None, conf_source: str | None = None) -> Study:
    """The datasets of an environment's catalog, also those that a pattern of it stands for.

    Raises:
        ClickException: the environment's configuration cannot be read.
    """
    with settings.SESSION_CLASS.create(env=env, conf_source=conf_source) as session:
        try:
            context = session.load_context()
            catalog: Any = context.catalog
            found = tuple(_datasets(catalog))
        except click.ClickException as error:
            message = f"environment {env or settings.CONFIG_LOADER_ARGS['default_run_env']}: {error.message}"
            raise click.ClickException(message) from None
        name = str(context.config_loader["parameters"]["study"])
        return Study(env, name, Path(context.project_path) / "data", found)


def read_studies(conf_source: str | None = None) -> list[Study]:
    """All environments, the one that is read without `--env` first; errors as of `read_study`."""
    with settings.SESSION_CLASS.create(conf_source=conf_source) as session:
        loader = session.load_context().config_loader
    folder, given = Path(loader.conf_source), settings.CONFIG_LOADER_ARGS
    if not folder.is_dir():
        raise click.ClickException(f"{folder}: to know all studies, the configuration must be a folder; unpack it")
    base = {given["base_env"], given["default_run_env"]}
    others = sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    return [read_study(env, conf_source) for env in [None, *(name for name in others if name not in base)]]


def _datasets(catalog: DataCatalog) -> Iterator[Stored]:
    names = set(catalog.keys()) | {name for each in pipelines.values() for name in each.datasets()}
    for name in sorted(names):
        dataset: Any = catalog.get(name)
        if isinstance(dataset, CachedDataset):
            dataset = dataset._dataset
        if not isinstance(dataset, AbstractVersionedDataset) or getattr(dataset, "_protocol", "file") not in _LOCAL:
            continue
        store = dataset.store if isinstance(dataset, RecipeDataset) else None
        yield Stored(name, Path(dataset._filepath).absolute(), dataset._version is not None, store)
