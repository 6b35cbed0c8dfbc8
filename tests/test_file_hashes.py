"""Files of a study are hashed once: what runs say of it, and what they notice."""

import os
import re
from pathlib import Path

from tests.conftest import Project

QUICK = """
import sys
from abaw_pipeline.artifacts import file_hashes
file_hashes.MARGIN_NS = 5 * 10**7  # the files of a test are young; some ticks of the clock are enough
from kedro.framework.cli.cli import main
sys.argv = ["kedro", "run", *{arguments}]
main()
"""


def run(project: Project, *arguments: str) -> tuple[tuple[int, int], int]:
    """How many files a run has hashed and how many it has known; how many pieces of `media` it has computed."""
    said = project.python(QUICK.format(arguments=list(arguments)))
    files = re.search(r"files: (\d+) hashed \([\d.]+\s+MB\),\s+(\d+)\s+unchanged", said)
    pieces = re.search(r"media: (\d+) computed", said)
    assert files, said
    assert pieces, said
    return (int(files[1]), int(files[2])), int(pieces[1])


def flip_the_last_bit(path: Path) -> None:
    """Another sound in a file of the same size and the same mtime."""
    facts = path.stat()
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([content[-1] ^ 1]))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_a_run_reads_what_has_changed_and_nothing_else(demo_copy: Project) -> None:
    assert run(demo_copy, "--pipelines=ingestion") == ((42, 0), 0)
    assert run(demo_copy, "--pipelines=ingestion") == ((0, 42), 0)
    flip_the_last_bit(next((demo_copy.folder / "data/01_raw/demo").rglob("*.wav")))
    assert run(demo_copy, "--pipelines=ingestion") == ((1, 41), 1)


def test_reading_all_can_be_asked_for_and_makes_nothing_stale(demo_copy: Project) -> None:
    run(demo_copy, "--pipelines=ingestion")
    assert run(demo_copy, "--pipelines=ingestion", "--params", "execution.reread=true") == ((42, 0), 0)
    demo_copy.kedro("run", "--nodes=describe_clips")  # from tables made with the other value


def test_workers_of_a_parallel_runner_know_files_too(demo_copy: Project) -> None:
    run(demo_copy, "--pipelines=ingestion")
    demo_copy.kedro("run", "--pipelines=ingestion", "--runner=ParallelRunner")
    assert (demo_copy.folder / "data/.file_hashes.json").is_file()
    assert run(demo_copy, "--pipelines=ingestion", "--runner=ParallelRunner") == ((0, 42), 0)
