import pytest

from abaw_pipeline.training.schedule import rate_factor


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
