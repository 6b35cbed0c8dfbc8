"""How much memory each stage that handles pictures takes at its peak, and by how much that grows with a video.

Each stage runs in a process of its own on videos of two lengths, and writes and reads real pieces. What networks hold
does not grow; to be done in minutes, boxes come from a table and identities from the place of a face, and the backbone
is small. `python -m benchmarks.memory_of_faces` prints a table.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.row import held, row

from abaw_pipeline.artifacts import Recipe, Ref
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.backbones.settings import BackboneEmbedding, ResidualBackbone
from abaw_pipeline.faces import Provided
from abaw_pipeline.faces.rows import DIMENSIONS
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.parts import Part
from abaw_pipeline.types import File, Fitted, Picture

MINUTES = (2, 20)
FPS, SIZE, LOOP = 25, (360, 640), 10
FITTED = "abaw_pipeline.systems.storage:FittedFormat"
SMALL = ResidualBackbone(stills=("none",), width=8, depth=1)
TOGETHER, MOST = 8, 1.0
"""Clips that go through a network together, and MB a minute by which a peak may grow."""


class Places(Part):
    """Tells faces apart by the half of the picture in which they are."""

    def open(self) -> Callable[[Any, Any], Any]:
        return _identities


def _identities(pixels: Any, boxes: Any) -> Any:
    right = ((boxes[:, 0] + boxes[:, 2]) / 2 > pixels.shape[1] / 2).astype(int)
    return np.eye(DIMENSIONS, dtype=np.float32)[right]


def backbone() -> Fitted:
    """An untrained network."""
    from abaw_pipeline.backbones.graph import to_onnx
    from abaw_pipeline.backbones.training import ONNX, WEIGHTS, make_backbone
    from abaw_pipeline.models.state import to_arrays

    network = make_backbone(SMALL, 3, 110.0, 40.0).eval()
    tensors = {**to_arrays(network, WEIGHTS), ONNX: to_onnx(network, SMALL.size)}
    return Fitted({"settings": SMALL.model_dump(mode="json"), "classes": ["a", "b", "c"]}, tensors)


def make_video(folder: Path, minutes: float, fps: int = FPS) -> None:
    """A video that repeats ten seconds, and the boxes of two people who are away now and then."""
    import pandas as pd

    from abaw_pipeline.media.encode import encode_movie

    short = folder / "short.mp4"
    if not short.exists():
        encode_movie(_pictures(fps), short)
    frames = round(minutes * 60 * fps)
    lengthen(short, folder / "video.mp4", round(frames / fps / LOOP))
    here = np.array([at for at in range(frames) if at % (fps * 60) > fps * 5])
    boxes = [
        np.stack([here, x + here % fps, 100 + 0 * here, x + 90 + here % fps, 210 + 0 * here], 1) for x in (60, 400)
    ]
    columns = ["frame", "x1", "y1", "x2", "y2"]
    pd.DataFrame(np.concatenate(boxes), columns=columns).to_csv(folder / "video.csv", index=False)


def _pictures(fps: int) -> Iterator[Picture]:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (SIZE[0] // 8, SIZE[1] // 8, 3), dtype=np.uint8)
    still = np.repeat(np.repeat(coarse, 8, 0), 8, 1)
    for at in range(LOOP * fps):
        yield Picture(at, at / fps, np.ascontiguousarray(np.roll(still, at % fps, axis=1)))


def lengthen(source: Path, target: Path, times: int) -> None:
    """Write a video's packets several times over, each time behind the last."""
    import av

    with av.open(str(target), "w") as out:
        written, offset = None, 0
        for _ in range(times):
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                written = written or out.add_stream_from_template(stream)
                for packet in container.demux(stream):
                    if packet.size:
                        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                        packet.stream = written
                        out.mux(packet)
                offset += stream.duration


class Stages:
    """The stages in their order; each reads what those before it have stored in a folder."""

    def __init__(self, folder: str, minutes: float) -> None:
        self.folder, self.minutes = Path(folder), minutes
        self.settings = Faces().model_copy(update={"detector": Provided(path=folder), "identity": Places()})

    def frames(self) -> None:
        from abaw_pipeline.media.timeline import read_frames

        self._store("frames", "table", Recipe(read_frames, {"media": self._media(), **self._segment()}))

    def find(self) -> None:
        from abaw_pipeline.faces.recipes import find_faces

        arguments = {"media": self._media(), **self._segment(), "settings": self.settings}
        boxes = File(str(self.folder / "video.csv"), "1" * 64)
        self._store("faces", "table", Recipe(find_faces, {**arguments, "boxes": boxes}))

    def choose(self) -> None:
        from abaw_pipeline.faces.persons import choose_person
        from abaw_pipeline.faces.seen import KNOWN

        faces = self._ref("faces", "table").in_parts(KNOWN)
        self._store("tracks", "table", Recipe(choose_person, {"faces": faces, "side": None, "settings": self.settings}))

    def sheet(self) -> None:
        from abaw_pipeline.faces.seen import SEEN
        from abaw_pipeline.faces.sheet import PICTURED, contact_sheet

        faces, tracks = self._ref("faces", "table"), self._ref("tracks", "table")
        arguments = {"faces": faces.in_parts(SEEN), "pictures": faces.in_parts(PICTURED), "tracks": tracks}
        self._store("sheet", "picture", Recipe(contact_sheet, arguments))

    def people(self) -> None:
        from abaw_pipeline.faces.seen import KNOWN
        from abaw_pipeline.inference.people import list_people

        faces = self._ref("faces", "table").in_parts(KNOWN)
        self._store("people", "table", Recipe(list_people, {"faces": faces, "settings": self.settings, "least": 5}))

    def follow(self) -> None:
        from abaw_pipeline.faces.seen import SEEN
        from abaw_pipeline.inference.people import follow_person

        faces = self._ref("faces", "table").in_parts(SEEN)
        self._store(
            "follow", "table", Recipe(follow_person, {"faces": faces, "tracks": [0], "settings": self.settings})
        )

    def embed(self) -> None:
        self._embed("embedded", 1)

    def together(self) -> None:
        self._embed("together", TOGETHER)

    def _embed(self, name: str, clips: int) -> None:
        from abaw_pipeline.backbones.crops import FOLLOWED, MOMENTS, PICTURED
        from abaw_pipeline.backbones.embedding import embed_faces

        faces, tracks = self._ref("faces", "table"), self._ref("tracks", "table")
        shared = {
            "moments": faces.in_parts(MOMENTS),
            "faces": faces.in_parts(PICTURED),
            "tracks": tracks.in_parts(FOLLOWED),
            "backbone": self._ref("backbone", FITTED),
        }
        # as many recipes as clips: they differ in what they look at
        recipes = [
            Recipe(
                embed_faces, {**shared, "extractor": BackboneEmbedding(backbone="b", share=1 - at / 100)}, chunk=clips
            )
            for at in range(clips)
        ]
        self._store(name, "features", *recipes)

    def _media(self) -> File:
        return File(str(self.folder / "video.mp4"), "0" * 64)

    def _segment(self) -> dict[str, float]:
        return {"start": 0.0, "end": self.minutes * 60.0}

    def _store(self, name: str, form: str, *recipes: Recipe) -> None:
        store_piece(self.folder, name, form, *recipes)

    def _ref(self, name: str, form: str) -> Ref:
        path = json.loads((self.folder / f"{name}.json").read_text())
        return Ref(name, name, name, path, form)


def store_piece(folder: Path, name: str, form: str, *recipes: Recipe) -> None:
    """Compute pieces in this process, and note where the first lies."""
    store = PieceStore(str(folder / name), form)
    keyed = {f"{name} {at}": recipe for at, recipe in enumerate(recipes)}
    manifest = compute_pieces(name, keyed, store, Manifest([]), Execution(workers=1, on_error="raise"))
    path = str(store.path(str(manifest.entries[0].path)))
    (folder / f"{name}.json").write_text(json.dumps(path), encoding="utf-8")


STAGES = [name for name in vars(Stages) if not name.startswith("_")]


def peak() -> float:
    """Most memory that this process has taken so far (MB).

    Not getrusage: its number counts what the process that started this one held.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def measure(folder: Path, model: Path, minutes: float, stages: Sequence[str]) -> dict[str, float]:
    """Peak (MB) of each stage for a video of a length, each in a process of its own."""
    folder.mkdir(parents=True)
    make_video(folder, minutes)
    shutil.copy(model, folder)
    found = {}
    for stage in stages:
        imported = "from benchmarks.memory_of_faces import Stages, peak"
        script = f"{imported}; Stages({str(folder)!r}, {minutes}).{stage}(); print(peak())"
        done = subprocess.run(
            [sys.executable, "-c", script], check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
        found[stage] = float(done.stdout.splitlines()[-1])
    return found


def rows(minutes: tuple[float, float] = MINUTES, stages: Sequence[str] = STAGES) -> list[dict[str, Any]]:
    """A line a stage: by how many MB its peak grows with a minute of video, and both peaks (MB)."""
    with tempfile.TemporaryDirectory() as folder:
        store_piece(Path(folder), "backbone", FITTED, Recipe(backbone, {}))
        model = Path(folder) / "backbone.json"
        peaks = [measure(Path(folder) / f"{length:g}", model, length, stages) for length in minutes]
    found = []
    for stage in stages:
        less, more = (each[stage] for each in peaks)
        grown = (more - less) / (minutes[1] - minutes[0])
        told = f"{less:.0f} MB at {minutes[0]:g} min, {more:.0f} at {minutes[1]:g}; at most {MOST} MB/min"
        found.append(row(f"faces, {stage}", grown, unit="MB/min", limit=held(grown, MOST, told)))
    return found


if __name__ == "__main__":
    for each in rows():
        print(f"{each['what']:20} {each['here']:6.2f} {each['unit']}   {each['limit']}")
