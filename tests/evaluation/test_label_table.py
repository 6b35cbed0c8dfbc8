"""Annotations on one grid of time."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.label_table import resample_annotations

CLIPS = pd.DataFrame({"clip_id": ["v", "w"], "duration": [2.0, 3.5]})


def annotated(fps: float, labels: str) -> tuple[pd.DataFrame, dict[str, pa.Table]]:
    """A letter a frame, a dot for one that is not annotated; and a clip labelled as a whole."""
    time = np.arange(len(labels)) / fps
    rows = [("v", n, time[n], label) for n, label in enumerate(labels) if label != "."]
    table = pd.DataFrame([*rows, ("w", None, None, "z")], columns=["clip_id", "frame", "time", "label"])
    return table, {"v": pa.table({"frame": np.arange(len(labels)), "time": time})}


def of_video(table: pd.DataFrame) -> list[tuple[float, float, str]]:
    rows = table[table["clip_id"] == "v"]
    return list(zip(rows["start"].round(6), rows["end"].round(6), rows["label"], strict=True))


def test_frames_become_steps_and_whole_clips_stay() -> None:
    annotations, frames = annotated(10, "xxxy..yyzz")
    table = resample_annotations(CLIPS, annotations, frames, 5.0)
    assert of_video(table) == [(0.0, 0.2, "x"), (0.2, 0.4, "y"), (0.6, 0.8, "y"), (0.8, 1.0, "z")]
    assert table[table["clip_id"] == "w"][["start", "end"]].to_numpy().tolist() == [[0.0, 3.5]]


def test_without_a_rate_each_frame_keeps_its_label_until_the_next() -> None:
    annotations, frames = annotated(10, "xy.z")
    table = resample_annotations(CLIPS, annotations, frames, None)
    assert of_video(table) == [(0.0, 0.1, "x"), (0.1, 0.2, "y"), (0.3, 2.0, "z")]


@pytest.mark.parametrize("fps", [7.5, 15.0, 24.0, 25.0, 30000 / 1001, 60.0])
def test_videos_of_any_rate_get_the_same_steps(fps: float) -> None:
    second = lambda letter: letter * int(np.ceil(fps))  # noqa: E731
    annotations, frames = annotated(fps, second("x") + second("y"))
    table = resample_annotations(CLIPS, annotations, frames, 5.0)
    labels = [label for _, _, label in of_video(table)]
    assert labels[:4] == ["x"] * 4
    assert labels[6:10] == ["y"] * 4


def test_a_rate_at_which_a_class_is_lost_is_refused() -> None:
    annotations, frames = annotated(10, "xxxxyxxxxx")
    with pytest.raises(DataError, match=r"no step of 1 Hz keeps y.*labels\.rate"):
        resample_annotations(CLIPS, annotations, frames, 1.0)
