"""Damaged, unusual and real media by a manifest: each is right, or a row that says why, and the rest goes on."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pandas as pd
import pytest
from tests.media.files import cut, times_at, tone, write_media, write_video

from abaw_pipeline.artifacts import PieceMap, file_hashes
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.datasets import RecipeDataset
from abaw_pipeline.errors import CorpusError, MediaError
from abaw_pipeline.faces.crops import encode_jpeg
from abaw_pipeline.media.decode import decode_audio
from abaw_pipeline.media.pictures import decode_pictures
from abaw_pipeline.pipelines.ingestion import nodes
from abaw_pipeline.stages import Corpora

AVI = {"pix_fmt": "yuvj420p", "time_base": Fraction(1, 25)}


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
    (folder / "picture.mp4").write_bytes(encode_jpeg(np.zeros((48, 64, 3), np.uint8), 90))
    good = write_video(folder / "good.mp4", times_at(Fraction(25), 50))
    cut(good, good.stat().st_size // 2)
    write_video(folder / "phone.mp4", times_at(Fraction(30), 30), rotation=90)
    jumps = [Fraction(n, 1000) for n in (0, 33, 40, 400, 401, 999)]
    write_video(folder / "variable.mp4", jumps)
    write_video(folder / "late.mkv", times_at(Fraction(25), 20, Fraction(2)))
    write_media(folder / "longer.mkv", tone(3.0, 48_000)[None], pictures=1.0)
    write_media(folder / "shorter.mkv", tone(0.5, 48_000)[None], pictures=2.0)
    write_media(folder / "voice.wav", tone(1.0, 48_000)[None])
    write_media(folder / "heard.mp4", tone(1.0, 48_000)[None], codec="aac")
    write_media(folder / "silent.mkv", np.zeros((1, 48_000)), pictures=1.0)
    lying = write_video(folder / "counts.avi", times_at(Fraction(25), 20), codec="mjpeg", **AVI)
    lying.write_bytes(lying.read_bytes().replace((20).to_bytes(4, "little"), (500).to_bytes(4, "little")))
    (folder / "Größe ß 表情.mp4").write_bytes(good.read_bytes())
    names = [*sorted(path.name for path in folder.iterdir()), "gone.mp4"]
    return ingest([{"clip_id": name.partition(".")[0], "media": name} for name in names], folder)


def test_what_cannot_be_used_says_why_and_the_rest_goes_on(ingested: Ingested) -> None:
    assert set(ingested.failures) == {"empty", "text", "folder", "picture", "cut_good", "gone"}
    assert "empty" in ingested.failures["empty"]
    assert "No such file" in ingested.failures["gone"] or "is not there" in ingested.failures["gone"]
    assert all(len(text) > 20 for text in ingested.failures.values())
    assert "it is a still picture (jpeg)" in ingested.failures["picture"]
    assert len(ingested.clips) == 11
    assert ingested.inspection[["clips", "no_sound", "no_picture"]].tolist() == [11, 6, 2]
    assert ingested.inspection[["refused", "failed"]].sum() == 6


def test_where_nothing_can_be_used_the_reasons_are_counted(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"clip_id": n, "media": f"{n}.mp4"} for n in range(3)]
    with pytest.raises(CorpusError, match=r"none of 4 clips can be used.* is not there.* \(3\); start is 'x'.* \(1\)"):
        ingest([*rows, {"clip_id": 3, "media": "manifest.csv", "start": "x"}], tmp_path)


def test_unusual_media_have_their_own_times(ingested: Ingested) -> None:
    seen = ingested.clips.index[ingested.clips["video"].astype(bool)]
    times = {name: np.asarray(ingested.frames[f"mine/{name}"]["time"]) for name in seen}
    np.testing.assert_allclose(times["variable"], [0, 0.033, 0.04, 0.4, 0.401, 0.999], atol=1e-9)
    np.testing.assert_allclose(times["late"], np.arange(20) / 25, atol=1e-3)
    assert {name: len(each) for name, each in times.items()} == {
        **{"good": 50, "Größe ß 表情": 50, "phone": 30, "variable": 6, "late": 20, "longer": 25, "shorter": 50},
        **{"silent": 25, "counts": 20},
    }
    duration = ingested.clips["duration"]
    assert duration["longer"] == pytest.approx(3.0, abs=0.05)
    assert duration["shorter"] == pytest.approx(2.0, abs=0.05)


def test_unusual_media_are_decoded_as_a_player_would(ingested: Ingested) -> None:
    media = ingested.clips["media"]
    (height, width, _), *others = {each.pixels.shape for each in decode_pictures(media["phone"])}
    assert (height, width, others) == (64, 48, [])  # 64 x 48 are stored
    assert not decode_audio(media["silent"]).samples.any()
    assert decode_audio(media["longer"]).duration == pytest.approx(3.0, abs=0.05)
    filled = decode_audio(media["shorter"], end=ingested.clips["end"]["shorter"]).samples
    assert len(filled) == pytest.approx(2.0 * 16_000, abs=800)
    assert filled[:7_000].any() and not filled[8_200:].any()
    assert sum(1 for _ in decode_pictures(media["counts"])) == 20
    with pytest.raises(MediaError, match="no video stream"):
        next(decode_pictures(media["heard"]))


def test_a_file_that_must_not_be_read_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modes of files mean nothing to root, so that the system's answer is played."""
    for name in ("good.mp4", "locked.mp4"):
        write_video(tmp_path / name, times_at(Fraction(25), 5 + len(name)))
    was = file_hashes.open_file

    def refuse(path: str) -> object:
        if path.endswith("locked.mp4"):
            raise PermissionError(13, "Permission denied", path)
        return was(path)

    monkeypatch.setattr(file_hashes, "open_file", refuse)
    found = ingest([{"clip_id": name, "media": f"{name}.mp4"} for name in ("good", "locked")], tmp_path)
    assert list(found.clips.index) == ["good"]
    assert list(found.failures) == ["locked"]
    assert "Permission denied" in found.failures["locked"]


def packets_of(path: Path) -> tuple[int, float, float]:
    """Of a file's pictures by its packets alone: how many are shown, how many a second, and when the first is (s)."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        shown = [each for each in container.demux(stream) if each.size and not each.is_discard]
        first = min(each.pts * each.time_base for each in shown)
        return len(shown), float(stream.average_rate), float(first) - container.start_time / 1e6


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
        count, fps, first = packets_of(path)
        assert (len(times), times[0]) == (count, pytest.approx(first, abs=1e-6)), path.name
        assert found.clips.loc[path.stem, "fps"] == pytest.approx(fps)
        pictures = list(decode_pictures(path, rate=1))
        assert [each.time for each in pictures] == times.tolist()
        shapes = {each.pixels.shape[:2] for each in pictures if each.pixels is not None}
        assert {tuple(sorted(shape)) for shape in shapes} == {
            tuple(sorted(found.clips.loc[path.stem, ["height", "width"]]))
        }
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
        pictures = list(decode_pictures(longest, rate=1, start=4.0 * n, end=4 * n + 3.5))
        assert [each.index for each in pictures] == inside.tolist()
        assert len(decode_audio(longest, start=4.0 * n, end=4 * n + 3.5).samples) == 3.5 * 16_000
    assert found.inspection["no_sound"] == sum(not clip.sound for clip in found.clips.itertuples())
    seconds = sum(found.clips.loc[[path.stem for path in paths], "duration"])
    assert found.inspection["hours"] == pytest.approx(seconds / 3600, rel=1e-6)
    rates = [packets_of(path)[1] for path in paths]
    assert found.inspection[["fps_min", "fps_max"]].tolist() == pytest.approx([min(rates), max(rates)])
    heard = [path for path in paths if found.clips.loc[path.stem, "sound"]]
    quiet = {path.stem for path in heard if not decode_audio(path).samples.any()}
    assert quiet == {longest.stem}  # digital silence counts as sound
    assert [path.stem for path in paths if path not in heard] == ["woman2"]
