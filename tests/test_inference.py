"""Media of no corpus, judged by a small study's fold `final`: the real command line, down to pages and movies."""

import shutil
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import soundfile
from tests.conftest import Project

from abaw_pipeline.media.decode import decode_audio
from abaw_pipeline.media.pictures import frame_times

NAMED, PLAIN = "Grüße, Anna & Bo.mp4", "b.mp4"


@pytest.fixture(scope="module")
def judged(seen: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path, str]:
    """A copy of the study, a folder of media, and what `kedro infer` said of it and of a manifest."""
    base = tmp_path_factory.mktemp("judged")
    project = Project(base / "project")
    shutil.copytree(seen.folder, project.folder, symlinks=True)
    media = base / "Fälle, 2026"
    media.mkdir()
    videos = sorted(path for path in (project.folder / "data/01_raw/demo/videos").rglob("*.mp4") if _heard(path))
    shutil.copy(videos[0], media / NAMED)
    shutil.copy(videos[1], media / PLAIN)
    sound = decode_audio(videos[0])
    soundfile.write(media / "voice.wav", sound.samples, sound.rate)
    (media / "broken.mp4").write_bytes(videos[1].read_bytes()[:3000])
    (media / "notes.txt").write_text("no medium", encoding="utf-8")
    manifest = base / "segments.csv"
    row = {"media": str(media / PLAIN), "start": 0.5, "end": 2.0, "clip_id": "middle"}
    pd.DataFrame([row]).to_csv(manifest, index=False)
    return project, media, project.kedro("infer", str(media), str(manifest))


def _heard(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.audio)


def _results(project: Project) -> Path:
    return project.folder / "data/08_reporting/demo/inferred"


def _posteriors(project: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(_results(project) / name / "posteriors.parquet")


def test_every_medium_has_its_folder_and_a_damaged_one_is_a_row(judged: tuple[Project, Path, str]) -> None:
    project, _, printed = judged
    folders = {path.name for path in _results(project).iterdir() if path.is_dir()}
    assert folders == {NAMED, PLAIN, "voice.wav", "middle"}
    for name in (NAMED, PLAIN, "middle"):
        files = {path.name for path in (_results(project) / name).iterdir()}
        assert files == {"page.html", "emotions.csv", "posteriors.parquet", "annotated.mp4"}
    assert not (_results(project) / "voice.wav" / "annotated.mp4").exists()
    index = (_results(project) / "index.html").read_text(encoding="utf-8")
    assert "Gr%C3%BC%C3%9Fe%2C%20Anna%20%26%20Bo.mp4/page.html" in index
    assert "broken.mp4" in index
    assert "Failed: broken.mp4" in printed
    assert "notes.txt" in printed


def test_each_frame_has_the_posteriors_of_every_system_and_fusion(judged: tuple[Project, Path, str]) -> None:
    project, media, _ = judged
    table = _posteriors(project, NAMED)
    assert set(table["system"]) == {"ee_framewise", "ee_svm", "svm", "log_mean", "mcwf"}
    assert table["person"].min() >= 1
    columns = [name for name in table.columns if name.startswith("p_")]
    np.testing.assert_allclose(table[columns].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(table["predicted"], [columns[at][2:] for at in table[columns].to_numpy().argmax(1)])
    times = frame_times(media / NAMED)
    np.testing.assert_allclose(table["time"], times[table["frame"].to_numpy()], atol=1e-9)
    for _, part in table.groupby(["system", "person"]):
        assert (np.diff(part["frame"]) == 1).all()
        ends = part["face"].iloc[[0, -1]]
        assert ends.isin(["detected", "interpolated"]).all()
    assert table["voice"].notna().all()


def test_the_text_table_is_the_shown_fusion(judged: tuple[Project, Path, str]) -> None:
    project, _, _ = judged
    text = pd.read_csv(_results(project) / NAMED / "emotions.csv")
    table = _posteriors(project, NAMED)
    shown = table[table["system"] == "log_mean"].reset_index(drop=True)
    assert set(text["system"]) == {"log_mean"}
    np.testing.assert_array_equal(text["predicted"], shown["predicted"])
    np.testing.assert_allclose(text["p_anger"], shown["p_anger"], atol=1e-4)


def test_sound_alone_is_judged_five_times_a_second(judged: tuple[Project, Path, str]) -> None:
    project, media, _ = judged
    table = _posteriors(project, "voice.wav")
    assert set(table["person"]) == {0}
    assert set(table["system"]) == {"svm", "log_mean", "mcwf"}
    assert table["frame"].isna().all()
    one = table[table["system"] == "svm"]["time"].to_numpy()
    np.testing.assert_allclose(np.diff(one), 0.2)
    assert len(one) == int(np.ceil(decode_audio(media / "voice.wav").duration * 5))


def test_a_segment_counts_from_its_start_and_its_movie_is_as_long(judged: tuple[Project, Path, str]) -> None:
    project, media, _ = judged
    table = _posteriors(project, "middle")
    times = frame_times(media / PLAIN)
    np.testing.assert_allclose(table["time"], times[table["frame"].to_numpy()] - 0.5, atol=1e-9)
    assert table["time"].min() >= 0
    assert table["time"].max() < 1.5
    movie = _results(project) / "middle" / "annotated.mp4"
    assert abs(frame_times(movie)[-1] - (times[(times >= 0.5) & (times < 2.0)][-1] - 0.5)) < 0.002
    whole, part = decode_audio(media / PLAIN), decode_audio(movie)
    assert abs(part.duration - 1.5) < 0.1
    lag = _lag(whole.samples[8000 : 8000 + 16000], part.samples[:16000])
    assert abs(lag) <= 16, f"sound is off by {lag / 16} ms"


def _lag(one: np.ndarray, other: np.ndarray) -> int:
    """Samples by which the second sound comes later."""
    product = np.correlate(other - other.mean(), one - one.mean(), "full")
    return int(product.argmax()) - (len(one) - 1)


def test_a_second_run_computes_nothing_and_a_new_name_only_its_page(judged: tuple[Project, Path, str]) -> None:
    project, media, _ = judged
    place = media.parent / PLAIN  # Kedro splits --params at commas, and the folder's name has one
    shutil.copy(media / PLAIN, place)
    assert "to compute" not in project.kedro("run", "--pipelines=inference", "--params", f"media={place}")
    other = media.parent / "renamed.mp4"
    shutil.copy(media / NAMED, other)
    printed = project.kedro("infer", str(other))
    made = {line.split("INFO")[1].split(":")[0].strip() for line in printed.splitlines() if "to compute" in line}
    assert made == {"pages", "cards"}


def test_results_go_where_the_user_says(judged: tuple[Project, Path, str], tmp_path: Path) -> None:
    project, media, _ = judged
    printed = project.kedro("infer", str(media / PLAIN), "--folder", str(tmp_path / "out put"))
    assert (tmp_path / "out put" / PLAIN / "page.html").is_file()
    assert "out put" in printed


def test_a_study_that_has_not_run_is_told_to(project: Project, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    printed = project.kedro("infer", str(tmp_path / "a.mp4"), ok=False)
    assert "inputs are missing" in printed
    assert "kedro run" in printed
    assert "Traceback" not in printed


def test_nothing_to_judge_is_an_error_in_one_line(judged: tuple[Project, Path, str], tmp_path: Path) -> None:
    project, _, _ = judged
    printed = project.kedro("infer", str(tmp_path / "missing.mp4"), ok=False)
    assert "missing.mp4: it is not there" in printed
    assert "Traceback" not in printed
    assert "kedro infer PATH" in project.kedro("run", "--pipelines=inference", ok=False)


@pytest.mark.real
def test_real_videos_are_judged_person_by_person(seen: Project, real_data: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    shutil.copytree(seen.folder, project.folder, symlinks=True)
    cut, silent = (
        real_data / "videos" / name for name in ("two_people_cut/asd_sample_2.mp4", "silent_woman/woman2.mp4")
    )
    project.kedro("infer", str(cut), str(silent))
    both = _posteriors(project, cut.name)
    assert {1, 2} <= set(both["person"])
    assert both.groupby("person")["time"].agg(["min", "max"]).loc[[1, 2]].notna().all(axis=None)
    assert both["voice"].mean() > 0.8
    alone = _posteriors(project, silent.name)
    assert alone["voice"].isna().all()
    assert set(alone["system"]) == {"ee_framewise", "ee_svm", "log_mean", "mcwf"}
    for video in (cut, silent):
        movie = _results(project) / video.name / "annotated.mp4"
        np.testing.assert_allclose(frame_times(movie), frame_times(video) - frame_times(video)[0], atol=1e-3)
        assert _heard(movie) == _heard(video)
