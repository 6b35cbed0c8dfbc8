"""MCWF's pool and the bootstrap over subjects, each against a plain loop."""

import numpy as np
from benchmarks.row import Row, row, timed


def rows() -> list[Row]:
    return [*bench_mcwf(), *bench_bootstrap()]


def bench_mcwf(clips: int = 1440, systems: int = 6, classes: int = 8, draws: int = 1000) -> list[Row]:
    """MCWF's pool against a loop over draws with scikit-learn's measures."""
    from sklearn.metrics import accuracy_score, f1_score

    from abaw_pipeline.fusion import MCWF

    rng = np.random.default_rng(0)
    posteriors = rng.dirichlet(np.ones(classes), (clips, systems))
    labels = rng.integers(0, classes, clips)
    groups = [str(i % 24) for i in range(clips)]
    sample = max(1, draws // 20)
    weights = rng.dirichlet(np.ones(systems), (sample, classes))

    def loop() -> float:
        best = 0.0
        for draw in weights:
            decided = np.einsum("nlk,kl->nk", posteriors, draw).argmax(axis=1)
            score = 0.67 * f1_score(labels, decided, average="macro") + 0.33 * accuracy_score(labels, decided)
            best = max(best, score)
        return best

    ours = timed(lambda: MCWF(pool=draws).fit(posteriors, labels, groups, seed=0))
    return [
        row(
            f"MCWF, {draws} draws, {clips} x {systems} x {classes}",
            ours,
            timed(loop) * draws / sample,
            against="a loop with scikit-learn's measures",
        )
    ]


def bench_bootstrap(subjects: int = 24, classes: int = 8, resamples: int = 1000) -> list[Row]:
    """Intervals by subject against a loop that resamples subjects and counts anew."""
    from sklearn.metrics import confusion_matrix

    from abaw_pipeline.evaluation.bootstrap import resample_subjects
    from abaw_pipeline.evaluation.measures import grouped_confusions

    rng = np.random.default_rng(0)
    truth, decided = rng.integers(0, classes, (2, 60 * subjects))
    who = np.repeat(np.arange(subjects), 60)
    sample = max(1, resamples // 20)

    def loop() -> None:
        for _ in range(sample):
            chosen = rng.integers(0, subjects, subjects)
            rows = np.concatenate([np.flatnonzero(who == subject) for subject in chosen])
            confusion_matrix(truth[rows], decided[rows], labels=range(classes))

    def ours() -> None:
        counts = grouped_confusions(who, truth, decided, subjects, classes)
        resample_subjects(counts, resamples=resamples, seed=0)

    return [
        row(
            f"bootstrap, {resamples} of {subjects} subjects",
            timed(ours),
            timed(loop) * resamples / sample,
            against="a loop with scikit-learn's confusion_matrix",
        )
    ]
