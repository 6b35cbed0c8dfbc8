import pytest

from abaw_pipeline.training.early import Best


def test_keeps_the_first_of_the_best():
    best = Best()
    for epoch, score in enumerate([(0.2, -1.0), (0.5, -1.0), (0.5, -0.9), (0.5, -0.9), (0.4, 0.0)]):
        best = best.after(epoch, score)
    assert best == Best(2, (0.5, -0.9))
    assert not best.exhausted(4, 3)
    assert best.exhausted(5, 3)
    assert not best.exhausted(500, 0)


def test_a_score_that_is_no_number_is_an_error():
    with pytest.raises(ValueError, match="nan"):
        Best().after(0, (float("nan"),))
