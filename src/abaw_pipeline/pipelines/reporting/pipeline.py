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


SHOWN = (
    *("corpus_notes", "metrics", "confusion", "comparisons", "calibration", "fusion_weights", "fusion_fits"),
    *("failures", "stages", "timelines", "face_facts", "change_points"),
)
"""Tables that the report shows under their own names."""


def settings_of(*sections: str) -> dict[str, str]:
    """Arguments that are named like sections of parameters."""
    return {name: f"params:{name}" for name in sections}


def same(*names: str) -> dict[str, str]:
    """Arguments that are named like their datasets."""
    return {name: name for name in names}


def create_pipeline(**_: object) -> Pipeline:
    """Measures results and writes the report."""
    return Pipeline([*_measuring(), *_collecting(), _writing()])


def _measuring() -> list[Node]:
    posteriors = {**same("face_posteriors", "sound_posteriors"), "fused": "fused_posteriors"}
    scored = same("predictions", "annotations")
    settings = settings_of("evaluation", "seed")
    return [
        Node(
            nodes.collect_predictions,
            {**same("clips", "folds", "annotations"), **posteriors},
            "predictions",
            name="collect_predictions",
        ),
        Node(
            nodes.collect_levels,
            {**same("clips", "folds", "labels_5hz"), **posteriors},
            "level_predictions",
            name="collect_levels",
        ),
        Node(
            nodes.measure_predictions,
            {**scored, "levels": "level_predictions", **settings, **settings_of("study", "cross_validation")},
            ["metrics", "confusion", "change_points"],
            name="measure_predictions",
        ),
        Node(nodes.compare_systems, {**scored, **settings}, ["comparisons", "calibration"], name="compare_systems"),
    ]


def _collecting() -> list[Node]:
    return [
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
            {**settings_of("systems", "fusion"), **same("face_systems", "sound_systems", "folds")},
            "system_facts",
            name="describe_systems",
        ),
        Node(
            nodes.show_clips,
            {**same("predictions", "face_crops", "face_tracks", "clips"), **settings_of("evaluation")},
            ["timelines", "face_facts"],
            name="show_clips",
        ),
    ]


def _writing() -> Node:
    return Node(
        nodes.write_report,
        {
            **same("parameters", "inspection", "clips", "annotations", "folds", "contact_sheets", *SHOWN),
            "systems": "system_facts",
            "submission": "submission_check",
        },
        ["report", "figures", "results", "results_parquet", "markdown_tables", "csv_tables"],
        name="write_report",
    )
