"""Separation by Spleeter, a U-Net of Deezer that runs in an environment of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.audio.chunks import Bounds, Chunked, chunk_bounds, crossfade, cut
from abaw_pipeline.audio.resampling import AT_ONCE, resample_parts
from abaw_pipeline.audio.spleeter_call import SeparationError, call, check_environment, check_model
from abaw_pipeline.audio.tape import Tape
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

    def separate_parts(self, sound: Iterable[Waveform], total: int) -> Iterator[Waveform]:
        """The voice in a sound; what is read and written goes by seconds.

        Raises:
            DataError: samples that are not finite.
            SeparationError: the environment or the model is missing or not the right one, or Spleeter fails.
            ValueError: the parts have not `total` samples, or several rates.
        """
        with self._separated([(sound, total)]) as (voice,):
            yield from voice

    def separate_all(self, sounds: Sequence[Waveform]) -> list[Waveform]:
        """The voices in several sounds at hand, by one start of Spleeter, which takes seconds; errors as above."""
        with self._separated([([sound], len(sound.samples)) for sound in sounds]) as voices:
            pairs = zip(sounds, voices, strict=True)
            return [join([Waveform(sound.samples[:0], sound.rate), *voice]) for sound, voice in pairs]

    @contextmanager
    def _separated(self, sounds: Sequence[tuple[Iterable[Waveform], int]]) -> Iterator[list[Iterator[Waveform]]]:
        """The voices in sounds of known lengths, to be taken while the program's files are there."""
        with tempfile.TemporaryDirectory(prefix="spleeter-") as folder:
            scratch = Path(folder).resolve()
            voices: list[_Voice] = []
            for index, (sound, total) in enumerate(sounds):
                tape = Tape(sound)
                fade = round(self.overlap * tape.rate)
                bounds = chunk_bounds(total, round(self.chunk * tape.rate), fade)
                files = [scratch / f"{index}-{at}.wav" for at in range(len(bounds))]
                _write(tape, bounds, files)
                voices.append(_Voice(tape.rate, total, fade, bounds, files))
            program, model = check_environment(self.environment), check_model(self.model, self.sha256)
            written, out = [file for voice in voices for file in voice.files], scratch
            if written:
                out = call(program, self._settings(model), written, scratch, self.chunk, self.timeout)
            yield [voice.read(out) for voice in voices]

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


@dataclass(frozen=True)
class _Voice:
    """A sound that Spleeter has been given in chunks, a file each."""

    rate: int
    total: int
    fade: int
    bounds: Sequence[Bounds]
    files: Sequence[Path]

    def read(self, out: Path) -> Iterator[Waveform]:
        """The voice in it, from the folder that Spleeter has written to."""
        pairs = zip(self.bounds, self.files, strict=True)
        chunks = ((bounds, self._samples(out, file, bounds)) for bounds, file in pairs)
        yield from (Waveform(samples, self.rate) for samples in crossfade(chunks, self.total, self.fade))

    def _samples(self, out: Path, file: Path, bounds: Bounds) -> Iterator[FloatArray]:
        begin, end = bounds
        yield from (part.samples for part in resample_parts(read_voice(out, file), self.rate, end - begin))


def _write(tape: Tape, bounds: Sequence[Bounds], files: Sequence[Path]) -> None:
    """The chunks of a sound as wav files."""
    import soundfile

    for (_, blocks), place in zip(cut(tape, bounds, AT_ONCE * tape.rate), files, strict=True):
        with soundfile.SoundFile(place, "w", RATE, 1, "FLOAT") as file:
            for part in resample_parts((Waveform(block, tape.rate) for block in blocks), RATE):
                file.write(part.samples)


def read_voice(out: Path, file: Path) -> Iterator[Waveform]:
    """The voice that Spleeter found in a file, its channels averaged, in parts of ten seconds.

    Raises:
        SeparationError: there is none, or its rate or length are not the file's, or it has samples that are not
            finite.
    """
    import soundfile

    place = out / file.stem / "vocals.wav"
    if not place.is_file():
        raise SeparationError("Spleeter ended well and wrote no voice", where=str(place))
    wanted = soundfile.info(file)
    with soundfile.SoundFile(place) as found:
        if (found.frames, found.samplerate) != (wanted.frames, wanted.samplerate):
            raise SeparationError(
                f"Spleeter wrote {found.frames} samples at {found.samplerate} Hz "
                f"for {wanted.frames} at {wanted.samplerate} Hz",
                where=str(place),
            )
        for samples in found.blocks(AT_ONCE * RATE, dtype="float32", always_2d=True):
            if not np.isfinite(samples).all():
                raise SeparationError("Spleeter wrote samples that are not finite numbers", where=str(place))
            yield Waveform(samples.mean(axis=1, dtype=np.float64).astype(np.float32), RATE)
