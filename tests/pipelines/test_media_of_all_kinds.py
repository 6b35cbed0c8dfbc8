"""Damaged, unusual and real media by a manifest: each is right, or a row that says why, and the rest goes on."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pandas as pd
import pytest
from tests.media.files import cut, times_at, tone, write_media, write_video

from abaw_pipeline.artifacts import PieceMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.datasets import RecipeDataset
from abaw_pipeline.pipelines.ingestion import nodes
from abaw_pipeline.stages import Corpora


class Ingested(NamedTuple):
    clips: pd.DataFrame
    frames: PieceMap
    failures: dict[str, str]
    inspection: pd.Series


def stored(recipes: PieceMap, folder: Path, form: str) -> PieceMap:
    """The pieces as a catalog keeps them: what fails is a row."""
    path = folder / recipes.name
    dataset = RecipeDataset(filepath=f"{path}.parquet", pieces={"path": str(path), "format": form})
    dataset.save(recipes)
    return dataset.load()


def ingest(rows: list[dict[str, object]], folder: Path) -> Ingested:
    """What ingestion's nodes make of a manifest, without a catalog."""
    table = folder / "manifest.csv"
    pd.DataFrame(rows).assign(label="happiness").to_csv(table, index=False)
    corpora = Corpora.model_validate({"mine": {"kind": "manifest", "path": str(table)}})
    listing, refused, _ = nodes.list_clips({}, corpora, Execution())
    media = stored(nodes.probe_media(listing), folder / "pieces", "json")
    clips = nodes.describe_clips(listing, media)
    frames = stored(nodes.list_frames(clips), folder / "pieces", "table")
    labels = nodes.read_frame_labels(clips, frames, corpora)
    annotations = nodes.collect_annotations(clips, labels, corpora)
    table = nodes.inspect_corpora(clips, annotations, refused, media, frames, labels, corpora)
    failed = pd.concat([refused, media.failures, frames.failures])
    messages = {key.removeprefix("mine/"): text for key, text in zip(failed["key"], failed["message"], strict=True)}
    named = clips.assign(clip_id=clips["clip_id"].str.removeprefix("mine/")).set_index("clip_id")
    return Ingested(named, frames, messages, table.iloc[0])


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("This is no video.\n" * 100)
    (folder / "folder.mp4").mkdir()
    good = write_video(folder / "good.mp4", times_at(Fraction(25), 50))
    cut(good, good.stat().st_size // 2)
    write_video(folder / "phone.mp4", times_at(Fraction(30), 30), rotation=90)
    jumps = [Fraction(n, 1000) for n in (0, 33, 40, 400, 401, 999)]
    write_video(folder / "variable.mp4", jumps)
    write_video(folder / "late.mkv", times_at(Fraction(25), 20, Fraction(2)))
    write_media(folder / "longer.mkv", tone(3.0, 48_000)[None], pictures=1.0)
    write_media(folder / "shorter.mkv", tone(0.5, 48_000)[None], pictures=2.0)
    write_media(folder / "voice.wav", tone(1.0, 48_000)[None])
    (folder / "Größe ß 表情.mp4").write_bytes(good.read_bytes())
    names = [*sorted(path.name for path in folder.iterdir()), "gone.mp4"]
    return ingest([{"clip_id": name.partition(".")[0], "media": name} for name in names], folder)


def test_what_cannot_be_used_says_why_and_the_rest_goes_on(ingested: Ingested) -> None:
    assert set(ingested.failures) == {"empty", "text", "folder", "cut_good", "gone"}
    assert "empty" in ingested.failures["empty"]
    assert "No such file" in ingested.failures["gone"] or "is not there" in ingested.failures["gone"]
    assert all(len(text) > 20 for text in ingested.failures.values())
    assert len(ingested.clips) == 8
    assert ingested.inspection[["clips", "no_sound", "no_picture"]].tolist() == [8, 5, 1]
    assert ingested.inspection[["refused", "failed"]].sum() == 5


def test_unusual_media_have_their_own_times(ingested: Ingested) -> None:
    times = {
        name: np.asarray(ingested.frames[f"mine/{name}"]["time"]) for name in ingested.clips.index if name != "voice"
    }
    np.testing.assert_allclose(times["variable"], [0, 0.033, 0.04, 0.4, 0.401, 0.999], atol=1e-9)
    np.testing.assert_allclose(times["late"], np.arange(20) / 25, atol=1e-3)
    assert {name: len(each) for name, each in times.items()} == {
        **{"good": 50, "Größe ß 表情": 50, "phone": 30, "variable": 6, "late": 20, "longer": 25, "shorter": 50}
    }
    duration = ingested.clips["duration"]
    assert duration["longer"] == pytest.approx(3.0, abs=0.05)
    assert duration["shorter"] == pytest.approx(2.0, abs=0.05)


def shown(path: Path) -> list[float]:
    """When each picture of a file is shown, by decoding it, from the container's start (s)."""
    with av.open(str(path)) as container:
        begin = container.start_time / 1e6
        container.streams.video[0].thread_type = "AUTO"
        return [frame.time - begin for frame in container.decode(video=0)]


@pytest.mark.real
def test_every_real_video_is_a_clip_with_its_frames(real_data: Path, tmp_path: Path) -> None:
    paths = [
        path for path in sorted((real_data / "videos").rglob("*")) if path.suffix in (".mp4", ".mov", ".avi", ".mkv")
    ]
    rows: list[dict[str, object]] = [{"clip_id": path.stem, "media": str(path)} for path in paths]
    longest = real_data / "videos/face_presence/WolfgangLanger_Pexels.mp4"
    rows += [{"clip_id": f"part {n}", "media": str(longest), "start": 4 * n, "end": 4 * n + 3.5} for n in range(4)]
    found = ingest(rows, tmp_path)
    assert len(paths) >= 12
    assert found.failures == {}
    assert len(found.clips) == len(rows)
    for path in paths:
        times = np.asarray(found.frames[f"mine/{path.stem}"]["time"])
        np.testing.assert_allclose(times, shown(path), atol=2e-3, err_msg=path.name)
        with av.open(str(path)) as container:
            clip = found.clips.loc[path.stem]
            assert clip["sound"] == bool(container.streams.audio)
            assert clip["duration"] == pytest.approx(container.duration / 1e6)
            assert (clip["width"], clip["height"]) == (
                container.streams.video[0].width,
                container.streams.video[0].height,
            )
    whole = np.asarray(found.frames[f"mine/{longest.stem}"]["time"])
    for n in range(4):
        part = found.frames[f"mine/part {n}"]
        inside = np.flatnonzero((whole >= 4 * n - 1e-6) & (whole < 4 * n + 3.5 - 1e-6))
        np.testing.assert_array_equal(np.asarray(part["frame"]), inside)
        np.testing.assert_allclose(np.asarray(part["time"]), whole[inside] - 4 * n, atol=1e-9)
    assert found.inspection["no_sound"] == sum(not clip.sound for clip in found.clips.itertuples())
    seconds = sum(found.clips.loc[[path.stem for path in paths], "duration"])
    assert found.inspection["hours"] == pytest.approx(seconds / 3600, rel=1e-6)
    assert 0 < found.inspection["fps_min"] < found.inspection["fps_max"]
