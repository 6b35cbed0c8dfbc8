"""Runs Spleeter's command line in its own environment, and makes sure that it uses the weights it should.

Spleeter 2.4.2 makes the folder of a model that is not there, and if the download then fails, its next run finds
the folder, finds no weights in it and separates with random ones, without a word. So the model's files are
checked before each call, and the call's log must say that they were read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from abaw_pipeline.errors import PipelineError

SOURCE = "https://github.com/deezer/spleeter/releases/download/v1.4.0/2stems.tar.gz"
"""Where the weights come from, for people; no code opens it."""

TAIL = 2_000
"""How much of a failed call's output is shown (characters)."""

ADAPTER = """
import numpy as np
from scipy.io import wavfile
from spleeter.audio.adapter import AudioAdapter


class Wav(AudioAdapter):
    def load(self, audio_descriptor, offset=0.0, duration=None, sample_rate=None, dtype=b"float32"):
        path = audio_descriptor.decode() if isinstance(audio_descriptor, bytes) else str(audio_descriptor)
        rate, samples = wavfile.read(path)
        if sample_rate is not None and rate != sample_rate:
            raise ValueError(f"{path} has {rate} samples a second, not {sample_rate}")
        begin = int(round((offset or 0.0) * rate))
        end = len(samples) if duration is None else begin + int(round(duration * rate))
        return samples[begin:end].reshape(len(samples[begin:end]), -1).astype(np.float32), rate

    def save(self, path, data, sample_rate, codec=None, bitrate=None):
        wavfile.write(str(path), int(sample_rate), np.asarray(data, dtype=np.float32))
"""
"""Reads and writes wav files for Spleeter: its own way needs an ffmpeg program and rounds to 16 bits."""


class SeparationError(PipelineError):
    """A program or a model that separates sound and is missing, is not the right one, or fails."""


def check_environment(environment: str) -> Path:
    """Spleeter's program in its environment.

    Raises:
        SeparationError: it is not there.
    """
    program = Path(environment).absolute() / "bin" / "spleeter"
    if not program.is_file():
        raise SeparationError(
            "Spleeter's environment is not there",
            where=str(program),
            hint="Make it with: make spleeter-env (Python 3.10 or 3.11, 2 GB), or set the parameter environment.",
        )
    return program


def check_model(model: str, sha256: Mapping[str, str]) -> Path:
    """The folder of the weights, once its files are known to be the right ones.

    Args:
        model: folder with `checkpoint` and the files that it names.
        sha256: hex digest of each file by name; at least `checkpoint`, an index and the weights themselves.

    Raises:
        SeparationError: a file is missing, its digest is not given or another, or `checkpoint` names other files.
    """
    folder = Path(model).absolute()
    _require(folder, "checkpoint", model)
    prefix = _named_by(folder / "checkpoint")
    weights = sorted(path.name for path in folder.glob(f"{prefix}.data-*")) or [f"{prefix}.data-00000-of-00001"]
    used = ["checkpoint", f"{prefix}.index", *weights]
    names = sorted({*used, *sha256})
    for name in names:
        _require(folder, name, model)
    for name in names:
        _check_digest(folder, name, sha256, used)
    return folder


def _require(folder: Path, name: str, model: str) -> None:
    if not (folder / name).is_file():
        raise SeparationError(
            f"Spleeter's weights are not there: no file {name}",
            where=model,
            hint=f"Get 2stems.tar.gz from {SOURCE} and unpack checkpoint, model.index, model.meta and "
            f"model.data-00000-of-00001 into {model}. Licence: MIT. Nothing is downloaded by itself.",
        )


def _named_by(checkpoint: Path) -> str:
    """First part of the names of the files that TensorFlow will read, as its file `checkpoint` says."""
    match = re.search(r'^model_checkpoint_path:\s*"([^"/\\]+)"', checkpoint.read_text("utf-8", "replace"), re.MULTILINE)
    if match is None:
        raise SeparationError("it names no weights beside it", where=str(checkpoint), hint=f"Get it from {SOURCE}.")
    return match[1]


def _check_digest(folder: Path, name: str, sha256: Mapping[str, str], used: Sequence[str]) -> None:
    if name not in sha256:
        listed = ", ".join(f"{file}: {digest(folder / file)}" for file in used)
        raise SeparationError(
            f"no sha256 says which {name} is the right one",
            where=str(folder),
            hint=f"If you trust where the folder comes from, set the parameter sha256 to {{{listed}}}",
        )
    found = digest(folder / name)
    if found != sha256[name].lower():
        raise SeparationError(
            f"{name} is not the file that was asked for: sha256 is {found}, not {sha256[name]}",
            where=str(folder),
            hint="Get it again, or correct the parameter sha256.",
        )


def digest(path: Path) -> str:
    """Hex sha256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def call(
    program: Path, settings: Mapping[str, Any], sounds: Sequence[Path], scratch: Path, longest: float, timeout: float
) -> Path:
    """Separate sounds by one run of the program.

    Args:
        program: Spleeter's command line.
        settings: its parameters, as its JSON files hold them; `model_dir` is a checked folder.
        sounds: wav files with names that differ.
        scratch: an empty folder for its files.
        longest: no sound is longer than this (s).
        timeout: time allowed for all of them (s).

    Returns:
        A folder with <name>/vocals.wav for each sound.

    Raises:
        SeparationError: the program fails, takes too long, or does not say that it read the model.
    """
    (scratch / "abaw_wav.py").write_text(ADAPTER, "utf-8")
    (scratch / "settings.json").write_text(json.dumps(settings), "utf-8")
    out, log = scratch / "separated", scratch / "log.txt"
    command = [str(program), "separate", "--adapter", "abaw_wav.Wav", "--params_filename"]
    command += [str(scratch / "settings.json"), "--output_path", str(out), "--codec", "wav"]
    command += ["--duration", str(longest + 1), "--verbose", *map(str, sounds)]
    code = _run(command, _surroundings(program, scratch, settings["model_dir"]), log, scratch, timeout)
    said = log.read_text("utf-8", "replace")
    if code is None:
        raise SeparationError(f"Spleeter took more than {timeout:g} s: {said[-TAIL:]}", hint="Raise timeout.")
    if code:
        raise SeparationError(f"Spleeter failed with exit status {code}: {said[-TAIL:]}", where=str(program))
    if "Restoring parameters from" not in said or "Could not find trained model" in said:
        raise SeparationError(
            f"Spleeter did not read its weights and may have used random ones: {said[-TAIL:]}",
            where=str(settings["model_dir"]),
        )
    return out


def _surroundings(program: Path, scratch: Path, model: str) -> dict[str, str]:
    """All variables that the program sees: none of the user's, no GPU, and no address to download from."""
    threads = os.environ.get("OMP_NUM_THREADS", "")
    limits = {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads} if threads.isdigit() else {}
    return {
        "PATH": os.pathsep.join([str(program.parent), os.defpath]),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(scratch),
        "PYTHONNOUSERSITE": "1",
        "MODEL_PATH": str(Path(model).parent),
        "GITHUB_HOST": "http://127.0.0.1:9",
        "CUDA_VISIBLE_DEVICES": "-1",
        **limits,
    }


def _run(command: list[str], variables: dict[str, str], log: Path, folder: Path, timeout: float) -> int | None:
    """Exit status, or None if time ran out; the program's helper processes end with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
