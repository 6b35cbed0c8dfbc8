"""Labels of the training sides."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.evaluation.training_labels import label_runs, training_labels


def steps(clip_id: str, labels: str, rate: float = 5.0) -> pd.DataFrame:
    """One letter a step; a dot is a step without a label."""
    rows = [(clip_id, k / rate, (k + 1) / rate, label) for k, label in enumerate(labels) if label != "."]
    return pd.DataFrame(rows, columns=["clip_id", "start", "end", "label"])


def folds(train: list[str], validation: list[str]) -> pd.DataFrame:
    rows = [("0", None, clip, "train") for clip in train] + [("0", None, clip, "validation") for clip in validation]
    rows += [("0/0", "0", clip, "train") for clip in train[:1]] + [
        ("0/0", "0", clip, "validation") for clip in train[1:]
    ]
    return pd.DataFrame(rows, columns=["fold", "parent", "clip_id", "role"])


def test_runs_end_at_changes_and_at_gaps() -> None:
    runs = label_runs(pd.concat([steps("a", "xxy.yy"), steps("b", "y")]))
    assert runs["a"] == {"start": [0.0, 0.4, 0.8], "end": [0.4, 0.6, 1.2], "label": ["x", "y", "y"]}
    assert runs["b"] == {"start": [0.0], "end": [0.2], "label": ["y"]}


@given(st.lists(st.text("xyz.", min_size=1, max_size=30), min_size=1, max_size=4))
def test_runs_say_what_the_steps_say(texts: list[str]) -> None:
    table = pd.concat([steps(str(number), text) for number, text in enumerate(texts)], ignore_index=True)
    runs = label_runs(table)
    for number, text in enumerate(texts):
        run = runs.get(str(number), {"start": [], "end": [], "label": []})
        again = ["."] * len(text)
        for start, end, label in zip(run["start"], run["end"], run["label"], strict=True):
            for k in range(round(start * 5), round(end * 5)):
                again[k] = label
        assert "".join(again) == text
        assert all(
            a != b or c > d
            for a, b, c, d in zip(run["label"], run["label"][1:], run["start"][1:], run["end"], strict=False)
        )


def test_shuffling_moves_labels_of_stretches_between_training_clips_alone() -> None:
    letters = {str(number): "xxyyzz"[number % 3 :] + "." + "yx" for number in range(12)}
    runs = label_runs(pd.concat([steps(clip, text) for clip, text in letters.items()]))
    sides = folds([str(number) for number in range(9)], ["9", "10", "11"])
    true = training_labels(runs, sides, permute=False, seed=0)
    shuffled = training_labels(runs, sides, permute=True, seed=0)
    assert true["0"] == {clip: runs[clip] for clip in true["0"]}
    assert set(shuffled["0"]) == {str(number) for number in range(9)}
    assert shuffled["0"] == shuffled["0/0"]
    assert all(shuffled["0"][clip]["start"] == runs[clip]["start"] for clip in shuffled["0"])
    every = [[label for run in each["0"].values() for label in run["label"]] for each in (true, shuffled)]
    assert every[0] != every[1]
    assert sorted(every[0]) == sorted(every[1])
    assert training_labels(runs, sides, permute=True, seed=0) == shuffled
    assert training_labels(runs, sides, permute=True, seed=1) != shuffled


def test_a_clip_without_any_labelled_step_has_none() -> None:
    assert training_labels({}, folds(["a", "b"], ["c"]), permute=True, seed=0)["0"]["a"]["label"] == []
