"""Any corpus of still images that a study may name; `kind` tells which."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from abaw_pipeline.corpora.affectnet import AffectNet
from abaw_pipeline.corpora.fer2013 import Fer2013
from abaw_pipeline.corpora.image_folder import ImageFolder

AnyStills: TypeAlias = Annotated[AffectNet | Fer2013 | ImageFolder, Field(discriminator="kind")]
