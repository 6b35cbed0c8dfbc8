"""SAVEE by its file names: counts, layouts, and what is wrong with files."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from abaw_pipeline.corpora.listing import list_corpora
from abaw_pipeline.corpora.savee import Savee, published
from abaw_pipeline.corpora.union import AnyCorpus
from abaw_pipeline.errors import CorpusError

ALL = sorted(published())
LAYOUTS = ("{speaker}/{clip}.wav", "{speaker}_{clip}.wav", "AudioData/{speaker}/{clip}.wav", "{speaker}/{name}.WAV")


def put(root, *names, content=b""):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def lay_out(root, layout, names=ALL):
    pairs = [(name, *name.split("_")) for name in names]
    return put(root, *(layout.format(name=name, speaker=speaker, clip=clip) for name, speaker, clip in pairs))


def entries(root, **parameters):
    return Savee(path=str(root), **parameters).entries("s")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_complete_corpus_in_any_layout_has_the_published_counts(tmp_path, layout):
    found = entries(lay_out(tmp_path, layout))
    assert [clip.clip_id for clip in found.clips] == [f"s/{name}" for name in ALL]
    assert (len(found.clips), found.failures, found.notes) == (480, [], [])
    assert Counter(clip.label for clip in found.clips) == {
        "neutral": 120,
        **dict.fromkeys(["anger", "disgust", "fear", "happiness", "sadness", "surprise"], 60),
    }
    assert Counter(clip.subject for clip in found.clips) == dict.fromkeys(["s/DC", "s/JE", "s/JK", "s/KL"], 120)
    assert {clip.sex for clip in found.clips} == {"m"}


@pytest.mark.parametrize(
    ("clip", "label"),
    [
        *(("a01", "anger"), ("d15", "disgust"), ("f02", "fear"), ("h03", "happiness")),
        *(("n30", "neutral"), ("sa04", "sadness"), ("SU05", "surprise")),
    ],
)
def test_a_name_tells_all_of_the_clip(tmp_path, clip, label):
    put(tmp_path, f"jk/{clip}.Wav")
    found = entries(tmp_path)
    (entry,) = found.clips
    assert (entry.clip_id, entry.label, entry.subject) == (f"s/JK_{clip.lower()}", label, "s/JK")
    assert entry.media == str(tmp_path / "jk" / f"{clip}.Wav")
    assert entry.extra == {"number": clip[-2:]}
    assert found.notes[0].startswith("479 of the corpus's 480 clips are missing: DC_a01, ")


def test_the_modality_chooses_files(tmp_path):
    put(tmp_path, "AudioData/DC/a01.wav", "AudioVisualClip/DC/a01.avi", "AudioVisualClip/DC/sa02.avi", "DC/bad.avi")
    assert [clip.media.rpartition(".")[2] for clip in entries(tmp_path).clips] == ["wav"]
    video = entries(tmp_path, modality="video")
    assert [clip.clip_id for clip in video.clips] == ["s/DC_a01", "s/DC_sa02"]
    assert [failure.key for failure in video.failures] == ["s/DC/bad.avi"]


def test_classes_may_be_left_out(tmp_path):
    found = entries(lay_out(tmp_path, LAYOUTS[0]), drop_classes=["surprise"])
    assert len(found.clips) == 420
    assert found.notes == ["60 of 480 clips are left out by drop_classes: surprise"]


@pytest.mark.parametrize(
    "name",
    [
        *("DC/a16", "DC/a00", "DC/n31", "DC/s01", "DC/x01", "DC/a1", "DC/a001", "DC/a01-copy", "DC/aa01", "DC/sa"),
        *("a01", "XX_a01", "DC-a01", "JE/DC_a01", "DC/٠a01", "DC/a٠١", "caf\udce9"),
    ],
)
def test_a_name_that_breaks_the_rules_is_quarantined(tmp_path, name):
    put(tmp_path, "KL/su15.wav", f"{name}.wav")
    found = entries(tmp_path)
    assert [clip.clip_id for clip in found.clips] == ["s/KL_su15"]
    (failure,) = found.failures
    assert failure.key == f"s/{name}.wav".encode(errors="backslashreplace").decode()
    assert ("folder is JE" if name == "JE/DC_a01" else "none that SAVEE has") in failure.message
    list_corpora({"s": Savee(path=str(tmp_path))})  # the row can be stored


def test_one_clip_in_several_files_and_pointers_are_quarantined(tmp_path):
    put(tmp_path, "DC/a01.wav", "DC_a01.wav", "DC/a02.wav", "DC/._a03.wav", "DC/notes.txt", "other/a04.wav")
    put(tmp_path, "DC/a05.wav", content=b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    found = entries(tmp_path)
    assert [clip.clip_id for clip in found.clips] == ["s/DC_a02"]
    assert [failure.key for failure in found.failures] == ["s/DC_a01", "s/DC_a05"]


@pytest.mark.parametrize("given", ["..", "DC", "DC/empty", "../elsewhere/empty"])
def test_a_root_on_another_level_is_an_error_that_names_the_right_one(tmp_path, given):
    right = lay_out(tmp_path / "SAVEE", LAYOUTS[0])
    (right / "DC" / "empty").mkdir()
    (tmp_path / "elsewhere" / "empty").mkdir(parents=True)
    with pytest.raises(CorpusError) as caught:
        entries((right / given).resolve())
    if given in {"..", "DC"}:
        assert caught.value.hint == f"Set path to {right}."
    else:
        assert "expected the folders DC, JE, JK and KL" in str(caught.value)


def test_no_folder_and_no_wanted_medium_are_errors(tmp_path):
    with pytest.raises(CorpusError, match=r"no such folder\. Expected: the folders"):
        entries(tmp_path / "none")
    put(tmp_path, "DC/a01.avi")
    with pytest.raises(CorpusError, match=r"no clip as audio; files end in \.avi"):
        entries(tmp_path)


def test_a_study_names_it_by_its_kind():
    assert isinstance(TypeAdapter(AnyCorpus).validate_python({"kind": "savee", "path": "x"}), Savee)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=30)
        | st.from_regex(r"(D[CX]_)?[adfhnsu]{1,2}[0-3][0-9]", fullmatch=True)
    ),
    folder=st.sampled_from(["", "DC/", "je/"]),
)
def test_any_file_names_give_clips_or_refusals_and_none_is_lost(tmp_path_factory, names, folder):
    root = put(tmp_path_factory.mktemp("s"), *(f"{folder}{name}.wav" for name in names))
    visible = {file for file in root.rglob("*.wav") if not file.name.startswith(".")}
    try:
        found = entries(root)
    except CorpusError:
        return
    told = {clip.media for clip in found.clips} | {failure.key for failure in found.failures}
    assert len(found.clips) + len(found.failures) == len(told)
    assert found.clips or found.failures
    assert len(told) <= len(visible)
