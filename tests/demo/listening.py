"""Simple measures of a voice, for tests that listen to what was synthesized."""

from itertools import pairwise

import numpy as np

FRAME = 960
HOP = 240


def pitches(samples, rate, low=55.0, high=650.0):
    """Fundamental frequency, Hz, of the louder half of 40 ms frames, by autocorrelation."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    frames = frames[loudness(samples) >= np.median(loudness(samples))]
    spectra = np.abs(np.fft.rfft(frames * np.hanning(FRAME), 2 * FRAME)) ** 2
    lags = np.fft.irfft(spectra)[:, : int(rate / low)]
    lags[:, : int(rate / high)] = -np.inf
    return rate / lags.argmax(axis=1)


def loudness(samples):
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)


def bands(samples, rate, n_bands=24):
    """Logarithmic energies [T, n_bands] of bands that widen with frequency, 100 Hz to 8 kHz."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP] * np.hanning(FRAME)
    spectra = np.abs(np.fft.rfft(frames)) ** 2
    edges = np.round(np.geomspace(100, 8000, n_bands + 1) * FRAME / rate).astype(int)
    energy = np.stack([spectra[:, a : max(b, a + 1)].sum(axis=1) for a, b in pairwise(edges)], axis=1)
    return 10 * np.log10(energy + 1e-9)


def functionals(samples, rate):
    """About fifty numbers that tell how a clip sounds as a whole."""
    energy, semitones = bands(samples, rate), 12 * np.log2(pitches(samples, rate) / 100)
    parts = [energy.mean(axis=0), energy.std(axis=0), np.percentile(semitones, [20, 50, 80])]
    loud = loudness(samples)
    last = np.median(semitones[-12:]) - np.median(semitones)
    return np.concatenate([*parts, [loud.max(), loud.std(), last, len(samples) / rate]])
