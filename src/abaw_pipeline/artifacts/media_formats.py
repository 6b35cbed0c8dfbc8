"""How sound, pictures and movies are written to one file each, and read back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.types import Waveform

SECONDS_A_PART = 30
"""Sound that is read at once."""


class AudioFormat:
    """A Waveform as 16-bit FLAC. Samples beyond full scale are clipped, as any decoder's would be."""

    suffix, generation = ".flac", 1
    holds = Waveform

    def write(self, value: Any, path: Path) -> int:
        """Write the sound; its samples."""
        return self.write_parts(iter([value]), path)

    def write_parts(self, parts: Iterator[Any], path: Path) -> int:
        """Write sounds of one rate after each other; samples in all. ValueError where there is none."""
        import soundfile

        first = _checked_sound(next(parts, Waveform(np.empty(0, np.float32), 1)))  # no part: no sample, see below
        total = 0
        with soundfile.SoundFile(path, "w", first.rate, 1, "PCM_16", format="FLAC") as file:
            for sound in chain([first], map(_checked_sound, parts)):
                if sound.rate != first.rate:
                    raise ValueError(f"a sound at {first.rate} Hz does not go on at {sound.rate} Hz")
                # rounding half to even at 2**15 makes 16-bit sources come back exactly
                file.write(np.clip(np.rint(sound.samples * 32768.0), -32768, 32767).astype(np.int16))
                total += len(sound.samples)
        if not total:
            raise ValueError("sound must have at least one sample")
        return total

    def read(self, path: str) -> Waveform:
        """The sound, float32."""
        import soundfile

        samples, rate = soundfile.read(path, dtype="float32")
        return Waveform(samples, rate)

    def read_parts(self, path: str, columns: Sequence[str] | None = None) -> Iterator[Waveform]:
        """Sounds of at most 30 s that follow each other; there are no columns to choose."""
        import soundfile

        with soundfile.SoundFile(path) as file:
            while len(samples := file.read(SECONDS_A_PART * file.samplerate, dtype="float32")):
                yield Waveform(samples, file.samplerate)

    def count(self, path: str) -> int:
        """Samples."""
        import soundfile

        return int(soundfile.info(path).frames)


def _checked_sound(value: Any) -> Waveform:
    if not isinstance(value, Waveform):
        raise TypeError(f"a piece in format audio must be a Waveform, not {type(value).__name__}")
    if value.samples.ndim != 1 or not np.isfinite(value.samples).all():
        raise ValueError(f"sound must be finite [samples], not {list(value.samples.shape)}")
    return value


JPEG = b"\xff\xd8\xff"
"""How a JPEG begins."""


class PictureFormat:
    """The bytes of one JPEG."""

    suffix, generation = ".jpg", 1

    def write(self, value: Any, path: Path) -> int:
        """Write the bytes."""
        if not isinstance(value, bytes) or not value.startswith(JPEG):
            raise TypeError("a piece in format picture must be the bytes of a JPEG")
        path.write_bytes(value)
        return 1

    def read(self, path: str) -> bytes:
        """The bytes; raises ValueError where the file is no JPEG."""
        value = Path(path).read_bytes()
        if not value.startswith(JPEG):
            raise ValueError(f"{path} is no JPEG")
        return value

    def count(self, path: str) -> int:
        """One."""
        return 1


class MovieFormat:
    """An mp4 file: a recipe gives the path of one that it has finished, which is moved; read, it is a path again."""

    suffix, generation = ".mp4", 1

    def write(self, value: Any, path: Path) -> int:
        """Move the file, also from another file system; raises ValueError where it is no whole mp4."""
        if not isinstance(value, Path):
            raise TypeError(f"a piece in format movie must be the Path of an mp4 file, not {type(value).__name__}")
        _check_mp4(value)
        shutil.move(value, path)
        return 1

    def read(self, path: str) -> str:
        """The path itself; raises ValueError where the file is no mp4 or lacks its end."""
        _check_mp4(Path(path))
        return path

    def count(self, path: str) -> int:
        """One."""
        return 1


def _check_mp4(path: Path) -> None:
    """Go from box to box at the outermost level (ISO/IEC 14496-12, section 4.2); their content is not looked at."""
    size = path.stat().st_size
    kinds: list[bytes] = []
    at = 0
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            head = file.read(16)
            kinds.append(head[4:8])
            if kinds[0] != b"ftyp":
                raise ValueError(f"{path} is no mp4 file")
            length = int.from_bytes(head[:4])
            length = int.from_bytes(head[8:]) if length == 1 else length or size - at  # 0: to the file's end
            at += length if length >= 8 else size
    if at != size or not {b"moov", b"mdat"} <= {*kinds}:
        raise ValueError(f"{path} is cut short or damaged: its boxes do not end where the file does")
