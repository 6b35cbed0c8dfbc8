"""By how much the peak memory of each stage of faces, sound and embeddings grows with a minute of video."""

from benchmarks import memory_of_faces, sound_memory
from benchmarks.row import Row, held, row

DEFAULT = ("vocals, none", "vocals, nn_filter", "logmel", "librosa_functionals")
"""Stages of sound that need no extra; the others are measured by `python -m benchmarks.sound_memory`."""


def rows() -> list[Row]:
    return [*memory_of_faces.rows(), *(_of_sound(found) for found in sound_memory.bench_sound_memory(DEFAULT))]


def _of_sound(found: dict) -> Row:
    grown, most = found["mb_a_minute"], memory_of_faces.MOST
    told = f"{found['mb_2_min']:.0f} MB at 2 min, {found['mb_20_min']:.0f} at 20; at most {most} MB/min"
    return row(f"{found['what']}, {found['sound']}", grown, unit="MB/min", limit=held(grown, most, told))
