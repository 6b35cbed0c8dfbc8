"""From corpora to clips, annotations and folds, and a table of what there is."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.ingestion import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Lists corpora, looks into their media, and deals clips into folds."""
    return Pipeline(
        [
            Node(
                nodes.list_clips,
                ["demo_corpus", "params:corpora", "params:execution"],
                ["listing", "quarantine", "corpus_notes"],
                name="list_clips",
            ),
            Node(nodes.probe_media, "listing", "media", name="probe_media"),
            Node(nodes.describe_clips, ["listing", "media"], "clips", name="describe_clips"),
            Node(nodes.list_frames, "clips", "frames", name="list_frames"),
            Node(
                nodes.read_frame_labels,
                ["clips", "frames", "params:corpora"],
                "frame_labels",
                name="read_frame_labels",
            ),
            Node(
                nodes.collect_annotations,
                ["clips", "frame_labels", "params:corpora"],
                "annotations",
                name="collect_annotations",
            ),
            Node(
                nodes.inspect_corpora,
                [*("clips", "annotations", "quarantine", "media", "frames", "frame_labels"), "params:corpora"],
                "inspection",
                name="inspect_corpora",
            ),
            Node(
                nodes.assign_folds,
                ["clips", "annotations", "params:cross_validation", "params:fusion", "params:seed", "inspection"],
                "folds",
                name="assign_folds",
            ),
        ]
    )
