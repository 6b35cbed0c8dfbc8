"""10, 100 and 1000 clips through two stages (sound, features of it): neither time a clip nor memory may grow."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.row import Row, row

SIZES = (10, 100, 1000)
SCRIPT = """
import json, sys, time
from pathlib import Path
from abaw_pipeline.artifacts import Recipe, StoredMap
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.audio.features import LibrosaFunctionals
from benchmarks import stages
from benchmarks.memory_of_faces import peak

folder, count = Path(sys.argv[1]), int(sys.argv[2])

def make(first, count):
    sounds, features = PieceStore(str(folder / "sounds"), "audio"), PieceStore(str(folder / "features"), "features")
    alone = Execution(workers=1)
    voices = {f"{n:05d}": Recipe(stages.voice, {"seed": n}) for n in range(first, first + count)}
    heard = StoredMap("sounds", compute_pieces("sounds", voices, sounds, Manifest(), alone).entries, sounds)
    assert len(heard) == count, heard.failures
    extractor = LibrosaFunctionals()
    recipes = {key: Recipe(stages.describe, {"sound": heard.ref(key), "extractor": extractor}) for key in heard}
    compute_pieces("features", recipes, features, Manifest(), alone)

make(-4, 4)  # libraries are imported and compiled
started = time.perf_counter()
make(0, count)
spent = time.perf_counter() - started
print(json.dumps([spent / count, peak()]))
"""


def rows() -> list[Row]:
    found = {size: _measure(size) for size in SIZES}
    seconds, memory = ([found[size][which] for size in SIZES] for which in (0, 1))
    lines = []
    for which, unit, values in (("time a clip", "ms", [1000 * value for value in seconds]), ("peak", "MB", memory)):
        grown = values[-1] / values[0] - 1
        told = ", ".join(f"{size}: {value:.2f}" for size, value in zip(SIZES, values, strict=True))
        limit = f"flat within 15 %: {'holds' if abs(grown) <= 0.15 else 'FAILS'} ({100 * grown:+.1f} %; {told})"
        lines.append(
            row(f"{which}, {SIZES[-1]} clips", values[-1], values[0], unit=unit, against="10 clips", limit=limit)
        )
    return lines


def _measure(count: int) -> list[float]:
    """Seconds a clip (the best of three for few clips, as one disturbance counts much there) and peak memory (MB)."""
    best: list[float] = []
    for _ in range(3 if count < 1000 else 1):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-c", SCRIPT, folder, str(count)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
        measured = json.loads(done.stdout.splitlines()[-1])
        best = measured if not best else [min(pair) for pair in zip(best, measured, strict=True)]
    return best
