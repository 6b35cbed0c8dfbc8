"""How much of a second process's time is work: a CPU-bound stage in one process and in two."""

import tempfile
from pathlib import Path

from benchmarks import stages
from benchmarks.row import Row, held, row, timed

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.threads import cores


def rows(pieces: int = 64, rounds: int = 3) -> list[Row]:
    """Best of several rounds, one and two processes in turn: others may use the machine, too."""
    spent: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name:
        for turn in range(rounds + 1):
            for workers, found in spent.items():
                store = PieceStore(str(Path(name) / f"{turn}-{workers}"), "json")
                recipes = {f"{n:03d}": Recipe(stages.busy, {"seed": n}) for n in range(pieces)}
                execution = Execution(workers=workers)
                found.append(timed(lambda s=store, r=recipes, e=execution: compute_pieces("", r, s, Manifest(), e)))
    best = {workers: min(found[1:]) for workers, found in spent.items()}  # the first round starts the workers
    efficiency = best[1] / (2 * best[2])
    limit = f"{held(-efficiency, -0.9, 'efficiency at least 0.9')} ({efficiency:.3f}; {cores()} cores)"
    return [row(f"{pieces} CPU-bound pieces, two processes", best[2], best[1], against="one process", limit=limit)]
