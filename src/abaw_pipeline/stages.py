"""What each stage of a study may set: its section of the parameters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, RootModel, field_validator, model_validator

from abaw_pipeline.audio.features import SoundExtractor
from abaw_pipeline.audio.separation import NoSeparation, Separation
from abaw_pipeline.backbones.settings import BackboneEmbedding, ResidualBackbone
from abaw_pipeline.corpora.stills_union import AnyStills
from abaw_pipeline.corpora.union import AnyCorpus
from abaw_pipeline.demo.corpus import DemoCorpus
from abaw_pipeline.evaluation.measures import Measure
from abaw_pipeline.evaluation.protocols import AnyProtocol, Folds
from abaw_pipeline.fusion import Fusion
from abaw_pipeline.fusion.contract import learns
from abaw_pipeline.parts import NameList, Part, unknown_name
from abaw_pipeline.systems import AnySystem

Modality = Literal["face", "sound"]

VOCALS = "vocals"
"""Name under which a system asks for the waveform itself instead of features."""


def _listed(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


class DemoStage(Part):
    """The embedded demo corpus."""

    path: str = Field(min_length=1, description="folder that it is written to")
    settings: DemoCorpus | None = Field(None, description="what to make; none: nothing")


class Corpora(RootModel[Annotated[dict[str, AnyCorpus], Field(min_length=1)]]):
    """Corpora by the name that starts their clips' and subjects' names."""


class Stills(RootModel[dict[str, AnyStills]]):
    """Corpora of still faces, on which backbones are trained, by name."""


class Backbones(RootModel[dict[str, ResidualBackbone]]):
    """Networks trained on stills, by the name that face extractors ask for."""


class FaceStage(Part):
    """Embeddings of faces."""

    extractors: dict[str, BackboneEmbedding] = Field(description="by the name systems ask for")


class LabelStage(Part):
    """Labels over time."""

    rate: float | None = Field(
        5.0, gt=0, description="labels a second, to which those of frames are brought (S0.3: 5); none: as they are"
    )

    @property
    def steps_a_second(self) -> float:
        """Moments a second at which fusion weights are fitted."""
        return self.rate or 5.0


class SoundStage(Part):
    """Sound: separation and features."""

    separation: Separation = Field(default_factory=NoSeparation)
    extractors: dict[str, SoundExtractor] = Field(
        default_factory=dict, description="feature sets, by the name systems ask for"
    )


class CrossValidation(Part):
    """Which clips train, which validate."""

    protocol: AnyProtocol
    folds: Folds = Field("all", description="all, a number, or a list written 0+2")
    inner_folds: int = Field(
        2,
        ge=0,
        description="folds within each training side, to fit fusion on; 0: none, fusions learn of the other people of "
        "the validation side",
    )
    final: bool = Field(True, description="train on all labelled clips of the protocol, too, for other media")
    permute_training_labels: bool = Field(
        False, description="a check: shuffle labels that systems and fusions learn; results must fall to chance"
    )

    @field_validator("inner_folds")
    @classmethod
    def _several(cls, number: int) -> int:
        if number == 1:
            raise ValueError("inner folds are 0 (none) or at least 2")
        return number


class SystemsStage(Part):
    """Systems by name, and which of them run. An entry `{grid: {C: [0.1, 1]}, ...}` stands for one a value."""

    face: dict[str, AnySystem] = Field(default_factory=dict, description="systems that see")
    sound: dict[str, AnySystem] = Field(default_factory=dict, description="systems that hear")
    run: Literal["all"] | NameList = "all"

    @field_validator("face", "sound", mode="before")
    @classmethod
    def _expand(cls, entries: Any) -> Any:
        if not isinstance(entries, Mapping):
            return entries
        return dict(pair for name, entry in entries.items() for pair in expand_grid(name, entry))

    @model_validator(mode="after")
    def _names_differ(self) -> SystemsStage:
        twice = sorted(self.face.keys() & self.sound.keys())
        if twice:
            raise ValueError(f"a system that sees and one that hears are both named {twice[0]!r}")
        if self.run != "all":
            check_known(self.run, self.every, "system", "run: ")
        return self

    @property
    def every(self) -> dict[str, AnySystem]:
        """All systems, by name."""
        return {**self.face, **self.sound}

    @property
    def chosen(self) -> dict[str, AnySystem]:
        """The systems that run, by name."""
        return {name: self.every[name] for name in (self.every if self.run == "all" else pick(self.run, self.every))}

    def of(self, modality: Modality) -> dict[str, AnySystem]:
        """The systems of one modality that run, by name."""
        return {name: system for name, system in self.chosen.items() if name in getattr(self, modality)}

    def needed(self, modality: Modality) -> list[str]:
        """Feature sets that the running systems of a modality read, without the waveform."""
        names = dict.fromkeys(name for system in self.of(modality).values() for name in system.inputs)
        return [name for name in names if name != VOCALS]

    @property
    def looks(self) -> bool:
        """Whether a system that sees runs."""
        return bool(self.of("face"))

    @property
    def hears(self) -> bool:
        """Whether a system that hears runs."""
        return bool(self.of("sound"))


class FusionStage(Part):
    """Which systems are fused, and how."""

    members: Literal["all"] | NameList = Field("all", description="systems to fuse; all: those that run")
    methods: dict[str, Fusion]
    optimistic: tuple[str, ...] = Field(
        (), description="methods fitted once more on the very clips they are scored on, as NAME_optimistic"
    )
    parts: int = Field(
        5, ge=2, description="without inner folds: parts of a validation side, each fused as learned of the others"
    )

    def chosen(self, running: Iterable[str]) -> list[str]:
        """The systems that any method fuses, of those that run."""
        running = list(running)
        wanted = {name for method in self.made(running) for name in self.fused_by(method, running)}
        return [name for name in running if name in wanted]

    def made(self, running: Iterable[str]) -> dict[str, Fusion]:
        """The methods that can be made, by name: all members that one names for itself run.

        So a study whose fusions are put together system by system also runs with some systems alone, and no fusion is
        called by the name of another.
        """
        running = list(running)
        return {
            name: method
            for name, method in self.methods.items()
            if all(pick([member], running) for member in getattr(method, "members", None) or ())
        }

    @property
    def learning(self) -> list[str]:
        """Methods that labels matter to, by name."""
        return [name for name, method in self.methods.items() if learns(method)]

    def fused_by(self, method: str, running: Iterable[str]) -> list[str]:
        """The systems that a method fuses, of those that run."""
        own = getattr(self.methods[method], "members", None) or self.members
        return list(running) if own == "all" else pick(own, running)

    @model_validator(mode="after")
    def _methods_exist(self) -> FusionStage:
        check_known(self.optimistic, self.methods, "fusion method")
        return self


class EvaluationStage(Part):
    """How results are measured."""

    resamples: int = Field(1000, ge=100, description="bootstrap resamples of subjects")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="confidence of all intervals")
    headline: str = Field("", description="system or fusion that the report opens with; empty: the best")
    submission: str = Field(
        "", description="fusion that challenge files are written of; empty: the headline, else the first"
    )
    measure: Measure = Field("accuracy", description="what the report opens with and ranks systems by")
    change_point_width: float = Field(2.0, gt=0, description="seconds of a bin around changes of emotion (S0, Table 8)")
    change_point_bins: int = Field(2, ge=1, description="bins on each side of a change")
    clips_shown: int = Field(24, ge=0, description="clips whose timeline and contact sheet the report shows")
    notes: tuple[str, ...] = Field((), description="what a reader of the results must know, for the report's top")


class MediaPaths(RootModel[Annotated[tuple[str, ...], BeforeValidator(_listed)]]):
    """What inference is asked about: files, folders, and manifests of segments."""


class InferenceStage(Part):
    """How media that belong to no corpus are judged."""

    folder: str | None = Field(None, min_length=1, description="where results go; none: among the study's reports")
    least_faces: int = Field(3, ge=1, description="pictures in which a face must be found for its person to be judged")
    movie: bool = Field(True, description="write a copy of each video with boxes and emotions drawn in")
    longest: int = Field(1280, ge=64, description="pixels of that copy's longer side at most")
    embed_mb: float = Field(12.0, ge=0, description="megabytes up to which that copy is put into the page itself")


def needed_backbones(face: FaceStage, systems: SystemsStage) -> list[str]:
    """Backbones from which the running systems' features come."""
    return list(dict.fromkeys(face.extractors[name].backbone for name in systems.needed("face")))


def needed_stills(stills: Stills, backbones: Backbones, face: FaceStage, systems: SystemsStage) -> dict[str, AnyStills]:
    """Corpora on which those backbones are trained, by name."""
    names = {corpus for name in needed_backbones(face, systems) for corpus in backbones.root[name].stills}
    return {name: corpus for name, corpus in stills.root.items() if name in names}


def expand_grid(name: str, entry: Any) -> Iterator[tuple[str, Any]]:
    """One entry a combination of the values in its `grid`, named `NAME[C=0.1]`; the entry itself without one."""
    if not isinstance(entry, Mapping) or "grid" not in entry:
        yield name, entry
        return
    grid = entry["grid"]
    if not isinstance(grid, Mapping) or not all(isinstance(values, list) and values for values in grid.values()):
        raise ValueError(f"{name}.grid must map parameters to lists of values")
    rest = {key: value for key, value in entry.items() if key != "grid"}
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        label = ",".join(f"{key}={value}" for key, value in chosen.items())
        yield f"{name}[{label}]", rest | chosen


def pick(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The known names that are meant: a name itself, and all rows of a grid by the grid's name."""
    known = list(known)
    return [each for name in names for each in known if each == name or each.startswith(f"{name}[")]


def check_known(names: tuple[str, ...], known: Mapping[str, Any], what: str, where: str = "") -> None:
    """Refuse names that are not known.

    Raises:
        ValueError: the first such name, with the nearest known one.
    """
    for name in names:
        if not pick([name], known):
            raise ValueError(where + unknown_name(name, list(known), what))
