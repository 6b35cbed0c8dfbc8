"""Which folder of ready-made crops belongs to a stretch of video that is there under several names."""

from pathlib import Path

import pandas as pd
import pytest

from abaw_pipeline.artifacts import RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.faces.cropped import Cropped
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.pipelines.face_preprocessing.nodes import find_faces
from abaw_pipeline.stages import SystemsStage

LOOKING = SystemsStage.model_validate({"face": {"ee": {"kind": "framewise", "inputs": ["ee"]}}})


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Crops of `second` and `third`; of one person of `pair`, and of the other one of its copy."""
    folder = tmp_path / "cropped_aligned"
    for name in ("second", "third", "pair_left", "copy_left", "copy_right"):
        (folder / name).mkdir(parents=True)
        (folder / name / "00001.jpg").write_bytes(name.encode())
    return folder


def found(crops: Path, *clips: tuple[str, str, str | None]) -> RecipeMap:
    """What is asked for, of clips (media, content, side)."""
    rows = [
        {"clip_id": f"c/{media}{side or ''}", "media": media, "sha256": content, "side": side}
        | {"start": 0.0, "end": 2.0, "video": True}
        for media, content, side in clips
    ]
    faces = Faces(cropped=Cropped(path=str(crops)))
    return find_faces(pd.DataFrame(rows), faces, LOOKING, Execution())


def folders(recipes: RecipeMap, key: str) -> dict[str, str]:
    return {side: Path(file.path).name for side, file in recipes.recipes[key].arguments["people"].items()}


def test_copies_share_the_crops_of_the_first_that_has_any(crops: Path) -> None:
    recipes = found(crops, ("first.mp4", "a", None), ("second.mp4", "a", None), ("third.mp4", "a", None))
    key = "c/first.mp4 + c/second.mp4 + c/third.mp4"
    assert list(recipes.recipes) == [key]
    assert folders(recipes, key) == {"": "second"}
    recipe = recipes.recipes[key]
    other = found(crops, ("third.mp4", "a", None), ("second.mp4", "a", None)).recipes["c/third.mp4 + c/second.mp4"]
    assert Path(other.arguments["people"][""].path).name == "third"
    assert other.fingerprint != recipe.fingerprint  # these crops have other content


def test_each_person_has_crops_of_their_own(crops: Path) -> None:
    pair = [(media, "a", side) for media in ("pair.mp4", "copy.mp4") for side in ("left", "right")]
    (recipe,) = found(crops, *pair).recipes
    assert folders(found(crops, *pair), recipe) == {"left": "pair_left", "right": "copy_right"}


def test_videos_of_other_content_share_nothing(crops: Path) -> None:
    recipes = found(crops, ("first.mp4", "a", None), ("second.mp4", "b", None))
    assert folders(recipes, "c/first.mp4") == {}
    assert folders(recipes, "c/second.mp4") == {"": "second"}
