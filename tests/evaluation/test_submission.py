"""Challenge files, written and read back."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.submission import check_submission, submission_files

CLASSES = ("neutral", "anger", "happiness")
TRAINING = pd.DataFrame({"label": ["anger", "anger", "neutral"]})


def frames(n: int, first: int = 0) -> pa.Table:
    return pa.table({"frame": np.arange(first, first + n), "time": np.arange(n) / 25.0})


def posteriors(clip_id: str, best: list[int], first: int = 0) -> pd.DataFrame:
    values = np.eye(3)[best]
    index = np.arange(first, first + len(best))
    return pd.DataFrame({"clip_id": clip_id, "frame": index}).join(
        pd.DataFrame(values, columns=[f"p_{name}" for name in CLASSES])
    )


def test_every_frame_has_the_number_of_its_class() -> None:
    files = submission_files(posteriors("aw/7_left", [2, 0, 1]), {"aw/7_left": frames(3)}, CLASSES, TRAINING)
    assert files == {"7_left": "Neutral,Anger,Happiness\n2\n0\n1\n"}


def test_a_clip_that_nothing_is_known_of_gets_the_commonest_training_class() -> None:
    files = submission_files(posteriors("aw/1", [2]), {"aw/1": frames(1), "aw/2": frames(2)}, CLASSES, TRAINING)
    assert files["2"] == "Neutral,Anger,Happiness\n1\n1\n"


def test_rows_in_any_order_go_by_frame_index() -> None:
    table = posteriors("aw/1", [0, 1, 2], first=10).sample(frac=1, random_state=3)
    assert submission_files(table, {"aw/1": frames(3, first=10)}, CLASSES, TRAINING)["1"].split()[1:] == ["0", "1", "2"]


def test_two_corpora_with_one_name_are_refused() -> None:
    table = pd.concat([posteriors("a/1", [0]), posteriors("b/1", [0])])
    with pytest.raises(DataError, match="two clips are named '1'"):
        submission_files(table, {"a/1": frames(1), "b/1": frames(1)}, CLASSES, TRAINING)


def test_what_was_written_is_valid() -> None:
    wanted = {"aw/1": frames(3), "aw/2_right": frames(2)}
    table = pd.concat([posteriors("aw/1", [0, 1, 2]), posteriors("aw/2_right", [1, 1])])
    check = check_submission(submission_files(table, wanted, CLASSES, TRAINING), wanted, CLASSES)
    assert check["problem"].isna().all()
    assert check["frames"].tolist() == [3, 2]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "missing or empty"),
        ("", "missing or empty"),
        ("Neutral,Happiness,Anger\n0\n0\n", "the first line is 'Neutral,Happiness,Anger'"),
        ("Neutral,Anger,Happiness\n0\n", "1 decisions for 2 frames"),
        ("Neutral,Anger,Happiness\n0\n1\n2\n", "3 decisions for 2 frames"),
        ("Neutral,Anger,Happiness\n0\n-1\n", "line 3 is '-1'"),
        ("Neutral,Anger,Happiness\n0\n3\n", "line 3 is '3'"),
        ("Neutral,Anger,Happiness\n0\n1.0\n", "line 3 is '1.0'"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(text: str | None, problem: str) -> None:
    check = check_submission({} if text is None else {"1": text}, {"aw/1": frames(2)}, CLASSES)
    assert problem in check["problem"].iloc[0]


def test_a_file_that_nobody_asked_for_is_told() -> None:
    check = check_submission({"2": "x"}, {}, CLASSES)
    assert check["problem"].tolist() == ["no clip has this name"]
