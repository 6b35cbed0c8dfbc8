"""Numbers as readers see them."""

import pytest

from abaw_pipeline.report import numbers


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1440, "1,440"), (9999, "9,999"), (12_345, "12k"), (999_000, "999k"), (2.5e6, "2M")],
)
def test_compact_counts_fit_a_cell(number, text):
    assert numbers.compact(number) == text
    assert len(numbers.compact(number)) <= 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.421, "0.42 s"),
        (12.4, "12 s"),
        (59.7, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.9, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_round_into_the_next_unit(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(12, "12 B"), (96_500_000, "96.5 MB"), (1.2e12, "1.2 TB"), (None, "–"), (float("nan"), "–")]
)
def test_sizes(size, text):
    assert numbers.size(size) == text


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf"), "", "unknown"])
def test_missing_numbers_are_dashes(missing):
    written = [f(missing) for f in (numbers.percent, numbers.points, numbers.count, numbers.duration, numbers.size)]
    assert written == [numbers.MISSING] * 5
    assert numbers.interval(0.5, missing) == ""


def test_interval_is_in_percent_with_one_decimal():
    assert numbers.interval(0.64949, 0.6966) == "[64.9, 69.7]"


def test_shortened_names_keep_both_ends():
    names = [f"a very long system name with settings, window {size} s" for size in (2, 4)]
    short = [numbers.shorten(name, 20) for name in names]
    assert all(len(text) <= 20 for text in short)
    assert short[0] != short[1]
    assert numbers.shorten("short", 5) == "short"
