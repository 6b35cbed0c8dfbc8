"""The memory of hashes is whole or ignored, and does not grow for ever."""

import logging
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abaw_pipeline.artifacts.hash_memory import KEPT_DAYS, HashMemory, Remembered

ENTRIES = {f"1:{index}:4:17:18": Remembered(f"{index:064x}", 100) for index in range(20)}


@pytest.fixture
def memory(tmp_path):
    found = HashMemory(tmp_path / "deep" / "hashes.json")
    found.save(ENTRIES, 100)
    return found


def test_entries_come_back_and_are_laid_over_what_is_there(memory):
    assert memory.load() == ENTRIES
    new = {"1:3:4:17:18": Remembered("f" * 64, 101), "1:99:4:17:18": Remembered("e" * 64, 101)}
    memory.save(new, 101)
    assert memory.load() == {**ENTRIES, **new}


def test_what_nobody_asks_for_is_forgotten(memory):
    new = {"1:99:4:17:18": Remembered("e" * 64, 99 + KEPT_DAYS)}
    memory.save(new, 99 + KEPT_DAYS)
    assert memory.load() == {**ENTRIES, **new}
    memory.save(new, 100 + KEPT_DAYS)
    assert memory.load() == new


def test_no_file_is_no_problem(tmp_path, caplog):
    assert HashMemory(tmp_path / "hashes.json").load() == {}
    assert not caplog.records


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_damage_anywhere_never_gives_another_digest(memory, data):
    whole = memory._path.read_bytes()
    try:
        if data.draw(st.booleans()):
            place = data.draw(st.integers(0, len(whole) - 1))
            bit = data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
            memory._path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        else:
            memory._path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
        assert memory.load() in ({}, ENTRIES)
    finally:
        memory._path.write_bytes(whole)


OTHERS = [
    b"",
    b"\n",
    b"{}",
    b"[]\n{}",
    b'{"version": 1}\n{}',
    b"\xff\xfe\n\x00",
    b"PAR1",
    b'{"version": 1, "sha256": 3',
]


@pytest.mark.parametrize("content", OTHERS)
def test_other_files_are_ignored_with_a_line_and_replaced(memory, caplog, content):
    memory._path.write_bytes(content)
    assert memory.load() == {}
    assert "cannot be used" in caplog.text
    memory.save(ENTRIES, 100)
    assert memory.load() == ENTRIES


def test_another_version_is_ignored(memory, caplog, monkeypatch):
    monkeypatch.setattr("abaw_pipeline.artifacts.hash_memory.VERSION", 2)
    assert memory.load() == {}
    assert "another version" in caplog.text


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"")
    HashMemory(tmp_path / "file" / "hashes.json").save(ENTRIES, 100)
    (tmp_path / "hashes.json").mkdir()
    HashMemory(tmp_path / "hashes.json").save(ENTRIES, 100)
    assert [record.levelno for record in caplog.records if "cannot be written" in record.message] == [
        logging.WARNING
    ] * 2


def test_what_a_killed_run_left_aside_is_in_nobodys_way(memory):
    memory._path.with_suffix(".part").write_bytes(b"half")
    memory.save(ENTRIES, 100)
    assert memory.load() == ENTRIES
    assert not memory._path.with_suffix(".part").exists()


SAVES = """
import sys
from pathlib import Path
from abaw_pipeline.artifacts.hash_memory import HashMemory, Remembered

memory, number = HashMemory(Path(sys.argv[1])), sys.argv[2]
sys.stdin.read()  # until all have started
for index in range(10):
    memory.save({f"{number}:{index}:4:17:18": Remembered("a" * 64, 100)}, 100)
"""


def test_processes_that_save_at_once_lose_nothing(tmp_path):
    path = tmp_path / "hashes.json"
    command = [sys.executable, "-W", "error", "-c", SAVES, str(path)]
    processes = [subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE) for number in range(3)]
    for process in processes:
        process.stdin.close()
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(HashMemory(path).load()) == 30
