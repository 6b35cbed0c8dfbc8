"""Fusions that learn of the other people of the validation side, where there are no inner folds."""

import copy
import json
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.pipelines.test_honesty import Study
from tests.pipelines.tiny import (
    CLASSES,
    CROSS,
    FUSION,
    LABELS,
    STAGE,
    make_annotations,
    make_clips,
    make_labels,
    nothing,
    three_folds,
)

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.errors import DataError, ProtocolError
from abaw_pipeline.evaluation.folds import make_folds
from abaw_pipeline.evaluation.protocols import LeaveOneSubjectOut, SubjectKFold
from abaw_pipeline.evaluation.units import scored_units
from abaw_pipeline.fusion import FusionWeights
from abaw_pipeline.fusion.align import align, fit_method
from abaw_pipeline.parts import Part
from abaw_pipeline.pipelines.fusion.nodes import apply_fusion, fit_fusion
from abaw_pipeline.pipelines.ingestion.nodes import assign_folds
from abaw_pipeline.pipelines.reporting.nodes import collect_predictions
from abaw_pipeline.stages import FusionStage

P = [f"p_{name}" for name in CLASSES]
CROSSED = CROSS.model_copy(update={"inner_folds": 0})


def stage(parts: int = 5, **methods: object) -> FusionStage:
    return FusionStage.model_validate({"methods": methods, "parts": parts})


class Crossed(Study):
    """The tiny study without inner folds; posteriors of systems stay when labels are changed."""

    def __init__(self, clips: pd.DataFrame, folds: pd.DataFrame) -> None:
        super().__init__(clips, folds)
        self.maps = (nothing("face_posteriors"), self.posteriors)

    def with_labels(self, labels: pd.DataFrame) -> "Crossed":
        """The same, but the labels over time are others."""
        other = copy.copy(self)
        other.labels = labels
        return other

    def fits(self, fusion: FusionStage = FUSION, cross: object = CROSSED) -> tuple[pd.DataFrame, pd.DataFrame]:
        return fit_fusion(self.clips, self.folds, self.labels, *self.maps, fusion, STAGE, LABELS, cross, seed=0)

    def fused(self, fusion: FusionStage = FUSION) -> pd.DataFrame:
        data = (self.clips, self.folds, nothing("frames"), self.labels)
        return apply_fusion(*data, *self.maps, *self.fits(fusion), fusion, STAGE)


@pytest.fixture(scope="module")
def crossed() -> Crossed:
    """Three folds of three people each."""
    clips = make_clips()
    return Crossed(clips, make_folds(SubjectKFold(k=3), clips, inner_folds=0, final=True, seed=0))


@pytest.fixture(scope="module")
def many() -> Crossed:
    """Two folds of eight people each, whom the systems often mistake."""
    clips = make_clips(takes=1, subjects=16)
    study = Crossed(clips, make_folds(SubjectKFold(k=2), clips, inner_folds=0, final=False, seed=0))
    study.maps = (study.maps[0], unsure(study))
    return study


def unsure(study: Crossed) -> RecipeMap:
    """Posteriors of two systems, each of which knows another class."""
    said = {
        (system, fold): Recipe(
            guesses, {"clip_ids": part["clip_id"].tolist(), "seed": number, "good": number, "labels": labels_of(study)}
        )
        for number, system in enumerate(STAGE.chosen)
        for fold, part in study.folds[study.folds["role"] == "validation"].groupby("fold")
    }
    return RecipeMap("sound_posteriors", said)


def labels_of(study: Crossed) -> dict[str, str]:
    return dict(zip(study.clips["clip_id"], study.clips["label"], strict=True))


def guesses(clip_ids: Sequence[str], seed: int, good: int, labels: dict[str, str]) -> pa.Table:
    rng = np.random.default_rng(seed)
    values = rng.dirichlet(np.ones(3), len(clip_ids))
    right = np.array([CLASSES.index(labels[each]) for each in clip_ids])
    values[np.arange(len(right)), right] += np.where(right == good, 0.9, 0.2)
    values /= values.sum(axis=1, keepdims=True)
    table = pd.DataFrame({"clip_id": clip_ids, "start": 0.0, "end": 1.0} | dict(zip(P, values.T, strict=True)))
    return pa.Table.from_pandas(table, preserve_index=False)


def test_nothing_is_trained_beside_the_folds_themselves(crossed: Crossed) -> None:
    assert {fold for _, fold in crossed.systems.recipes} == {"0", "1", "2", "final"}


def test_every_clip_is_fused_once_by_what_others_have_taught(crossed: Crossed) -> None:
    weights, fits = crossed.fits()
    own = fits[(fits["method"] == "mcwf") & (fits["fold"] != "final")]
    assert (own.groupby("fold")["part"].nunique() == 3).all(), "as many parts as people, as there are fewer than five"
    people = [name for names in own["people"] for name in json.loads(names)]
    assert sorted(people) == sorted(crossed.clips["subject"].unique())
    assert set(own["subjects"]) == {2}
    whole = (weights["fold"] == "final") | weights["method"].isin(
        ["mean", "mcwf_optimistic"]
    )  # the mean learns nothing
    assert weights["part"].isna().tolist() == whole.tolist()
    annotations = make_annotations(crossed.clips)
    predictions = collect_predictions(crossed.clips, crossed.folds, annotations, *crossed.maps, crossed.fused())
    counts = predictions[predictions["system"] == "mcwf"]["clip_id"].value_counts()
    assert set(counts.index) == set(crossed.clips["clip_id"])
    assert counts.max() == 1


def test_nobody_s_own_labels_touch_how_he_is_fused(many: Crossed) -> None:
    """One person after another says something else; his posteriors stay, and those of others do not."""
    fusion = stage(3, mean={"kind": "mean"}, mcwf={"kind": "mcwf", "pool": 50}, stack={"kind": "logistic_stacking"})
    before = many.fused(fusion)
    moved = 0
    for subject in many.clips["subject"].unique()[:6]:
        his = many.clips.loc[many.clips["subject"] == subject, "clip_id"]
        labels = many.labels.copy()
        labels.loc[labels["clip_id"].isin(his), "label"] = CLASSES[0]
        after = many.with_labels(labels).fused(fusion)
        alone = before["clip_id"].isin(his)
        np.testing.assert_array_equal(after.loc[alone, P], before.loc[alone, P])
        moved += not np.array_equal(after.loc[~alone, P], before.loc[~alone, P])
    assert moved > 3, "labels of others must matter, or nothing was learned of them"


def test_weights_are_those_of_a_fit_on_the_others_alone(many: Crossed) -> None:
    weights, fits = many.fits(stage(parts=3, mcwf={"kind": "mcwf", "pool": 50}))
    fit = fits[(fits["fold"] == "1") & (fits["part"] == 2)].iloc[0]
    rows = many.folds[(many.folds["fold"] == "1") & (many.folds["role"] == "validation")]
    others = rows.loc[~rows["subject"].isin(json.loads(fit["people"])), "clip_id"]
    units = scored_units(make_annotations(many.clips), others)
    said = align({name: many.maps[1][name, "1"].to_pandas() for name in STAGE.chosen}, units, CLASSES)
    subjects = dict(zip(many.clips["clip_id"], many.clips["subject"], strict=True))
    expected, _ = fit_method(FUSION.methods["mcwf"], said, subjects, CLASSES, seed=0)
    found = weights[(weights["fold"] == "1") & (weights["part"] == 2)]
    np.testing.assert_array_equal(found["weight"], expected["weight"])


def test_shuffled_labels_are_shuffled_for_fusions_too(crossed: Crossed) -> None:
    shuffled = CROSSED.model_copy(update={"permute_training_labels": True})
    reached = [
        [json.loads(info)["value"] for info in table.loc[(table["method"] == "mcwf") & table["part"].notna(), "info"]]
        for table in (crossed.fits()[1], crossed.fits(cross=shuffled)[1])
    ]
    assert np.mean(reached[0]) > np.mean(reached[1]) + 0.2


def test_one_person_alone_is_told_before_anything_is_trained() -> None:
    clips = make_clips(subjects=3)
    cross = CROSSED.model_copy(update={"protocol": LeaveOneSubjectOut(), "final": False})
    given = (clips, make_annotations(clips), cross)
    with pytest.raises(ProtocolError, match=r"fold 0.*a single person.*inner_folds=2"):
        assign_folds(*given, FUSION, seed=0)
    folds = assign_folds(*given, stage(mean={"kind": "mean"}, vote={"kind": "majority_vote"}), seed=0)
    study = Crossed(clips, folds)
    fits = study.fits(stage(mean={"kind": "mean"}, vote={"kind": "majority_vote"}))[1]
    assert fits.groupby("method")["fold"].nunique().to_dict() == {"mean": 3, "vote": 3}


def test_an_error_names_fold_part_fusion_and_class(crossed: Crossed) -> None:
    """What the others have not said cannot be learned of them."""
    labels = crossed.labels.copy()
    own = crossed.folds[(crossed.folds["fold"] == "0") & (crossed.folds["role"] == "validation")]["clip_id"]
    labels.loc[labels["clip_id"].isin(own) & (labels["label"] == "anger"), "label"] = "sadness"
    with pytest.raises(DataError, match=r"fold 0, part 0, fusion stack.*no clip of class anger.*inner_folds=2"):
        crossed.with_labels(labels).fits(stage(stack={"kind": "logistic_stacking"}))


@pytest.mark.parametrize("gone", ["clip", "person"])
def test_who_has_no_labelled_step_teaches_nothing_and_is_fused(crossed: Crossed, gone: str) -> None:
    own = crossed.folds[(crossed.folds["fold"] == "0") & (crossed.folds["role"] == "validation")]
    rows = own.iloc[:1] if gone == "clip" else own[own["subject"] == own["subject"].iloc[0]]
    sparse = crossed.with_labels(crossed.labels[~crossed.labels["clip_id"].isin(rows["clip_id"])])
    fits = sparse.fits()[1]
    taught = fits[(fits["method"] == "mcwf") & (fits["fold"] == "0")]
    assert taught["rows"].min() == 12 - len(rows)
    fused = sparse.fused()
    assert set(rows["clip_id"]) <= set(fused.loc[fused["method"] == "mcwf", "clip_id"])


def test_inner_folds_pass_over_clips_without_a_labelled_step() -> None:
    clips = make_clips()
    study = Crossed(clips, three_folds(clips))
    sparse = study.with_labels(make_labels(clips).iloc[1:])
    assert set(sparse.fits(cross=CROSS)[1]["fold"]) == {"0", "1", "2"}


def test_silent_others_are_an_error(crossed: Crossed) -> None:
    """A person would be without a fused posterior, and no row would say so."""
    own = crossed.folds[(crossed.folds["fold"] == "0") & (crossed.folds["role"] == "validation")]
    speaks = own[own["subject"] == own["subject"].iloc[0]]["clip_id"]
    labels = crossed.labels[~crossed.labels["clip_id"].isin(set(own["clip_id"]) - set(speaks))]
    with pytest.raises(DataError, match=r"fold 0, part \d: nothing that fusion mcwf fuses says anything"):
        crossed.with_labels(labels).fits(stage(mcwf={"kind": "mcwf", "pool": 50}))


class Own(Part):
    """A fusion of somebody's own that has what docs/extend.md asks for, and no more."""

    kind: Literal["tests.pipelines.test_cross_fitting:Own"] = "tests.pipelines.test_cross_fitting:Own"

    def fit(self, posteriors: np.ndarray, labels: np.ndarray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """The same weight for everybody."""
        return FusionWeights({"weights": np.full(posteriors.shape[1:], 1 / posteriors.shape[1])})

    def fuse(self, weights: FusionWeights, posteriors: np.ndarray) -> np.ndarray:
        """The mean."""
        return posteriors.mean(axis=1)


def test_a_fusion_of_one_s_own_learns_of_others(crossed: Crossed) -> None:
    fusion = stage(own={"kind": "tests.pipelines.test_cross_fitting:Own"})
    fits = crossed.fits(fusion)[1]
    assert fits[fits["fold"] != "final"]["part"].notna().all()
    assert set(crossed.fused(fusion)["clip_id"]) == set(crossed.clips["clip_id"])
