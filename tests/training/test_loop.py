import numpy as np
import pytest
import torch
from torch import nn

from abaw_pipeline.errors import DataError
from abaw_pipeline.training.loop import predict_logits, seeded, train
from abaw_pipeline.training.options import TrainingOptions


class Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x, lengths):
        return self.layer(x.sum(dim=1) / lengths[:, None])


def same(sequence, rng):
    return sequence.copy()


def data(n=24):
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    return [rng.normal(size=(3 + i % 4, 2)).astype(np.float32) + 2 * labels[i] for i in range(n)], labels


def learn(sequences, labels, **changes):
    options = TrainingOptions(
        **({"epochs": 20, "batch_size": 5, "learning_rate": 0.1, "precision": "float32"} | changes)
    )
    with seeded(3, "cpu"):
        network = Mean()
        curve = train(network, sequences, labels, 2, options, same, seed=3, device="cpu")
    return network, curve


@pytest.mark.parametrize("changes", [{}, {"mixup": 0.4}, {"class_weights": "balanced"}, {"schedule": "constant"}])
def test_learns(changes):
    sequences, labels = data()
    network, curve = learn(sequences, labels, **changes)
    assert len(curve) == 20
    assert curve[-1] < curve[0]
    predicted = predict_logits(network, sequences, batch_size=7, device="cpu").argmax(axis=1)
    assert (predicted == labels).mean() > 0.9
    assert not network.training


def test_weights_move_decisions():
    sequences, labels = data()
    keep = [i for i in range(24) if labels[i] == 0 or i < 6]  # class 1 is rare
    sequences, labels = [sequences[i] * 0 for i in keep], labels[keep]  # nothing to tell them apart by
    plain, _ = learn(sequences, labels, label_smoothing=0.0)
    fair, _ = learn(sequences, labels, label_smoothing=0.0, class_weights="balanced")
    gaps = [np.ptp(predict_logits(n, sequences[:1], batch_size=1, device="cpu")) for n in (plain, fair)]
    assert gaps[0] > 0.8
    assert gaps[1] < 0.3


def test_torch_is_left_as_it_was():
    torch.manual_seed(1)
    before = torch.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype()
    learn(*data(6), epochs=1)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.get_num_threads(), torch.get_default_dtype()) == before[1:]
    assert torch.is_grad_enabled()


def test_runaway_loss_is_an_error():
    sequences, labels = data(6)
    sequences[0][:] = 3e38
    with pytest.raises(DataError, match="epoch 1"):
        learn(sequences, labels)


def test_logits_keep_the_order_of_sequences():
    sequences, labels = data(9)
    network, _ = learn(sequences, labels, epochs=1)
    all_at_once = predict_logits(network, sequences, batch_size=9, device="cpu")
    one_by_one = [predict_logits(network, [s], batch_size=1, device="cpu")[0] for s in sequences]
    np.testing.assert_allclose(all_at_once, one_by_one, atol=1e-5)
