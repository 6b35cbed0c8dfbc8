"""Kedro's settings for the project."""

from __future__ import annotations

import warnings

from abaw_pipeline.configuration import StudyConfigLoader, cluster_scheduler, corpus_folder
from abaw_pipeline.hooks import ProjectHooks

HOOKS = (ProjectHooks(),)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_CLASS = StudyConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "custom_resolvers": {"corpus_folder": corpus_folder, "cluster_scheduler": cluster_scheduler},
}

# Kedro 1.7 itself calls what omegaconf 2.4 has renamed; a user can do nothing about it.
warnings.filterwarnings("ignore", message=r"(?s).*register_new_resolver", category=UserWarning)
