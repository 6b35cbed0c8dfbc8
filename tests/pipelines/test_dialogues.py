"""Segments of one media file go through ingestion as clips of their own, while the file is one."""

from pathlib import Path

import pandas as pd
import pytest
from tests.media.files import tone, write_media

from abaw_pipeline.artifacts import RecipeMap, file_hashes
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.audio.vocals import make_vocals
from abaw_pipeline.corpora.iemocap import Iemocap
from abaw_pipeline.corpora.ramas import Ramas
from abaw_pipeline.datasets import RecipeDataset
from abaw_pipeline.pipelines.ingestion.nodes import (
    collect_annotations,
    describe_clips,
    inspect_corpora,
    list_clips,
    list_frames,
    probe_media,
)
from abaw_pipeline.pipelines.segments import segments
from abaw_pipeline.stages import Corpora, SoundStage
from abaw_pipeline.types import File

TURNS = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[0.5000 - 1.1000]\tSes01F_impro01_F000\tneu\t[2.5, 2.5, 2.5]
[1.2000 - 2.8000]\tSes01F_impro01_M000\tang\t[2.5, 2.5, 2.5]
[1.2000 - 2.8000]\tSes01F_impro01_F001\texc\t[2.5, 2.5, 2.5]
[2.9000 - 3.5000]\tSes01F_impro01_F002\tsad\t[2.5, 2.5, 2.5]
"""


def dialogue(path: Path) -> Path:
    """Three seconds of pictures at 25 a second, with a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_media(path, tone(3.0, 48_000)[None], pictures=3.0)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Corpora:
    root = tmp_path_factory.mktemp("corpora")
    session = root / "iemocap/Session1/dialog"
    dialogue(session / "avi/DivX/Ses01F_impro01.avi")
    (session / "EmoEvaluation").mkdir()
    (session / "EmoEvaluation/Ses01F_impro01.txt").write_text(TURNS)
    dialogue(root / "ramas/10dec_O11_1.avi")
    rows = ["10dec_O11_1,0,1.4,1,0", "10dec_O11_1,1,2,0,1", "10dec_O11_1,2,4,1,0"]
    (root / "ramas/annotations.csv").write_text("\n".join(["file,start,end,Sad,Happy", *rows]))
    return Corpora.model_validate(
        {
            "ie": Iemocap(path=str(root / "iemocap"), modality="video"),
            "ra": Ramas(path=str(root / "ramas/annotations.csv")),
        }
    )


@pytest.fixture
def listed(corpora: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, pd.DataFrame]:
    monkeypatch.chdir(tmp_path)
    return list_clips({}, corpora, Execution())[:2]


@pytest.fixture
def clips(listed: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return describe_clips(listed[0], probe_media(listed[0]))


def test_each_segment_is_a_clip_with_its_own_times(listed, clips):
    assert clips[["clip_id", "start", "end", "label", "side"]].values.tolist() == [
        ["ie/Ses01F_impro01_F000", 0.5, 1.1, "neutral", "left"],
        ["ie/Ses01F_impro01_F001", 1.2, 2.8, "happiness", "left"],
        ["ie/Ses01F_impro01_M000", 1.2, 2.8, "anger", "right"],
        ["ra/10dec_O11_1.avi#0-1", 0.0, 1.0, "sadness", pd.NA],
        ["ra/10dec_O11_1.avi#1.4-2", 1.4, 2.0, "happiness", pd.NA],
    ]
    assert (clips["duration"] == clips["end"] - clips["start"]).all()
    assert listed[1]["key"].tolist() == ["ie/Ses01F_impro01_F002", "ra/row 4"]
    assert listed[1]["message"].str.contains("beyond the media, which last 3").all()


def test_a_file_of_many_segments_is_hashed_once(corpora, tmp_path, monkeypatch):
    reads, whole = [], file_hashes.read_digest
    monkeypatch.setattr(file_hashes, "read_digest", lambda file: reads.append(file.name) or whole(file))
    monkeypatch.chdir(tmp_path)
    listing, _, _ = list_clips({}, corpora, Execution())
    assert len(reads) == len(set(reads)) == listing["media"].nunique() == 2
    assert listing.groupby("media")["sha256"].nunique().tolist() == [1, 1]


def test_a_file_of_many_segments_is_probed_once(listed, tmp_path, caplog):
    """Copies of one file, too: pieces are known by content."""
    listing, _ = listed
    assert (len(listing), listing["media"].nunique(), listing["sha256"].nunique()) == (5, 2, 1)
    dataset = RecipeDataset(
        filepath=str(tmp_path / "media.parquet"), pieces={"path": str(tmp_path / "pieces"), "format": "json"}
    )
    with caplog.at_level("INFO"):
        dataset.save(probe_media(listing))
    assert "media: 1 to compute" in caplog.text
    assert {dataset.load()[clip_id]["fps"] for clip_id in listing["clip_id"]} == {25.0}


def test_segments_are_inspected_by_the_media_that_they_cover(listed, clips, corpora):
    nothing = RecipeMap("media", {})
    annotations = collect_annotations(clips, nothing, corpora)
    table = inspect_corpora(clips, annotations, listed[1], nothing, nothing, nothing, corpora).set_index("corpus")
    assert table.index.tolist() == ["ie", "ra", "all corpora"]
    assert table["clips"].tolist() == [3, 2, 5]
    assert (3600 * table["hours"]).round(6).tolist() == [2.2, 1.6, 3.8]  # two of three turns are at the same time
    assert table["refused"].tolist() == [1, 1, 2]
    assert table.loc["all corpora", "classes"] == "neutral 1, anger 1, happiness 2, sadness 1"
    assert table.loc["all corpora", "reasons"].endswith("(2)")


def test_frames_and_sound_of_a_segment_are_those_within_it(clips):
    frames = list_frames(clips)
    for clip in clips.to_dict("records"):
        times = frames[clip["clip_id"]]["time"].to_numpy()
        assert len(times) == round(25 * clip["duration"])
        assert 0 <= times[0] < 1 / 25
        assert times[-1] < clip["duration"]
        media = File(clip["media"], clip["sha256"])
        voice = make_vocals(media, clip["start"], clip["end"], separation=SoundStage().separation)
        assert sum(len(part.samples) for part in voice) == round(clip["end"] * 16_000) - round(clip["start"] * 16_000)


def test_pictures_of_two_who_speak_in_one_stretch_are_looked_at_once(clips):
    assert "ie/Ses01F_impro01_F001 + ie/Ses01F_impro01_M000" in segments(clips)


def test_each_clip_is_annotated_as_a_whole(clips, corpora):
    found = collect_annotations(clips, RecipeMap("frame_labels", {}), corpora)
    assert found["clip_id"].tolist() == clips["clip_id"].tolist()
    assert found["frame"].isna().all()
