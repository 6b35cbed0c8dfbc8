"""MCWF's pool and ascent, and the bootstrap over subjects, each against a plain loop and the machine's limit."""

import numpy as np
from benchmarks.row import Row, held, row, timed

FRAMES, CLASSES, SYSTEMS, DRAWS = 323_518, 7, 4, 1000
"""The validation part of AffWild2 in ABAW 2020, 7 emotions, S0's system 8."""


def rows() -> list[Row]:
    return [*bench_mcwf(), *bench_bootstrap()]


def made_up(frames: int = FRAMES, systems: int = SYSTEMS, classes: int = CLASSES) -> tuple:
    """Posteriors of systems that are good at different classes, and labels as uneven as those of the challenge."""
    rng = np.random.default_rng(0)
    share = 0.7 ** np.arange(classes)
    labels = rng.choice(classes, frames, p=share / share.sum())
    posteriors = rng.dirichlet(np.ones(classes), (frames, systems))
    skill = rng.uniform(0.02, 0.3, (classes, systems))
    posteriors[np.arange(frames), :, labels] += skill[labels]
    return posteriors / posteriors.sum(axis=2, keepdims=True), labels


def bench_mcwf() -> list[Row]:
    """The pool against a loop with scikit-learn's measures, the ascent against the pool, both against the machine."""
    from abaw_pipeline.evaluation.measures import MEASURES
    from abaw_pipeline.fusion import MCWF
    from abaw_pipeline.fusion.counting import Frames, count_candidates, kernels

    kernels()
    posteriors, labels = made_up()
    groups = ["one"] * FRAMES
    pool, climbing = MCWF(pool=DRAWS), MCWF(pool=DRAWS, sweeps=50)
    seconds = timed(lambda: pool.fit(posteriors, labels, groups, seed=0))
    both = timed(lambda: climbing.fit(posteriors, labels, groups, seed=0))
    candidates = pool._candidates(SYSTEMS, CLASSES, seed=0)
    scores = MEASURES["cpm"](count_candidates(Frames.of(posteriors, labels), candidates))
    sample = candidates[:: DRAWS // 20]
    plain = []
    loop = timed(lambda: plain.extend(plain_score(posteriors, labels, each) for each in sample)) * DRAWS / len(sample)
    apart = float(np.abs(scores[:: DRAWS // 20] - plain).max())
    what = f"{FRAMES:,} x {CLASSES} x {SYSTEMS}"
    return [
        row(
            f"MCWF, {DRAWS} draws, {what}",
            seconds,
            loop,
            against="a loop with scikit-learn's measures",
            limit=f"{held(50 * seconds, loop, '50 times faster')}; {held(apart, 1e-9, f'scores {apart:.0e} apart')}",
        ),
        row(
            f"the same, the machine's limit {limit_text()}",
            seconds,
            peak(),
            against="multiplications and additions alone, in the first cache",
        ),
        row(
            "coordinate ascent from the pool's best",
            both - seconds,
            seconds,
            against="the pool",
            limit=held(both - seconds, 2 * seconds, "at most twice the pool's time"),
        ),
    ]


def plain_score(posteriors: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """What one would otherwise run for each draw."""
    from sklearn.metrics import accuracy_score, f1_score

    decided = np.einsum("nlk,lk->nk", posteriors, weights).argmax(axis=1)
    return 0.67 * f1_score(labels, decided, average="macro") + 0.33 * accuracy_score(labels, decided)


def limit_text() -> str:
    from abaw_pipeline.threads import allowed_threads

    return f"on {allowed_threads()} cores"


def peak() -> float:
    """Seconds for the pool's multiplications and additions where nothing is read from beyond the first cache."""
    from concurrent.futures import ThreadPoolExecutor

    from numba import njit

    from abaw_pipeline.threads import allowed_threads

    @njit(nogil=True, error_model="numpy")
    def work(times: int, total: np.ndarray, p: np.ndarray) -> None:
        for _ in range(times):
            for i in range(256):
                score = ((0.1 * p[i] + 0.2 * p[i + 256]) + 0.3 * p[i + 512]) + 0.4 * p[i + 768]
                total[i] = score

    threads = allowed_threads()
    times = FRAMES * CLASSES * DRAWS // 256 // threads
    arrays = [(np.zeros(256), np.ones(1024)) for _ in range(threads)]
    work(1, *arrays[0])
    with ThreadPoolExecutor(threads) as workers:
        return timed(lambda: list(workers.map(lambda each: work(times, *each), arrays)))


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
