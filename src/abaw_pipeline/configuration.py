"""How configuration is read: a study replaces whole sections, the command line single values; the catalog sees both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import click
from kedro.config import OmegaConfigLoader
from kedro.utils import find_kedro_project
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError

from abaw_pipeline.parts import unknown_name

MISSING = object()
"""Stands for a default that is not given."""


class StudyConfigLoader(OmegaConfigLoader):
    """Kedro's loader, but `--params` are laid over the finished tree.

    A study's file replaces top-level sections of conf/base, since mappings of named parts must not mix. Kedro lays
    `--params` over each environment before that, so that one value given for a section which the environment leaves
    to conf/base would replace all of it.

    In the catalog, `${study_parameter:execution.workers, auto}` is a value of that finished tree, or the one after the
    comma where the tree has none. Kedro's `runtime_params` sees `--params` alone.

    Environments combine: with `--env=ravdess+cluster`, sections of conf/cluster replace those of conf/ravdess, which
    replace those of conf/base. The first may be a study, which has a globals.yml; its name, and with it its folders
    and its lock, stay what they are.
    """

    def __init__(self, conf_source: str, env: str | None = None, **options: Any) -> None:
        """As Kedro's.

        Raises:
            ClickException: there is no such study, or what is named after it is a study, too.
        """
        if env is not None and Path(conf_source).is_dir():
            _check_environments(env.split("+"), Path(conf_source))
        super().__init__(conf_source, env, **options)

    def _read_dir_configs(self, conf_path: str, *arguments: Any) -> dict[Path, Any]:
        """Raw files of an environment; of several joined by +, without the sections that a later one replaces."""
        if self.env is None or conf_path != self._get_conf_env_path(self.env):
            return cast("dict[Path, Any]", super()._read_dir_configs(conf_path, *arguments))
        found: dict[Path, Any] = {}
        for name in self.env.split("+"):
            later = super()._read_dir_configs(self._get_conf_env_path(name), *arguments)
            replaced = {section for file in later.values() for section in file}
            for file in found.values():
                for section in replaced & set(file):
                    del file[section]
            found.update(later)
        return found

    def _merge_and_resolve(self, key: str, config_per_file: dict[Path, Any]) -> Any:
        if key != "parameters":
            return super()._merge_and_resolve(key, config_per_file)
        return OmegaConf.to_container(OmegaConf.merge({}, *config_per_file.values()), resolve=True)

    def _resolve_from_raw_config(self, key: str, *arguments: Any) -> Any:
        if key == "catalog":
            self._offer_parameters()
        tree = super()._resolve_from_raw_config(key, *arguments)
        if key != "parameters" or not self.runtime_params:
            return tree
        return OmegaConf.to_container(OmegaConf.merge(tree, self.runtime_params), resolve=True)

    def _offer_parameters(self) -> None:
        # Resolvers belong to the process, and Kedro never replaces one of CONFIG_LOADER_ARGS: a second loader would
        # read the first one's parameters. So each registers its own, right before the catalog is resolved.
        tree = OmegaConf.create(self["parameters"])

        def study_parameter(name: str, default: Any = MISSING) -> Any:
            value = OmegaConf.select(tree, name, default=default)
            if value is MISSING:
                raise InterpolationResolutionError(f"the study has no parameter {name!r}, and no default is given")
            return value

        OmegaConf.register_resolver("study_parameter", study_parameter, replace=True, annotation_validation="off")


def _check_environments(names: list[str], folder: Path) -> None:
    known = sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    for position, name in enumerate(names):
        if name not in known:
            raise click.ClickException(unknown_name(name, known, "study") + f" in {folder}")
        if position and (folder / name / "globals.yml").is_file():
            raise click.ClickException(
                f"{'+'.join(names)!r}: {name!r} is a study; one study a run, named first, then what is laid over it"
            )


def corpus_folder(name: str) -> str:
    """Where a corpus lies: the variable ABAW_CORPUS_<NAME> where it is set, else data/01_raw/<name>.

    Used in configuration as `${corpus_folder:ravdess}`.
    """
    variable = f"ABAW_CORPUS_{name.upper().replace('-', '_')}"
    if os.environ.get(variable):
        return str(Path(os.environ[variable]).expanduser())
    return str(_project() / "data" / "01_raw" / name)


def cluster_scheduler() -> str:
    """Where the scheduler of a cluster is: the variable ABAW_SCHEDULER where it is set, else data/scheduler.json.

    Used in configuration as `${cluster_scheduler:}`.
    """
    return os.environ.get("ABAW_SCHEDULER") or str(_project() / "data" / "scheduler.json")


def _project() -> Path:
    return Path(find_kedro_project(Path.cwd()) or Path.cwd())
