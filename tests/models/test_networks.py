import numpy as np
import pytest
import torch

from abaw_pipeline.models.layers import AttentionPool, BothWays, MaskedConv
from abaw_pipeline.models.lstm import LSTMModel
from abaw_pipeline.models.sequence import SequenceModel
from abaw_pipeline.models.state import load_arrays, to_arrays
from abaw_pipeline.models.waveform import LAYOUT, WaveformModel


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_waveform_model_has_the_size_of_the_paper():
    assert count(WaveformModel(7, 64, 0.3)) == pytest.approx(4.5e6, rel=0.05)


def test_waveform_model_makes_five_frames_a_second():
    assert np.prod([stride for _, _, stride in LAYOUT]) == 16_000 // 5


def test_sequence_model_is_compact():
    assert count(SequenceModel(129, 8, 96, 0.3)) == pytest.approx(2.8e5, rel=0.1)


@pytest.mark.parametrize(
    "make",
    [lambda: SequenceModel(3, 4, 5, 0.3), lambda: LSTMModel(3, 4, (6, 5), 0.5), lambda: WaveformModel(4, 2, 0.3)],
)
def test_padding_does_not_change_the_answer(make):
    torch.manual_seed(0)
    network = make().eval()
    width = 1 if isinstance(network, WaveformModel) else 3
    x = torch.randn(2, 9000 if width == 1 else 21, width)
    short = 5001 if width == 1 else 8
    padded = x.clone()
    padded[1, short:] = 0
    together = network(padded, torch.tensor([x.shape[1], short]))
    alone = network(x[1:, :short], torch.tensor([short]))
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("n_frames", [1, 2, 7])
def test_shortest_sequences_work(n_frames):
    logits = SequenceModel(3, 4, 5, 0.0).eval()(torch.randn(1, n_frames, 3), torch.tensor([n_frames]))
    assert logits.shape == (1, 4)
    assert torch.isfinite(logits).all()
    assert torch.isfinite(WaveformModel(4, 2, 0.0).eval()(torch.randn(1, n_frames, 1), torch.tensor([n_frames]))).all()


def test_lstm_has_the_layers_of_the_paper():
    network = LSTMModel(512, 7, (512, 256), 0.5)
    assert [(layer.input_size, layer.hidden_size) for layer in network.layers] == [(512, 512), (512, 256)]


def test_lstm_decides_by_the_last_step_that_is_there():
    torch.manual_seed(0)
    network = LSTMModel(3, 4, (6, 5), 0.5).eval()
    x = torch.randn(1, 6, 3)
    ends = [network(x, torch.tensor([n])) for n in (5, 6)]
    assert not torch.allclose(*ends)
    x[0, 0] += 1
    assert not torch.allclose(network(x, torch.tensor([6])), ends[1]), "the first step is forgotten"


def test_backward_layer_starts_at_the_end_of_each_sequence():
    torch.manual_seed(0)
    layer = BothWays(2, 3)
    x = torch.randn(1, 6, 2)
    short = layer(x[:, :4], torch.tensor([4]))
    inside = layer(x, torch.tensor([4]))[:, :4]
    torch.testing.assert_close(inside, short)
    assert not torch.allclose(layer(x, torch.tensor([6]))[:, :4, 3:], short[..., 3:])


def test_convolution_keeps_frames_after_the_end_at_zero():
    y, lengths = MaskedConv(2, 4, 5, 2, 0.0).eval()(torch.randn(2, 2, 9), torch.tensor([9, 4]))
    assert lengths.tolist() == [5, 2]
    assert y.shape == (2, 4, 5)
    assert (y[1, :, 2:] == 0).all()


def test_pool_of_equal_frames_is_that_frame():
    pooled = AttentionPool(3, 2)(torch.tensor([1.0, -2.0, 4.0]).expand(1, 5, 3), torch.tensor([3]))
    torch.testing.assert_close(pooled[0, :3], torch.tensor([1.0, -2.0, 4.0]))
    assert (pooled[0, 3:] < 0.01).all()


def test_weights_survive_as_arrays():
    one, other = SequenceModel(3, 4, 5, 0.0).eval(), SequenceModel(3, 4, 5, 0.0).eval()
    arrays = to_arrays(one, "1.")
    assert all(a.ndim for a in arrays.values())
    load_arrays(other, arrays | {"0.stranger": np.zeros(1)}, "1.")
    x = torch.randn(1, 6, 3), torch.tensor([6])
    torch.testing.assert_close(one(*x), other(*x))
    with pytest.raises(RuntimeError):
        load_arrays(other, {k: v for k, v in arrays.items() if "head" not in k}, "1.")
