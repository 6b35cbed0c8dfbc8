"""What is decided, scored, and trained on."""

import numpy as np
import pandas as pd
import pyarrow as pa

from abaw_pipeline.evaluation.units import decided_units, scored_units, training_units

CLIPS = pd.DataFrame({"clip_id": ["video", "whole", "sound"], "label": [None, "fear", None]})
FRAMES = {name: pa.table({"frame": [4, 5], "time": [0.0, 0.04]}) for name in ("video", "whole")}


def test_a_clip_with_one_label_is_one_unit_a_video_one_a_frame() -> None:
    units = decided_units(CLIPS, FRAMES, ["video", "whole", "sound"])
    assert units["clip_id"].tolist() == ["video", "video", "whole", "sound"]
    assert units["frame"].isna().tolist() == [False, False, True, True]
    assert units["time"].iloc[:2].tolist() == [0.0, 0.04]
    assert decided_units(CLIPS, FRAMES, []).empty


def test_only_annotated_frames_are_scored() -> None:
    annotations = pd.DataFrame(
        {"clip_id": ["video", "whole"], "frame": [5, None], "time": [0.04, None], "label": ["anger", "fear"]}
    )
    assert scored_units(annotations, ["video"])["frame"].tolist() == [5]


def test_training_moments_lie_in_the_middle_of_labelled_steps() -> None:
    runs = {
        "video": {"start": [0.2, 1.0], "end": [0.6, 1.4], "label": ["anger", "fear"]},
        "whole": {"start": [0.0], "end": [3.7], "label": ["fear"]},
        "other": {"start": [0.0], "end": [1.0], "label": ["anger"]},
    }
    units = training_units(runs, ["video", "whole"], 5.0, {"whole"})
    video = units[units["clip_id"] == "video"]
    np.testing.assert_allclose(video["time"].to_numpy(float), [0.3, 0.5, 1.1, 1.3])
    assert video["label"].tolist() == ["anger", "anger", "fear", "fear"]
    assert units[units["clip_id"] == "whole"]["frame"].isna().tolist() == [True]
    assert len(units) == 5
