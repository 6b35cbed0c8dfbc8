"""Lineage: every dataset and node says what it is, previews are cheap, and the static site works in a browser."""

import functools
import json
import re
import shutil
import subprocess
import threading
from graphlib import TopologicalSorter
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from kedro.io.core import Version
from pydantic import BaseModel
from tests.artifacts import stages

from abaw_pipeline import viz_site
from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.artifacts.manifest import Entry, Manifest, write_manifest
from abaw_pipeline.datasets import RecipeDataset, TextFolder
from abaw_pipeline.datasets.figure_folder import FigureFolder
from abaw_pipeline.datasets.panel import panel, table
from abaw_pipeline.datasets.peek import peek
from abaw_pipeline.datasets.table_dataset import TableDataset
from abaw_pipeline.errors import DataError
from abaw_pipeline.parameters import Parameters
from abaw_pipeline.pipeline_registry import register_pipelines

from .conftest import PROJECT, SMALL_DEMO, make_project

PIPELINES = register_pipelines()
CATALOG = yaml.safe_load((PROJECT / "conf" / "base" / "catalog.yml").read_text(encoding="utf-8"))
STAGES = ("intermediate", "primary", "feature", "models", "model_output", "reporting")
LAYERS = {"raw", *STAGES, *(f"inference_{stage}" for stage in STAGES)}
SAID = {"description": "a row a clip"}
ABROAD = re.compile(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//")


def data_of(pipeline):
    return {name for name in pipeline.datasets() if name != "parameters" and not name.startswith("params:")}


def test_every_dataset_has_a_layer_and_a_description_of_one_line():
    for name in {name for pipeline in PIPELINES.values() for name in data_of(pipeline)}:
        metadata = CATALOG[name]["metadata"]
        assert metadata["kedro-viz"]["layer"] in LAYERS, name
        assert metadata["kedro-viz"]["layer"].startswith("inference_") == name.startswith("inference."), name
        said = metadata["description"]
        assert 15 <= len(said) <= 120, name
        assert "\n" not in said, name
        assert not said.endswith("."), name  # the preview adds it


@pytest.mark.parametrize("chosen", PIPELINES)
def test_no_layer_comes_before_and_after_another(chosen):
    """Kedro-Viz shows no layers at all where two of them depend on each other."""
    layer = {name: CATALOG[name]["metadata"]["kedro-viz"]["layer"] for name in data_of(PIPELINES[chosen])}
    before = {each: set() for each in layer.values()}
    for node in PIPELINES[chosen].nodes:
        for read in set(node.inputs) & layer.keys():
            for made in node.outputs:
                before[layer[made]] |= {layer[read]} - {layer[made]}
    TopologicalSorter(before).prepare()  # a cycle raises


def test_every_node_has_a_description_of_one_line():
    for node in {node for pipeline in PIPELINES.values() for node in pipeline.nodes}:
        first = (node.func.__doc__ or "").partition("\n")[0]
        assert 15 <= len(first) <= 120, node.name
        assert first.endswith("."), node.name


def test_every_parameter_that_a_node_reads_is_described():
    names = {name for pipeline in PIPELINES.values() for name in pipeline.datasets() if name.startswith("params:")}
    for name in (each.removeprefix("params:") for each in names):
        field = Parameters.model_fields[name]
        if not field.description:
            assert issubclass(field.annotation, BaseModel), name
            assert field.annotation.__doc__, name


@pytest.fixture(scope="module")
def million(tmp_path_factory):
    """A table of a million rows in one row group, of which all but the beginning of each column is overwritten."""
    path = tmp_path_factory.mktemp("million") / "table.parquet"
    noise = np.random.default_rng(0).random(1_000_000)
    pq.write_table(pa.table({"a_b": np.arange(1_000_000), "noise": noise}), path, use_dictionary=False)
    group = pq.ParquetFile(path).metadata.row_group(0)
    with path.open("r+b") as file:
        for column in map(group.column, range(2)):
            file.seek(column.data_page_offset + column.total_compressed_size // 2)
            file.write(b"\0" * (column.total_compressed_size // 2))
    return path


def text(preview):
    """What one reads of a preview."""
    return re.sub(r"<[^>]*>", "", re.sub(r"<style>.*?</style>", "", preview))


def test_a_table_shows_its_first_rows_and_reads_no_others(million):
    table_dataset = TableDataset(filepath=str(million), metadata=SAID)
    with pytest.raises(Exception, match=r"(?i)page|deserializ|thrift|snappy"):
        table_dataset.load()
    shown = text(table_dataset.preview(nrows=3))
    assert shown.startswith("A row a clip.3 of 1,000,000 rows:a_bnoise0")
    assert shown.count("0.") == 3


def test_a_piece_shows_its_first_rows_and_reads_no_others(million):
    assert "5 of its 1,000,000 rows:" in text("".join(peek(million)))


COUNTER = Path("/proc/self/io")


@pytest.mark.skipif(not COUNTER.exists(), reason="this system does not count the bytes that a process reads")
def test_a_preview_reads_a_small_part_of_the_file(million):
    table_dataset = TableDataset(filepath=str(million))
    table_dataset.preview()
    before = int(COUNTER.read_text().split()[1])
    table_dataset.preview()
    assert int(COUNTER.read_text().split()[1]) - before < million.stat().st_size / 4


def test_recipes_show_rows_of_the_manifest_and_one_piece(tmp_path, million):
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    shutil.copy(million, pieces / "0.parquet")
    entries = [Entry(("svm", f"k{n}"), "done", f"{n}", f"{n}.parquet", 1, 7) for n in range(2000)]
    write_manifest(tmp_path / "made.parquet", Manifest(entries), artifact="made", format="table")
    dataset = RecipeDataset(
        filepath=str(tmp_path / "made.parquet"), pieces={"path": str(pieces), "format": "table"}, metadata=SAID
    )
    shown = text(dataset.preview(nrows=2))
    assert shown.startswith("A row a clip.2 of 2,000 pieces:")
    assert "svm, k1" in shown
    assert "svm, k2" not in shown
    assert "Piece svm, k0:5 of its 1,000,000 rows:" in shown


def test_recipes_whose_pieces_are_gone_or_failed_still_show_the_manifest(tmp_path):
    dataset = RecipeDataset(
        filepath=str(tmp_path / "a.parquet"), pieces={"path": str(tmp_path / "p"), "format": "json"}
    )
    dataset.save(RecipeMap("a", {"bad": Recipe(stages.fail_if_odd, {"x": 1}), "good": Recipe(stages.double, {"x": 2})}))
    assert "Piece good:4" in text(dataset.preview())
    for piece in (tmp_path / "p").rglob("*.json"):
        piece.unlink()
    shown = text(dataset.preview())
    assert "Piece" not in shown
    assert "badfailed" in shown


@pytest.mark.parametrize(
    "make",
    [
        lambda path: TableDataset(filepath=path, version=Version(None, None), metadata=SAID),
        lambda path: TextFolder(filepath=path, version=Version(None, None), metadata=SAID),
        lambda path: RecipeDataset(filepath=f"{path}.parquet", pieces={"path": path, "format": "json"}, metadata=SAID),
        lambda path: FigureFolder(path=path, dataset="text.TextDataset", metadata=SAID),
    ],
)
def test_what_is_not_made_yet_is_described(tmp_path, make):
    assert text(make(str(tmp_path / "none")).preview()) == "A row a clip.Not made yet."


def test_texts_and_figures_show_some_of_many(tmp_path):
    folder = TextFolder(filepath=str(tmp_path / "texts"))
    folder.save({f"clip{n:02}": f"head\n{n}" for n in range(30)})
    shown = text(folder.preview(shown=2))
    assert shown.startswith("2 of 30 files:filebytesclip00.txt6clip01.txt6clip00.txt:head0")
    for name in ("results", "confusion_svm"):
        (tmp_path / f"{name}.svg").write_text("<svg/>", encoding="utf-8")
    drawn = FigureFolder(path=str(tmp_path), dataset="text.TextDataset").preview()
    assert "1 of 2 figures:results.svg" in text(drawn)
    assert drawn.count('<img src="data:image/svg+xml;base64,PHN2Zy8+">') == 1


def test_pictures_in_a_table_are_shown_and_other_bytes_counted():
    jpeg = b"\xff\xd8\xff" + bytes(9)
    shown = table(["image", "raw", "list"], [({"bytes": jpeg, "path": None}, b"1234", [0.5] * 128), (None, None, [1])])
    assert '<td><img src="data:image/jpeg;base64,/9j/' in shown
    assert "4 bytes" in shown
    assert "[128" in shown


def test_texts_stay_texts():
    shown = panel(None, table(["<b>_x_"], [("*a* `b` [c](d) | __e__",)]))
    assert "<b>" not in shown
    letters = "[^\n\u2028]"  # what a point stands for in a browser's regular expressions, by which Kedro-Viz goes
    assert not re.search(rf"_{letters}*?_|\*{letters}*?\*|`[^`]+`|\[[^\]]+\]\(|\|{letters}+\|", shown)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of a project in which the first stages have run."""
    project = make_project(tmp_path_factory.mktemp("viz") / "project")
    project.write("conf/local/parameters.yml", SMALL_DEMO)
    project.kedro("run", "--to-outputs=clips,frames", "--params=execution.workers=1")
    said = project.python("import sys; from abaw_pipeline.viz_site import main; sys.exit(main(['site']))")
    assert "site/index.html" in said
    return project.folder / "site"


def api(site, path):
    return json.loads((site / "api" / path).read_text(encoding="utf-8"))


def test_the_site_has_all_pipelines_with_their_layers(site):
    assert {each["id"] for each in api(site, "main")["pipelines"]} == set(PIPELINES)
    for name in PIPELINES:
        graph = api(site, f"pipelines/{name}")
        used = {node["layer"] for node in graph["nodes"] if node.get("layer")}
        assert used
        assert [layer for layer in graph["layers"] if layer in used], name


def test_the_site_describes_every_node_and_every_dataset_that_can_say_it(site):
    nodes = [node for name in ("__default__", "inference") for node in api(site, f"pipelines/{name}")["nodes"]]
    said = {node["name"]: api(site, f"nodes/{node['id']}") for node in nodes if node["type"] in ("task", "data")}
    for node in nodes:
        if node["type"] == "task":
            assert '"""' in said[node["name"]]["code"], node["name"]
    silent = {name for name, facts in said.items() if "code" not in facts and facts.get("preview") is None}
    assert silent <= {"report", "results", "run_parameters", "inference.results"}
    assert "5 of 42 rows:" in text(said["clips"]["preview"])
    assert "Piece demo/" in text(said["frames"]["preview"]) or "0 of 0 pieces" in text(said["frames"]["preview"])


def test_the_page_names_no_other_host(site):
    for page in site.glob("*.html"):
        assert not ABROAD.search(page.read_text(encoding="utf-8")), page.name
    assert not (site / "telemetry.html").exists()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(site):
    """Where the site is served, on this machine alone."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def browse(folder, address):
    """The page's DOM, its errors on the console, and the addresses that it asked for."""
    log = folder / "net.json"
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *(f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", "--window-size=1500,1000"),
        *("--enable-logging=stderr", "--v=0", "--virtual-time-budget=15000", "--dump-dom", address),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=folder)
    facts = json.loads(log.read_text(encoding="utf-8"))
    asked = [event["params"] for event in facts["events"] if "url" in event.get("params", {})]
    # what the browser asks for on its own account has no page as its origin
    urls = {each["url"] for each in asked if str(each.get("initiator", "")).startswith("http")}
    return done.stdout, re.findall(r"CONSOLE[^\]]*\] (.*)", done.stderr), urls


@pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the path")
def test_the_site_opens_in_a_browser_and_asks_only_its_own_host(tmp_path, site, address):
    dom, console, urls = browse(tmp_path, f"{address}/?pid=__default__&sn=clips")
    shown = text(dom)
    for name in ("__default__", "face_crops", "fit_fusion", "sound_posteriors", *STAGES):
        assert name in shown, name
    assert "A row a clip whose media can be read" in shown
    assert "clip_id" in shown
    # Kedro-Viz greets on the console, and looks for a file that its own static sites do not have
    assert not [line for line in console if "Experimental features" not in line and "metadata fetch error" not in line]
    assert any("/api/nodes/" in url for url in urls)
    assert {url for url in urls if not url.startswith(f"{address}/")} == set()


def test_a_site_that_cannot_be_built_is_an_error_and_other_folders_are_safe(tmp_path):
    project = make_project(tmp_path / "project")
    project.write("conf/base/catalog.yml", "clips: [")
    script = "import sys; from abaw_pipeline.viz_site import main; sys.exit(main([sys.argv[-1]]))"
    assert "made no site" in project._run("-c", script, "site", ok=False)
    mine = project.write("mine/thesis.txt", "years of work")
    assert "no site" in project._run("-c", script, "mine", ok=False)
    assert mine.read_text(encoding="utf-8") == "years of work"


def test_wrong_arguments_build_nothing(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert viz_site.main([]) == 2
    assert viz_site.main(["a", "--no-preview"]) == 2
    assert "usage" in capsys.readouterr().err
    Path("build").mkdir()
    Path("build/wheel").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="no site"):
        viz_site.build_site(Path("site"))
    assert pd.Series(list(tmp_path.rglob("wheel"))).size == 1
