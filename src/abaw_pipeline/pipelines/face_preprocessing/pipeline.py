"""From videos to the faces of those who are annotated."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.pipelines.face_preprocessing import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Finds, tracks and crops faces, and chooses whose faces a clip is about."""
    return Pipeline(
        [
            Node(
                nodes.find_faces,
                ["clips", "params:faces", "params:systems", "params:execution"],
                "face_crops",
                name="find_faces",
            ),
            Node(
                nodes.choose_people,
                ["clips", "face_crops", "params:faces"],
                "face_tracks",
                name="choose_people",
            ),
            Node(
                nodes.draw_sheets,
                ["clips", "face_crops", "face_tracks"],
                "contact_sheets",
                name="draw_sheets",
            ),
        ],
        tags="faces",
    )
