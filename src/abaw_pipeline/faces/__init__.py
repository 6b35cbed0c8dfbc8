"""Faces: found, told apart, followed through time, and cropped."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SerializeAsAny

from abaw_pipeline.faces.detection import Detect, Detections
from abaw_pipeline.faces.identity import DlibIdentity
from abaw_pipeline.faces.mtcnn import MTCNN
from abaw_pipeline.faces.provided import Provided
from abaw_pipeline.faces.retinaface import RetinaFace
from abaw_pipeline.parts import or_own

Detector = Annotated[MTCNN | Provided | RetinaFace, Field(discriminator="kind"), SerializeAsAny(), or_own("open")]
"""Any detector, told apart by its `kind`."""

Identity = DlibIdentity
"""What tells people apart. There is one backend; a second one makes this a union told apart by `kind`."""

__all__ = ["MTCNN", "Detect", "Detections", "Detector", "DlibIdentity", "Identity", "Provided", "RetinaFace"]
