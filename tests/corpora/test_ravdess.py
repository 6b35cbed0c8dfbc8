"""RAVDESS by its file names: counts, refusals, and roots that are a level off."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abaw_pipeline.corpora.listing import list_corpora
from abaw_pipeline.corpora.ravdess import CHANNELS, MODALITIES, Ravdess, published
from abaw_pipeline.errors import CorpusError, PipelineError

SPEECH = sorted(published(["audio"], ["speech"]))
EVERYTHING = sorted(published(list(MODALITIES.values()), list(CHANNELS.values())))


def lay_out(root, stems, folders=True, suffix=".wav"):
    for stem in stems:
        folder = root / f"Actor_{stem[-2:]}" if folders else root
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}{suffix}").write_bytes(b"")
    return root


@pytest.mark.parametrize(
    ("modalities", "channels", "count"),
    [
        (["audio"], ["speech"], 1440),
        (["audio"], ["song"], 1012),
        (["audio_video", "video"], ["speech"], 2880),
        (list(MODALITIES.values()), list(CHANNELS.values()), 7356),
    ],
)
def test_the_rules_give_the_published_counts(modalities, channels, count):
    assert len(set(published(modalities, channels))) == count


SEVEN = {"neutral": 376, "surprise": 384, "disgust": 384}
SEVEN |= dict.fromkeys(["happiness", "sadness", "fear", "anger"], 752)


def test_without_calm_videos_are_the_clips_of_the_cross_corpus_study(tmp_path):
    """Ryumina et al. (2022), Table 3: spoken and sung, with sound and without."""
    lay_out(tmp_path, EVERYTHING, suffix=".mp4")
    corpus = Ravdess(
        path=str(tmp_path), modality=("audio_video", "video"), channel=("speech", "song"), drop_classes=("calm",)
    )
    found = corpus.entries("r")
    assert Counter(clip.label for clip in found.clips) == SEVEN
    assert len(found.clips) == sum(SEVEN.values()) == 4152
    assert found.notes == ["752 of 4904 clips are left out by drop_classes: calm"]


def test_spoken_videos_are_the_clips_of_the_residual_perceptron_network(tmp_path):
    """Chang and Skarbek (2021): 2880 clips of eight emotions, each with sound and without."""
    lay_out(tmp_path, EVERYTHING, suffix=".mp4")
    found = Ravdess(path=str(tmp_path), modality=("audio_video", "video"), channel="speech").entries("r")
    assert Counter(clip.label for clip in found.clips) == {
        "neutral": 192,
        **dict.fromkeys(["calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise"], 384),
    }
    assert (len(found.clips), found.notes) == (2880, [])


def test_a_complete_corpus_in_folders_or_flat(tmp_path):
    deep = Ravdess(path=str(lay_out(tmp_path / "deep", SPEECH))).entries("r")
    flat = Ravdess(path=str(lay_out(tmp_path / "flat", SPEECH, folders=False))).entries("r")
    assert [clip.clip_id for clip in deep.clips] == [clip.clip_id for clip in flat.clips]
    assert (len(deep.clips), deep.failures, deep.notes) == (1440, [], [])
    assert Counter(clip.label for clip in deep.clips) == {
        "neutral": 96,
        **dict.fromkeys(["calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise"], 192),
    }
    assert Counter(clip.sex for clip in deep.clips) == {"m": 720, "f": 720}


def test_a_name_tells_all_of_the_clip(tmp_path):
    lay_out(tmp_path, ["03-01-06-02-02-01-12"])
    found = Ravdess(path=str(tmp_path)).entries("r")
    (clip,) = found.clips
    assert (clip.clip_id, clip.subject, clip.label, clip.sex) == ("r/03-01-06-02-02-01-12", "r/12", "fear", "f")
    assert clip.extra == {
        "modality": "audio",
        "channel": "speech",
        "intensity": "strong",
        "statement": "02",
        "repetition": "01",
    }
    assert found.notes[0].startswith("1439 of the corpus's 1440 clips are missing: 03-01-01-01-01-01-01, ")


def test_other_modalities_and_channels_are_passed_over_silently(tmp_path):
    lay_out(tmp_path, ["03-01-06-01-01-01-01", "01-01-06-01-01-01-01", "03-02-06-01-01-01-01"])
    found = Ravdess(path=str(tmp_path), channel="song").entries("r")
    assert [clip.clip_id for clip in found.clips] == ["r/03-02-06-01-01-01-01"]
    both = Ravdess(path=str(tmp_path), modality=("audio", "audio_video")).entries("r")
    assert len(both.clips) == 2
    assert both.failures == []


@pytest.mark.parametrize(
    "stem",
    [
        "03-01-06-01-02-01",
        "03-01-06-01-02-01-12-copy",
        "03-01-09-01-01-01-01",
        "03-01-01-02-01-01-01",
        "03-02-07-01-01-01-01",
        "03-02-03-01-01-01-18",
        "03-01-03-01-01-01-25",
        "03-01-03-01-01-01-00",
        "03-01-03-01-03-01-01",
        "04-01-03-01-01-01-01",
    ],
)
def test_a_name_that_breaks_the_rules_is_quarantined(tmp_path, stem):
    lay_out(tmp_path, [SPEECH[0], stem], folders=False)
    found = Ravdess(path=str(tmp_path)).entries("r")
    assert len(found.clips) == 1
    (failure,) = found.failures
    assert failure.key == f"r/{stem}.wav"
    assert stem in failure.message


def test_a_clip_in_another_actors_folder_or_twice_is_quarantined(tmp_path):
    lay_out(tmp_path, SPEECH[:1])
    (tmp_path / "Actor_02").mkdir()
    (tmp_path / "Actor_02" / f"{SPEECH[1][:-2]}05.wav").write_bytes(b"")
    lay_out(tmp_path, SPEECH[2:3], suffix=".wav")
    lay_out(tmp_path, SPEECH[2:3], suffix=".flac")
    found = Ravdess(path=str(tmp_path)).entries("r")
    assert len(found.clips) == 1
    assert ["Actor_02" in failure.message for failure in found.failures] == [True, False]
    assert "several files" in found.failures[1].message


def test_a_name_in_no_encoding_is_a_row_that_can_be_stored(tmp_path):
    lay_out(tmp_path, [SPEECH[0], "caf\udce9"], folders=False)
    _, refused, _ = list_corpora({"r": Ravdess(path=str(tmp_path))})
    assert [key for key in refused["key"] if "caf" in key] == ["r/caf\\udce9.wav"]


def test_leavings_of_systems_are_not_clips(tmp_path):
    lay_out(tmp_path, SPEECH[:1])
    for name in (f"._{SPEECH[0]}.wav", ".DS_Store", "README.txt", "SOURCE.wav.txt"):
        (tmp_path / "Actor_01" / name).write_bytes(b"")
    found = Ravdess(path=str(tmp_path)).entries("r")
    assert (len(found.clips), found.failures) == (1, [])


@pytest.mark.parametrize("given", ["..", "Actor_03", "Actor_03/empty", "../elsewhere"])
def test_a_root_on_another_level_is_an_error_that_names_the_right_one(tmp_path, given):
    right = lay_out(tmp_path / "ravdess", SPEECH[:96])
    (right / "Actor_03" / "empty").mkdir()
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(CorpusError) as caught:
        Ravdess(path=str((right / given).resolve())).entries("r")
    if given == "../elsewhere":
        assert "expected Actor_01" in str(caught.value)
        assert "found nothing" in str(caught.value)
    elif given == "Actor_03/empty":
        assert "Set path to" in caught.value.hint
    else:
        assert caught.value.hint == f"Set path to {right}."


def test_no_folder_and_no_wanted_clip_are_errors(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        Ravdess(path=str(tmp_path / "none")).entries("r")
    lay_out(tmp_path, ["01-01-06-01-01-01-01"], suffix=".mp4")
    with pytest.raises(CorpusError, match="no clip of audio speech; the folder has audio_video speech"):
        Ravdess(path=str(tmp_path)).entries("r")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(stems=st.lists(st.sampled_from(EVERYTHING), min_size=1, max_size=8, unique=True), folders=st.booleans())
def test_any_names_by_the_rules_come_back(tmp_path_factory, stems, folders):
    root = lay_out(tmp_path_factory.mktemp("r"), stems, folders)
    everything = Ravdess(path=str(root), modality=("audio", "video", "audio_video"), channel=("speech", "song"))
    found = everything.entries("r")
    assert [clip.clip_id for clip in found.clips] == [f"r/{stem}" for stem in sorted(stems)]
    assert found.failures == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=30)
        | st.from_regex(r"0[1-4]-0[1-3]-0[1-9]-0[1-3]-0[1-3]-0[1-3]-(0[0-3]|2[3-5])", fullmatch=True)
    ),
    folder=st.sampled_from(["", "Actor_01/"]),
)
def test_any_names_are_clips_or_refused_or_of_another_kind_and_none_is_lost(tmp_path_factory, names, folder):
    root = tmp_path_factory.mktemp("r")
    (root / "Actor_01").mkdir()
    for name in names:
        (root / f"{folder}{name}.wav").write_bytes(b"")
    try:
        found = Ravdess(path=str(root)).entries("r")
    except PipelineError:
        return
    keys = {clip.clip_id for clip in found.clips} | {failure.key for failure in found.failures}
    files = {file.relative_to(root) for file in root.rglob("*.wav") if not file.name.startswith(".")}
    other = {file for file in files if file.stem in EVERYTHING and file.stem not in SPEECH}
    for file in files - other:
        assert {f"r/{file.stem}", f"r/{file.as_posix()}"} & keys
    assert found.clips and len(keys) == len(files - other)


@pytest.mark.real
def test_the_real_corpus_is_read_whole(real_data):
    found = Ravdess(path=str(real_data / "ravdess_speech")).entries("ravdess")
    assert (len(found.clips), found.failures, found.notes) == (1440, [], [])
    assert len({clip.subject for clip in found.clips}) == 24
    assert Counter(clip.label for clip in found.clips) == {
        "neutral": 96,
        **dict.fromkeys(["calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise"], 192),
    }
