"""From features to trained systems and their posteriors."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.temporal_modeling import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Trains each system on each fold and lets it judge the fold's validation clips."""
    data = {"clips": "clips", "folds": "folds", "labels_5hz": "labels_5hz"}
    settings = {name: f"params:{name}" for name in ("systems", "fusion", "execution")}
    training = {**settings, "cross_validation": "params:cross_validation", "seed": "params:seed"}
    seen = {**data, "face_embeddings": "face_embeddings"}
    heard = {**data, "vocals": "vocals", "sound_embeddings": "sound_embeddings"}
    return Pipeline(
        [
            Node(nodes.fit_face_systems, {**seen, **training}, "face_systems", name="fit_face_systems", tags="faces"),
            Node(
                nodes.fit_sound_systems, {**heard, **training}, "sound_systems", name="fit_sound_systems", tags="sound"
            ),
            Node(
                nodes.predict_faces,
                {**seen, **settings, "fitted": "face_systems"},
                "face_posteriors",
                name="predict_faces",
                tags="faces",
            ),
            Node(
                nodes.predict_sound,
                {**heard, **settings, "fitted": "sound_systems"},
                "sound_posteriors",
                name="predict_sound",
                tags="sound",
            ),
        ]
    )
