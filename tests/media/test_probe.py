import numpy as np
import pytest
import soundfile
from PIL import Image
from tests.media.files import noise, write_media

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.probe import probe


def test_sound_alone(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.stack([noise(1.5, 44_100)] * 2, axis=1), 44_100)
    info = probe(tmp_path / "a.flac")
    assert (info.sound, info.sample_rate, info.channels, info.sound_codec) == (True, 44_100, 2, "flac")
    assert (info.video, info.width, info.height, info.fps, info.frames, info.video_codec) == (False, *[None] * 5)
    assert (info.duration, info.start) == (1.5, 0.0)


def test_pictures_with_sound_that_starts_late(tmp_path):
    info = probe(write_media(tmp_path / "a.mp4", noise(1.0, 48_000), codec="aac", late=0.5, pictures=2.0))
    assert (info.sound, info.sample_rate, info.channels, info.sound_codec) == (True, 48_000, 1, "aac")
    assert (info.video, info.width, info.height, info.fps, info.frames) == (True, 64, 48, 25.0, 50)
    assert info.duration == pytest.approx(2.0, abs=0.03)


def test_pictures_alone(tmp_path):
    info = probe(write_media(tmp_path / "a.mkv", None, pictures=1.0))
    assert (info.sound, info.sample_rate, info.channels, info.sound_codec) == (False, None, None, None)
    assert (info.video, info.frames) == (True, None)


def test_a_songs_cover_is_no_video(tmp_path):
    import av

    path = tmp_path / "a.mp3"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("mp3", rate=48_000)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(picture.reformat(format="yuvj420p")))
        samples = np.zeros((1, 48_000), np.float32)
        for at in range(0, 48_000 - 1152, 1152):
            frame = av.AudioFrame.from_ndarray(samples[:, at : at + 1152], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, at
            container.mux(sound.encode(frame))
        container.mux(sound.encode())
    info = probe(path)
    assert (info.sound, info.video) == (True, False)


@pytest.mark.parametrize("content", [b"", b"words" * 100])
def test_no_media(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.mp4"):
        probe(tmp_path / "a.mp4")


@pytest.mark.parametrize(("form", "kind"), [("JPEG", "jpeg"), ("PNG", "png"), ("BMP", "bmp"), ("WEBP", "webp")])
def test_a_still_picture_is_no_video(tmp_path, form, kind):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.mp4", format=form)
    with pytest.raises(MediaError, match=rf"a\.mp4: it is a still picture \({kind}\)"):
        probe(tmp_path / "a.mp4")


@pytest.mark.real
def test_a_real_file_whose_clock_does_not_start_at_zero(real_data):
    info = probe(real_data / "videos" / "hamilton" / "short_hamilton_clip.mp4")
    assert (info.start, info.frames, info.width) == (0.008005, 275, 640)
    assert info.fps == pytest.approx(29.97)
