"""Notebooks run from top to bottom on a study that has run."""

import json

import pytest
from tests.conftest import PROJECT, Project


@pytest.mark.parametrize("path", sorted((PROJECT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_cell_runs(demo_project: Project, path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") for cell in cells), "outputs are not committed"
    script = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "functionals" in demo_project.python(script)
