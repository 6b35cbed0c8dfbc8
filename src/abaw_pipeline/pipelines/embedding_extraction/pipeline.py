"""From faces and voices to feature sequences."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.embedding_extraction import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Extracts embeddings from faces and features from sound."""
    return Pipeline(
        [
            Node(
                nodes.extract_faces,
                {
                    **{name: name for name in ("clips", "face_crops", "face_tracks", "backbones")},
                    **{name: f"params:{name}" for name in ("face", "systems", "execution")},
                },
                "face_embeddings",
                name="extract_faces",
                tags="faces",
            ),
            Node(
                nodes.extract_sound,
                ["vocals", "params:sound", "params:systems"],
                "sound_embeddings",
                name="extract_sound",
                tags="sound",
            ),
        ]
    )
