"""Where boxes come from, counted."""

import pyarrow as pa
from tests.faces.people import parts

from abaw_pipeline.faces.facts import face_facts


def test_frames_by_origin_people_and_crops() -> None:
    crops = pa.table({"track": pa.array([0, 0, 1, None, 2], pa.int32())})
    origin = ["detected", "interpolated", "detected", "nearest", "missing", "missing"]
    tracks = pa.table({"origin": origin, "crop": pa.array([0, 0, 5, 5, None, None], pa.int64())})
    for size in (1, 4, 9):
        row = face_facts({"c/1": (parts(tracks, size), parts(crops, size))}).iloc[0].to_dict()
        assert row == {
            "clip_id": "c/1",
            "frames": 6,
            "detected": 2,
            "interpolated": 1,
            "nearest": 1,
            "missing": 2,
            "people": 3,
            "crops": 2,
        }


def test_no_clips() -> None:
    assert face_facts({}).empty
