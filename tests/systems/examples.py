"""Small clips whose classes can be told apart, for every kind of system."""

import numpy as np

from abaw_pipeline.systems import (
    GradientBoosting,
    LinearSVM,
    SequenceNetwork,
    ShrinkageLDA,
    WaveformNetwork,
)
from abaw_pipeline.types import Examples, FeatureSequence, Waveform

CLASSES = ("neutral", "anger", "sadness")
FREQUENCIES = (150.0, 500.0, 1400.0)

SYSTEMS = {
    "linear_svm": LinearSVM(inputs=("functionals", "egemaps"), C=0.1),
    "rbf_svm": LinearSVM(inputs=("functionals", "egemaps"), C=1.0, kernel="rbf"),
    "shrinkage_lda": ShrinkageLDA(inputs=("functionals", "egemaps"), n_features=9),
    "xgboost": GradientBoosting(inputs=("functionals", "egemaps"), n_rounds=15, column_share=0.6, max_depth=2),
    "sequence_network": SequenceNetwork(
        inputs=("logmel", "descriptors"), step_s=0.05, width=8, epochs=15, batch_size=8, learning_rate=0.02
    ),
    "cnn_lstm": WaveformNetwork(
        inputs=("vocals",), window_s=0.4, width=6, dropout=0.1, epochs=25, batch_size=8, learning_rate=0.01
    ),
}
CLASSICAL = [name for name in SYSTEMS if name not in ("sequence_network", "cnn_lstm")]


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
    return Examples(ids, subjects, CLASSES, inputs, durations, labels)


def take(examples: Examples, rows: list[int]) -> Examples:
    """Some of the clips, in the given order."""
    return Examples(
        [examples.clip_ids[i] for i in rows],
        [examples.subjects[i] for i in rows],
        examples.classes,
        {name: [items[i] for i in rows] for name, items in examples.inputs.items()},
        examples.durations[rows],
        None if examples.labels is None else examples.labels[rows],
    )


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
