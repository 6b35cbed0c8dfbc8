"""From the posteriors of many systems to one."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.fusion import nodes

POSTERIORS = {"face_posteriors": "face_posteriors", "sound_posteriors": "sound_posteriors"}


def create_pipeline(**_: object) -> Pipeline:
    """Fits fusion weights (see `fitting`), fuses the validation sides, writes challenge files."""
    data = {"clips": "clips", "folds": "folds", "labels_5hz": "labels_5hz"}
    settings = {"fusion": "params:fusion", "systems": "params:systems"}
    learned = {"weights": "fusion_weights", "fits": "fusion_fits"}
    fitting = {"labels": "params:labels", "cross_validation": "params:cross_validation", "seed": "params:seed"}
    return Pipeline(
        [
            Node(
                nodes.fit_fusion,
                {**data, **POSTERIORS, **settings, **fitting},
                ["fusion_weights", "fusion_fits"],
                name="fit_fusion",
            ),
            Node(
                nodes.apply_fusion,
                {**data, "frames": "frames", **POSTERIORS, **settings, **learned},
                "fused_posteriors",
                name="apply_fusion",
            ),
            Node(
                nodes.write_submission,
                {**data, "frames": "frames", "fused": "fused_posteriors", "evaluation": "params:evaluation"},
                "submission",
                name="write_submission",
            ),
            Node(
                nodes.validate_submission,
                {"submission": "submission", **data, "frames": "frames"},
                "submission_check",
                name="validate_submission",
            ),
        ]
    )
