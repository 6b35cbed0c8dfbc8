"""A training that was killed goes on where it stood: tensors and facts in one file, whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abaw_pipeline.artifacts.durable import make_durable, sync_folder

NAME = "checkpoint.safetensors"


def save_checkpoint(folder: str, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Replace the folder's checkpoint; a kill at any moment leaves the old one or the new one.

    Args:
        folder: belongs to one training alone; made where it is not there.
        tensors: name -> torch tensor.
        facts: JSON-able.
    """
    from safetensors.torch import save_file

    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    aside = path / f"{NAME}.part"
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    save_file(plain, aside, metadata={"facts": json.dumps(dict(facts))})
    make_durable(aside)
    os.replace(aside, path / NAME)  # noqa: PTH105 - the same call, under the name that says it is atomic
    sync_folder(path)


def load_checkpoint(folder: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Tensors and facts of the folder's checkpoint, as they were saved; None where there is none.

    Raises:
        safetensors.SafetensorError: the file is damaged.
    """
    from safetensors import safe_open

    path = Path(folder) / NAME
    if not path.exists():
        return None
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        facts: dict[str, Any] = json.loads((file.metadata() or {})["facts"])
    return tensors, facts


def remove_checkpoint(folder: str) -> None:
    """Remove the folder's checkpoint, and the folder if nothing else is in it."""
    path = Path(folder)
    if not path.is_dir():
        return
    for name in (NAME, f"{NAME}.part"):
        (path / name).unlink(missing_ok=True)
    if not any(path.iterdir()):
        path.rmdir()
