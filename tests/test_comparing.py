"""`kedro compare` on two small runs; the demo's own are compared in test_command_line."""

import json
from pathlib import Path

import click
import pytest
from tests.report.fabricate import fabricate

from abaw_pipeline.artifacts.versions import Stored
from abaw_pipeline.comparing import compare
from abaw_pipeline.stored import Study

VERSIONS = ("2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z", "2026-02-01T00.00.00.000Z")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three runs, the first of them older than notes of parameters."""
    metrics, noted = Stored("metrics", tmp_path / "metrics.parquet"), Stored("run_parameters", tmp_path / "run.json")
    for number, version in enumerate(VERSIONS):
        names = ("a", "b")[: 1 + (number > 0)]
        metrics.file(version).parent.mkdir(parents=True)
        fabricate(names=names).metrics.astype({"fold": str}).to_parquet(metrics.file(version))
        if number:
            noted.file(version).parent.mkdir(parents=True)
            noted.file(version).write_text(json.dumps({"seed": number, "evaluation": {"measure": "uar"}}))
    return Study(None, "tiny", tmp_path, (metrics, noted))


def test_the_last_two_runs(study: Study, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    compare(study, (), None, tmp_path / "out/both.md")
    told = capsys.readouterr().out
    assert f"tiny: {VERSIONS[1]} and {VERSIONS[2]}" in told
    assert "seed: 1, now 2" in told
    assert "UAR in percent" in told
    assert "## Results" in (tmp_path / "out/both.md").read_text(encoding="utf-8")


def test_chosen_runs_by_their_beginnings(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    compare(study, ("2026-01-01", "2026-01-02"), "accuracy", None)
    told = capsys.readouterr().out
    assert f"{VERSIONS[0]} and {VERSIONS[1]}" in told
    assert "b" in told
    compare(study, ("2026-01-02",), None, None)
    assert f"{VERSIONS[1]} and {VERSIONS[2]}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("versions", "measure", "says"),
    [
        (("2026-01",), None, "several versions"),
        (("2025",), None, "no version: 2026-02"),
        ((), "f2", "no measure 'f2'; there are: accuracy"),
    ],
)
def test_what_cannot_be_meant_is_told(study: Study, versions: tuple[str, ...], measure: str | None, says: str) -> None:
    with pytest.raises(click.ClickException, match=says):
        compare(study, versions, measure, None)


def test_one_run_has_nothing_to_be_compared_with(study: Study) -> None:
    alone = Study(None, "tiny", study.data, tuple(Stored(each.name, study.data / "none") for each in study.datasets))
    with pytest.raises(click.ClickException, match="0 runs with results; two are needed"):
        compare(alone, (), None, None)
