"""Seconds of work a second of media."""

import pandas as pd
import pytest

from abaw_pipeline.evaluation.work import inference_rates, media_seconds, validated_seconds

DURATIONS = {"v/1": 10.0, "v/2_left": 4.0, "v/2_right": 4.0}


def test_each_clip_counts_once_however_many_pieces_are_about_it() -> None:
    assert media_seconds(["v/1", "v/2_left + v/2_right"], DURATIONS, {}) == (14.0, [True, True])
    assert media_seconds([("mel", "v/1"), ("egemaps", "v/1")], DURATIONS, {}) == (10.0, [True, True])


def test_inner_folds_do_not_count() -> None:
    keys = [("svm", "0"), ("lda", "0"), ("svm", "0/1")]
    assert media_seconds(keys, DURATIONS, {"0": 14.0}) == (14.0, [True, True, False])


def test_pieces_about_nothing_in_particular() -> None:
    assert media_seconds(["resnet", ("fer2013", "0001")], DURATIONS, {"0": 14.0})[0] is None


def test_validated_seconds() -> None:
    clips = pd.DataFrame({"clip_id": list(DURATIONS), "duration": list(DURATIONS.values())})
    folds = pd.DataFrame(
        {
            "fold": ["0", "0", "0/1", "1"],
            "parent": [None, None, "0", None],
            "clip_id": ["v/1", "v/2_left", "v/2_left", "v/1"],
            "role": ["train", "validation", "validation", "validation"],
        }
    )
    assert validated_seconds(clips, folds) == {"0": 4.0, "1": 10.0}


def test_sight_and_sound_side_by_side_take_as_long_as_the_slower_one():
    rows = [
        *(("media", 0.01), ("frames", 0.02), ("face_crops", 0.4), ("face_embeddings", 0.1), ("face_systems", None)),
        *(("vocals", 0.2), ("sound_posteriors", 0.1), ("stills", 9.0), ("backbones", 5.0)),
    ]
    stages = pd.DataFrame(rows, columns=["artifact", "per_second"])
    assert inference_rates(stages) == pytest.approx((0.83, 0.53))
    alone = stages[stages["artifact"].isin(["media", "vocals"])]
    assert inference_rates(alone) == pytest.approx((0.21, 0.21))
    assert inference_rates(stages.iloc[:2]) is None


def test_what_s0_prints():
    """Table 9, a video of 119 s: 54 s of preprocessing, 7.78 s of features, 16.76 s of predictions; 0.66 in all."""
    sight = {"face_crops": 54 / 119, "face_embeddings": 7.78 / 119, "face_posteriors": (2.7 + 2.4 + 6.13) / 119}
    stages = pd.Series(sight | {"sound_posteriors": 5.53 / 119}).rename_axis("artifact").reset_index(name="per_second")
    sequential, parallel = inference_rates(stages)
    assert sequential == pytest.approx(78.54 / 119, abs=1e-9)
    # The paper's 0.56 also runs extractors and predictors of one modality side by side; here they follow one another.
    assert parallel == pytest.approx((78.54 - 5.53) / 119)
