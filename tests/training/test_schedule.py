import pytest
from pydantic import ValidationError

from abaw_pipeline.training.schedule import Constant, Cosine, Piecewise, TimeBased, rate_factor


@pytest.mark.parametrize("n_steps", [1, 2, 10, 100])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_rate_rises_then_does_not(n_steps, warmup, schedule):
    factors = [rate_factor(s, n_steps, warmup=warmup, schedule=schedule) for s in range(n_steps)]
    assert all(0 < f <= 1 for f in factors)
    top = factors.index(max(factors))
    assert factors[:top] == sorted(factors[:top])
    assert factors[top:] == sorted(factors[top:], reverse=True)


def test_shapes():
    assert rate_factor(0, 100, warmup=0.1, schedule="cosine") == pytest.approx(1 / 11)
    assert rate_factor(10, 100, warmup=0.1, schedule="cosine") == 1
    assert rate_factor(55, 100, warmup=0.1, schedule="cosine") == pytest.approx(0.5)
    assert rate_factor(99, 100, warmup=0.1, schedule="cosine") < 0.001
    assert rate_factor(99, 100, warmup=0.1, schedule="constant") == 1


SCHEDULES = [
    Constant(),
    Constant(warmup=0.2),
    Piecewise(at=(0.3, 0.6, 0.9), drop=0.5),
    TimeBased(decay=4),
    Cosine(warmup=0.1),
    Cosine(cycles=5, least=0.1),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("n_steps", [1, 7, 300])
def test_every_rate_can_be_used(schedule, n_steps):
    assert all(0 < schedule.factor(step, n_steps) <= 1 for step in range(n_steps))


@pytest.mark.parametrize("kind", ["cosine", "constant"])
def test_parts_agree_with_the_function(kind):
    made = (Cosine if kind == "cosine" else Constant)(warmup=0.1)
    expected = [rate_factor(step, 50, warmup=0.1, schedule=kind) for step in range(50)]
    assert [made.factor(step, 50) for step in range(50)] == pytest.approx(expected)


def test_restarts_of_the_paper():
    made = Cosine(cycles=5, least=0.1)
    factors = [made.factor(step, 30) for step in range(30)]  # a step an epoch
    assert [factors[start] for start in range(0, 30, 6)] == pytest.approx([1] * 5)
    assert all(factors[start + step] > factors[start + step + 1] for start in range(0, 30, 6) for step in range(5))
    assert min(factors) >= 0.1
    assert made.factor(599, 3000) == pytest.approx(0.1, abs=1e-4)


def test_piecewise_and_time_based():
    steps = [Piecewise(at=(0.5, 0.75), drop=0.1).factor(step, 100) for step in (0, 49, 50, 74, 75, 99)]
    assert steps == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert TimeBased(decay=9).factor(50, 100) == pytest.approx(1 / 5.5)


@pytest.mark.parametrize("at", [(0.5, 0.5), (0.7, 0.2), (0.0,), (1.0,), ()])
def test_moments_must_ascend_within_the_training(at):
    with pytest.raises(ValidationError):
        Piecewise(at=at)
