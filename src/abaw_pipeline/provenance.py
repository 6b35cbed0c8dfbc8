"""Under which parameters each stored dataset was made, so that a partial run cannot mix old results with new ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

PREFIX = "params:"

EXECUTION = "execution"
"""The section that says where and how work is done, and changes no result."""

WHETHER = {
    "make_demo_corpus": {"corpora", "stills", "backbones", "face", "systems"},
    "assign_folds": {"fusion"},
    # which inner folds are worth training; fusion tells by itself what it misses
    **{node: {"fusion"} for node in ("fit_face_systems", "fit_sound_systems", "predict_faces", "predict_sound")},
}
"""Sections that tell a node whether its output, or a piece of it, is needed, and change nothing in what it is."""


class Provenance:
    """A small file beside the data that remembers, dataset by dataset, the parameters behind it.

    Large artifacts know by themselves what they are made of; this is for the tables between them, which are found by
    name alone.

    Args:
        path: the file.
        whole: the pipeline that makes everything, in which ancestors are looked up.
        tree: the parameters of this run.
    """

    def __init__(self, path: Path, whole: Pipeline, tree: Mapping[str, Any]) -> None:
        self._path, self._whole, self._tree = path, whole, tree

    def remember(self, names: Iterable[str]) -> None:
        """Note that datasets were made under the parameters of this run."""
        known = self._read()
        known.update({name: self._behind(name) for name in names})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._path.with_suffix(".part")
        aside.write_text(json.dumps(known, sort_keys=True), encoding="utf-8")
        aside.replace(self._path)

    def differences(self, name: str) -> list[str]:
        """What has changed since a dataset was made: "evaluation.seed: 1, now 2"; nothing where it is not known."""
        before = self._read().get(name)
        if before is None:
            return []
        before.pop(EXECUTION, None)
        return list(_compare(before, self._behind(name), ""))

    def _behind(self, name: str) -> dict[str, Any]:
        """Parameters that reach a dataset through any of the nodes before it."""
        read = {
            (node.name, each.removeprefix(PREFIX))
            for node in self._whole.to_outputs(name).nodes
            for each in node.inputs
            if each.startswith(PREFIX)
        }
        sections = {section for node, section in read if section not in WHETHER.get(node, ())}
        return {section: _plain(self._tree.get(section)) for section in sorted(sections - {EXECUTION})}

    def _read(self) -> dict[str, Any]:
        if not self._path.is_file():
            return {}
        found: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return found


def _plain(value: Any) -> Any:
    """A JSON-able copy without paths: a project or a corpus that has moved is still the same."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if key != "path"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return json.loads(json.dumps(value, default=str))


def _compare(before: Any, now: Any, where: str) -> Iterable[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            yield from _compare(before.get(key), now.get(key), f"{where}.{key}" if where else key)
    elif before != now:
        yield f"{where}: {json.dumps(before)}, now {json.dumps(now)}"
