"""Peak memory of what is done with sound does not grow with a video's length."""

import pytest
from benchmarks.sound_memory import RATES, STAGES, bench_sound_memory

FLAT = [stage for stage in STAGES if stage != "opensmile_lld"]
"""Not openSMILE's descriptors, which need the whole sound."""


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
