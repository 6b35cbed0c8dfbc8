"""Real videos without labels, by a manifest, up to embeddings of faces and sound."""

from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import Project

from abaw_pipeline.artifacts.manifest import read_manifest

pytestmark = pytest.mark.real

VIDEOS = {
    "cut": "two_people_cut/asd_sample_2.mp4",
    "nobody": "face_presence/no_face.mp4",
    "one": "face_presence/single_face.mp4",
    "sad": "labelled_sad/M030_sad_3_001.mp4",
}
PARAMETERS = """
study: ${globals:study}
demo_corpus:
  path: ${corpus_folder:demo}
  settings: {videos: null, stills: {count: 140, people: 20}}
corpora:
  videos: {kind: manifest, path: manifest.csv}
backbones:
  small:
    kind: residual
    stills: [demo_stills]
    side: 36
    size: 32
    width: 16
    depth: 1
    epochs: 2
    optimizer: adamw
    learning_rate: 0.006
    standardize: image
systems:
  face:
    ee_framewise: {kind: framewise, inputs: [ee]}
  sound:
    svm: {kind: linear_svm, inputs: [functionals]}
"""


@pytest.fixture(scope="module")
def videos(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the real videos have been worked on."""
    from tests.conftest import make_project

    made = make_project(tmp_path_factory.mktemp("videos") / "project")
    made.write("conf/videos/globals.yml", "study: videos\n")
    made.write("conf/videos/parameters.yml", PARAMETERS)
    rows = [{"clip_id": name, "media": str(real_data / "videos" / path)} for name, path in VIDEOS.items()]
    pd.DataFrame(rows).to_csv(made.folder / "manifest.csv", index=False)
    made.kedro("run", "--env=videos", "--to-outputs=face_embeddings,sound_embeddings,contact_sheets")
    return made


def entries(project: Project, path: str) -> dict[str, object]:
    found = read_manifest(project.latest(f"data/{path}.parquet")).entries
    return {(entry.key if isinstance(entry.key, str) else entry.key[-1]).split("/")[-1]: entry for entry in found}


def test_every_face_has_an_embedding_and_no_face_is_a_row(videos: Project) -> None:
    embeddings = entries(videos, "04_feature/videos/face_embeddings")
    assert {name: entry.status for name, entry in embeddings.items()} == {
        "cut": "done",
        "nobody": "failed",
        "one": "done",
        "sad": "done",
    }
    assert "no face found" in embeddings["nobody"].message
    # five pictures a second
    assert embeddings["cut"].rows >= 25
    assert embeddings["one"].rows >= 10
    assert embeddings["sad"].rows >= 15


def test_all_sound_is_described_and_every_clip_has_a_sheet(videos: Project) -> None:
    sound = entries(videos, "04_feature/videos/sound_embeddings")
    assert {entry.status for entry in sound.values()} == {"done"}
    assert set(entries(videos, "08_reporting/videos/contact_sheets")) == set(VIDEOS)


def test_every_frame_of_a_video_without_faces_says_missing(videos: Project) -> None:
    entry = entries(videos, "02_intermediate/videos/face_tracks")["nobody"]
    tracks = pd.read_parquet(videos.folder / "data/02_intermediate/face_tracks" / entry.path)
    assert set(tracks["origin"]) == {"missing"}
    assert len(tracks) > 90
