"""What systems of one modality are trained on and asked about, fold by fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from abaw_pipeline.artifacts import PieceMap, Recipe, Ref
from abaw_pipeline.emotions import ordered
from abaw_pipeline.stages import VOCALS, CrossValidation, FusionStage, Modality, SystemsStage
from abaw_pipeline.systems import AnySystem
from abaw_pipeline.types import Table

Recipes = dict[tuple[str, str], Recipe]
"""By system and fold."""


@dataclass(frozen=True)
class Modeling:
    """Clips, their labels and their features, and which systems are about them.

    Attributes:
        clips: CLIPS schema.
        folds: FOLDS schema.
        labels_5hz: LABELS schema.
        sources: where inputs come from: `vocals` by clip, everything else (empty name) by feature set and clip.
        modality: of the systems.
        systems: what runs.
        fusion: what is fused.
        device: where networks run.
    """

    clips: Table
    folds: Table
    labels_5hz: Table
    sources: dict[str, PieceMap]
    modality: Modality
    systems: SystemsStage
    fusion: FusionStage
    device: str

    def fits(self, cross_validation: CrossValidation, seed: int) -> Recipes:
        """How each system is trained on the training side of each fold."""
        from abaw_pipeline.evaluation.training_labels import label_runs, training_labels
        from abaw_pipeline.systems.recipes import fit_system

        runs = label_runs(self.labels_5hz)
        permute = cross_validation.permute_training_labels
        labels = training_labels(runs, self.folds, permute=permute, seed=seed)
        recipes = {}
        for name, system, fold, usable in self._jobs("train"):
            known = [labels[fold][clip_id] for clip_id in usable["clip_id"]]
            arguments = {"system": system, **self._examples(usable, system), "labels": known, "seed": seed}
            recipes[name, fold] = Recipe(fit_system, arguments, execution={"device": self.device})
        return recipes

    def predictions(self, fitted: PieceMap) -> Recipes:
        """How each trained system judges the validation side of its fold."""
        from abaw_pipeline.systems.recipes import predict_system

        recipes = {}
        for name, system, fold, usable in self._jobs("validation"):
            trained = fitted.ref((name, fold))
            arguments = {"system": system, "fitted": trained, **self._examples(usable, system)}
            recipes[name, fold] = Recipe(predict_system, arguments, execution={"device": self.device})
        return recipes

    def _jobs(self, role: Literal["train", "validation"]) -> Iterator[tuple[str, AnySystem, str, Table]]:
        """Each system with each fold, and the clips of that side for which every input is there.

        What is not there is told by its own failure. An inner fold is there to fit fusion on, and needs no other
        systems than are fused.
        """
        fused = set(self.fusion.chosen(self.systems.chosen))
        for fold, members in self.folds[self.folds["role"] == role].groupby("fold", sort=False):
            rows = self.clips[self.clips["clip_id"].isin(set(members["clip_id"]))]
            for name, system in self.systems.of(self.modality).items():
                if "/" not in str(fold) or name in fused:
                    there = [self._has_inputs(clip_id, system) for clip_id in rows["clip_id"]]
                    yield name, system, str(fold), rows[there]

    def _has_inputs(self, clip_id: str, system: AnySystem) -> bool:
        return all(piece_key(name, clip_id) in self._source(name) for name in system.inputs)

    def _examples(self, usable: Table, system: AnySystem) -> dict[str, Any]:
        """Arguments that describe clips to a system's recipe."""
        refs: dict[str, list[Ref]] = {
            name: [self._source(name).ref(piece_key(name, clip_id)) for clip_id in usable["clip_id"]]
            for name in system.inputs
        }
        return {
            "clip_ids": usable["clip_id"].tolist(),
            "subjects": usable["subject"].tolist(),
            "durations": usable["duration"].tolist(),
            "classes": list(ordered(self.labels_5hz["label"].unique())),
            "inputs": refs,
        }

    def _source(self, name: str) -> PieceMap:
        return self.sources.get(name, self.sources[""])


def piece_key(name: str, clip_id: str) -> str | tuple[str, str]:
    """What an input of a clip is called in the map that it comes from."""
    return clip_id if name == VOCALS else (name, clip_id)
