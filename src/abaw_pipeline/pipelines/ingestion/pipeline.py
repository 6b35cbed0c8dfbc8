"""From corpora to clips, annotations and folds."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.ingestion import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Lists corpora, looks into their media, and deals clips into folds."""
    return Pipeline(
        [
            Node(
                nodes.list_clips,
                ["demo_corpus", "params:corpora"],
                ["listing", "quarantine"],
                name="list_clips",
            ),
            Node(nodes.probe_media, "listing", "media", name="probe_media"),
            Node(nodes.describe_clips, ["listing", "media"], ["clips", "annotations"], name="describe_clips"),
            Node(
                nodes.assign_folds,
                ["clips", "params:cross_validation", "params:seed"],
                "folds",
                name="assign_folds",
            ),
        ]
    )
