"""Any protocol that a study may name; `kind` tells which."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, SerializeAsAny

from abaw_pipeline.evaluation.leave_out import LeaveOneCorpusOut, LeaveOneSessionOut
from abaw_pipeline.evaluation.official import Official, TrainFoldsAndOfficial
from abaw_pipeline.evaluation.protocol import Folds, Protocol
from abaw_pipeline.evaluation.subject_protocols import LeaveOneSubjectOut, SubjectKFold, SubjectLists
from abaw_pipeline.parts import or_own

__all__ = [
    "AnyProtocol",
    "Folds",
    "LeaveOneCorpusOut",
    "LeaveOneSessionOut",
    "LeaveOneSubjectOut",
    "Official",
    "Protocol",
    "SubjectKFold",
    "SubjectLists",
    "TrainFoldsAndOfficial",
]

AnyProtocol: TypeAlias = Annotated[
    SubjectLists
    | SubjectKFold
    | LeaveOneSubjectOut
    | LeaveOneSessionOut
    | LeaveOneCorpusOut
    | Official
    | TrainFoldsAndOfficial,
    Field(discriminator="kind"),
    SerializeAsAny(),
    or_own("fold_titles", "validation_folds"),
]
