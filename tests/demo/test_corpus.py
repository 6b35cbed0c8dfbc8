"""The embedded corpus on disk: made once, whole or not at all, and nobody else's files are touched."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from abaw_pipeline.corpora.manifest import Manifest
from abaw_pipeline.demo import corpus, journal
from abaw_pipeline.demo.corpus import DemoCorpus, DemoStills, DemoVideos, DemoVoices, write_demo_corpus
from abaw_pipeline.errors import CorpusError

SMALL = DemoCorpus(videos=None, stills=None, voices=DemoVoices(speakers=2, takes=1))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, write_demo_corpus(folder, SMALL)


@pytest.fixture
def short(monkeypatch):
    """Only the first three clips of any plan, so that disk is what is tested."""
    monkeypatch.setattr(corpus, "plan", lambda *args, whole=corpus.plan: list(whole(*args))[:3])


def contents(folder):
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != ".corpus.lock"]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_the_manifest_parser_reads_it_without_a_remark(made):
    folder, record = made
    found = Manifest(path=record.manifest).entries("demo")
    assert (len(found.clips), found.failures, found.notes) == (14, [], [])
    assert record.clips == 14
    assert record.generated
    assert {clip.subject for clip in found.clips} == {"demo/s01", "demo/s02"}
    assert {(clip.subject, clip.sex) for clip in found.clips} == {("demo/s01", "m"), ("demo/s02", "f")}
    assert sorted(file for file in contents(folder) if not file.startswith("voices/")) == [
        "corpus.json",
        "manifest.csv",
    ]


def test_a_second_call_does_nothing(made):
    folder, record = made
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*.*") if file.name != ".corpus.lock"}
    again = write_demo_corpus(folder, SMALL)
    assert (again.manifest, again.clips, again.generated) == (record.manifest, 14, False)
    assert before == {file: file.stat().st_mtime_ns for file in before}


def test_another_folder_holds_the_same_bytes(made, tmp_path):
    write_demo_corpus(tmp_path, SMALL)
    assert contents(tmp_path) == contents(made[0])


def test_other_settings_replace_our_files_and_keep_the_users(short, tmp_path):
    write_demo_corpus(tmp_path, SMALL)
    (tmp_path / "voices" / "mine.wav").write_bytes(b"mine")
    before = contents(tmp_path)
    assert write_demo_corpus(tmp_path, SMALL.model_copy(update={"seed": 5})).generated
    after = contents(tmp_path)
    assert after.keys() == before.keys()
    assert after["voices/mine.wav"] == b"mine"
    assert after["voices/s01_anger_1.wav"] != before["voices/s01_anger_1.wav"]


def test_files_that_are_no_longer_in_the_plan_go(monkeypatch, tmp_path):
    whole = corpus.plan
    monkeypatch.setattr(corpus, "plan", lambda *args: list(whole(*args))[:3])
    write_demo_corpus(tmp_path, SMALL)
    monkeypatch.setattr(corpus, "plan", lambda *args: list(whole(*args))[:2])
    write_demo_corpus(tmp_path, SMALL.model_copy(update={"seed": 0}))
    assert [name for name in sorted(contents(tmp_path)) if name.startswith("voices/")] == [
        "voices/s01_anger_1.wav",
        "voices/s01_neutral_1.wav",
    ]


@pytest.mark.parametrize("harm", ["lose", "cut", "code"])
def test_what_is_lost_cut_or_made_by_other_code_is_made_again(short, monkeypatch, tmp_path, harm):
    write_demo_corpus(tmp_path, SMALL)
    whole = contents(tmp_path)
    victim = tmp_path / "voices" / "s01_anger_1.wav"
    if harm == "lose":
        victim.unlink()
    elif harm == "cut":
        victim.write_bytes(victim.read_bytes()[:-2])
    else:
        monkeypatch.setattr(journal, "_code", lambda: "other code")
    assert write_demo_corpus(tmp_path, SMALL).generated
    assert contents(tmp_path).keys() == whole.keys()
    assert victim.read_bytes() == whole["voices/s01_anger_1.wav"]


def test_an_interrupted_call_is_not_taken_as_complete_and_leaves_no_rest(short, monkeypatch, tmp_path):
    def interrupted(path, *args, real=corpus.write_sound):
        real(path, *args)
        if "anger" in path.name:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(corpus, "write_sound", interrupted)
        write_demo_corpus(tmp_path, SMALL)
    assert "voices/s01_anger_1.wav.part" in contents(tmp_path)
    other = SMALL.model_copy(update={"seed": 1})
    assert write_demo_corpus(tmp_path, other).generated
    assert not write_demo_corpus(tmp_path, other).generated
    assert not [name for name in contents(tmp_path) if name.endswith(".part")]


@pytest.mark.long
def test_a_killed_process_is_taken_up(made, tmp_path):
    code = (
        "import sys, pathlib; from abaw_pipeline.demo.corpus import DemoCorpus, write_demo_corpus; "
        "write_demo_corpus(pathlib.Path(sys.argv[1]), DemoCorpus.model_validate_json(sys.argv[2]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), SMALL.model_dump_json()])
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("voices/*.wav"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not json.loads((tmp_path / "corpus.json").read_text())["complete"]
    assert write_demo_corpus(tmp_path, SMALL).generated
    assert contents(tmp_path) == contents(made[0])


@pytest.mark.parametrize("name", ["manifest.csv", "voices/s01_anger_1.wav", "corpus.json"])
def test_a_file_of_another_origin_is_never_overwritten(short, tmp_path, name):
    (tmp_path / "voices").mkdir()
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(CorpusError, match=Path(name).name) as caught:
        write_demo_corpus(tmp_path, SMALL)
    assert "Move it away" in caught.value.hint
    assert contents(tmp_path) == {name: b"{}"}


@pytest.mark.parametrize("name", ["../outside.wav", "/outside.wav"])
def test_a_journal_that_names_files_outside_is_refused(short, tmp_path, name):
    folder = tmp_path / "demo"
    write_demo_corpus(folder, SMALL)
    (tmp_path / "outside.wav").write_bytes(b"mine")
    journal = json.loads((folder / "corpus.json").read_text())
    journal["files"][name] = 4
    (folder / "corpus.json").write_text(json.dumps(journal))
    with pytest.raises(CorpusError, match="not the journal"):
        write_demo_corpus(folder, SMALL)
    assert (tmp_path / "outside.wav").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"voices": {"speaker": 3}},
        {"voices": {"speakers": 1}},
        {"voices": {"takes": 0}},
        {"seed": -1},
        {"videos": {"count": 2}},
        {"videos": {"seconds_min": 9, "seconds_max": 8}},
        {"stills": {"people": 0}},
        {"speakers": 3},
    ],
)
def test_misspelt_or_senseless_settings_are_refused(wrong):
    inner = next(iter(wrong.values()))
    with pytest.raises(ValidationError, match=next(iter(inner if isinstance(inner, dict) else wrong))):
        DemoCorpus.model_validate(wrong)


def test_a_part_that_is_not_asked_for_is_not_made_and_goes_when_it_no_longer_is(short, monkeypatch, tmp_path):
    tiny = DemoStills(count=14, people=5)
    both = write_demo_corpus(tmp_path, SMALL.model_copy(update={"stills": tiny}))
    assert Path(both.stills).is_file()
    assert Path(both.manifest).is_file()
    faces = write_demo_corpus(tmp_path, DemoCorpus(videos=None, stills=tiny))
    assert (faces.manifest, faces.clips, faces.videos, faces.generated) == (None, 0, 0, True)
    assert set(contents(tmp_path)) == {"corpus.json", "stills.csv"}


def test_an_interrupted_video_is_taken_up_to_the_same_bytes(monkeypatch, tmp_path):
    videos = DemoCorpus(videos=DemoVideos(count=3, seconds_min=1, seconds_max=1), stills=None)

    def interrupted(path, *args, real=corpus.write_video, **options):
        real(path, *args, **options)
        if "demo02" in path.name:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(corpus, "write_video", interrupted)
        write_demo_corpus(tmp_path / "broken", videos)
    names = set(contents(tmp_path / "broken"))
    assert "videos/batch1/demo01.mp4" in names
    assert "videos/batch2/demo02.mp4" not in names
    write_demo_corpus(tmp_path / "broken", videos)
    write_demo_corpus(tmp_path / "whole", videos)
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")
