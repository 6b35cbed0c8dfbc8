import os
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.artifacts.studies import Data, make_old, read

from abaw_pipeline.artifacts import manifest as manifests
from abaw_pipeline.artifacts.prune import Wish, plan_prune
from abaw_pipeline.artifacts.survey import PruneError


@pytest.fixture
def data(tmp_path: Path) -> Data:
    (tmp_path / "data").mkdir()
    return Data(tmp_path / "data")


def tree(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


def test_what_no_manifest_names_goes_and_nothing_else(data):
    ours, theirs = data.numbers("ours"), data.numbers("theirs")
    kept = data.save(ours, "1", 1, 2) + data.save(theirs, "1", 2, 3)
    (stray,) = data.save(data.numbers("gone"), "1", 4)
    data.numbers("gone").file("1").unlink()
    assert ours.store is not None
    folder = Path(ours.store.folder)
    others = [folder / "note.txt", stray.with_name("note.json"), folder / "zz" / stray.name, folder / stray.name]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    plan = data.prune(ours, theirs)
    assert plan.stores[0].unnamed.files == {stray: 1}
    assert plan.bytes == 1
    assert (plan.stores[0].artifact, len(plan.stores[0].named)) == ("layer/numbers", 3)
    assert all(path.exists() for path in [*kept, *others])
    assert not stray.exists()


def test_looking_changes_nothing(data):
    stored = data.numbers("ours")
    data.save(stored, "1", 1)
    data.save(stored, "2", 2)
    before = tree(data.folder)
    plan = plan_prune(Wish(data.folder, 1, 0.0), [stored], [stored])
    assert (len(plan.versions), plan.files) == (1, 1)
    assert tree(data.folder) == before


def test_a_study_without_an_environment_keeps_its_pieces(data):
    """A manifest counts where it is found, not where a catalog says; also one without versions, also deep down."""
    gone = data.save(data.numbers("gone"), "1", 1)
    loose = data.save(data.numbers("loose"), "1", 2)
    deep = data.folder / "some" / "where" / "else.parquet"
    deep.parent.mkdir(parents=True)
    data.numbers("loose").file("1").replace(deep)
    data.prune(data.numbers("ours"))
    assert data.pieces() == {*gone, *loose}


def test_a_store_that_no_catalog_names_any_more_is_pruned(data):
    stored = data.numbers("ours", "renamed")
    (piece,) = data.save(stored, "1", 1)
    stored.file("1").unlink()
    plan = data.prune(data.numbers("ours"))
    assert [store.artifact for store in plan.stores] == ["layer/renamed"]
    assert not piece.exists()


def test_keep_removes_older_versions_of_what_is_chosen_only(data):
    ours, theirs, table = data.numbers("ours"), data.numbers("theirs"), data.table("ours")
    for version in (1, 2, 3):
        data.save(ours, str(version), version)
        data.save(theirs, str(version), 10 + version)
        table.file(str(version)).parent.mkdir(parents=True)
        pq.write_table(pa.table({"x": [version]}), table.file(str(version)))
    plan = plan_prune(Wish(data.folder, 2, 0.0), [ours, theirs, table], [ours, table])
    assert plan.datasets == {"numbers": 1, "table": 1}
    data.prune(ours, table, keep=2)
    assert [each.versions() for each in (ours, theirs, table)] == [["3", "2"], ["3", "2", "1"], ["3", "2"]]
    assert not (ours.path / "1").exists()
    assert len(data.pieces()) == 5


def test_a_piece_of_an_older_version_that_another_study_names_stays(data):
    ours, theirs = data.numbers("ours"), data.numbers("theirs")
    (shared,) = data.save(ours, "1", 1)
    data.save(ours, "2", 2)
    data.save(theirs, "1", 1)
    data.prune(ours, keep=1)
    assert shared.exists()
    assert read(theirs, "1") == {"k1": 2}


def test_a_version_that_is_a_folder_goes_whole_and_what_users_put_beside_it_stays(data):
    table = data.table("ours")
    for version in ("1", "2", "3"):
        table.file(version).mkdir(parents=True)
        (table.file(version) / "part.txt").write_text("x")
    (table.path / "1" / "notes.md").write_text("mine")
    half = table.path / "0"
    half.mkdir()
    (half / ".table.parquet.part").write_text("a killed run")
    data.prune(table, keep=1)
    assert tree(table.path) == {table.file("3") / "part.txt", table.path / "1" / "notes.md"}
    assert not half.exists()
    assert not (table.path / "2").exists()


def test_a_version_in_the_making_stays(data):
    """It is newer than all that were saved, and not there yet."""
    stored = data.numbers("ours")
    data.save(stored, "1", 1)
    (stored.path / "2").mkdir()
    data.prune(stored, keep=1)
    assert (stored.path / "2").is_dir()


def test_young_pieces_stay(data):
    stored = data.numbers("ours")
    old, young = data.save(stored, "1", 1, 2)
    stored.file("1").unlink()
    make_old(old, hours=2)
    plan = data.prune(stored, older_than=3600.0)
    assert plan.stores[0].young.files.keys() == {young}
    assert data.pieces() == {young}


def test_what_dead_writers_left_and_what_was_damaged_goes(data):
    stored = data.numbers("ours")
    (kept,) = data.save(stored, "1", 1)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    host, folder = socket.gethostname(), kept.parents[1]
    aside, damaged = folder / ".aside", folder / ".damaged"
    damaged.mkdir()
    gone = [
        aside / f"{host}-{int(dead.stdout)}-00.json",
        aside / "another-1-00.json",
        damaged / kept.name,
    ]
    stay = [
        aside / f"{host}-{os.getpid()}-00.json",
        aside / "another-2-00.json",
        aside / "notes.txt",
        damaged / "notes.txt",
    ]
    for path in [*gone, *stay]:
        path.write_text("xy")
    make_old(gone[1], hours=25)
    make_old(stay[0], hours=25)
    plan = data.prune(stored)
    (use,) = plan.stores
    assert (len(use.aside), use.damaged.bytes, plan.bytes) == (2, 2, 6)
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in [*stay, kept])


@pytest.mark.parametrize("harm", ["garbage", "empty", "newer", "flipped", "unmarked"])
def test_a_manifest_that_cannot_be_understood_stops_all(data, harm, monkeypatch):
    stored = data.numbers("gone")
    data.save(stored, "1", 1)
    file = stored.file("1")
    match harm:
        case "garbage":
            file.write_bytes(b"garbage")
        case "empty":
            file.write_bytes(b"")
        case "newer":
            file.unlink()
            monkeypatch.setattr(manifests, "VERSION", 99)
            data.save(stored, "1", 1)
            monkeypatch.undo()
        case "flipped":
            found = pq.ParquetFile(file).metadata.row_group(0).column(3)
            assert found.path_in_schema == "path"
            content = bytearray(file.read_bytes())
            content[found.data_page_offset - 3] ^= 1  # the end of the page with the names
            file.write_bytes(content)
        case "unmarked":
            pq.write_table(pq.read_table(file, partitioning=None).replace_schema_metadata(), file)
    stray = data.save(data.numbers("ours"), "1", 2)
    data.numbers("ours").file("1").unlink()
    with pytest.raises(PruneError, match=r"gone/numbers\.parquet/1/numbers\.parquet"):
        data.prune(data.numbers("ours"))
    assert stray[0].exists()


def test_a_damaged_manifest_stops_all_even_where_its_version_would_go(data):
    stored = data.numbers("ours")
    data.save(stored, "1", 1)
    data.save(stored, "2", 2)
    stored.file("1").write_bytes(b"garbage")
    with pytest.raises(PruneError, match="nothing is removed"):
        data.prune(stored, keep=1)
    assert stored.versions() == ["2", "1"]


def test_a_table_that_a_killed_run_left_half_written_is_no_manifest(data):
    stored, table = data.numbers("ours"), data.table("ours")
    (stray,) = data.save(stored, "1", 1)
    stored.file("1").unlink()
    table.file("1").parent.mkdir(parents=True)
    table.file("1").write_bytes(b"PAR1 half")
    with pytest.raises(PruneError):
        data.prune(stored)
    data.prune(stored, table)
    assert not stray.exists()


def outside(tmp_path: Path) -> tuple[Data, Path, Path]:
    """A store on another disk, and what lies there: a piece that a manifest names, and a stray one."""
    there = Data(tmp_path / "disk")
    named, stray = there.save(there.numbers("other"), "1", 1, 2)
    there.save(there.numbers("other"), "1", 1)
    return there, named, stray


def test_links_are_not_followed_to_what_would_be_removed(data, tmp_path):
    there, named, stray = outside(tmp_path)
    (data.folder / "layer").mkdir()
    (data.folder / "layer" / "linked").symlink_to(there.folder / "layer" / "numbers")
    stored = data.numbers("ours")
    (ours,) = data.save(stored, "1", 3)
    stored.file("1").unlink()
    link = ours.with_name(f"{ours.name[:3]}{'0' * 29}{ours.name[32:]}")
    link.symlink_to(stray)
    group = ours.parents[1] / stray.parent.name
    if group != ours.parent:
        group.symlink_to(stray.parent)
    plan = data.prune(stored)
    assert plan.outside == [there.folder / "layer" / "numbers"]
    assert all(path.exists() for path in (named, stray))
    assert link.is_symlink()
    assert not ours.exists()


def test_a_store_elsewhere_is_pruned_when_it_is_named(data, tmp_path):
    there, named, stray = outside(tmp_path)
    store = there.folder / "layer" / "numbers"
    plan = data.prune(there.numbers("other"))
    assert (plan.stores, plan.outside) == ([], [store])
    assert stray.exists()
    plan = data.prune(there.numbers("other"), stores=(store,))
    assert plan.stores[0].artifact == str(store)
    assert not stray.exists()
    assert named.exists(), "our own manifests count wherever they lie"
    with pytest.raises(PruneError, match="no such store"):
        data.prune(stores=(tmp_path / "nowhere",))


def test_older_versions_on_another_disk_stay(data, tmp_path):
    there = Data(tmp_path / "disk")
    for version in ("1", "2"):
        there.save(there.numbers("other"), version, int(version))
    data.prune(there.numbers("other"), keep=1)
    assert there.numbers("other").versions() == ["2", "1"]


def test_a_manifest_behind_a_link_counts(data, tmp_path):
    stored = data.numbers("big")
    (piece,) = data.save(stored, "1", 1)
    stored.path.parent.rename(tmp_path / "disk")
    (data.folder / "layer" / "big").symlink_to(tmp_path / "disk")
    (data.folder / "layer" / "loop").symlink_to(data.folder)
    data.prune()
    assert piece.exists()
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    with pytest.raises(PruneError, match="leads nowhere"):
        data.prune()
    assert piece.exists()


def test_links_to_corpora_are_left_alone(data, tmp_path):
    raw = data.folder / "01_raw"
    raw.mkdir()
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "broken.parquet").write_text("not ours")
    (raw / "corpus").symlink_to(tmp_path / "corpus")
    (raw / "unmounted").symlink_to(tmp_path / "nowhere")
    assert data.prune().files == 0


def test_data_that_is_itself_a_link_is_pruned(data, tmp_path):
    data.folder.rename(tmp_path / "disk")
    data.folder.symlink_to(tmp_path / "disk")
    stored = data.numbers("ours")
    data.save(stored, "1", 1)
    data.save(stored, "2", 2)
    assert data.prune(stored, keep=1).files == 1
    assert read(stored, "2") == {"k2": 4}


@pytest.mark.parametrize("done", range(1, 8))
def test_killed_at_any_moment_it_leaves_what_can_be_used(data, done, monkeypatch):
    """Versions go before the pieces that only they name."""
    stored = data.numbers("ours")
    for version in range(1, 4):
        data.save(stored, str(version), version, version + 1, 9)
    steps, unlink = 0, Path.unlink

    def until_killed(path: Path, **_: object) -> None:
        nonlocal steps
        steps += 1
        if steps > done:
            raise KeyboardInterrupt
        unlink(path, missing_ok=True)

    monkeypatch.setattr(Path, "unlink", until_killed)
    with pytest.raises(KeyboardInterrupt):
        data.prune(stored, keep=1)
        raise KeyboardInterrupt
    monkeypatch.undo()
    for version in stored.versions():
        assert len(read(stored, version)) == 3
    data.prune(stored, keep=1)
    assert len(data.pieces()) == len(read(stored, "3")) == 3


def test_what_cannot_be_removed_is_told(data, monkeypatch):
    stored = data.numbers("ours")
    data.save(stored, "1", 1)
    stored.file("1").unlink()

    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(PruneError, match=r"\.json: cannot be removed \(Permission denied\)"):
        data.prune(stored)
