"""From the posteriors of many systems to one."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.fusion import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Fits fusion weights on training sides and fuses the validation sides."""
    common = {
        "clips": "clips",
        "folds": "folds",
        "posteriors": "sound_posteriors",
        "fusion": "params:fusion",
        "systems": "params:systems",
    }
    return Pipeline(
        [
            Node(
                nodes.fit_fusion,
                {**common, "cross_validation": "params:cross_validation", "seed": "params:seed"},
                "fusion_weights",
                name="fit_fusion",
            ),
            Node(
                nodes.apply_fusion,
                {**common, "weights": "fusion_weights"},
                "fused_posteriors",
                name="apply_fusion",
            ),
        ]
    )
