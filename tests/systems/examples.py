"""Small clips whose classes can be told apart, for every kind of system."""

import numpy as np

from abaw_pipeline.systems import (
    Framewise,
    GradientBoosting,
    LinearSVM,
    LSTMNetwork,
    SequenceNetwork,
    ShrinkageLDA,
    WaveformNetwork,
)
from abaw_pipeline.types import Examples, FeatureSequence, TimedLabels, Waveform

CLASSES = ("neutral", "anger", "sadness")
FREQUENCIES = (150.0, 500.0, 1400.0)

SYSTEMS = {
    "linear_svm": LinearSVM(inputs=("functionals", "egemaps"), C=0.1),
    "rbf_svm": LinearSVM(inputs=("functionals", "egemaps"), C=1.0, kernel="rbf"),
    "poly_svm": LinearSVM(
        inputs=("functionals", "egemaps"), C=3.0, kernel="poly", gamma=0.1, degree=1, class_weights="logarithmic"
    ),
    "shrinkage_lda": ShrinkageLDA(inputs=("functionals", "egemaps"), n_features=9),
    "xgboost": GradientBoosting(inputs=("functionals", "egemaps"), n_rounds=15, column_share=0.6, max_depth=2),
    "sequence_network": SequenceNetwork(
        inputs=("logmel", "descriptors"), step_s=0.05, width=8, epochs=15, batch_size=8, learning_rate=0.02
    ),
    "framewise": Framewise(inputs=("logmel",), class_weights="balanced"),
    "lstm": LSTMNetwork(
        inputs=("logmel",), window_s=0.3, step_s=0.05, hidden=(8, 6), epochs=15, batch_size=8, learning_rate=0.02
    ),
    "cnn_lstm": WaveformNetwork(
        inputs=("vocals",), window_s=0.4, width=6, dropout=0.1, epochs=25, batch_size=8, learning_rate=0.01
    ),
}
CLASSICAL = ["linear_svm", "rbf_svm", "poly_svm", "shrinkage_lda", "xgboost", "framewise"]


def make_examples(n: int = 36, *, seed: int = 0, n_subjects: int = 6) -> Examples:
    """n clips of 0.3 to 0.7 s; each input alone tells the three classes apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % len(CLASSES)
    durations = rng.uniform(0.3, 0.7, n)
    clips = list(zip(labels, durations, strict=True))
    inputs = {
        "functionals": [_vector(rng, label, duration, 12) for label, duration in clips],
        "egemaps": [_vector(rng, label, duration, 5) for label, duration in clips],
        "logmel": [_frames(rng, label, duration, 6, 0.01) for label, duration in clips],
        "descriptors": [_frames(rng, label, duration, 4, 0.02) for label, duration in clips],
        "vocals": [_tone(rng, label, duration) for label, duration in clips],
    }
    ids = [f"clip{i:02d}" for i in range(n)]
    subjects = [f"subject{i // 3 % n_subjects}" for i in range(n)]
    return Examples(ids, subjects, CLASSES, inputs, durations, as_labels(labels, durations))


def as_labels(values, durations):
    """One label a clip, over all of it."""
    return [TimedLabels(np.zeros(1), np.array([d]), np.array([v])) for v, d in zip(values, durations, strict=True)]


def truth(examples):
    """The label of each clip that has one as a whole."""
    return np.array([item.values[0] for item in examples.labels])


def take(examples: Examples, rows: list[int]) -> Examples:
    """Some of the clips, in the given order."""
    return Examples(
        [examples.clip_ids[i] for i in rows],
        [examples.subjects[i] for i in rows],
        examples.classes,
        {name: [items[i] for i in rows] for name, items in examples.inputs.items()},
        examples.durations[rows],
        None if examples.labels is None else [examples.labels[i] for i in rows],
    )


WINDOWED = {
    "linear_svm": LinearSVM(inputs=("faces",), C=0.1, window_s=0.8, statistics="mean_std"),
    "poly_svm": LinearSVM(
        inputs=("faces",), C=3, kernel="poly", gamma=0.1, window_s=0.8, statistics="mean_std", class_weights="balanced"
    ),
    "shrinkage_lda": ShrinkageLDA(inputs=("faces",), window_s=0.8),
    "xgboost": GradientBoosting(inputs=("faces",), window_s=0.8, n_rounds=15, column_share=0.6, max_depth=2),
    "framewise": Framewise(inputs=("faces",)),
    "sequence_network": SequenceNetwork(
        inputs=("faces",), window_s=0.8, step_s=0.1, width=8, epochs=6, batch_size=16, learning_rate=0.02
    ),
    "lstm": LSTMNetwork(inputs=("faces",), window_s=0.8, hidden=(12, 8), epochs=15, batch_size=16, learning_rate=0.02),
    "cnn_lstm": WaveformNetwork(
        inputs=("vocals",), window_s=0.4, width=6, dropout=0.1, epochs=8, batch_size=16, learning_rate=0.01
    ),
}
"""The systems on windows of clips that are labelled over time."""


def make_timed(n: int = 12, *, seed: int = 0) -> Examples:
    """n clips of 4 s at 10 rows a second: four stretches of 1 s, the third not annotated and of no class.

    No face is there in the half second from 0.6 s on, and over all of the last clip.
    """
    rng = np.random.default_rng(seed)
    start = np.arange(40) / 10
    labels, faces, vocals = [], [], []
    for index in range(n):
        own = np.array([index % 3, (index + 1) % 3, -1, (index + 2) % 3])
        labels.append(TimedLabels(np.arange(4.0), np.arange(4.0) + 1, own))
        values = rng.normal(size=(40, 5)).astype(np.float32)
        values[np.arange(40), own.repeat(10)] += 3  # -1: the last column, which tells nothing
        seen = (start < 0.55) | (start > 1.05)
        seen &= index < n - 1
        faces.append(FeatureSequence(start[seen], start[seen] + 0.1, values[seen]))
        tones = [_tone(rng, k, 1.0).samples if k >= 0 else np.zeros(16_000, np.float32) for k in own]
        vocals.append(Waveform(np.concatenate(tones), 16_000))
    subjects = [f"subject{i % 4}" for i in range(n)]
    inputs = {"faces": faces, "vocals": vocals}
    return Examples([f"clip{i:02d}" for i in range(n)], subjects, CLASSES, inputs, np.full(n, 4.0), labels)


def _vector(rng, label, duration, width):
    values = rng.normal(size=(1, width)).astype(np.float32)
    values[0, label] += 4
    values[0, -1] = 1e6  # constant
    return FeatureSequence(np.zeros(1), np.array([duration]), values)


def _frames(rng, label, duration, width, hop):
    start = np.arange(int(duration / hop)) * hop
    values = rng.normal(size=(len(start), width)).astype(np.float32)
    values[:, label] += 2
    return FeatureSequence(start, start + 2.5 * hop, values)


def _tone(rng, label, duration):
    time = np.arange(int(duration * 16_000)) / 16_000
    tone = np.sin(2 * np.pi * FREQUENCIES[label] * time + rng.uniform(0, 6))
    return Waveform((0.3 * tone + 0.03 * rng.normal(size=len(time))).astype(np.float32), 16_000)
