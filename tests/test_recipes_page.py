"""The stage that docs/recipes.md writes does what the page says."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.datasets import RecipeDataset
from abaw_pipeline.types import Waveform

PAGE = Path(__file__).resolve().parents[1] / "docs" / "recipes.md"


def test_the_page_s_stage_runs_by_itself_and_through_a_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (block,) = (text for text in blocks if "loudness" in text)
    (tmp_path / "stage_of_the_page.py").write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    stage = importlib.import_module("stage_of_the_page")
    try:
        sounds = RecipeMap("vocals", {"a": Recipe(stages.half_scale, {"rate": 8000})})
        assert stage.measure_loudness(sounds)["a"] == {"db": round(10 * np.log10(0.25), 2)}
        assert isinstance(sounds["a"], Waveform)
        dataset = RecipeDataset(
            filepath=str(tmp_path / "loudness.parquet"),
            pieces={"path": str(tmp_path / "loudness"), "format": "json"},
            execution={"workers": 1},
        )
        dataset.save(stage.measure_loudness(sounds))
        assert dict(dataset.load()) == {"a": {"db": -6.02}}
    finally:
        sys.modules.pop("stage_of_the_page", None)


def test_its_picture_and_links_are_there() -> None:
    links = re.findall(r"\]\(([\w./]+)\)", PAGE.read_text("utf-8"))
    assert links
    assert all((PAGE.parent / link).is_file() for link in links)
