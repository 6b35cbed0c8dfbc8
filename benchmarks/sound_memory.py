"""Peak memory of everything about sound, by the length of a video: a fresh process for each stage and length."""

import json
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

MINUTES = (2, 20)
RATES = (44_100, 48_000)
TAKE = 10
"""Seconds of the video that is repeated until it is long enough."""

WINDOWS = {"window_s": 1.5, "shift": 0.25}
STAGES: dict[str, dict[str, Any]] = {
    "vocals, none": {"kind": "none"},
    "vocals, nn_filter": {"kind": "nn_filter"},
    "voice": {},
    "logmel": {"kind": "logmel"},
    "librosa_functionals": {"kind": "librosa_functionals", **WINDOWS},
    "opensmile_functionals": {"kind": "opensmile_functionals", **WINDOWS},
    "opensmile_lld": {"kind": "opensmile_lld"},
}
"""What is measured, with its parameters."""


def bench_sound_memory(
    stages: tuple[str, ...] = tuple(STAGES),
    minutes: tuple[int, int] = MINUTES,
    rates: tuple[int, ...] = RATES,
    source: Path | None = None,
) -> list[dict[str, Any]]:
    """Peaks at two lengths (MB) and what a minute between them adds; by default of a video that is made here."""
    with tempfile.TemporaryDirectory() as made:
        folder, rows = Path(made), []
        for rate in rates if source is None else (None,):
            take = source or write_take(folder / f"{rate}.mp4", rate)
            peaks = [_peaks(repeat(take, folder / f"{rate}-{each}.mp4", 60 * each), each, stages) for each in minutes]
            for stage in stages:
                low, high = (found[stage] for found in peaks)
                rows.append(
                    {
                        "what": stage,
                        "sound": f"AAC, {rate} Hz" if rate else str(source),
                        **{f"mb_{each}_min": found["mb"] for each, found in zip(minutes, (low, high), strict=True)},
                        "mb_a_minute": round((high["mb"] - low["mb"]) / (minutes[1] - minutes[0]), 3),
                        "seconds": high["seconds"],
                        "rows": high["rows"],
                    }
                )
        return rows


def _peaks(media: Path, minutes: int, stages: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What each stage needs for a video; those that read voices get the sound as it is."""
    vocals = _apart("vocals, none", str(media), minutes)
    others = {
        stage: _apart(stage, str(media) if stage.startswith("vocals") else vocals["path"], minutes)
        for stage in stages
        if stage != "vocals, none"
    }
    return {"vocals, none": vocals, **others}


def _apart(*arguments: Any) -> dict[str, Any]:
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_stage(stage: str, path: str, minutes: float) -> dict[str, Any]:
    """Make one piece as a worker does, beside the file that it is made from."""
    from abaw_pipeline.artifacts.plan import Job
    from abaw_pipeline.artifacts.store import PieceStore
    from abaw_pipeline.artifacts.work import run_task

    recipe, made = recipe_of(stage, path, 60 * minutes)
    store = PieceStore(str(Path(path).parent / stage), made)
    started = time.perf_counter()
    job = Job(recipe.fingerprint, recipe, ("video",), {})
    store.prepare()
    (outcome,) = run_task([job], store)
    if outcome.written is None:
        raise RuntimeError(outcome.traceback)
    written = outcome.written
    seconds = round(time.perf_counter() - started, 1)
    return {"mb": peak(), "seconds": seconds, "rows": written.rows, "path": str(store.path(written.path))}


def recipe_of(stage: str, path: str, seconds: float) -> Any:
    """A stage's recipe for a file, and the format of its piece."""
    from pydantic import TypeAdapter

    from abaw_pipeline.artifacts import Recipe, Ref
    from abaw_pipeline.audio.extraction import extract
    from abaw_pipeline.audio.features import SoundExtractor
    from abaw_pipeline.audio.separation import Separation
    from abaw_pipeline.audio.vocals import make_vocals
    from abaw_pipeline.audio.voice import find_voice
    from abaw_pipeline.types import File

    if stage.startswith("vocals"):
        separation = TypeAdapter(Separation).validate_python(STAGES[stage])
        arguments = {"media": File(path, path), "start": 0.0, "end": float(seconds), "separation": separation}
        return Recipe(make_vocals, arguments), "audio"
    sound = Ref("vocals", "video", path, path, "audio").in_parts()
    if stage == "voice":
        return Recipe(find_voice, {"sound": sound}), "table"
    extractor = TypeAdapter(SoundExtractor).validate_python(STAGES[stage])
    return Recipe(extract, {"sound": sound, "extractor": extractor}), "features"


def peak() -> float:
    """The most memory that this process has had at a time (MB = 2**20 bytes); Linux only.

    Not `ru_maxrss`: a process starts with its parent's there.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)


def write_take(path: Path, rate: int) -> Path:
    """Ten seconds of a small video: somebody speaks, in stereo, as AAC."""
    import av

    from abaw_pipeline.audio.resampling import resample
    from abaw_pipeline.demo.speakers import make_speaker
    from abaw_pipeline.demo.voice import synthesize

    said = synthesize(make_speaker(1, 1), "neutral", np.random.default_rng(0), seconds=TAKE)
    samples = np.tile(resample(said, rate, TAKE * rate).samples, (2, 1))
    with av.open(str(path), "w") as file:
        shown = file.add_stream("mpeg4", rate=25)
        shown.width, shown.height, shown.pix_fmt = 64, 48, "yuv420p"
        heard = file.add_stream("aac", rate=rate, layout="stereo")
        for index in range(25 * TAKE):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), index % 255, np.uint8), format="rgb24")
            file.mux(shown.encode(picture))
        for at in range(0, samples.shape[1], 1024):
            block = np.ascontiguousarray(samples[:, at : at + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            file.mux(heard.encode(frame))
        for stream in (shown, heard):
            file.mux(stream.encode())
    return path


def repeat(source: Path, path: Path, seconds: float) -> Path:
    """A file with the packets of another, over and over, until it is long enough."""
    import av

    with av.open(str(path), "w") as file, av.open(str(source)) as template:
        kinds = [template.streams.best(kind) for kind in ("video", "audio")]
        streams = {stream.index: file.add_stream_from_template(stream) for stream in kinds}
        last: dict[int, int] = {}
        begin = Fraction(0)
        while begin < seconds + 1:
            with av.open(str(source)) as container:
                for packet in container.demux([container.streams[index] for index in streams]):
                    index = packet.stream.index
                    if not packet.size:
                        continue
                    shift = round(begin / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    if packet.dts <= last.get(index, packet.dts - 1):
                        continue  # an encoder's delay, which the take before has covered
                    last[index] = packet.dts
                    packet.stream = streams[index]
                    file.mux(packet)
                begin += Fraction(container.duration, 1_000_000)
    return path


def main() -> None:
    if len(sys.argv) == 4:
        print(json.dumps(run_stage(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
        return
    import pandas as pd

    source = Path(sys.argv[1]) if len(sys.argv) == 2 else None
    print(pd.DataFrame(bench_sound_memory(source=source)).to_string(index=False))


if __name__ == "__main__":
    main()
