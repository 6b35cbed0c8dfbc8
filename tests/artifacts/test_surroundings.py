"""What else than code decides a value: versions, Python, files and variables that code names, compiled modules."""

import importlib.metadata
from pathlib import Path

import pytest
from tests.artifacts.packages import package, reach_of

from abaw_pipeline.artifacts import libraries
from abaw_pipeline.artifacts.reach import reach_text

MAIN = "main.py"


def found(folder: Path, source: str, files: dict[str, str] | None = None) -> dict[str, str]:
    """What `run` reaches besides code: name -> version or hash."""
    texts = reach_of(folder, {MAIN: source, **(files or {})}).libraries
    return {text.rpartition(" ")[0]: text.rpartition(" ")[2] for text in texts}


@pytest.mark.parametrize("name", ["pandas", "pyarrow", "statsmodels", "silero_vad", "onnx", "jinja2", "numpy", "av"])
def test_libraries_that_compute_count(name, tmp_path):
    libraries_found = found(tmp_path, f"def run():\n    import {name}\n    return {name}.x")
    assert libraries_found.keys() - {"python"}, f"{name} does not count"


@pytest.mark.parametrize("name", ["pydantic", "safetensors", "skops", "joblib", "kedro", "json", "nowhere"])
def test_libraries_that_check_store_or_run_do_not(name, tmp_path):
    assert found(tmp_path, f"def run():\n    import {name}\n    return {name}.x").keys() == {"python"}


def test_a_library_of_a_user_counts_without_being_declared(tmp_path):
    """A recipe that calls a library which this project has never heard of must not be stale after its update."""
    assert found(tmp_path, "def run():\n    import hypothesis, ruff\n    return ruff.x").keys() == {"python", "ruff"}


def test_another_build_of_a_library_counts(monkeypatch):
    """`onnxruntime-gpu` installs the module `onnxruntime`; its update went unseen."""
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "onnxruntime":
            raise importlib.metadata.PackageNotFoundError(name)
        return "9.9" if name == "onnxruntime-gpu" else real(name)

    libraries._distributions.cache_clear()
    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: {"onnxruntime": ["onnxruntime-gpu"]})
    assert libraries.version_of("onnxruntime") == "onnxruntime-gpu 9.9"
    libraries._distributions.cache_clear()


def test_a_new_version_counts_where_it_is_reached(tmp_path, monkeypatch):
    source = "import numpy\ndef run(): return numpy.x\ndef other(): return 1"

    def both(version: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        monkeypatch.setattr(importlib.metadata, "version", lambda _: version)
        files = {"__init__.py": "", MAIN: source}
        return tuple(reach_of(tmp_path, files, f"made.main:{name}").libraries for name in ("run", "other"))

    (run1, other1), (run2, other2) = both("1"), both("2")
    assert run1 != run2
    assert other1 == other2


def test_python_counts(tmp_path, monkeypatch):
    before = found(tmp_path, "def run(): return 1")
    monkeypatch.setattr(libraries.sys, "version_info", type("V", (), {"major": 3, "minor": 99}))
    assert found(tmp_path, "def run(): return 1") != before


@pytest.mark.parametrize("asked", ["sys.platform", "platform.machine()", "os.name"])
def test_the_platform_counts_where_code_asks_for_it(asked, tmp_path):
    head = "import os, platform, sys\n"
    assert any(name == "platform" for name in found(tmp_path, f"{head}def run(): return {asked}"))
    assert not any(name == "platform" for name in found(tmp_path, f"{head}def run(): return sys.path"))


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef run(): return os.environ['MADE_SCALE']",
        "from os import environ\ndef run(): return environ.get('MADE_SCALE')",
        "import os\ndef run(): return os.getenv('MADE_SCALE', '1')",
        "import os\nNAME = 'MADE_SCALE'\ndef run(): return os.environ[NAME]",
        "import os\nSCALE = os.environ.get('MADE_SCALE')\ndef run(): return SCALE",
    ],
)
def test_environment_variables_that_code_names_count(source, tmp_path, monkeypatch):
    seen = set()
    for value in (None, "1", "2"):
        if value is not None:
            monkeypatch.setenv("MADE_SCALE", value)
        seen.add(str(found(tmp_path, source)))
    assert len(seen) == 3


def test_a_variable_is_looked_at_anew_each_time(tmp_path, monkeypatch):
    source = "import os\ndef run(): return os.environ['MADE_SCALE']"
    with package(tmp_path, {"__init__.py": "", MAIN: source}):
        monkeypatch.setenv("MADE_SCALE", "1")
        before = reach_text("made.main:run")
        monkeypatch.setenv("MADE_SCALE", "2")
        assert reach_text("made.main:run") != before


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"])
def test_variables_that_only_say_how_to_work_do_not_count(name, tmp_path, monkeypatch):
    """Workers set some of them: their fingerprints would differ from the planner's."""
    monkeypatch.setenv(name, "3")
    assert found(tmp_path, f"import os\ndef run(): return os.environ['{name}']").keys() == {"python"}


def test_values_of_variables_are_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("MADE_TOKEN", "secret")
    assert "secret" not in str(found(tmp_path, "import os\ndef run(): return os.environ['MADE_TOKEN']"))


HEAD = "from pathlib import Path\nHERE = Path(__file__)\n"
FILES_READ = {
    "beside the module": f"{HEAD}def run(): return HERE.with_name('table.csv').read_text()",
    "below the module": "import pkgutil\ndef run(): return pkgutil.get_data('made', 'data/table.csv')",
    "joined": f"{HEAD}def run(): return (HERE.parent / 'table.csv').read_text()",
    "in a helper": "from made.a import f\ndef run(): return f()",
}


@pytest.mark.parametrize("source", FILES_READ.values(), ids=FILES_READ.keys())
def test_data_files_of_a_package_that_code_names_count(source, tmp_path):
    def content(text: str) -> object:
        helper = "import importlib.resources as r\ndef f(): return r.files('made').joinpath('table.csv').read_text()"
        return found(tmp_path, source, {"a.py": helper, "table.csv": text, "data/table.csv": text})

    assert content("1") == content("1") != content("2")


def test_files_named_from_where_the_program_runs_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = set()
    for content in (None, "1", "2"):
        if content is not None:
            (tmp_path / "weights.bin").write_text(content)
        seen.add(str(found(tmp_path, "def run(): return open('weights.bin').read()")))
    assert len(seen) == 3


def test_a_compiled_module_counts_by_its_content(tmp_path):
    def content(text: str) -> object:
        return found(tmp_path, "def run():\n    from made import fast\n    return fast.f()", {"fast.so": text})

    assert content("1") == content("1") != content("2")
