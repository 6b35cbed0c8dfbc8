"""From features to trained systems and their posteriors."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.temporal_modeling import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Trains each system on each fold and lets it judge the fold's validation clips."""
    data = {"clips": "clips", "folds": "folds", "vocals": "vocals", "embeddings": "sound_embeddings"}
    settings = {"stage": "params:systems", "fusion": "params:fusion"}
    return Pipeline(
        [
            Node(
                nodes.fit_sound_systems,
                {**data, **settings, "cross_validation": "params:cross_validation", "seed": "params:seed"},
                "sound_systems",
                name="fit_sound_systems",
            ),
            Node(
                nodes.predict_sound,
                {**data, **settings, "systems": "sound_systems"},
                "sound_posteriors",
                name="predict_sound",
            ),
        ],
        tags="sound",
    )
