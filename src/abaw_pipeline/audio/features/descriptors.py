"""Low-level descriptors of speech: what a voice is like in each frame of 25 ms.

librosa's functions that are compiled with numba's guvectorize (zero_crossings, yin, pyin, localmax) are not
used: when several worker processes compile them for the first time together, numba's cache breaks and the
workers crash (numba issue 10128).
"""

from __future__ import annotations

import numpy as np

from abaw_pipeline.audio.compiled import prepare_librosa
from abaw_pipeline.audio.features.frames import RATE, frame_blocks, hann
from abaw_pipeline.audio.features.pitch import WINDOW as PITCH_WINDOW
from abaw_pipeline.audio.features.pitch import harmonicity, pitch
from abaw_pipeline.types import DoubleArray

WINDOW, HOP, SIZE = 400, 160, 512
MEL_BANDS, MFCCS, CONTRASTS = 40, 20, 6
ROLLOFFS = (0.25, 0.50, 0.75, 0.90)
SLOPES = ((0.0, 500.0), (500.0, 1500.0), (1500.0, 5000.0))

VOICE = ("pitch", "strength", "harmonicity")
NAMES: tuple[str, ...] = (
    *VOICE,
    *("level", "loudness", "zero_crossings", "centroid", "bandwidth", "flatness", "entropy", "flux"),
    *("alpha_ratio", "hammarberg", "power250_650", "power1000_4000"),
    *(f"rolloff{100 * share:.0f}" for share in ROLLOFFS),
    *(f"slope{low:.0f}_{high:.0f}" for low, high in SLOPES),
    *(f"contrast{band}" for band in range(CONTRASTS)),
    *(f"mfcc{index}" for index in range(MFCCS)),
)
"""Names of the descriptors, in the order of their rows."""


def descriptors(samples: DoubleArray) -> DoubleArray:
    """Descriptors of at least 400 samples at 16 kHz: float64 [len(NAMES), T], a column every 10 ms."""
    wide = np.pad(samples, (PITCH_WINDOW - WINDOW) // 2)
    blocks, before = [], None
    for frames, long_frames in zip(
        frame_blocks(samples, WINDOW, HOP), frame_blocks(wide, PITCH_WINDOW, HOP), strict=True
    ):
        semitones, strength = pitch(long_frames)
        magnitude = np.abs(np.fft.rfft(frames * hann(WINDOW), SIZE)).T
        shape = magnitude / (np.linalg.norm(magnitude, axis=0) + 1e-6)
        before = shape[:, :1] if before is None else before
        table = {
            "pitch": semitones,
            "strength": strength,
            "harmonicity": harmonicity(strength),
            "level": 20 * np.log10(np.sqrt((frames**2).mean(axis=1)) + 1e-5),
            "zero_crossings": np.diff(np.signbit(frames), axis=1).mean(axis=1),
            "flux": np.linalg.norm(np.diff(shape, axis=1, prepend=before), axis=0),
            **_spectral(magnitude**2 + 1e-12),
            **_banded(magnitude),
        }
        before = shape[:, -1:]
        blocks.append(np.stack([table[name] for name in NAMES]))
    return np.concatenate(blocks, axis=1)


def _frequencies() -> DoubleArray:
    return np.linspace(0.0, RATE / 2, SIZE // 2 + 1)


def _spectral(power: DoubleArray) -> dict[str, DoubleArray]:
    """Shape and tilt of the spectrum; powers [bins, T] are above zero.

    Alpha ratio, Hammarberg index and slopes follow the definitions of GeMAPS (Eyben and others 2016).
    """
    hertz = _frequencies()[:, None]
    share = power / power.sum(axis=0)
    centroid = (hertz * share).sum(axis=0)
    below = np.cumsum(share, axis=0)
    found = {
        "centroid": centroid,
        "bandwidth": np.sqrt(((hertz - centroid) ** 2 * share).sum(axis=0)),
        "flatness": np.log(power).mean(axis=0) - np.log(power.mean(axis=0)),
        "entropy": -(share * np.log(share)).sum(axis=0),
        "alpha_ratio": _band(power, 1000, 5000) - _band(power, 50, 1000),
        "hammarberg": _peak(power, 0, 2000) - _peak(power, 2000, 5000),
        "power250_650": _band(power, 250, 650),
        "power1000_4000": _band(power, 1000, 4000),
    }
    for part in ROLLOFFS:
        found[f"rolloff{100 * part:.0f}"] = _frequencies()[(below >= part).argmax(axis=0)]
    for low, high in SLOPES:
        found[f"slope{low:.0f}_{high:.0f}"] = _slope(power, low, high)
    return found


def _inside(low: float, high: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return (_frequencies() >= low) & (_frequencies() < high)


def _band(power: DoubleArray, low: float, high: float) -> DoubleArray:
    result: DoubleArray = np.log(power[_inside(low, high)].sum(axis=0))
    return result


def _peak(power: DoubleArray, low: float, high: float) -> DoubleArray:
    result: DoubleArray = np.log(power[_inside(low, high)].max(axis=0))
    return result


def _slope(power: DoubleArray, low: float, high: float) -> DoubleArray:
    """Slope of the log power per kHz by least squares."""
    kilohertz = _frequencies()[_inside(low, high)] / 1000
    centered = (kilohertz - kilohertz.mean())[:, None]
    result: DoubleArray = (centered * np.log(power[_inside(low, high)])).sum(axis=0) / (centered**2).sum()
    return result


def _banded(magnitude: DoubleArray) -> dict[str, DoubleArray]:
    """Loudness, MFCC and spectral contrast of magnitudes [bins, T]."""
    prepare_librosa()
    from librosa.feature import mfcc, spectral_contrast
    from librosa.filters import mel as mel_bank

    bank = mel_bank(sr=RATE, n_fft=SIZE, n_mels=MEL_BANDS, fmin=20.0, dtype=np.float64)
    mel = bank @ magnitude**2
    cepstrum = mfcc(S=np.log(mel + 1e-8), n_mfcc=MFCCS)
    contrast = spectral_contrast(S=magnitude, sr=RATE, n_bands=CONTRASTS - 1)
    return {
        "loudness": (mel**0.3).sum(axis=0),
        **{f"contrast{band}": row for band, row in enumerate(contrast)},
        **{f"mfcc{index}": row for index, row in enumerate(cepstrum)},
    }
