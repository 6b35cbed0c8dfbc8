"""Separation by Spleeter, a U-Net of Deezer that runs in an environment of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.audio.chunks import Chunked, chunk_bounds, crossfade
from abaw_pipeline.audio.resampling import resample
from abaw_pipeline.audio.spleeter_call import SeparationError, call, check_environment, check_model
from abaw_pipeline.errors import DataError
from abaw_pipeline.types import FloatArray, Waveform

RATE = 44_100
"""Samples a second at which Spleeter works."""

FRAME = {"sample_rate": RATE, "frame_length": 4096, "frame_step": 1024, "T": 512, "F": 1024, "n_channels": 2}
"""Spectra of the model with two stems."""


class Spleeter(Chunked):
    """Voice by Spleeter's model with two stems, vocals and accompaniment (Hennequin et al. 2020).

    The model works on stereo at 44.1 kHz: sound at another rate is resampled on the way in and out, both channels
    get the same samples, and their mean is the result. Of a frame above 11 kHz the model keeps nothing.
    Spleeter 2.4.2 is called by its command line; it does not share an environment with this package (TensorFlow
    2.12). Nothing is downloaded; the model's files are checked before each call.

    S0 (section 3.2.1) resamples to 16 kHz before it separates; Spleeter itself was trained on 44.1 kHz, where
    consonants have energy above 8 kHz. `order` offers both; whoever decodes the sound asks `decoding_rate`.
    """

    kind: Literal["spleeter"] = "spleeter"
    order: Literal["resample_first", "separate_first"] = Field(
        "resample_first", description="resample to the pipeline's rate before separation (S0) or after it"
    )
    environment: str = Field(".venv-spleeter", description="folder of Spleeter's environment")
    model: str = Field("data/06_models/weights/spleeter_2stems", description="folder with the files of the model")
    sha256: dict[str, str] = Field(
        default_factory=dict, description="hex digest of each of the model's files, by name; needed"
    )
    filters: tuple[int, ...] = Field(
        (16, 32, 64, 128, 256, 512), min_length=6, max_length=6, description="filters of the U-Net's layers"
    )
    chunk: float = Field(300.0, ge=5, le=1800, description="longest sound separated at once (s)")
    timeout: float = Field(3600.0, gt=0, description="time allowed for one call (s)")

    def decoding_rate(self, rate: int) -> int:
        """At which rate sound is to be decoded if `rate` (Hz) is wanted in the end."""
        return rate if self.order == "resample_first" else RATE

    def check(self) -> None:
        """Look for the environment and the model before any sound is decoded.

        Raises:
            SeparationError: one of them is missing or not the right one.
        """
        check_environment(self.environment)
        check_model(self.model, self.sha256)

    def separate(self, sound: Waveform) -> Waveform:
        """The voice in a sound: same rate and length, float32.

        Raises:
            DataError: samples that are not finite.
            SeparationError: the environment or the model is missing or not the right one, or Spleeter fails.
        """
        return self.separate_all([sound])[0]

    def separate_all(self, sounds: Sequence[Waveform]) -> list[Waveform]:
        """The voices in several sounds, by one start of Spleeter, which takes seconds.

        Raises:
            DataError: samples that are not finite.
            SeparationError: the environment or the model is missing or not the right one, or Spleeter fails.
        """
        for sound in sounds:
            if not np.isfinite(sound.samples).all():
                raise DataError("the sound has samples that are not finite numbers")
        program, model = check_environment(self.environment), check_model(self.model, self.sha256)
        with tempfile.TemporaryDirectory(prefix="spleeter-") as folder:
            scratch = Path(folder).resolve()
            pieces = [self._write(sound, scratch, index) for index, sound in enumerate(sounds)]
            files = [file for written in pieces for file in written]
            if not files:
                return list(sounds)
            out = call(program, self._settings(model), files, scratch, self.chunk, self.timeout)
            return [self._join(sound, written, out) for sound, written in zip(sounds, pieces, strict=True)]

    def _settings(self, model: Path) -> dict[str, Any]:
        return {
            **FRAME,
            "model_dir": str(model),
            "mix_name": "mix",
            "instrument_list": ["vocals", "accompaniment"],
            "separation_exponent": 2,
            "mask_extension": "zeros",
            "model": {"type": "unet.unet", "params": {"conv_n_filters": list(self.filters)}},
        }

    def _bounds(self, sound: Waveform) -> list[tuple[int, int]]:
        return chunk_bounds(len(sound.samples), round(self.chunk * sound.rate), round(self.overlap * sound.rate))

    def _write(self, sound: Waveform, scratch: Path, index: int) -> list[Path]:
        """The chunks of a sound as wav files."""
        import soundfile

        files = []
        for at, (begin, end) in enumerate(self._bounds(sound)):
            file = scratch / f"{index}-{at}.wav"
            part = resample(Waveform(sound.samples[begin:end], sound.rate), RATE)
            soundfile.write(file, part.samples, RATE, subtype="FLOAT")
            files.append(file)
        return files

    def _join(self, sound: Waveform, files: Sequence[Path], out: Path) -> Waveform:
        bounds = self._bounds(sound)
        parts = [
            resample(read_voice(out, file), sound.rate, end - begin).samples
            for file, (begin, end) in zip(files, bounds, strict=True)
        ]
        fade = round(self.overlap * sound.rate)
        return Waveform(crossfade(zip(bounds, parts, strict=True), len(sound.samples), fade), sound.rate)


def read_voice(out: Path, file: Path) -> Waveform:
    """The voice that Spleeter found in a file, its channels averaged.

    Raises:
        SeparationError: there is none, or its rate or length are not the file's, or it has samples that are not
            finite.
    """
    import soundfile

    place = out / file.stem / "vocals.wav"
    if not place.is_file():
        raise SeparationError("Spleeter ended well and wrote no voice", where=str(place))
    samples, rate = soundfile.read(place, dtype="float32", always_2d=True)
    wanted = soundfile.info(file)
    if (len(samples), rate) != (wanted.frames, wanted.samplerate):
        raise SeparationError(
            f"Spleeter wrote {len(samples)} samples at {rate} Hz for {wanted.frames} at {wanted.samplerate} Hz",
            where=str(place),
        )
    if not np.isfinite(samples).all():
        raise SeparationError("Spleeter wrote samples that are not finite numbers", where=str(place))
    voice: FloatArray = samples.mean(axis=1, dtype=np.float64).astype(np.float32)
    return Waveform(voice, rate)
