"""Videos with a label a frame from the listing to folds and crops: nodes on real files, without a catalog."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.media.files import times_at, tone, write_media, write_video

from abaw_pipeline.artifacts import RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.corpora.affwild2 import LAYOUTS
from abaw_pipeline.corpora.listing import list_corpora
from abaw_pipeline.evaluation.folds import FINAL, label_rows, make_folds
from abaw_pipeline.evaluation.protocols import SubjectKFold
from abaw_pipeline.faces.crops import encode_jpeg
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.pipelines.face_preprocessing.nodes import choose_people, find_faces
from abaw_pipeline.pipelines.fusion.nodes import write_submission
from abaw_pipeline.pipelines.ingestion import nodes
from abaw_pipeline.stages import Corpora, CrossValidation, EvaluationStage, FusionStage, SystemsStage

FRAMES = 10
FEW = {"inner_folds": 0}
"""A handful of videos is not enough for inner folds."""
RULES = FusionStage.model_validate({"methods": {"mean": {"kind": "mean"}}})
LOOKING = SystemsStage.model_validate({"face": {"svm": {"kind": "linear_svm", "inputs": ["ee"]}}})


class Ingested:
    """What the nodes of ingestion make of corpora."""

    def __init__(self, corpora: dict[str, dict]) -> None:
        self.corpora = Corpora.model_validate(corpora)
        listing, self.refused, self.notes = list_corpora(self.corpora.root)
        self.clips = nodes.describe_clips(listing, nodes.probe_media(listing))
        self.frames = nodes.list_frames(self.clips)
        self.labels = nodes.read_frame_labels(self.clips, self.frames, self.corpora)

    @property
    def annotations(self) -> pd.DataFrame:
        return nodes.collect_annotations(self.clips, self.good, self.corpora)

    @property
    def good(self) -> dict[str, pa.Table]:
        return {key: self.labels[key] for key in self.labels.asked if not self.problem(key)}

    @property
    def inspection(self) -> pd.DataFrame:
        no_failures = RecipeMap("media", {})
        good = RecipeMap("frame_labels", {key: self.labels.recipes[key] for key in self.good})
        return nodes.inspect_corpora(
            self.clips, self.annotations, self.refused, no_failures, no_failures, good, self.corpora
        )

    def problem(self, clip_id: str) -> str | None:
        """Why a clip has no labels."""
        try:
            self.labels.recipes[clip_id].compute()
        except Exception as error:  # noqa: BLE001 - whatever it is, a test looks at it
            return str(error)
        return None

    def said(self, clip_id: str) -> list[tuple[int, str]]:
        rows = self.annotations[self.annotations["clip_id"] == clip_id]
        return list(zip(rows["frame"], rows["label"], strict=True))


def video(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    times = times_at(Fraction(25), FRAMES)
    return write_video(path, times, picture=lambda index: np.full((48, 64, 3), 20 * index + seed, np.uint8))


def labels(path: Path, values: list[int], header: str = "Neutral,Anger,Happiness") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *map(str, values)]))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    root = tmp_path_factory.mktemp("mine")
    video(root / "v.mp4")
    write_media(root / "a.wav", tone(1.0, 16_000), rate=16_000)
    rows = ["media;label_file;clip_id;start;end;label"]
    for count in (7, 8, 12, 13):
        labels(root / "labels" / f"{count}.txt", [0] * count)
        rows.append(f"v.mp4;labels/{count}.txt;of {count};;;")
    labels(root / "joy.txt", [-1, 2, 2, 1, 0, 0, 1, 1, 2, -1], "calm,anger,Joy")
    labels(root / "damaged.txt", [0] * FRAMES, "Neutral,,Anger")
    rows += ["v.mp4;joy.txt;whole;;;", "v.mp4;joy.txt;start;;0,12;", "v.mp4;joy.txt;end;0,32;;"]
    rows += ["v.mp4;damaged.txt;damaged;;;", "a.wav;joy.txt;sound;;;", "a.wav;;said;;;anger", "v.mp4;;nothing;;;"]
    (root / "m.csv").write_text("\n".join(rows))
    settings = {"labels": {"joy": "happiness"}, "label_tolerance": 2, "drop_classes": ["calm"]}
    return Ingested({"mine": {"kind": "manifest", "path": str(root / "m.csv"), **settings}})


def test_a_manifest_gives_each_frame_its_label_in_the_users_own_words(manifest: Ingested) -> None:
    assert manifest.refused.empty
    expected = [(1, "happiness"), (2, "happiness"), (3, "anger"), (6, "anger"), (7, "anger"), (8, "happiness")]
    assert manifest.said("mine/whole") == expected  # less calm, which is dropped, and less -1
    rows = manifest.annotations
    own = rows[rows["clip_id"] == "mine/whole"]
    assert own["time"].tolist() == pytest.approx([frame / 25 for frame, _ in expected])


def test_frames_that_are_dropped_are_counted(manifest: Ingested) -> None:
    (row,) = manifest.inspection.to_dict("records")
    assert row["dropped_frames"] == "calm 2"


def test_parts_of_a_video_take_their_part_of_the_file(manifest: Ingested) -> None:
    assert manifest.said("mine/start") == [(1, "happiness"), (2, "happiness")]
    assert manifest.said("mine/end") == [(8, "happiness")]
    rows = manifest.annotations
    assert rows.loc[rows["clip_id"] == "mine/end", "time"].tolist() == pytest.approx([0.0])


@pytest.mark.parametrize(("count", "kept"), [(7, None), (8, 8), (12, 10), (13, None)])
def test_the_manifests_own_tolerance_holds_to_the_frame(manifest: Ingested, count: int, kept: int | None) -> None:
    problem = manifest.problem(f"mine/of {count}")
    if kept is None:
        assert f"{count} labels for a video of 10 frames" in problem
        assert not manifest.said(f"mine/of {count}")
    else:
        assert problem is None
        assert [frame for frame, _ in manifest.said(f"mine/of {count}")] == list(range(kept))


def test_damaged_files_and_sound_are_failures_and_clips_without_a_file_are_none(manifest: Ingested) -> None:
    assert "class 1 has no name" in manifest.problem("mine/damaged")
    assert "no pictures" in manifest.problem("mine/sound")
    assert not {"mine/said", "mine/nothing"} & set(manifest.labels.asked)
    rows = manifest.annotations
    assert rows.loc[rows["clip_id"] == "mine/said", "label"].tolist() == ["anger"]


@pytest.fixture(scope="module")
def affwild2(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ingested, Path]:
    """Two challenges' sets of classes, a test video of one person and one of two, crops of all but one person."""
    root = tmp_path_factory.mktemp("affwild2")
    train, validation = (root / folder for folder in LAYOUTS["ABAW 3 to 6"])
    for seed, name in enumerate(("1", "2", "3", "4", "5")):
        video(root / "videos" / "batch1" / f"{name}.mp4", seed)
    labels(train / "1.txt", [0, 0, 0, 1, 1, 2, 2, 2, -1, -1])
    labels(
        train / "2.txt", [0, 1, 7, 7, 7, 6, 5, 4, 3, 2], "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other"
    )
    labels(validation / "3.txt", [2, 2, 2, 1, 1, 0, 0, 0, -1, -1], "Happiness,Anger,Neutral")
    (train / "4.txt").write_text("Neutral,Anger\n")
    (root / "test.txt").write_text("5_left.mp4\n5_right.mp4\n")
    for name in ("1", "2", "3", "5_left"):
        (root / "cropped_aligned" / name).mkdir(parents=True)
        for number in (1, 2, 9):
            content = encode_jpeg(np.full((112, 112, 3), number, np.uint8), 95)
            (root / "cropped_aligned" / name / f"{number:05d}.jpg").write_bytes(content)
    return Ingested({"aw": {"kind": "affwild2", "path": str(root), "test": "test.txt"}}), root


def test_sets_of_classes_and_their_order_are_each_files_own(affwild2: tuple[Ingested, Path]) -> None:
    ingested, _ = affwild2
    assert [label for _, label in ingested.said("aw/2")][:3] == ["neutral", "anger", "other"]
    assert [label for _, label in ingested.said("aw/3")] == ["neutral"] * 3 + ["anger"] * 2 + ["happiness"] * 3
    assert "there are no frames" in ingested.problem("aw/4")


def test_test_clips_are_in_no_fold_and_in_no_submission(affwild2: tuple[Ingested, Path]) -> None:
    ingested, _ = affwild2
    tested = ingested.clips[ingested.clips["split"] == "test"]
    assert tested["clip_id"].tolist() == ["aw/5_left", "aw/5_right"]
    annotations = ingested.annotations
    official = CrossValidation.model_validate({"protocol": {"kind": "official"}}).model_copy(update=FEW)
    folds = nodes.assign_folds(ingested.clips, annotations, official, RULES, seed=0)
    dealt = make_folds(SubjectKFold(k=3), label_rows(ingested.clips, annotations), final=True)
    for table in (folds, dealt):
        assert FINAL in set(table["fold"])
        assert set(table["clip_id"]) == {"aw/1", "aw/2", "aw/3"}
    steps = pd.DataFrame({"clip_id": ["aw/1"], "label": ["neutral"]})
    fused = pd.DataFrame({"method": ["mean"], "clip_id": ["aw/3"], "frame": [0], "p_neutral": [1.0]})
    files = write_submission(ingested.clips, folds, ingested.frames, steps, fused, EvaluationStage())
    assert list(files) == ["3"]


def test_ready_made_crops_stand_in_for_faces_that_are_found(affwild2: tuple[Ingested, Path], monkeypatch) -> None:
    ingested, root = affwild2
    monkeypatch.chdir(root)
    faces = Faces.model_validate({"cropped": {"path": str(root / "cropped_aligned")}, "fps": 1000})
    found = find_faces(ingested.clips, faces, LOOKING, Execution())
    assert set(found.asked) == {"aw/1", "aw/2", "aw/3", "aw/4", "aw/5_left + aw/5_right"}
    tracks = choose_people(ingested.clips, found, faces)
    rows = tracks["aw/5_left"].to_pandas()
    assert rows["crop"].tolist() == [0, 1, 1, 1, 1, 8, 8, 8, 8, 8]
    assert rows["origin"].tolist()[:3] == ["detected", "detected", "nearest"]
    for recipe, message in ((tracks.recipes["aw/5_right"], "no frame"), (found.recipes["aw/4"], "no ready-made crops")):
        with pytest.raises(Exception, match=message):
            recipe.compute()


def test_a_changed_crop_is_another_piece_and_a_moved_folder_is_not(affwild2, monkeypatch, tmp_path: Path) -> None:
    import shutil

    ingested, root = affwild2
    monkeypatch.chdir(tmp_path)
    shutil.copytree(root / "cropped_aligned", tmp_path / "moved")

    def prints(path: Path) -> dict[str, str]:
        faces = Faces.model_validate({"cropped": {"path": str(path)}})
        found = find_faces(ingested.clips, faces, LOOKING, Execution())
        return {key: recipe.fingerprint for key, recipe in found.recipes.items()}

    before = prints(root / "cropped_aligned")
    assert prints(tmp_path / "moved") == before
    (tmp_path / "moved" / "1" / "00002.jpg").write_bytes(encode_jpeg(np.zeros((112, 112, 3), np.uint8), 95))
    after = prints(tmp_path / "moved")
    assert {key for key in before if before[key] != after[key]} == {"aw/1"}
