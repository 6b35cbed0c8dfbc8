import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.levels import decide_steps, decide_windows, step_units
from abaw_pipeline.schemas import LEVEL_PREDICTIONS

CLASSES = ("m", "n")
CLIPS = pd.DataFrame({"clip_id": ["v"], "corpus": ["c"], "subject": ["s"]})
LABELS = pd.DataFrame(
    {"clip_id": "v", "start": np.arange(5) / 5, "end": (np.arange(5) + 1) / 5, "label": list("mmnnn")}
)


def said(start, end, p_m):
    p = np.array(p_m, dtype=np.float32)
    return pd.DataFrame({"clip_id": "v", "start": start, "end": end, "p_m": p, "p_n": 1 - p})


def test_steps_take_what_covers_their_middle():
    units = step_units(LABELS, {"v"})
    np.testing.assert_allclose(units["time"].to_numpy(float), [0.1, 0.3, 0.5, 0.7, 0.9])
    table = LEVEL_PREDICTIONS.validate(
        decide_steps("x", "0", said([0, 0.4], [0.4, 1], [0.9, 0.2]), units, CLIPS, CLASSES)
    )
    assert table["predicted"].tolist() == list("mmnnn")
    assert table["frame"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(table["p_truth"], [0.9, 0.9, 0.8, 0.8, 0.8], atol=1e-6)
    assert set(table["level"]) == {"5 Hz"}


def test_of_frames_a_step_takes_the_nearest():
    moments = said([0.0, 0.31, 0.52, 0.95], [0.0, 0.31, 0.52, 0.95], [1, 0, 1, 0])
    table = decide_steps("fused", "0", moments, step_units(LABELS, {"v"}), CLIPS, CLASSES)
    assert table["predicted"].tolist() == list("mnmmn")


def test_a_window_has_the_label_that_is_on_for_longest():
    table = LEVEL_PREDICTIONS.validate(
        decide_windows("x", "0", said([0, 0.2, 0.9], [0.6, 1.0, 2.9], [0.8, 0.3, 0.6]), LABELS, CLIPS, CLASSES)
    )
    # 0.4 s of m against 0.2 s of n; 0.2 against 0.6; the third window is labelled for a twentieth only
    assert table[["truth", "predicted", "frame"]].values.tolist() == [["m", "m", 0], ["n", "n", 1]]
    assert table["time"].tolist() == [0.0, 0.2]
    assert set(table["level"]) == {"window"}


def test_clips_without_labels_over_time_have_no_windows():
    table = decide_windows("x", "0", said([0], [1], [0.5]).assign(clip_id="w"), LABELS, CLIPS, CLASSES)
    assert LEVEL_PREDICTIONS.validate(table).empty
