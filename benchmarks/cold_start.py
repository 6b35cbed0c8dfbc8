"""Cold starts: `kedro registry list`, and fusion with nothing to do, beside a Kedro project with nothing in it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.project import make_project
from benchmarks.row import Row, held, row, timed

EMPTY = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "empty"\nproject_name = "empty"\nkedro_init_version = "1.7.0"\n'
    'source_dir = "src"\n',
    "src/empty/__init__.py": "",
    "src/empty/settings.py": "",
    "src/empty/pipeline_registry.py": "from kedro.pipeline import Node, Pipeline\n\n\ndef same(x):\n    return x\n\n\n"
    'def register_pipelines():\n    return {"__default__": Pipeline([Node(same, "params:x", "y")])}\n',
    "conf/base/parameters.yml": "x: 1\n",
    "conf/base/catalog.yml": "",
    "conf/local/.keep": "",
    ".telemetry": "consent: false\n",
}
DEMO = """
demo_corpus: {path: "${corpus_folder:demo}", settings: {videos: null, stills: null, voices: {speakers: 6, takes: 1}}}
corpora: {demo: {kind: manifest, path: "${corpus_folder:demo}/manifest.csv"}}
cross_validation: {protocol: {kind: subject_kfold, k: 3}, inner_folds: 2}
systems: {sound: {svm: {kind: linear_svm, inputs: [functionals]}}}
fusion: {methods: {log_mean: {kind: log_mean}, mcwf: {kind: mcwf, measure: cpm}}}
evaluation: {resamples: 1000, headline: log_mean}
"""


def kedro(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "kedro", *arguments]
    environment = {**os.environ, "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}:\n{done.stdout}\n{done.stderr}")


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        empty, ours = Path(name, "empty"), Path(name, "ours")
        for path, text in EMPTY.items():
            empty.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            empty.joinpath(path).write_text(text, encoding="utf-8")
        make_project(ours, DEMO)
        kedro(ours, "run")
        listing = best(lambda: kedro(ours, "registry", "list")), best(lambda: kedro(empty, "registry", "list"))
        running = best(lambda: kedro(ours, "run", "--pipelines=fusion")), best(lambda: kedro(empty, "run"))
    against = "a Kedro project with one node"
    return [
        row("kedro registry list", *listing, against=against, limit=held(listing[0], 2, "under 2 s")),
        row("kedro run --pipelines=fusion, nothing to do", *running, against=against),
    ]


def best(function: object, rounds: int = 5) -> float:
    return min(timed(function) for _ in range(rounds))  # type: ignore[arg-type]
