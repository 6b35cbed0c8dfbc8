"""Kedro's other commands: what a user looks around with."""

import os
import re
import sys
from pathlib import Path

from tests.conftest import Project


def test_registry_tells_pipelines_and_their_nodes(project: Project) -> None:
    names = re.findall(r"^- (\S+)$", project.kedro("registry", "list"), flags=re.MULTILINE)
    study = ["ingestion", "face_preprocessing", "audio_separation", "label_resampling", "backbone_training"]
    study += ["embedding_extraction", "temporal_modeling", "fusion", "reporting", "demo_corpus"]
    assert set(names) == {"__default__", "inference", *study}
    assert "- fit_fusion" in project.kedro("registry", "describe", "fusion")


def test_catalog_is_told_without_any_data(project: Project) -> None:
    told = project.kedro("catalog", "describe-datasets", "--pipeline=fusion")
    assert re.search(r"RecipeDataset:\n(\s+- \w+\n)*\s+- sound_posteriors\n", told)
    assert "- fused_posteriors" in told
    assert "defaults: {}" in told, "every dataset of the pipeline stands in the catalog"
    assert "Error" not in project.kedro("catalog", "list-patterns")
    assert not (project.folder / "data").exists()


def test_ipython_has_the_catalog_and_can_run(demo_copy: Project) -> None:
    script = "\n".join(
        [
            "vectors = catalog.load('sound_embeddings')",
            "print('pieces', len(vectors), context.params['study'], 'fusion' in pipelines)",
            "print('made', sorted(session.run(node_names=['resample_labels'])))",
        ]
    )
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    quiet = {"PATH": tools, "IPYTHONDIR": str(demo_copy.folder / "ipython")}
    output = demo_copy.kedro("ipython", "-c", script, **quiet)
    assert "pieces 42 demo True" in output
    assert "made ['labels_5hz']" in output


def test_a_notebook_below_the_project_finds_the_catalog(demo_copy: Project) -> None:
    cells = [
        "%load_ext kedro.ipython",
        "%reload_kedro --params=evaluation.resamples=200",
        "print('clips', len(catalog.load('clips')), context.params['evaluation'])",
    ]
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        f"for cell in {cells!r}: InteractiveShell.instance().run_cell(cell).raise_error()"
    )
    (demo_copy.folder / "notebooks").mkdir()
    output = Project(demo_copy.folder / "notebooks").python(script)
    assert "clips 42" in output
    assert "resamples=200" in output
    assert "headline='log_mean'" in output
