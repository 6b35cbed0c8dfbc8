"""From posteriors to measures and the report."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.reporting import nodes

MADE = (
    *(
        "media",
        "frames",
        "frame_labels",
        "face_crops",
        "face_tracks",
        "contact_sheets",
        "vocals",
        "stills",
        "backbones",
    ),
    *("face_embeddings", "sound_embeddings", "face_systems", "sound_systems", "face_posteriors", "sound_posteriors"),
)
"""Artifacts that are made of pieces."""


def same(*names: str) -> dict[str, str]:
    """Arguments that are named like their datasets."""
    return {name: name for name in names}


def create_pipeline(**_: object) -> Pipeline:
    """Measures results and writes the report."""
    return Pipeline(
        [
            Node(
                nodes.collect_predictions,
                {
                    **same("clips", "folds", "annotations", "face_posteriors", "sound_posteriors"),
                    "fused": "fused_posteriors",
                },
                "predictions",
                name="collect_predictions",
            ),
            Node(
                nodes.collect_levels,
                {
                    **same("clips", "folds", "labels_5hz", "face_posteriors", "sound_posteriors"),
                    "fused": "fused_posteriors",
                },
                "level_predictions",
                name="collect_levels",
            ),
            Node(
                nodes.compare_systems,
                {
                    **same("predictions", "annotations"),
                    **{name: f"params:{name}" for name in ("evaluation", "seed")},
                },
                ["comparisons", "calibration"],
                name="compare_systems",
            ),
            Node(
                nodes.measure_predictions,
                {
                    **same("predictions", "annotations"),
                    "levels": "level_predictions",
                    **{name: f"params:{name}" for name in ("study", "cross_validation", "evaluation", "seed")},
                },
                ["metrics", "confusion", "change_points"],
                name="measure_predictions",
            ),
            Node(
                nodes.collect_failures,
                same("quarantine", "stills_quarantine", *MADE),
                "failures",
                name="collect_failures",
            ),
            Node(nodes.note_parameters, "parameters", "run_parameters", name="note_parameters"),
            Node(nodes.sum_stages, same("clips", "folds", *MADE), "stages", name="sum_stages"),
            Node(
                nodes.describe_systems,
                {
                    "systems": "params:systems",
                    "fusion": "params:fusion",
                    **same("face_systems", "sound_systems", "folds"),
                },
                "system_facts",
                name="describe_systems",
            ),
            Node(
                nodes.show_clips,
                {**same("predictions", "face_crops", "face_tracks", "clips"), "evaluation": "params:evaluation"},
                ["timelines", "face_facts"],
                name="show_clips",
            ),
            Node(
                nodes.write_report,
                {
                    "parameters": "parameters",
                    **same("inspection", "corpus_notes"),
                    **same(
                        "clips", "annotations", "folds", "metrics", "confusion", "system_facts", "failures", "stages"
                    ),
                    **same(
                        "timelines",
                        "face_facts",
                        "change_points",
                        "submission_check",
                        "comparisons",
                        "calibration",
                        "fusion_fits",
                        "contact_sheets",
                    ),
                    "weights": "fusion_weights",
                },
                ["report", "figures", "results", "results_parquet", "markdown_tables", "csv_tables"],
                name="write_report",
            ),
        ]
    )
