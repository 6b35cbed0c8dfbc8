"""From voices to feature sequences."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.embedding_extraction import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Extracts features from sound."""
    return Pipeline(
        [
            Node(
                nodes.extract_sound,
                ["vocals", "params:sound", "params:systems"],
                "sound_embeddings",
                name="extract_sound",
                tags="sound",
            )
        ]
    )
