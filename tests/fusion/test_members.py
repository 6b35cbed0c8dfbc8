"""What a fusion is made of: its own members, or the stage's."""

from abaw_pipeline.stages import FusionStage

STAGE = FusionStage.model_validate(
    {
        "members": ["svm", "lda"],
        "methods": {
            "both": {"kind": "mean"},
            "table": {"kind": "mean", "members": "net+svm"},
            "one": {"kind": "mean", "members": ["net"]},
        },
    }
)
RUNNING = ["lda", "svm[C=1]", "svm[C=2]", "net", "other"]


def test_own_members_or_those_of_the_stage_rows_of_a_grid_by_its_name() -> None:
    assert STAGE.fused_by("both", RUNNING) == ["svm[C=1]", "svm[C=2]", "lda"]
    assert STAGE.fused_by("table", RUNNING) == ["net", "svm[C=1]", "svm[C=2]"]
    assert STAGE.chosen(RUNNING) == ["lda", "svm[C=1]", "svm[C=2]", "net"]


def test_a_fusion_is_made_where_all_of_its_own_members_run() -> None:
    assert list(STAGE.made(RUNNING)) == ["both", "table", "one"]
    assert list(STAGE.made(["net", "lda"])) == ["both", "one"]
    assert STAGE.chosen(["svm", "other"]) == ["svm"]  # nobody asks for what only `table` would fuse
    assert STAGE.chosen(["net"]) == ["net"]
    assert STAGE.fused_by("table", ["net"]) == ["net"]  # in a fold where svm failed
