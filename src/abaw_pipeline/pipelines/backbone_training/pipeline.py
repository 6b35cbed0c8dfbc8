"""From still faces to the networks that describe faces."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.backbone_training import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Reads corpora of stills and trains backbones on them."""
    settings = {name: f"params:{name}" for name in ("backbones", "face", "systems")}
    return Pipeline(
        [
            Node(
                nodes.list_stills,
                {"_demo": "demo_corpus", "stills": "params:stills", **settings, "execution": "params:execution"},
                ["stills_listing", "stills_quarantine"],
                name="list_stills",
            ),
            Node(nodes.read_stills, "stills_listing", "stills", name="read_stills"),
            Node(
                nodes.train_backbones,
                {
                    "listing": "stills_listing",
                    "stills": "stills",
                    **settings,
                    "execution": "params:execution",
                    "seed": "params:seed",
                },
                "backbones",
                name="train_backbones",
            ),
        ],
        tags="faces",
    )
