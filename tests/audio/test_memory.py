"""Peak memory of what is done with sound does not grow with a video's length."""

import pytest
from benchmarks.sound_memory import RATES, STAGES, bench_sound_memory

FLAT = [stage for stage in STAGES if stage not in {"vocals, nn_filter", "opensmile_lld"}]
"""Not openSMILE's descriptors, which need the whole sound, and not nn_filter: its chunks are equally long, 41 s of two
minutes and 59 s of twenty, and a longer chunk needs more."""


@pytest.mark.long
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("stage", FLAT)
def test_a_minute_more_of_a_video_needs_less_than_a_megabyte_more(stage, rate, capsys):
    if stage.startswith("opensmile"):
        pytest.importorskip("opensmile")
    (row,) = bench_sound_memory((stage,), rates=(rate,))
    with capsys.disabled():
        print(f"\n{row}")
    assert row["mb_a_minute"] <= 1
