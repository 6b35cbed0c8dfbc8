"""From any video to posteriors, an annotated video and a page."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines import audio_separation, embedding_extraction, face_preprocessing, ingestion
from abaw_pipeline.pipelines.inference import nodes, telling

STUDY = {"backbones", "face_systems", "sound_systems", "fusion_weights", "fusion_fits", "labels_5hz", "folds"}
"""What a study has learned."""

SEEN = {name: name for name in ("face_crops", "people", "face_tracks")}
HEARD = {name: name for name in ("vocals", "sound_embeddings")}
CHOICE = {name: f"params:{name}" for name in ("evaluation", "fusion", "systems")}


def create_pipeline(**_: object) -> Pipeline:
    """Looks at media as a study does, and lets the systems of its fold `final` judge them."""
    whole = _as_in_a_study() + _judging() + _telling()
    parameters = {name for name in whole.inputs() if name.startswith("params:")}
    return Pipeline(whole, namespace="inference", inputs=STUDY, parameters=parameters)


def _as_in_a_study() -> Pipeline:
    """The very nodes that a study's own clips go through."""
    return (
        ingestion.create_pipeline().filter(node_names=["probe_media", "describe_clips", "list_frames"])
        + face_preprocessing.create_pipeline().filter(node_names=["find_faces"])
        + audio_separation.create_pipeline()
        + embedding_extraction.create_pipeline().filter(node_names=["extract_sound"])
    )


def _judging() -> Pipeline:
    judged = {name: f"params:{name}" for name in ("systems", "execution")} | {"labels_5hz": "labels_5hz"}
    said = {name: name for name in ("voice", "face_posteriors", "sound_posteriors", "fusion_weights", "fusion_fits")}
    return Pipeline(
        [
            Node(
                nodes.list_media,
                ["params:media", "fusion_fits", "params:execution"],
                ["listing", "quarantine"],
                name="list_media",
            ),
            Node(nodes.find_people, ["face_crops", "params:faces", "params:inference"], "people", name="find_people"),
            Node(nodes.follow_people, ["face_crops", "people", "params:faces"], "face_tracks", name="follow_people"),
            Node(
                nodes.extract_people,
                {
                    **SEEN,
                    "backbones": "backbones",
                    **{name: f"params:{name}" for name in ("face", "systems", "execution")},
                },
                "face_embeddings",
                name="extract_people",
            ),
            Node(nodes.find_voices, "vocals", "voice", name="find_voices"),
            Node(
                nodes.judge_faces,
                {
                    **{name: name for name in ("clips", "people", "face_embeddings")},
                    "fitted": "face_systems",
                    **judged,
                },
                "face_posteriors",
                name="judge_faces",
            ),
            Node(
                nodes.judge_sound,
                {"clips": "clips", **HEARD, "fitted": "sound_systems", **judged},
                "sound_posteriors",
                name="judge_sound",
            ),
            Node(
                nodes.judge_videos,
                {
                    **{name: name for name in ("clips", "frames", "people", "face_tracks", "labels_5hz")},
                    **said,
                    "fusion": "params:fusion",
                    "systems": "params:systems",
                },
                "judged",
                name="judge_videos",
            ),
        ]
    )


def _telling() -> Pipeline:
    shown = {name: name for name in ("clips", "judged")} | CHOICE
    data = {name: name for name in ("folds", "labels_5hz")}
    data |= {"study": "params:study", "demo": "params:demo_corpus", "corpora": "params:corpora"}
    made = {name: name for name in telling.STAGES}
    failing = {name: name for name in ("media", "frames")} | made
    return Pipeline(
        [
            Node(
                telling.draw_movies,
                {
                    **shown,
                    "labels_5hz": "labels_5hz",
                    **{name: f"params:{name}" for name in ("inference", "execution")},
                },
                "movies",
                name="draw_movies",
            ),
            Node(telling.cut_strips, shown, "strips", name="cut_strips"),
            Node(telling.write_tables, {"judged": "judged", **CHOICE}, "tables", name="write_tables"),
            Node(telling.time_stages, made, "stages", name="time_stages"),
            Node(
                telling.collect_failures,
                {"quarantine": "quarantine", **failing},
                "failures",
                name="collect_failures",
            ),
            Node(
                telling.write_pages,
                {
                    **shown,
                    **data,
                    **{name: name for name in ("people", "strips", "movies", "stages", "failures")},
                    "inference": "params:inference",
                },
                ["pages", "cards"],
                name="write_pages",
            ),
            Node(
                telling.lay_out,
                {
                    **{name: name for name in ("clips", "judged", "movies", "tables", "pages", "cards", "failures")},
                    **data,
                },
                "results",
                name="lay_out",
            ),
        ]
    )
