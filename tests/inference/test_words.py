"""Numbers and sentences about a person."""

import numpy as np
import pytest

from abaw_pipeline.inference.pages import clock, stretch, whole_percent
from abaw_pipeline.inference.reading import read_rows
from abaw_pipeline.inference.words import means, shares, story
from abaw_pipeline.report.over_time import Runs

from .fabricate import CLASSES, fabricate_judged


def made(*parts):
    """Runs one after the other: (seconds, place of the class)."""
    ends = np.cumsum([seconds for seconds, _ in parts], dtype=np.float64)
    starts = np.append(0, ends[:-1])
    return Runs(starts, ends, np.array([label for _, label in parts], np.int64))


def test_shares_are_of_time_not_of_rows():
    """Rows of a variable frame rate last differently."""
    rows = read_rows(fabricate_judged([(0, 0.1)], fps=30), CLASSES, "fused")[1]["fused"]
    values = np.zeros((3, 8), np.float32)
    values[[0, 1, 2], [5, 5, 6]] = [0.5, 0.6, 0.9]
    new = type(rows)(
        **{
            **vars(rows),
            "start": np.array([0.0, 1, 2]),
            "end": np.array([1.0, 2, 10]),
            "predicted": np.array([5, 5, 6]),
            "values": values,
        }
    )
    told = shares(new, CLASSES)
    assert told.classes == ("sadness", "happiness") and told.shares == (0.8, 0.2)
    assert told.sure == pytest.approx(0.9) and told.adverb == "mostly"
    assert told.sentence == "mostly sadness; share of the time: sadness 80%, happiness 20%"
    assert means(new)[5] == pytest.approx(0.11)


def test_a_story_leaves_out_what_is_short_and_joins_what_it_parted():
    runs = made((10, 0), (0.3, 4), (10, 0), (0.2, 1), (20, 5))
    assert story(runs, CLASSES, 40.5) == "neutral until 0:20, then happiness until the end"
    assert story(made((10, 3)), CLASSES, 10) == ""
    assert story(made(), CLASSES, 10) == ""


def test_a_story_says_when_it_ends_early():
    assert story(made((4, 0), (4, 5)), CLASSES, 12) == "neutral until 4 s, then happiness until 8 s"


def test_a_story_is_short_however_much_happens():
    rng = np.random.default_rng(0)
    runs = made(*((float(rng.uniform(0.03, 3)), int(label)) for label in np.arange(30_000) % 8))
    told = story(runs, CLASSES, float(runs.end[-1]))
    assert told.count("until") <= 5


@pytest.mark.parametrize(
    ("seconds", "length", "text"),
    [
        (4.25, 10, "4.2 s"),
        (6, 10, "6 s"),
        (65, 100, "1:05"),
        (59.6, 100, "1:00"),
        (3723, 4000, "1:02:03"),
        (5, 4000, "0:00:05"),
    ],
)
def test_moments_are_written_as_a_player_does(seconds, length, text):
    assert clock(seconds, length) == text


def test_stretches_and_shares():
    assert stretch(1, 2.5, 10) == "1 to 2.5 s" and stretch(61.1, 61.2, 100) == "at 1:01"
    assert [whole_percent(share) for share in (0, 0.004, 0.5, 0.996, 1)] == ["0%", "under 1%", "50%", "99%", "100%"]
