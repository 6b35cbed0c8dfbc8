"""A small program stands in for Spleeter; the real one runs where ABAW_SPLEETER_ENV names its environment."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError
from tests.audio.parts import cut_at, joined
from tests.audio.sounds import music, voice, wave

from abaw_pipeline.audio.resampling import AT_ONCE, resample
from abaw_pipeline.audio.spleeter import Spleeter
from abaw_pipeline.audio.spleeter_call import ADAPTER, SeparationError
from abaw_pipeline.errors import DataError

FAKE = """#!{python}
import json, os, pathlib, sys
sys.path.pop(0)
arguments = sys.argv[1:]
pathlib.Path({record!r}).write_text(json.dumps([arguments, dict(os.environ)]))
mode = pathlib.Path({mode!r}).read_text()
settings = json.loads(pathlib.Path(arguments[arguments.index("--params_filename") + 1]).read_text())
if mode == "fails":
    print("first line\\n" + "x" * 5000 + "\\nno such layer", file=sys.stderr)
    sys.exit(3)
if mode == "sleeps":
    import subprocess, time
    child = subprocess.Popen(["sleep", "60"])
    pathlib.Path({record!r}).write_text(str(child.pid))
    time.sleep(60)
print("INFO: Could not find trained model" if mode == "random" else "INFO: Restoring parameters from model")
import numpy as np, soundfile
out = pathlib.Path(arguments[arguments.index("--output_path") + 1])
for name in [a for a in arguments if a.endswith(".wav")]:
    samples, rate = soundfile.read(name, dtype="float32")
    stereo = np.stack([samples * 0.5, samples * 0.1], axis=1)
    stereo = stereo[:-1] if mode == "short" else stereo * np.float32("nan") if mode == "nan" else stereo
    folder = out / pathlib.Path(name).stem
    folder.mkdir(parents=True)
    if mode != "silent":
        soundfile.write(folder / "vocals.wav", stereo, rate, subtype="FLOAT")
"""

NAMES = ("checkpoint", "model.index", "model.data-00000-of-00001", "model.meta")


class Place:
    """A made-up environment and model, and the part that uses them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.model, self.mode = folder, folder / "2stems", folder / "mode"
        (folder / "env" / "bin").mkdir(parents=True)
        self.program, self.record = folder / "env" / "bin" / "spleeter", folder / "record"
        self.program.write_text(FAKE.format(python=sys.executable, record=str(self.record), mode=str(self.mode)))
        self.program.chmod(0o755)
        self.mode.write_text("well")
        self.model.mkdir()
        for name in NAMES:
            (self.model / name).write_text(f"these are {name}")
        (self.model / "checkpoint").write_text('model_checkpoint_path: "model"\nall_model_checkpoint_paths: "model"\n')

    def part(self, **more) -> Spleeter:
        digests = {name: hashlib.sha256((self.model / name).read_bytes()).hexdigest() for name in NAMES}
        given = {"environment": str(self.folder / "env"), "model": str(self.model), "sha256": digests}
        return Spleeter(**{**given, **more})

    def called(self):
        arguments, variables = json.loads(self.record.read_text())
        return arguments, variables


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


SHORT = wave(np.sin(np.arange(4_000) / 10) * 0.3)


def test_channels_are_averaged_and_rates_and_lengths_stay(place):
    shapes = [(rate, length) for rate in (8_000, 16_000, 44_100, 48_000) for length in (0, 1, 101, 90_001)]
    sounds = [wave(np.sin(np.arange(length) * 2 * np.pi * 440 / rate) * 0.3, rate) for rate, length in shapes]
    for sound, got in zip(sounds, place.part().separate_all(sounds), strict=True):
        assert (got.rate, got.samples.shape, got.samples.dtype) == (sound.rate, sound.samples.shape, np.float32)
        inner = slice(200, max(len(sound.samples) - 200, 200))
        np.testing.assert_allclose(got.samples[inner], 0.3 * sound.samples[inner], atol=2e-3)


def test_an_empty_sound_needs_no_call(place):
    assert len(place.part().separate(wave(np.zeros(0))).samples) == 0
    assert not place.record.exists()


def test_what_the_program_is_given(place, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("SECRET", "mine")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    place.part(filters=(4, 4, 8, 8, 8, 8)).separate(SHORT)
    arguments, variables = place.called()
    assert arguments[:3] == ["separate", "--adapter", "abaw_wav.Wav"]
    assert float(arguments[arguments.index("--duration") + 1]) > 300  # its default cuts sounds at ten minutes
    assert variables["MODEL_PATH"] == str(place.folder)
    assert (variables["CUDA_VISIBLE_DEVICES"], variables["TF_NUM_INTRAOP_THREADS"]) == ("-1", "1")
    assert "SECRET" not in variables
    assert variables["PYTHONPATH"] == variables["HOME"] != "elsewhere"
    assert not Path(variables["HOME"]).exists()  # nothing is left behind


def test_long_sounds_go_in_chunks_through_one_call_and_come_back_seamless(place):
    sounds = [wave(0.3 * np.sin(np.arange(n) / 9), 8_000) for n in (200_000, 0, 31_000)]
    got = place.part(chunk=8.0, overlap=0.5).separate_all(sounds)
    arguments, _ = place.called()
    assert sum(a.endswith(".wav") for a in arguments) == 4 + 1
    for sound, separated in zip(sounds, got, strict=True):
        assert separated.samples.shape == sound.samples.shape
        np.testing.assert_allclose(separated.samples[50:-50], 0.3 * sound.samples[50:-50], atol=2e-3)


def test_in_whatever_parts_a_sound_comes_the_voice_is_the_same_to_the_bit(place):
    part, sound = place.part(chunk=8.0, overlap=0.5), wave(0.3 * np.sin(np.arange(200_000) / 9), 8_000)
    whole = part.separate(sound).samples
    for places in ([], [0.5], [0.01, 0.3, 0.3, 0.999]):
        np.testing.assert_array_equal(joined(part.separate_parts(cut_at(sound, places), 200_000)), whole)


def test_what_the_program_wrote_is_read_and_given_by_seconds(place):
    parts = place.part().separate_parts([wave(np.zeros(1_000_000), 8_000)], 1_000_000)
    assert max(part.duration for part in parts) <= AT_ONCE + 0.1


def test_the_order_decides_the_rate_of_decoding(place):
    assert place.part().decoding_rate(16_000) == 16_000
    assert place.part(order="separate_first").decoding_rate(16_000) == 44_100


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_says_where_to_get_it(place, name):
    part = place.part()
    (place.model / name).unlink()
    with pytest.raises(SeparationError) as told:
        part.separate(SHORT)
    for needed in (f"no file {name}", str(place.model), "releases/download/v1.4.0/2stems.tar.gz", "MIT"):
        assert needed in str(told.value)
    assert not place.record.exists()


def test_an_empty_folder_is_not_taken_for_a_model(place):
    part = place.part()
    for path in place.model.iterdir():
        path.unlink()
    with pytest.raises(SeparationError, match="no file checkpoint"):
        part.separate(SHORT)
    assert not place.record.exists()


def test_other_weights_than_those_asked_for(place):
    part = place.part()
    (place.model / "model.data-00000-of-00001").write_text("others")
    with pytest.raises(SeparationError, match=r"model\.data-00000-of-00001 is not the file that was asked for"):
        part.separate(SHORT)
    assert not place.record.exists()


def test_without_digests_those_found_are_shown_and_nothing_runs(place):
    with pytest.raises(SeparationError) as told:
        place.part(sha256={}).separate(SHORT)
    for name in NAMES[:3]:
        assert hashlib.sha256((place.model / name).read_bytes()).hexdigest() in str(told.value)
    assert not place.record.exists()


@pytest.mark.parametrize("text", ["", 'model_checkpoint_path: "other"\n', 'model_checkpoint_path: "/a/b/model"\n'])
def test_a_checkpoint_that_names_no_file_of_the_folder(place, text):
    """TensorFlow would find no weights there, and Spleeter would go on with random ones."""
    (place.model / "checkpoint").write_text(text)
    with pytest.raises(SeparationError, match=r"names no weights|no file other\."):
        place.part().separate(SHORT)
    assert not place.record.exists()


def test_a_missing_environment_says_how_to_make_it(place):
    with pytest.raises(SeparationError, match="make spleeter-env"):
        place.part(environment=str(place.folder / "none")).separate(SHORT)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("fails", r"exit status 3: x+\nno such layer"),
        ("random", "did not read its weights"),
        ("silent", "wrote no voice"),
        ("short", r"wrote \d+ samples at 44100 Hz for \d+"),
        ("nan", "not finite"),
    ],
)
def test_a_program_that_misbehaves(place, mode, told):
    place.mode.write_text(mode)
    with pytest.raises(SeparationError, match=told) as raised:
        place.part().separate(SHORT)
    assert len(str(raised.value)) < 3_000


def test_a_program_that_hangs_is_ended_with_its_children(place):
    place.mode.write_text("sleeps")
    begin = time.perf_counter()
    with pytest.raises(SeparationError, match="more than 4 s"):
        place.part(timeout=4.0).separate(SHORT)
    assert time.perf_counter() - begin < 20
    child, waited = Path("/proc") / place.record.read_text(), 0
    while child.exists() and "Z" not in (child / "stat").read_text().split()[2] and waited < 50:
        time.sleep(0.1)
        waited += 1
    assert waited < 50


def test_samples_that_are_not_finite(place):
    with pytest.raises(DataError, match="not finite"):
        place.part().separate(wave(np.full(100, np.nan)))


def test_parameters_are_checked():
    with pytest.raises(ValidationError, match="a quarter of chunk"):
        Spleeter(chunk=5.0, overlap=2.0)
    with pytest.raises(ValidationError):
        Spleeter(filters=(4, 4))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The real Spleeter's environment, and a tiny model that it trained for two steps."""
    environment = os.environ.get("ABAW_SPLEETER_ENV", "")
    if not (Path(environment) / "bin" / "spleeter").is_file():
        pytest.skip("no Spleeter: set ABAW_SPLEETER_ENV to the environment that make spleeter-env makes")
    folder = tmp_path_factory.mktemp("spleeter").resolve()
    for take in range(2):
        parts = {"vocals": voice(25.0, seed=take), "accompaniment": music(25.0)}
        for name, samples in {**parts, "mix": parts["vocals"] + parts["accompaniment"]}.items():
            stereo = np.repeat(resample(wave(samples), 44_100).samples[:, None], 2, axis=1)
            soundfile.write(folder / f"{name}{take}.wav", stereo, 44_100, subtype="FLOAT")
    rows = [f"mix{take}.wav,vocals{take}.wav,accompaniment{take}.wav,25.0" for take in range(2)]
    (folder / "train.csv").write_text("\n".join(["mix_path,vocals_path,accompaniment_path,duration", *rows]) + "\n")
    part = Spleeter(environment=environment, model=str(folder / "model"), filters=(4, 4, 8, 8, 8, 8))
    settings = {
        **part._settings(folder / "model"),
        **{f"{use}_csv": str(folder / "train.csv") for use in ("train", "validation")},
        **{f"{use}_cache": str(folder / "cache" / use) for use in ("training", "validation")},
        **{"learning_rate": 1e-4, "batch_size": 2, "train_max_steps": 2, "throttle_secs": 1, "random_seed": 0},
        **{"save_checkpoints_steps": 2, "save_summary_steps": 1},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "abaw_wav.py").write_text(ADAPTER)
    begin = time.perf_counter()
    subprocess.run(
        [f"{environment}/bin/spleeter", "train", "-a", "abaw_wav.Wav", "-p", "settings.json", "-d", str(folder)],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": str(folder), "LC_ALL": "C.UTF-8"},
        check=True,
    )
    print(f"training: {time.perf_counter() - begin:.1f} s")
    files = [path for path in (folder / "model").iterdir() if path.name == "checkpoint" or ".ckpt-2." in path.name]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return part.model_copy(update={"sha256": digests})


@pytest.mark.long
@pytest.mark.parametrize("order", ["resample_first", "separate_first"])
def test_the_real_program_keeps_rate_and_length_and_repeats_itself(trained, order, capsys):
    part = trained.model_copy(update={"order": order})
    rate = part.decoding_rate(16_000)
    mixed = resample(wave(voice(5.0) + music(5.0)), rate)
    begin = time.perf_counter()
    first = part.separate(mixed)
    with capsys.disabled():
        print(f"\n{order}: 5 s of sound in {time.perf_counter() - begin:.1f} s")
    assert (first.rate, len(first.samples)) == (rate, 5 * rate)
    assert np.isfinite(first.samples).all()
    # an untrained mask lets about half of everything through, in place: neither silence nor shifted sound
    likeness = [float(np.corrcoef(np.roll(first.samples, shift), mixed.samples)[0, 1]) for shift in (0, 40, -40)]
    assert likeness[0] > 0.8
    assert likeness[0] == max(likeness)
    np.testing.assert_array_equal(part.separate(mixed).samples, first.samples)


@pytest.mark.long
def test_the_real_program_in_chunks_and_on_the_shortest_sounds(trained, capsys):
    lengths = [16_000 * 12, 1, 160, 4_000]
    sounds = [wave(voice(12.0)[:length]) for length in lengths]
    begin = time.perf_counter()
    got = trained.model_copy(update={"chunk": 5.0, "overlap": 0.5}).separate_all(sounds)
    with capsys.disabled():
        print(f"\n12 s in chunks and three short sounds in {time.perf_counter() - begin:.1f} s")
    assert [len(sound.samples) for sound in got] == lengths


@pytest.mark.long
def test_the_real_program_refuses_a_model_of_another_shape(trained):
    with pytest.raises(SeparationError, match="exit status"):
        trained.model_copy(update={"filters": (8, 8, 8, 8, 8, 8)}).separate(SHORT)
