"""From media to voices."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.audio_separation import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Decodes sound and separates voices from the rest."""
    return Pipeline(
        [
            Node(
                nodes.separate_vocals,
                ["clips", "params:sound", "params:systems"],
                "vocals",
                name="separate_vocals",
            )
        ],
        tags="sound",
    )
