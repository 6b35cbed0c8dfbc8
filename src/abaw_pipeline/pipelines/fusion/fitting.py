"""What each fusion learns in a fold, and of whose decisions."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from abaw_pipeline.artifacts import PieceMap
from abaw_pipeline.emotions import ordered
from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.cross_fitting import deal_validation
from abaw_pipeline.evaluation.folds import FINAL, of_trained_classes, trained_classes, validated_clips
from abaw_pipeline.evaluation.training_labels import NOTHING, Runs, label_runs, shuffled, training_labels
from abaw_pipeline.evaluation.units import training_units
from abaw_pipeline.fusion.align import Aligned, align, fit_method
from abaw_pipeline.fusion.contract import FusionMethod, learns
from abaw_pipeline.stages import FusionStage, SystemsStage
from abaw_pipeline.types import OPTIMISTIC

log = logging.getLogger(__name__)

ELSEWHERE = "Or let fusions learn on the training side: cross_validation.inner_folds=2."
"""Where there is more to learn of."""


class Fit(NamedTuple):
    """What a method has learned in a fold, or of all but one part of its validation side."""

    method: str
    fold: str
    part: int | None
    weights: pd.DataFrame
    facts: dict[str, Any]


@dataclass(frozen=True)
class Lesson:
    """What methods are fitted on.

    Attributes:
        fold: for which fold.
        known: all systems' posteriors of labelled moments or clips, with the column label.
        methods: which methods learn it.
        ends: what the names of these fusions end with.
        part: which part of the fold's validation side is fused so; None: all of it.
        people: who is in that part.
    """

    fold: str
    known: Aligned
    methods: Mapping[str, FusionMethod]
    ends: str = ""
    part: int | None = None
    people: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        """For messages."""
        return f"fold {self.fold}" + ("" if self.part is None else f", part {self.part}")


@dataclass(frozen=True)
class Learning:
    """A study's fusions, before they have learned anything.

    Attributes:
        clips: CLIPS schema.
        folds: FOLDS schema.
        labels: LABELS schema.
        maps: posteriors by system and fold, of faces and of sound.
        fusion: what is fused, and how.
        systems: what runs.
        rate: labelled moments a second (Hz) that are learned of clips labelled frame by frame.
        permute: whether labels are shuffled before they are learned, to show that results fall to chance.
        seed: of everything random.
    """

    clips: pd.DataFrame
    folds: pd.DataFrame
    labels: pd.DataFrame
    maps: tuple[PieceMap, ...]
    fusion: FusionStage
    systems: SystemsStage
    rate: float
    permute: bool
    seed: int

    def of(self, fold: str, inner: list[str]) -> Iterator[Fit]:
        """What each method learns in a fold.

        On inner folds of the training side, where there are some: each inner fold's posteriors come from systems that
        were trained without it. Else of the other people of the validation side, part by part; the systems
        have trained with none of them. In fold `final`, which validates nothing, on what the protocol's folds have
        validated.

        Args:
            fold: one of the protocol's own, or `final`.
            inner: its inner folds; for `final` the protocol's folds.

        Raises:
            DataError: too little to learn of, naming fold, part and method; or see `gather`.
            ProtocolError: see `deal_validation`.
        """
        own = {} if fold == FINAL else gather(self.maps, self.fusion, self.systems, [fold])
        held_out = gather(self.maps, self.fusion, self.systems, inner) if inner else own
        common = [name for name in held_out if fold == FINAL or name in own]
        if not common:
            log.warning("fold %s: no system has posteriors, nothing is fused", fold)
            return
        said = {name: held_out[name] for name in common}
        members = {name: self.fusion.fused_by(name, common) for name in self.methods}
        for lesson in self._before(fold, said) if inner else self._of_others(fold, said):
            yield from self._fits(lesson, members)
        seeing = {name: self.methods[name] for name in self.fusion.optimistic if name in self.methods}
        if fold != FINAL and seeing:
            seen = {name: own[name] for name in common}
            known = self._known(seen, self._scored(self.true, validated_clips(self.folds, fold)))
            yield from self._fits(Lesson(fold, known, seeing, OPTIMISTIC), members)

    @cached_property
    def methods(self) -> dict[str, FusionMethod]:
        """The methods whose members run; the others are told."""
        made: dict[str, FusionMethod] = {**self.fusion.made(self.systems.chosen)}
        for name in self.fusion.methods:
            if name not in made:
                log.warning("fusion %s is left out: not all systems that it names run", name)
        return made

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """All classes."""
        return ordered(self.labels["label"].unique())

    @cached_property
    def true(self) -> dict[str, Runs]:
        """Labels over time, by clip."""
        return label_runs(self.labels)

    @cached_property
    def trained(self) -> dict[str, dict[str, Runs]]:
        """Labels over time that each fold has trained with, by clip; shuffled, where training labels are."""
        return training_labels(self.true, self.folds, permute=self.permute, seed=self.seed)

    @cached_property
    def taught(self) -> dict[str, set[str]]:
        """Classes that each fold has trained."""
        return trained_classes(self.folds, self.labels)

    @cached_property
    def subjects(self) -> dict[str, str]:
        """Each clip's subject."""
        return dict(zip(self.clips["clip_id"], self.clips["subject"], strict=True))

    @cached_property
    def whole(self) -> set[str]:
        """Clips that are one unit each, as they have one label."""
        return set(self.clips.loc[self.clips["label"].notna(), "clip_id"])

    def _before(self, fold: str, said: Mapping[str, pd.DataFrame]) -> Iterator[Lesson]:
        """The training side; of fold `final`, whatever has been validated and had trained the class of."""
        labels = self.trained[fold]
        final = fold == FINAL
        units = self._scored(labels, validated_clips(self.folds)) if final else self._units(labels, set(labels))
        yield Lesson(fold, self._known(said, units), self.methods)

    def _of_others(self, fold: str, said: Mapping[str, pd.DataFrame]) -> Iterator[Lesson]:
        """Part by part of a validation side, what can be learned of the rest of it.

        A method that learns nothing needs no parts.
        """
        validated = validated_clips(self.folds, fold)
        labels = {clip_id: self.true.get(clip_id, NOTHING) for clip_id in self.subjects if clip_id in validated}
        if self.permute:
            labels = shuffled(labels, f"{self.seed}/{fold}/validation")
        known = self._known(said, self._scored(labels, validated))
        fixed, learning = ({k: m for k, m in self.methods.items() if learns(m) == so} for so in (False, True))
        if fixed:
            yield Lesson(fold, known, fixed)
        if not learning:
            return
        dealt = deal_validation(self.folds, fold, self.clips, self.fusion.parts, seed=self.seed)
        for part in sorted(set(dealt.values())):
            others = {clip_id for clip_id in validated if dealt[self.subjects[clip_id]] != part}
            people = sorted(subject for subject, own in dealt.items() if own == part)
            yield Lesson(fold, known.among(others), learning, part=part, people=people)

    def _known(self, said: Mapping[str, pd.DataFrame], units: pd.DataFrame) -> Aligned:
        return align(said, units, self.classes)

    def _scored(self, labels: Mapping[str, Runs], clip_ids: set[str]) -> pd.DataFrame:
        """Units of clips that validate, of classes that their fold has trained."""
        return of_trained_classes(self._units(labels, clip_ids), self.folds, self.taught)

    def _units(self, labels: Mapping[str, Runs], clip_ids: set[str]) -> pd.DataFrame:
        return training_units(labels, clip_ids, self.rate, self.whole)

    def _fits(self, lesson: Lesson, members: Mapping[str, list[str]]) -> Iterator[Fit]:
        """What each method learns of a lesson; in fold `final`, of those for which enough has been validated.

        Raises:
            DataError: of another fold, naming it and the method; or a part's others are silent.
        """
        for name, method in lesson.methods.items():
            known = lesson.known.of(members[name])
            if not members[name]:
                log.warning("%s: none of what fusion %s fuses has posteriors", lesson.where, name)
            elif known.units.empty and lesson.part is not None:
                what = f"nothing that fusion {name} fuses says anything of a labelled moment of the others"
                raise DataError(what, where=lesson.where, hint=ELSEWHERE)
            elif known.units.empty:
                log.warning("%s: nothing that fusion %s fuses says anything of a labelled moment", lesson.where, name)
            else:
                learned = self._fit(lesson, name, method, known)
                if learned is not None:
                    yield learned

    def _fit(self, lesson: Lesson, name: str, method: FusionMethod, known: Aligned) -> Fit | None:
        try:
            weights, facts = fit_method(method, known, self.subjects, self.classes, seed=self.seed)
        except DataError as error:
            if lesson.fold != FINAL:
                where = f"{lesson.where}, fusion {name}" + (f", {error.where}" if error.where else "")
                hint = f"{error.hint} {'' if lesson.part is None else ELSEWHERE}".strip()
                raise DataError(error.what, where=where, hint=hint) from error
            # one fold of many may validate a single person, or not all classes; its results do not hang on this
            log.warning("fold %s: no fusion %s, as too little has been validated: %s", lesson.fold, name, error)
            return None
        people = {"people": None if lesson.part is None else json.dumps(lesson.people)}
        return Fit(name + lesson.ends, lesson.fold, lesson.part, weights, {**facts, **people})


def gather(
    maps: tuple[PieceMap, ...], fusion: FusionStage, systems: SystemsStage, folds: list[str]
) -> dict[str, pd.DataFrame]:
    """Posteriors of each member over the given folds; a member of which one of them failed is left out.

    Raises:
        DataError: a member was never asked for them, since it was not to be fused when systems were trained.
    """
    gathered = {}
    for name in fusion.chosen(systems.chosen):
        posteriors = next((each for each in maps if all((name, fold) in each for fold in folds)), None)
        if posteriors is None:
            asked = {key for each in maps for key in each.asked}
            never = [fold for fold in folds if (name, fold) not in asked]
            if never:
                raise DataError(
                    f"there are no posteriors of {name} for fold {never[0]}",
                    where="fusion",
                    hint="It was not to be fused when systems were trained. Train what is missing by the whole chain: "
                    "kedro run, with the --env and --params of now; what is there is skipped.",
                )
            log.warning("%s is not fused in fold %s: its posteriors failed", name, folds[0])
            continue
        tables = [posteriors[name, fold].to_pandas() for fold in folds]
        gathered[name] = pd.concat(tables, ignore_index=True)
    return gathered
