"""What is known of pretrained weights that a user fetches once, and the check before any of them is used.

Nothing is ever downloaded. The facts are a literal here and not a configuration file: no study changes where a
file comes from or what its digest is, and code that needs them runs in workers, where no configuration is loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from abaw_pipeline.errors import PipelineError

FOLDER = "data/06_models/weights"
"""Where weights lie, from the project's root."""


class WeightsError(PipelineError):
    """Weights that are not there, or are not the ones they should be."""


@dataclass(frozen=True)
class WeightsFacts:
    """What a user must know to fetch a file of weights.

    Attributes:
        what: what the weights are.
        file: name of the file below FOLDER.
        source: address to fetch it from, for people; no code opens it.
        licence: as its publisher states it.
        sha256: hex digest of the file; empty where nobody has published one.
        remark: what else helps to tell the right file.
    """

    what: str
    file: str
    source: str
    licence: str
    sha256: str = ""
    remark: str = ""

    @property
    def path(self) -> str:
        """Where the file belongs, from the project's root."""
        return f"{FOLDER}/{self.file}"


WEIGHTS: Mapping[str, WeightsFacts] = {
    "retinaface_resnet50": WeightsFacts(
        what="RetinaFace ResNet-50 of retinaface-pytorch",
        file="retinaface_resnet50_2020-07-20-f168fae3c.zip",
        source="https://github.com/ternaus/retinaface/releases/download/0.01/"
        "retinaface_resnet50_2020-07-20-f168fae3c.zip",
        licence="MIT (the repository's; of the weights, which were trained on WIDER FACE, it says nothing by itself)",
        remark="Nobody has published its sha256; the end of its name suggests one that begins with f168fae3c.",
    ),
    "dlib_five_points": WeightsFacts(
        what="dlib's five face landmarks",
        file="shape_predictor_5_face_landmarks.dat",
        source="the package face_recognition_models 0.3.0, which installs it",
        licence="CC0 1.0",
        sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    ),
    "dlib_identity": WeightsFacts(
        what="dlib's face recognition network",
        file="dlib_face_recognition_resnet_model_v1.dat",
        source="the package face_recognition_models 0.3.0, which installs it",
        licence="CC0 1.0",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    ),
}
"""The weights that parts of this package can use, by name."""


def require(path: str, sha256: str, facts: WeightsFacts) -> Path:
    """The file, once its content is known to be what was asked for.

    Args:
        path: the file; relative paths count from the working directory.
        sha256: hex digest that the file must have; empty where the user has not given one.
        facts: what is known of these weights; its digest stands in for one that the user has not given.

    Raises:
        WeightsError: no such file, no digest to check it against, or another digest.
    """
    place = Path(path)
    if not place.is_file():
        raise WeightsError(
            f"the weights of {facts.what} are not there.",
            where=path,
            hint=f"Get {facts.file} from {facts.source} and put it at {path}. Licence: {facts.licence}.",
        )
    found, wanted = sha256_of(place), (sha256 or facts.sha256).lower()
    if not wanted:
        raise WeightsError(
            f"no sha256 says which weights of {facts.what} are the right ones. {facts.remark}".strip(),
            where=path,
            hint=f"If you trust where this file comes from, set its sha256 in the parameters: {found}",
        )
    if found != wanted:
        raise WeightsError(
            f"these are not the weights that were asked for: sha256 is {found}, not {wanted}.",
            where=path,
            hint=f"Get {facts.file} from {facts.source} again, or correct the parameter sha256.",
        )
    return place


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
