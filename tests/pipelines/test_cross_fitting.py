"""Fusions that learn of the other people of the validation side, where there are no inner folds."""

import json

import numpy as np
import pandas as pd
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
    nothing,
)

from abaw_pipeline.errors import DataError, ProtocolError
from abaw_pipeline.evaluation.cross_fitting import deal_validation
from abaw_pipeline.evaluation.folds import make_folds
from abaw_pipeline.evaluation.protocols import LeaveOneSubjectOut, SubjectKFold, SubjectLists
from abaw_pipeline.evaluation.units import scored_units
from abaw_pipeline.fusion.align import align, fit_method
from abaw_pipeline.pipelines.fusion.nodes import apply_fusion, fit_fusion
from abaw_pipeline.pipelines.reporting.nodes import collect_predictions
from abaw_pipeline.stages import FusionStage

P = [f"p_{name}" for name in CLASSES]


class Crossed(Study):
    """The tiny study with three folds of three people each, and no inner ones."""

    def __init__(self, clips: pd.DataFrame, folds: pd.DataFrame) -> None:
        super().__init__(clips, folds)
        self.maps = (nothing("face_posteriors"), self.posteriors)

    def fused(self, cross: object = CROSS) -> pd.DataFrame:
        data = (self.clips, self.folds, nothing("frames"), self.labels)
        return apply_fusion(*data, *self.maps, *self.learned(cross), FUSION, STAGE)


def folds_of(clips: pd.DataFrame) -> pd.DataFrame:
    return make_folds(SubjectKFold(k=3), clips, inner_folds=0, final=True, seed=0)


@pytest.fixture(scope="module")
def crossed() -> Crossed:
    clips = make_clips()
    return Crossed(clips, folds_of(clips))


def test_nothing_is_trained_beside_the_folds_themselves(crossed: Crossed) -> None:
    assert {fold for _, fold in crossed.systems.recipes} == {"0", "1", "2", "final"}


def test_every_clip_is_fused_once_by_what_others_have_taught(crossed: Crossed) -> None:
    weights, fits = crossed.learned()
    own = fits[(fits["method"] == "mcwf") & (fits["fold"] != "final")]
    assert (own.groupby("fold")["part"].nunique() == 3).all(), "as many parts as people, as there are fewer than five"
    people = [name for names in own["people"] for name in json.loads(names)]
    assert sorted(people) == sorted(crossed.clips["subject"].unique())
    assert set(own["subjects"]) == {2}
    assert fits.loc[fits["fold"] == "final", "part"].isna().all()
    whole = (weights["fold"] == "final") | weights["method"].isin(
        ["mean", "mcwf_optimistic"]
    )  # the mean learns nothing
    assert weights["part"].isna().tolist() == whole.tolist()
    annotations = make_annotations(crossed.clips)
    predictions = collect_predictions(crossed.clips, crossed.folds, annotations, *crossed.maps, crossed.fused())
    counts = predictions[predictions["system"] == "mcwf"]["clip_id"].value_counts()
    assert set(counts.index) == set(crossed.clips["clip_id"])
    assert counts.max() == 1


def test_nobody_s_own_labels_touch_how_he_is_fused(crossed: Crossed) -> None:
    """One person after another says something else; his posteriors stay, and those of others in his fold do not."""
    before = crossed.fused()
    honest = before["method"].isin(["mean", "mcwf"])
    moved = []
    for subject in crossed.clips["subject"].unique():
        alone = crossed.clips["subject"] == subject
        other = dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True))
        changed = crossed.clips.copy()
        changed.loc[alone, "label"] = changed.loc[alone, "label"].map(other)
        again = Crossed(changed, crossed.folds)
        again.posteriors = crossed.posteriors  # of systems that had not trained with him; else with his other labels
        again.maps = crossed.maps
        fold = crossed.folds[(crossed.folds["subject"] == subject) & (crossed.folds["role"] == "validation")]
        after = again.fused()
        here = (before["fold"] == fold["fold"].iloc[0]) & honest
        his = here & before["clip_id"].isin(changed.loc[alone, "clip_id"])
        np.testing.assert_array_equal(after.loc[his, P], before.loc[his, P])
        moved.append(not np.array_equal(after.loc[here & ~his, P], before.loc[here & ~his, P]))
    assert any(moved), "labels of others must matter, or nothing was learned of them"


def test_weights_are_those_of_a_fit_on_the_others_alone(crossed: Crossed) -> None:
    weights, fits = crossed.learned()
    fit = fits[(fits["method"] == "mcwf") & (fits["fold"] == "1") & (fits["part"] == 2)].iloc[0]
    rows = crossed.folds[(crossed.folds["fold"] == "1") & (crossed.folds["role"] == "validation")]
    others = rows.loc[~rows["subject"].isin(json.loads(fit["people"])), "clip_id"]
    units = scored_units(make_annotations(crossed.clips), others)
    said = align({name: crossed.posteriors[name, "1"].to_pandas() for name in STAGE.chosen}, units, CLASSES)
    subjects = dict(zip(crossed.clips["clip_id"], crossed.clips["subject"], strict=True))
    expected, _ = fit_method(FUSION.methods["mcwf"], said, subjects, CLASSES, seed=0)
    found = weights[(weights["method"] == "mcwf") & (weights["fold"] == "1") & (weights["part"] == 2)]
    np.testing.assert_array_equal(found["weight"], expected["weight"])


def test_shuffled_labels_are_shuffled_for_fusions_too(crossed: Crossed) -> None:
    cross = CROSS.model_copy(update={"permute_training_labels": True})
    taught = crossed.learned(cross)[1]
    plain = crossed.learned()[1]
    reached = [
        [json.loads(info)["value"] for info in table.loc[(table["method"] == "mcwf") & table["part"].notna(), "info"]]
        for table in (plain, taught)
    ]
    assert np.mean(reached[0]) > np.mean(reached[1]) + 0.2


def test_one_person_alone_is_told(crossed: Crossed) -> None:
    clips = crossed.clips
    names = sorted(clips["subject"].unique())
    folds = make_folds(SubjectLists(validation=[[names[0]], names[1:3]]), clips, inner_folds=0, seed=0)
    with pytest.raises(ProtocolError, match=r"fold 0.*alone.*inner_folds=2"):
        deal_validation(folds, "0", clips, clips[["clip_id", "label"]], 5, seed=0)
    assert set(deal_validation(folds, "1", clips, clips[["clip_id", "label"]], 5, seed=0)) == set(names[1:3])


def test_what_learns_nothing_needs_nobody_else() -> None:
    """One person validates in each fold: nothing can be learned of others, and a mean can be taken all the same."""
    clips = make_clips(subjects=3)
    study = Crossed(clips, make_folds(LeaveOneSubjectOut(), clips, inner_folds=0, final=False, seed=0))
    alone = FusionStage.model_validate({"methods": {"mean": {"kind": "mean"}, "vote": {"kind": "majority_vote"}}})
    data = (study.clips, study.folds, study.labels, *study.maps)
    fits = fit_fusion(*data, alone, STAGE, LABELS, CROSS, seed=0)[1]
    assert fits.groupby("method")["fold"].nunique().to_dict() == {"mean": 3, "vote": 3}
    with pytest.raises(ProtocolError, match="learn nothing"):
        fit_fusion(*data, FUSION, STAGE, LABELS, CROSS, seed=0)


def test_who_talks_together_is_in_one_part() -> None:
    clips = make_clips()
    clips = clips.assign(media=clips["clip_id"], sha256=None, start=0.0, end=1.0)
    pair = {"c/0": "c/1", "c/2": "c/3"}
    media = {
        old: old.replace(f"{old.split('-')[0]}-", f"{pair.get(old.split('-')[0], old.split('-')[0])}-")
        for old in clips["clip_id"]
    }
    clips["media"] = clips["clip_id"].map(media)
    folds = make_folds(SubjectKFold(k=2), make_clips(), inner_folds=0, seed=0)
    folds = folds[folds["fold"] == "0"].assign(role="validation")
    dealt = deal_validation(folds, "0", clips, clips[["clip_id", "label"]], 3, seed=0)
    assert set(dealt) == set(clips["subject"])
    assert dealt["c/0"] == dealt["c/1"]
    assert dealt["c/2"] == dealt["c/3"]
    assert set(dealt.values()) == {0, 1, 2}


def test_an_error_names_fold_part_and_fusion(crossed: Crossed) -> None:
    """What the others have not said cannot be learned of them."""
    labels = crossed.labels.copy()
    first = crossed.folds[(crossed.folds["fold"] == "0") & (crossed.folds["role"] == "validation")]
    own = labels["clip_id"].isin(first["clip_id"])
    labels.loc[own & (labels["label"] == "anger"), "label"] = "sadness"
    stage = FUSION.model_validate({"methods": {"stack": {"kind": "logistic_stacking"}}})
    with pytest.raises(DataError, match=r"fold 0, part 0, fusion stack"):
        fit_fusion(crossed.clips, crossed.folds, labels, *crossed.maps, stage, STAGE, LABELS, CROSS, seed=0)
