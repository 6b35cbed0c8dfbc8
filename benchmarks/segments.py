"""The turns of a long dialogue as segments of its file, against decoding up to each turn from the file's begin."""

import tempfile
from pathlib import Path

from benchmarks.memory_of_faces import make_video
from benchmarks.row import Row, held, row, timed

MINUTES, TURNS, LASTS = 5, 70, 4.0
"""A dialogue as long as IEMOCAP's, its turns, and how long each is (s)."""

Shown = list[list[tuple[float, int]]]
"""Turn by turn its frames: when each is shown (s), and the sum of its pixels."""


def rows() -> list[Row]:
    here: Shown = []
    plain: Shown = []
    with tempfile.TemporaryDirectory() as name:
        make_video(Path(name), MINUTES)
        video = Path(name, "video.mp4")
        starts = [turn * MINUTES * 60 / TURNS for turn in range(TURNS)]
        seconds = timed(lambda: here.extend(sought(video, start) for start in starts))
        other = timed(lambda: plain.extend(from_begin(video, start) for start in starts))
    return [
        row(
            f"{TURNS} segments of a video of {MINUTES} minutes",
            seconds,
            other,
            against="PyAV, decoding from the file's begin",
            limit=held(float(here != plain), 0, "the same frames"),
        )
    ]


def sought(video: Path, start: float) -> list[tuple[float, int]]:
    from abaw_pipeline.media.pictures import decode_pictures

    pictures = decode_pictures(video, start=start, end=start + LASTS)
    return [(round(start + each.time, 6), int(each.pixels.sum())) for each in pictures]


def from_begin(video: Path, start: float) -> list[tuple[float, int]]:
    import av

    found = []
    with av.open(str(video)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            if frame.time >= start + LASTS:
                break
            if frame.time >= start:
                found.append((round(frame.time, 6), int(frame.to_ndarray(format="rgb24").sum())))
    return found
