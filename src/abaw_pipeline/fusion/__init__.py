"""Late fusion: the posteriors of several systems into one."""

from typing import Annotated

from pydantic import Field, SerializeAsAny

from abaw_pipeline.fusion.contract import FusionMethod
from abaw_pipeline.fusion.estimators import KNNStacking, SVMStacking, XGBoostStacking
from abaw_pipeline.fusion.mcwf import MCWF
from abaw_pipeline.fusion.rules import LogMean, Mean, Product
from abaw_pipeline.fusion.stacking import LogisticStacking
from abaw_pipeline.fusion.votes import MajorityVote, WeightedVote
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.parts import or_own

Fusion = Annotated[
    Mean
    | Product
    | LogMean
    | MajorityVote
    | WeightedVote
    | MCWF
    | LogisticStacking
    | SVMStacking
    | KNNStacking
    | XGBoostStacking,
    Field(discriminator="kind"),
    SerializeAsAny(),
    or_own("fit", "fuse"),
]
"""Any fusion, as the parameters name it by its kind."""

__all__ = [
    "MCWF",
    "Fusion",
    "FusionMethod",
    "FusionWeights",
    "KNNStacking",
    "LogMean",
    "LogisticStacking",
    "MajorityVote",
    "Mean",
    "Product",
    "SVMStacking",
    "WeightedVote",
    "XGBoostStacking",
]
