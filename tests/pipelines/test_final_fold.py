"""Fold `final`: trained on everything, fused by what the protocol's folds have shown, and in no result."""

import logging

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
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
)

from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.folds import FINAL, make_folds
from abaw_pipeline.evaluation.protocols import Official, SubjectKFold, SubjectLists
from abaw_pipeline.fusion.align import align, fit_method
from abaw_pipeline.pipelines.fusion.nodes import apply_fusion, fit_fusion
from abaw_pipeline.pipelines.inference.nodes import judge_videos
from abaw_pipeline.pipelines.ingestion.nodes import assign_folds
from abaw_pipeline.pipelines.reporting.nodes import collect_predictions, describe_systems, measure_predictions
from abaw_pipeline.pipelines.temporal_modeling.nodes import fit_sound_systems, predict_sound
from abaw_pipeline.stages import EvaluationStage, FusionStage

COLUMNS = [f"p_{name}" for name in CLASSES]
MODELS = FusionStage.model_validate(
    {
        "methods": {
            "svm_stacking": {"kind": "svm_stacking", "grid": [1]},
            "neighbours": {"kind": "knn_stacking", "grid": [5], "members": ["svm"]},
            "trees": {"kind": "xgboost_stacking", "grid": [2], "trees": 5},
        }
    }
)
STACKED = FusionStage.model_validate(
    {
        "methods": {
            "mean": {"kind": "log_mean"},
            "stacking": {"kind": "logistic_stacking", "grid": [1, 10], "folds": 2},
        }
    }
)
SMOOTH = FusionStage.model_validate({"methods": {"stacking": {"kind": "logistic_stacking", "grid": [1]}}})
"""Whose weights change with whatever they are fitted on; the best of a pool may stay the best."""


class Said(dict):
    """Pieces by key, as a map of an artifact."""

    asked: list[tuple[str, str]]


class Study:
    """The tiny study with a fold for other media."""

    def __init__(self, clips: pd.DataFrame, protocol: object = SubjectKFold(k=3), chosen: str = "all") -> None:
        self.clips, self.labels = clips, make_labels(clips)
        self.folds = make_folds(protocol, clips, folds=chosen, inner_folds=2, final=True, seed=0)
        self.data = (clips, self.folds, self.labels, make_vocals(clips), make_embeddings(make_clips()))
        self.systems = fit_sound_systems(*self.data, STAGE, FUSION, CROSS, seed=0)
        self.maps = predict_sound(*self.data, self.systems, STAGE, FUSION)

    def tables(self) -> dict[tuple[str, str], pa.Table]:
        """All posteriors, to be changed."""
        return {key: self.maps[key] for key in self.maps}

    def said(self, posteriors: object) -> object:
        """Tables as a map of what was asked for, of which the rest has failed."""
        if not isinstance(posteriors, dict) or isinstance(posteriors, Said):
            return posteriors
        said = Said(posteriors)
        said.asked = list(self.maps.recipes)
        return said

    def weights(self, posteriors: object, fusion: FusionStage = FUSION, labels: object = None) -> pd.DataFrame:
        return self.learned(posteriors, fusion, labels)[0]

    def learned(
        self, posteriors: object, fusion: FusionStage = FUSION, labels: object = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        maps = (nothing("face_posteriors"), self.said(posteriors))
        known = self.labels if labels is None else labels
        return fit_fusion(self.clips, self.folds, known, *maps, fusion, STAGE, LABELS, CROSS, seed=0)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(make_clips())


def final(weights: pd.DataFrame) -> pd.DataFrame:
    return weights[weights["fold"] == FINAL].drop(columns="fold").reset_index(drop=True)


def turned(table: pa.Table) -> pa.Table:
    """Each posterior is another emotion's."""
    moved = dict(zip(COLUMNS, COLUMNS[-1:] + COLUMNS[:-1], strict=True))
    return table.select([moved.get(name, name) for name in table.column_names]).rename_columns(table.column_names)


def test_fold_final_learns_from_all_clips_and_judges_none(study: Study) -> None:
    for name in STAGE.chosen:
        assert set(study.systems.recipes[name, FINAL].arguments["clip_ids"]) == set(study.clips["clip_id"])
        assert (name, FINAL) not in study.maps.asked
        assert not any(fold.startswith(f"{FINAL}/") for _, fold in study.systems.recipes)


def test_an_official_test_part_is_not_learned_from() -> None:
    clips = make_clips()
    number = clips["subject"].str[2:].astype(int)
    clips = clips.assign(split=number.map(lambda n: "train" if n < 5 else "validation" if n < 8 else "test"))
    study = Study(clips, Official())
    for (_, fold), recipe in study.systems.recipes.items():
        assert not any(clip_id.startswith("c/8-") for clip_id in recipe.arguments["clip_ids"]), fold
    learned = set(study.systems.recipes["svm", FINAL].arguments["clip_ids"])
    assert learned == set(clips.loc[number < 8, "clip_id"])


def test_weights_of_fold_final_are_those_of_all_held_out_posteriors(study: Study) -> None:
    """Computed anew: what each fold's systems say of the clips that they have not seen, all together."""
    weights = final(study.weights(study.maps))
    assert set(weights["method"]) == set(FUSION.methods)  # the optimistic ones have nothing to be optimistic about
    held_out = {
        name: pd.concat([study.maps[name, fold].to_pandas() for fold in "012"], ignore_index=True)
        for name in STAGE.chosen
    }
    order = study.clips["clip_id"].tolist()
    units = make_annotations(study.clips).astype({"frame": "Int64", "time": "Float64"})
    assert sorted(order) == sorted(next(iter(held_out.values()))["clip_id"])
    aligned = align(held_out, units, CLASSES)
    subjects = dict(zip(study.clips["clip_id"], study.clips["subject"], strict=True))
    for name, method in FUSION.methods.items():
        expected, _ = fit_method(method, aligned, subjects, CLASSES, seed=0)
        given = weights[weights["method"] == name]
        np.testing.assert_array_equal(given["weight"], expected["weight"])
        assert given["system"].tolist() == expected["system"].tolist()


def test_posteriors_of_inner_folds_and_of_fold_final_change_no_weight_of_it(study: Study) -> None:
    before = study.weights(study.maps, SMOOTH)
    changed = {key: turned(table) if "/" in key[1] else table for key, table in study.tables().items()}
    own = {(name, FINAL): turned(study.maps[name, "0"]) for name in STAGE.chosen}
    after = study.weights({**changed, **own}, SMOOTH)
    pd.testing.assert_frame_equal(final(before), final(after))
    outer = before["fold"].isin(list("012"))
    assert not before[outer]["weight"].equals(after[outer]["weight"])


def test_held_out_posteriors_change_weights_of_fold_final(study: Study) -> None:
    """Each fold's: one system is turned about in one fold alone."""
    before = final(study.weights(study.maps, SMOOTH))
    for fold in "012":
        changed = {key: turned(table) if key == ("svm", fold) else table for key, table in study.tables().items()}
        after = final(study.weights(changed, SMOOTH))
        assert not before["weight"].equals(after["weight"]), fold


def test_labels_outside_the_protocols_folds_change_no_weight_of_fold_final() -> None:
    """Only fold 0 is run: clips that are validated in no fold train fold `final`, but weigh nothing."""
    study = Study(make_clips(), chosen="0")
    held_out = set(study.folds[(study.folds["fold"] == "0") & (study.folds["role"] == "validation")]["clip_id"])
    assert held_out < set(study.clips["clip_id"])
    other = dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True))
    before = final(study.weights(study.maps, SMOOTH))
    for inside in (False, True):
        labels = study.labels.copy()
        rows = labels["clip_id"].isin(held_out) == inside
        labels.loc[rows, "label"] = labels.loc[rows, "label"].map(other)
        same = before.equals(final(study.weights(study.maps, SMOOTH, labels=labels)))
        assert same != inside


def test_a_system_whose_posteriors_failed_in_a_fold_is_not_fused_in_fold_final(study: Study) -> None:
    lacking = {key: table for key, table in study.tables().items() if key != ("lda", "1")}
    assert set(final(study.weights(lacking))["system"].dropna()) == {"svm"}


def test_a_fusion_of_systems_that_say_nothing_is_left_out_and_told(
    study: Study, caplog: pytest.LogCaptureFixture
) -> None:
    """No face was found in any clip, say: what is fused of sound alone must not fail of it."""
    fusion = FusionStage.model_validate(
        {"methods": {"alone": {"kind": "mean", "members": ["lda"]}, "all": {"kind": "mean"}}}
    )
    silent = {key: table[:0] if key[0] == "lda" else table for key, table in study.tables().items()}
    with caplog.at_level(logging.WARNING):
        weights, fits = study.learned(silent, fusion)
    assert set(fits["method"]) == set(weights["method"]) == {"all"}
    assert "fold 0: nothing that fusion alone fuses says anything" in caplog.text
    maps = (nothing("face_posteriors"), silent)
    data = (study.clips, study.folds, nothing("frames"), study.labels)
    fused = apply_fusion(*data, *maps, weights, fits, fusion, STAGE)
    assert set(fused["clip_id"]) == set(study.clips["clip_id"])  # lda undecided, svm decides


def test_a_fusion_whose_members_do_not_all_run_is_left_out_and_told(
    study: Study, caplog: pytest.LogCaptureFixture
) -> None:
    methods = {"pair": {"kind": "mcwf", "pool": 5, "members": ["svm", "lda"]}, "all": {"kind": "mean"}}
    fusion = FusionStage.model_validate({"methods": methods, "optimistic": ["pair"]})
    alone = STAGE.model_copy(update={"run": ("svm",)})
    maps = (nothing("face_posteriors"), study.maps)
    with caplog.at_level(logging.WARNING):
        _, fits = fit_fusion(study.clips, study.folds, study.labels, *maps, fusion, alone, LABELS, CROSS, seed=0)
    assert set(fits["method"]) == {"all"}
    assert caplog.text.count("fusion pair is left out") == 1
    assert describe_systems(alone, fusion, nothing("face_systems"), study.systems, study.folds)["system"].tolist() == [
        "svm",
        "all",
    ]


def test_what_was_never_asked_for_is_an_error(study: Study) -> None:
    """Somebody fuses a system more than when systems were trained: it must not be called one that failed."""
    fewer = Said({key: table for key, table in study.tables().items() if key[0] == "svm"})
    fewer.asked = [*fewer, ("lda", "0"), ("lda", "1"), ("lda", "2"), ("lda", FINAL)]
    with pytest.raises(DataError, match=r"no posteriors of lda for fold 0/0.*by the whole chain: kedro run"):
        study.learned(fewer)


def test_one_system_and_none(study: Study) -> None:
    one = {key: table for key, table in study.tables().items() if key[0] == "svm"}
    weights, fits = study.learned(one)
    assert set(weights["system"]) == {"svm"}
    maps = (nothing("face_posteriors"), study.said(one))
    data = (study.clips, study.folds, nothing("frames"), study.labels)
    fused = apply_fusion(*data, *maps, weights, fits, FUSION, STAGE)
    mean = fused[fused["method"] == "mean"].set_index("clip_id")[COLUMNS].to_numpy()
    alone = pd.concat([one["svm", fold].to_pandas() for fold in "012"]).set_index("clip_id")
    order = fused[fused["method"] == "mean"]["clip_id"]
    np.testing.assert_array_equal(mean.argmax(axis=1), alone.loc[order, COLUMNS].to_numpy().argmax(axis=1))
    weights, fits = study.learned({})
    assert weights.empty
    assert fits.empty
    with pytest.raises(DataError, match="no system gave posteriors for any fold"):
        apply_fusion(*data, nothing("face_posteriors"), study.said({}), weights, fits, FUSION, STAGE)


@pytest.mark.parametrize("fold_alone", [True, False])
def test_too_little_validated_stops_no_study(fold_alone: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody tries one fold of one person: a stacking cannot choose C there. What the fold itself needs is there."""
    clips = make_clips()
    lists = [["0"], ["1"], ["2", "3", "4"]]
    study = Study(clips, SubjectLists(validation=lists), chosen="0" if fold_alone else "0+2")
    with caplog.at_level(logging.WARNING):
        weights = study.weights(study.maps, STACKED)
    methods = {fold: set(part["method"]) for fold, part in weights.groupby("fold")}
    assert methods["0"] == {"mean", "stacking"}
    assert methods[FINAL] == {"mean"} | (set() if fold_alone else {"stacking"})
    assert ("fold final" in caplog.text) == fold_alone


def test_too_little_to_fit_a_fold_itself_is_still_an_error(study: Study) -> None:
    single = study.clips["subject"].iloc[0]
    clips = study.clips.assign(subject=single)
    maps = (nothing("face_posteriors"), study.maps)
    with pytest.raises(DataError, match="fold 0, fusion stacking, cross-fitting of a fusion"):
        fit_fusion(clips, study.folds, study.labels, *maps, STACKED, STAGE, LABELS, CROSS, seed=0)


def test_results_do_not_know_fold_final(study: Study) -> None:
    maps = (nothing("face_posteriors"), study.maps)
    weights, fits = study.learned(study.maps)
    assert FINAL in set(weights["fold"])
    data = (study.clips, study.folds, nothing("frames"), study.labels)
    fused = apply_fusion(*data, *maps, weights, fits, FUSION, STAGE)
    annotations = make_annotations(study.clips)
    predictions = collect_predictions(study.clips, study.folds, annotations, *maps, fused)
    metrics, confusion, _ = measure_predictions(predictions, annotations, "tiny", CROSS, EvaluationStage(), seed=0)
    for table in (fused, predictions):
        assert set(table["fold"]) == set("012")
    for table in (metrics, confusion):
        assert {*"012", "all"} <= set(table["fold"]) <= {*"012", "all", "mean", "sd"}
    # Even posteriors that fold `final` should not have are scored nowhere.
    leaked = {**study.tables(), ("svm", FINAL): study.maps["svm", "0"]}
    again = collect_predictions(study.clips, study.folds, annotations, nothing("face_posteriors"), leaked, fused)
    pd.testing.assert_frame_equal(predictions, again)


def test_training_times_are_those_of_the_protocols_folds(study: Study) -> None:
    """Whatever is told of a system is told of the folds that are scored."""
    without = study.folds[study.folds["fold"] != FINAL]
    tables = [
        describe_systems(STAGE, FUSION, nothing("face_systems"), study.systems, folds)
        for folds in (study.folds, without)
    ]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("wanted", [True, False])
def test_a_study_may_do_without_fold_final(wanted: bool) -> None:
    clips = make_clips()
    cross = CROSS.model_copy(update={"final": wanted})
    folds = assign_folds(clips, make_annotations(clips), cross, FUSION, seed=0)
    assert (FINAL in set(folds["fold"])) == wanted
    assert CROSS.final  # unless somebody says otherwise


def test_weights_of_fold_final_alone_judge_other_media(study: Study) -> None:
    """The node hands them on as they were learned, so that fusing other media is fusing as in the evaluation."""
    fusion = FusionStage(methods={**FUSION.methods, **STACKED.methods, **MODELS.methods})
    weights, fits = study.learned(study.maps, fusion)
    clip = study.clips["clip_id"].iloc[0]
    fold = next(fold for fold in "012" if clip in study.maps["svm", fold].column("clip_id").to_pylist())
    tables = {name: study.maps[name, fold] for name in STAGE.chosen}
    said = {(name, clip): table.filter(pc.equal(table.column("clip_id"), clip)) for name, table in tables.items()}
    frames = pa.table({"frame": pa.array([0, 1], pa.int64()), "time": [0.0, 0.5]})
    clips = study.clips.iloc[:1].assign(label=None)
    maps = {"frames": {clip: frames}, "people": {}, "face_tracks": {}, "voice": {}, "face_posteriors": {}}
    recipes = judge_videos(
        clips,
        **{name: Plain(table) for name, table in maps.items()},
        sound_posteriors=Plain(said),
        fusion_weights=weights,
        fusion_fits=fits,
        labels_5hz=study.labels,
        fusion=fusion,
        systems=STAGE,
    )
    arguments = recipes.recipes[clip].arguments
    judged = whole(recipes.recipes[clip].function(**arguments)).to_pandas()
    assert set(judged["system"]) == {*STAGE.chosen, *fusion.methods}
    folds = pd.DataFrame({"fold": ["x"], "parent": pd.array([None], "string"), "clip_id": clip, "role": "validation"})
    chosen = [table[table["fold"] == FINAL].assign(fold="x") for table in (weights, fits)]
    held_out = {(name, "x"): table for (name, _), table in said.items()}
    expected = apply_fusion(clips, folds, {clip: frames}, study.labels, {}, held_out, *chosen, fusion, STAGE)
    for name, rows in expected.groupby("method"):
        np.testing.assert_allclose(judged.loc[judged["system"] == name, COLUMNS], rows[COLUMNS], atol=1e-6)


class Plain(dict):
    """A map whose references are the pieces themselves."""

    def ref(self, key: object) -> object:
        return self[key]
