"""Estimators as skops bytes: equal estimators give equal bytes, in any process at any time.

skops names the parts of an estimator by their places in memory (or by chance), and its archive tells the time. Here
the same parts get numbers in the order in which the schema names them; skops itself reads the result.
"""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import ZipFile, ZipInfo

SCHEMA = "schema.json"

TRUSTED_TYPES: tuple[str, ...] = (
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
)
"""Names, as skops gives them, that are trusted beside scikit-learn's own estimators: the F test of selection, and the
sigmoids that give a support vector machine probabilities."""


def dump_estimator(estimator: Any) -> bytes:
    """An estimator as a skops archive."""
    import skops.io

    with ZipFile(io.BytesIO(skops.io.dumps(estimator))) as made:
        numbers = _Numbers()
        schema = numbers.renamed(json.loads(made.read(SCHEMA)))
        contents = {new: made.read(old) for old, new in numbers.files.items()}
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            archive.writestr(ZipInfo(name), content)
        archive.writestr(ZipInfo(SCHEMA), json.dumps(schema, indent=1))
    return buffer.getvalue()


def load_estimator(content: bytes) -> Any:
    """The estimator of a skops archive.

    Raises:
        skops.io.exceptions.UntrustedTypesFoundException: the archive asks for a type that is not trusted.
    """
    import skops.io

    return skops.io.loads(content, trusted=list(TRUSTED_TYPES))


class _Numbers:
    """New names, in the order in which they are asked for.

    Attributes:
        files: old name of a file in the archive -> new name.
    """

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self._ids: dict[Any, int] = {}

    def renamed(self, node: Any) -> Any:
        """A part of the schema with new names."""
        if isinstance(node, list):
            return [self.renamed(item) for item in node]
        if not isinstance(node, dict):
            return node
        made = {key: self.renamed(value) for key, value in node.items()}
        if isinstance(file := node.get("file"), str):  # an attribute of that name is a node
            made["file"] = self.files.setdefault(file, f"{len(self.files)}.{file.rpartition('.')[2]}")
        if isinstance(place := node.get("__id__"), int):
            # whether equal plain values are one object in memory is chance, and means nothing
            known = (node["__class__"], node["content"]) if node.get("is_json") else place
            made["__id__"] = self._ids.setdefault(known, len(self._ids) + 1)
        return made
