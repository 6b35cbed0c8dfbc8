"""What a media file holds, as far as its headers tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import open_media, origin, picture_stream


@dataclass(frozen=True)
class MediaInfo:
    """Facts of a media file; None where it has no such stream or the header does not say.

    Attributes:
        duration: seconds from the container's start to the end of its longest stream.
        start: the container's start time (s), where all of the package's times count from.
        sound: whether there is a sound stream.
        sample_rate: of the sound (Hz).
        channels: of the sound.
        sound_codec: FFmpeg's name of the sound's decoder.
        video: whether there are moving pictures (a song's cover picture does not count).
        width: of the stored pictures (pixels), before a rotation that the file may ask for.
        height: of the stored pictures (pixels), before a rotation that the file may ask for.
        fps: pictures per second on average.
        frames: pictures in all.
        video_codec: FFmpeg's name of the pictures' decoder.
    """

    duration: float | None
    start: float
    sound: bool
    sample_rate: int | None
    channels: int | None
    sound_codec: str | None
    video: bool
    width: int | None
    height: int | None
    fps: float | None
    frames: int | None
    video_codec: str | None


def probe(path: str | Path) -> MediaInfo:
    """Read a file's headers; nothing is decoded.

    Raises:
        MediaError: missing or empty file, a still picture, or one that holds neither sound nor moving pictures.
    """
    with open_media(path) as container:
        if container.format.name.endswith("_pipe"):  # FFmpeg's names of the formats of single pictures
            kind = container.format.name.removesuffix("_pipe")
            raise MediaError(
                f"it is a still picture ({kind}), whatever it is called",
                where=str(path),
                hint="Leave it out, or list still pictures as a corpus of their own (kind: image_folder).",
            )
        sound, video = container.streams.best("audio"), picture_stream(container)
        if sound is None and video is None:
            raise MediaError("the file has neither sound nor moving pictures", where=str(path))
        heard = None if sound is None else sound.codec_context
        seen = None if video is None else video.codec_context
        rate = None if video is None else video.average_rate
        return MediaInfo(
            duration=None if container.duration is None else container.duration / 1e6,
            start=float(origin(container)),
            sound=heard is not None,
            sample_rate=heard.sample_rate or None if heard else None,
            channels=heard.channels or None if heard else None,
            sound_codec=heard.name if heard else None,
            video=seen is not None,
            width=seen.width or None if seen else None,
            height=seen.height or None if seen else None,
            fps=float(rate) if rate else None,
            frames=video.frames or None if video is not None else None,
            video_codec=seen.name if seen else None,
        )
