"""Any corpus that a study may name; `kind` tells which."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, SerializeAsAny

from abaw_pipeline.corpora.affwild2 import AffWild2
from abaw_pipeline.corpora.cremad import Cremad
from abaw_pipeline.corpora.iemocap import Iemocap
from abaw_pipeline.corpora.manifest import Manifest
from abaw_pipeline.corpora.ramas import Ramas
from abaw_pipeline.corpora.ravdess import Ravdess
from abaw_pipeline.corpora.savee import Savee
from abaw_pipeline.parts import or_own

AnyCorpus: TypeAlias = Annotated[
    Ravdess | Cremad | Savee | Manifest | AffWild2 | Iemocap | Ramas,
    Field(discriminator="kind"),
    SerializeAsAny(),
    or_own("entries"),
]
