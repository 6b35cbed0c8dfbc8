"""What a fold's validation clips may and may not touch, shown on the nodes themselves, without a catalog."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from tests.pipelines.tiny import (
    CLASSES,
    CROSS,
    FUSION,
    LABELS,
    STAGE,
    make_annotations,
    make_clips,
    make_embeddings,
    make_labels,
    make_vocals,
    nothing,
    three_folds,
)

from abaw_pipeline.artifacts import RecipeMap
from abaw_pipeline.artifacts.refs import references
from abaw_pipeline.evaluation.units import scored_units
from abaw_pipeline.fusion.align import align, fit_method
from abaw_pipeline.pipelines.fusion.nodes import apply_fusion, fit_fusion
from abaw_pipeline.pipelines.reporting.nodes import (
    collect_levels,
    collect_predictions,
    compare_systems,
    measure_predictions,
)
from abaw_pipeline.pipelines.temporal_modeling.nodes import fit_sound_systems, predict_sound
from abaw_pipeline.stages import EvaluationStage


class Study:
    """All artifacts of the tiny study, computed when they are read."""

    def __init__(self, clips: pd.DataFrame, folds: pd.DataFrame) -> None:
        self.clips, self.folds, self.labels = clips, folds, make_labels(clips)
        data = (clips, folds, self.labels, make_vocals(clips), make_embeddings(make_clips()))
        self.systems = fit_sound_systems(*data, STAGE, FUSION, CROSS, seed=0)
        self.posteriors = predict_sound(*data, self.systems, STAGE, FUSION)

    def weights(self, cross: object = CROSS) -> pd.DataFrame:
        return self.learned(cross)[0]

    def learned(self, cross: object = CROSS) -> tuple[pd.DataFrame, pd.DataFrame]:
        maps = (nothing("face_posteriors"), self.posteriors)
        return fit_fusion(self.clips, self.folds, self.labels, *maps, FUSION, STAGE, LABELS, cross, seed=0)


@pytest.fixture(scope="module")
def study() -> Study:
    clips = make_clips()
    return Study(clips, three_folds(clips))


def with_wrong_labels(clips: pd.DataFrame, folds: pd.DataFrame, fold: str) -> pd.DataFrame:
    """The same clips, but every validation clip of a fold has another label."""
    held_out = folds[(folds["fold"] == fold) & (folds["role"] == "validation")]["clip_id"]
    other = dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True))
    changed = clips.copy()
    rows = changed["clip_id"].isin(held_out)
    changed.loc[rows, "label"] = changed.loc[rows, "label"].map(other)
    return changed


def outer_keys(systems: RecipeMap, fold: str) -> Iterator[tuple[str, str]]:
    return (key for key in systems.recipes if key[1] == fold or key[1].startswith(f"{fold}/"))


def test_no_recipe_of_a_fold_reads_its_validation_clips(study: Study) -> None:
    for (_, fold), recipe in study.systems.recipes.items():
        parent = fold.partition("/")[0]
        rows = study.folds[study.folds["fold"].isin([fold, parent]) & (study.folds["role"] == "validation")]
        held_out = set(rows["clip_id"])
        read = {ref.key[1] for ref in references(recipe.arguments)}
        assert read
        assert not read & held_out
        assert not set(recipe.arguments["clip_ids"]) & held_out


def test_validation_labels_change_no_system_and_no_weight(study: Study) -> None:
    changed = Study(with_wrong_labels(study.clips, study.folds, "0"), study.folds)
    keys = list(outer_keys(study.systems, "0"))
    assert len(keys) == 2 * 3
    for key in keys:
        assert changed.systems.recipes[key].fingerprint == study.systems.recipes[key].fingerprint
    honest = ["mean", "mcwf"]
    before, after = study.weights(), changed.weights()
    for method in honest:
        same = [table[(table["method"] == method) & (table["fold"] == "0")]["weight"] for table in (before, after)]
        np.testing.assert_array_equal(*same)


def test_what_is_called_optimistic_is_fitted_on_the_scored_clips(study: Study) -> None:
    table = study.weights()
    given = table[(table["method"] == "mcwf_optimistic") & (table["fold"] == "0")]
    rows = study.folds[(study.folds["fold"] == "0") & (study.folds["role"] == "validation")]
    units = scored_units(make_annotations(study.clips), rows["clip_id"])
    scored = align({name: study.posteriors[name, "0"].to_pandas() for name in STAGE.chosen}, units, CLASSES)
    subjects = dict(zip(study.clips["clip_id"], study.clips["subject"], strict=True))
    seen, _ = fit_method(FUSION.methods["mcwf"], scored, subjects, CLASSES, seed=0)
    np.testing.assert_array_equal(given["weight"], seen["weight"])


def test_nodes_give_results_without_a_catalog(study: Study) -> None:
    maps = (nothing("face_posteriors"), study.posteriors)
    data = (study.clips, study.folds, nothing("frames"), study.labels)
    fused = apply_fusion(*data, *maps, *study.learned(), FUSION, STAGE)
    sums = fused[[f"p_{name}" for name in CLASSES]].sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=1e-5)
    annotations = make_annotations(study.clips)
    predictions = collect_predictions(study.clips, study.folds, annotations, *maps, fused)
    assert set(predictions["system"]) == {"svm", "lda", "mean", "mcwf", "mcwf_optimistic"}
    assert (predictions.groupby("system")["clip_id"].nunique() == len(study.clips)).all()
    comparisons, calibration = compare_systems(predictions, annotations, EvaluationStage(), seed=0)
    assert {"mcnemar", "difference", "t_folds", "optimism", "cochran_q"} == set(comparisons["test"])
    assert set(calibration["system"]) == set(predictions["system"])
    assert collect_levels(*data[:2], study.labels, *maps, fused).empty  # clips that have one label as a whole
    found = measure_predictions(predictions, annotations, "tiny", CROSS, EvaluationStage(), seed=0)
    metrics, confusion, around = found
    assert around.empty
    pooled = metrics[(metrics["fold"] == "all") & (metrics["measure"] == "accuracy")]
    assert pooled["value"].min() > 0.6
    assert confusion[confusion["fold"] == "all"].groupby("system")["count"].sum().eq(len(study.clips)).all()


def test_a_clip_that_one_system_lacks_is_fused_from_the_others(study: Study) -> None:
    whole = study.posteriors["svm", "0"].to_pandas()
    lacking = study.posteriors["lda", "0"].to_pandas().iloc[1:]
    units = scored_units(make_annotations(study.clips), whole["clip_id"])
    aligned = align({"svm": whole, "lda": lacking}, units, CLASSES)
    row = aligned.units["clip_id"].tolist().index(whole["clip_id"].iloc[0])
    assert len(aligned.units) == len(whole)
    np.testing.assert_allclose(aligned.values[row, 1], 1 / 3)


def test_inner_folds_train_only_what_is_fused(study: Study) -> None:
    alone = FUSION.model_copy(update={"members": ("lda",)})
    data = (study.clips, study.folds, study.labels, make_vocals(study.clips), make_embeddings(study.clips))
    keys = set(fit_sound_systems(*data, STAGE, alone, CROSS, seed=0))
    assert ("svm", "0") in keys
    assert ("lda", "0/1") in keys
    assert ("svm", "0/1") not in keys
