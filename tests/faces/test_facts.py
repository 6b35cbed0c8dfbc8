"""Where boxes come from, counted."""

from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq

from abaw_pipeline.faces.facts import face_facts


def test_frames_by_origin_people_and_crops(tmp_path) -> None:
    crops = pa.table({"track": pa.array([0, 0, 1, None, 2], pa.int32()), "image": pa.array([b"x"] * 5)})
    pq.write_table(crops, tmp_path / "crops.parquet")
    origin = ["detected", "interpolated", "detected", "nearest", "missing", "missing"]
    tracks = pa.table({"origin": origin, "crop": pa.array([0, 0, 5, 5, None, None], pa.int64())})
    stored = SimpleNamespace(path=str(tmp_path / "crops.parquet"))
    computed = SimpleNamespace(path=None, read=lambda: crops)
    for ref in (stored, computed):
        row = face_facts({"c/1": (tracks, ref)}).iloc[0].to_dict()
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
