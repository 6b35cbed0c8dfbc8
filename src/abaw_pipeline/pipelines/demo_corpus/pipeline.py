"""The embedded demo corpus."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.demo_corpus import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Writes the demo corpus; nothing for any other."""
    return Pipeline(
        [
            Node(
                nodes.make_demo_corpus,
                {
                    "demo": "params:demo_corpus",
                    **{name: f"params:{name}" for name in ("corpora", "stills", "backbones", "face", "systems")},
                },
                "demo_corpus",
                name="make_demo_corpus",
            )
        ],
        tags={"sound", "acts"},
    )
