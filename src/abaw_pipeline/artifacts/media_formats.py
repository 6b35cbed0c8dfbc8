"""How sound, pictures and movies are written to one file each, and read back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.types import Waveform


class AudioFormat:
    """A Waveform as 16-bit FLAC. Samples beyond full scale are clipped, as any decoder's would be."""

    suffix, generation = ".flac", 1

    def write(self, value: Any, path: Path) -> None:
        """Write the sound."""
        import soundfile

        if not isinstance(value, Waveform):
            raise TypeError(f"a piece in format audio must be a Waveform, not {type(value).__name__}")
        if value.samples.ndim != 1 or not len(value.samples) or not np.isfinite(value.samples).all():
            raise ValueError(f"sound must be finite [samples], at least one, not {list(value.samples.shape)}")
        # rounding half to even at 2**15 makes 16-bit sources come back exactly
        samples = np.clip(np.rint(value.samples * 32768.0), -32768, 32767).astype(np.int16)
        soundfile.write(path, samples, value.rate, format="FLAC", subtype="PCM_16")

    def read(self, path: str) -> Waveform:
        """The sound, float32."""
        import soundfile

        samples, rate = soundfile.read(path, dtype="float32")
        return Waveform(samples, rate)

    def rows(self, value: Any) -> int:
        """Samples."""
        return len(value.samples)


JPEG = b"\xff\xd8\xff"
"""How a JPEG begins."""


class PictureFormat:
    """The bytes of one JPEG."""

    suffix, generation = ".jpg", 1

    def write(self, value: Any, path: Path) -> None:
        """Write the bytes."""
        if not isinstance(value, bytes) or not value.startswith(JPEG):
            raise TypeError("a piece in format picture must be the bytes of a JPEG")
        path.write_bytes(value)

    def read(self, path: str) -> bytes:
        """The bytes; raises ValueError where the file is no JPEG."""
        value = Path(path).read_bytes()
        if not value.startswith(JPEG):
            raise ValueError(f"{path} is no JPEG")
        return value

    def rows(self, value: Any) -> int:
        """One."""
        return 1


class MovieFormat:
    """An mp4 file: a recipe gives the path of one that it has finished, which is moved; read, it is a path again."""

    suffix, generation = ".mp4", 1

    def write(self, value: Any, path: Path) -> None:
        """Move the file, also from another file system; raises ValueError where it is no whole mp4."""
        if not isinstance(value, Path):
            raise TypeError(f"a piece in format movie must be the Path of an mp4 file, not {type(value).__name__}")
        _check_mp4(value)
        shutil.move(value, path)

    def read(self, path: str) -> str:
        """The path itself; raises ValueError where the file is no mp4 or lacks its end."""
        _check_mp4(Path(path))
        return path

    def rows(self, value: Any) -> int:
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
