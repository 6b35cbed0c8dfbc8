"""From labels of frames to labels at 5 Hz."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.label_resampling import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Brings labels of all videos to one rate."""
    return Pipeline(
        [
            Node(
                nodes.resample_labels,
                ["clips", "annotations", "frames", "params:labels"],
                "labels_5hz",
                name="resample_labels",
            )
        ]
    )
