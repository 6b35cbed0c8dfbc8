"""People of one video share its pictures."""

import pandas as pd

from abaw_pipeline.pipelines.segments import segments


def clips(*rows: tuple[str, str, float, float, bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["clip_id", "sha256", "start", "end", "video"])


def test_two_people_of_one_stretch_share_it_and_other_stretches_do_not() -> None:
    found = segments(
        clips(
            ("c/1_left", "a", 0.0, 5.0, True),
            ("c/1_right", "a", 0.0, 5.0, True),
            ("c/1_later", "a", 5.0, 9.0, True),
            ("c/2", "b", 0.0, 5.0, True),
            ("c/heard", "d", 0.0, 5.0, False),
        )
    )
    assert {key: [clip["clip_id"] for clip in members] for key, members in found.items()} == {
        "c/1_left + c/1_right": ["c/1_left", "c/1_right"],
        "c/1_later": ["c/1_later"],
        "c/2": ["c/2"],
    }
