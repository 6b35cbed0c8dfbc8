"""From posteriors to measures and the report."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.reporting import nodes

ARTIFACTS = {
    "media": "media",
    "vocals": "vocals",
    "embeddings": "sound_embeddings",
    "systems": "sound_systems",
    "posteriors": "sound_posteriors",
}


def create_pipeline(**_: object) -> Pipeline:
    """Measures results and writes the report."""
    return Pipeline(
        [
            Node(
                nodes.collect_predictions,
                ["clips", "folds", "sound_posteriors", "fused_posteriors"],
                "predictions",
                name="collect_predictions",
            ),
            Node(
                nodes.measure_predictions,
                {
                    "predictions": "predictions",
                    "clips": "clips",
                    "study": "params:study",
                    "cross_validation": "params:cross_validation",
                    "evaluation": "params:evaluation",
                    "seed": "params:seed",
                },
                ["metrics", "confusion"],
                name="measure_predictions",
            ),
            Node(
                nodes.collect_failures,
                {"quarantine": "quarantine", **ARTIFACTS},
                "failures",
                name="collect_failures",
            ),
            Node(nodes.sum_stages, ARTIFACTS, "stages", name="sum_stages"),
            Node(
                nodes.describe_systems,
                ["params:systems", "params:fusion", "sound_systems", "folds"],
                "system_facts",
                name="describe_systems",
            ),
            Node(
                nodes.write_report,
                {
                    "parameters": "parameters",
                    **{name: name for name in ("clips", "folds", "metrics", "confusion", "system_facts")},
                    **{name: name for name in ("failures", "stages")},
                    "weights": "fusion_weights",
                },
                ["report", "figures", "results"],
                name="write_report",
            ),
        ]
    )
