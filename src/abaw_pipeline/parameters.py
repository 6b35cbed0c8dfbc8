"""The whole tree of parameters, typed; checked once, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator

from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.errors import PipelineError
from abaw_pipeline.evaluation.protocols import LeaveOneCorpusOut
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.parts import Part, unknown_name
from abaw_pipeline.stages import (
    VOCALS,
    Backbones,
    Corpora,
    CrossValidation,
    DemoStage,
    EvaluationStage,
    FaceStage,
    FusionStage,
    InferenceStage,
    LabelStage,
    MediaPaths,
    SoundStage,
    Stills,
    SystemsStage,
    check_known,
)
from abaw_pipeline.types import OPTIMISTIC


class ParameterError(PipelineError):
    """Parameters that do not fit the tree; the text names each one and the nearest right one."""


class Parameters(Part):
    """Everything that a study may set."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="its name, also of its folders below data/")
    seed: int = Field(0, ge=0, description="of all that is drawn by chance")
    demo_corpus: DemoStage
    corpora: Corpora
    stills: Stills = Stills({})
    backbones: Backbones = Backbones({})
    faces: Faces = Faces()
    face: FaceStage = FaceStage(extractors={})
    sound: SoundStage
    labels: LabelStage = LabelStage()
    cross_validation: CrossValidation
    systems: SystemsStage
    fusion: FusionStage
    evaluation: EvaluationStage = EvaluationStage()
    execution: Execution = Execution()
    media: MediaPaths = MediaPaths(())
    inference: InferenceStage = InferenceStage()

    @model_validator(mode="after")
    def _names_agree(self) -> Parameters:
        for name, system in self.systems.chosen.items():
            seen = name in self.systems.face
            extractors: Mapping[str, Any] = self.face.extractors if seen else {**self.sound.extractors, VOCALS: None}
            where = f"systems.{'face' if seen else 'sound'}.{name}.inputs: "
            check_known(tuple(system.inputs), extractors, "feature set", where)
        for name, extractor in self.face.extractors.items():
            check_known((extractor.backbone,), self.backbones.root, "backbone", f"face.extractors.{name}: ")
        for name, backbone in self.backbones.root.items():
            check_known(backbone.stills, self.stills.root, "corpus of stills", f"backbones.{name}.stills: ")
        if self.evaluation.headline:
            optimistic = [name + OPTIMISTIC for name in self.fusion.optimistic]
            made = self.fusion.made(self.systems.chosen)
            named = dict.fromkeys([*self.systems.chosen, *made, *optimistic])
            check_known((self.evaluation.headline,), named, "running system or fusion", "evaluation.headline: ")
        if self.evaluation.submission:
            methods = self.fusion.methods
            check_known((self.evaluation.submission,), methods, "fusion method", "evaluation.submission: ")
        protocol = self.cross_validation.protocol
        if isinstance(protocol, LeaveOneCorpusOut) and protocol.validation != "all":
            check_known(protocol.validation, self.corpora.root, "corpus", "cross_validation.protocol.validation: ")
        if self.fusion.members != "all":
            check_known(self.fusion.members, self.systems.chosen, "running system", "fusion.members: ")
        for name, method in self.fusion.methods.items():
            members = getattr(method, "members", None) or ()
            check_known(members, self.systems.every, "system", f"fusion.methods.{name}.members: ")
        return self


def check_parameters(tree: Mapping[str, Any]) -> Parameters:
    """The typed tree.

    Raises:
        ParameterError: unknown, missing or impossible parameters, all of them named, one a line.
    """
    try:
        return Parameters.model_validate(dict(tree))
    except ValidationError as error:
        lines = [f"  {_where(item, tree)}: {_what(item)}" for item in error.errors()]
        text = "\n".join(["parameters do not fit:", *lines, "See conf/base/parameters.yml for what there is."])
        raise ParameterError(text) from None


def _where(item: Any, tree: Any) -> str:
    """The dotted name as the user writes it: without the tags that pydantic adds for unions."""
    parts: list[str] = []
    location = item["loc"]
    for position, part in enumerate(location):
        absent = item["type"] == "missing" and position == len(location) - 1
        if isinstance(tree, Mapping) and (part in tree or absent):
            parts.append(str(part))
            tree = tree.get(part)
        elif isinstance(tree, list | tuple) and isinstance(part, int) and part < len(tree):
            parts.append(str(part))
            tree = tree[part]
    return ".".join(parts) or "parameters"


def _what(item: Any) -> str:
    if item["type"] == "missing":
        return "is missing"
    if item["type"] == "union_tag_invalid":
        known = [tag.strip("' ") for tag in item["ctx"]["expected_tags"].split(",")]
        return unknown_name(item["ctx"]["tag"], known, "kind")
    text: str = item["msg"].removeprefix("Value error, ")
    return text if item["type"] == "value_error" else f"{text} (given: {item['input']!r})"
