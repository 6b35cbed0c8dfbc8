"""From a file to a stored voice, part by part."""

import numpy as np
import pytest
import soundfile
from tests.media.files import noise, write_media

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.artifacts.work import Job, run_task
from abaw_pipeline.audio import separation
from abaw_pipeline.audio.resampling import resample
from abaw_pipeline.audio.separation import NNFilter, NoSeparation, Separator
from abaw_pipeline.audio.vocals import RATE, make_vocals
from abaw_pipeline.media import decode
from abaw_pipeline.media.decode import decode_audio
from abaw_pipeline.types import File, Waveform


def recipe(path, separator: Separator, start: float = 0.3, end: float = 11.7) -> Recipe:
    return Recipe(make_vocals, {"media": File(str(path), "0"), "start": start, "end": end, "separation": separator})


def stored(made: Recipe, folder) -> Waveform:
    store = PieceStore(str(folder), "audio")
    store.prepare()
    (outcome,) = run_task([Job(made.fingerprint, made, ("a",), {})], store)
    if outcome.error is not None:
        raise outcome.error
    samples, rate = soundfile.read(store.path(outcome.written.path), dtype="float32")
    return Waveform(samples, rate)


class SeparatesFirst(NoSeparation):
    """Works at a rate of its own, as Spleeter may."""

    def decoding_rate(self, rate: int) -> int:
        return 44_100


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Twelve seconds of pictures, eight of sound."""
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    sound = np.stack([noise(8.0, 44_100, seed) for seed in (0, 1)])
    return write_media(path, sound, rate=44_100, codec="aac", layout="stereo", pictures=12.0)


@pytest.mark.parametrize("separator", [NoSeparation(), NNFilter(), NNFilter(chunk=5.0, overlap=0.5)])
def test_the_voice_in_parts_is_that_of_the_whole_sound(film, separator, tmp_path):
    made = recipe(film, separator)
    whole = separator.separate(decode_audio(film, start=0.3, end=11.7))
    assert len(whole.samples) == round(11.7 * RATE) - round(0.3 * RATE)
    np.testing.assert_array_equal(RecipeMap("vocals", {"a": made})["a"].samples, whole.samples)
    rounded = np.clip(np.rint(whole.samples * 32768.0), -32768, 32767) / 32768
    np.testing.assert_array_equal(stored(made, tmp_path).samples, rounded.astype(np.float32))


def test_a_voice_at_another_rate_gets_the_length_of_the_clip(film):
    got = RecipeMap("vocals", {"a": recipe(film, SeparatesFirst())})["a"]
    expected = resample(decode_audio(film, rate=44_100, start=0.3, end=11.7), RATE, 182_400)
    np.testing.assert_array_equal(got.samples, expected.samples)


def test_what_is_decoded_is_stored_before_more_is_decoded(tmp_path, monkeypatch):
    """A stage that gathers its parts anywhere on the way to the disk would be far ahead of what is stored."""
    soundfile.write(tmp_path / "a.wav", noise(60.0, RATE), RATE)
    events = []
    monkeypatch.setattr(decode, "PART", 1.0)
    monkeypatch.setattr(separation.NNFilter, "_voice", lambda self, samples, rate: samples)
    parts, write = decode.Waveform, soundfile.SoundFile.write
    monkeypatch.setattr(decode, "Waveform", lambda *a: events.append(len(a[0])) or parts(*a))
    monkeypatch.setattr(soundfile.SoundFile, "write", lambda file, x: events.append(-len(x)) or write(file, x))
    assert len(stored(recipe(tmp_path / "a.wav", NNFilter(chunk=5.0, overlap=0.5), 0.0, 60.0), tmp_path / "s").samples)
    assert sum(events) == 0
    assert max(np.cumsum(events)) <= (2 * 5 + 1) * RATE


def test_a_file_that_ends_too_soon_leaves_no_voice(film, tmp_path):
    with pytest.raises(Exception, match=r"after the file's end at 12\.0"):
        stored(recipe(film, NoSeparation(), 0.0, 30.0), tmp_path)
    assert not list(tmp_path.rglob("*.flac"))
