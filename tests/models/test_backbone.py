import pytest
import torch

from abaw_pipeline.models.backbone import Backbone, GaussianNoise, Shortcut


def make(**changes):
    torch.manual_seed(0)
    return Backbone(7, **({"width": 4, "depth": 1, "embedding": 5} | changes))


@pytest.mark.parametrize("size", [16, 25, 44])
def test_shapes(size):
    embedding, logits = make().eval()(torch.rand(3, 1, size, size) * 255)
    assert embedding.shape == (3, 5)
    assert logits.shape == (3, 7)
    assert (embedding >= 0).all()


def test_size_of_the_published_demo():
    parameters = sum(parameter.numel() for parameter in Backbone(7).parameters())
    assert parameters == pytest.approx(2.8e6, rel=0.01)


def test_pixels_are_standardized_inside():
    network = make().eval()
    pixels = torch.rand(2, 1, 16, 16) * 255
    expected = network(pixels)[1]
    network.mean += 10
    torch.testing.assert_close(network(pixels + 10)[1], expected, atol=1e-4, rtol=1e-4)
    assert {"mean", "scale"} <= network.state_dict().keys()


def test_every_parameter_learns():
    network = make()
    network(torch.rand(4, 1, 16, 16) * 255)[1].square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_noise_only_while_training():
    noise, x = GaussianNoise(0.5), torch.zeros(1000)
    assert noise(x).std() == pytest.approx(0.5, rel=0.1)
    assert torch.equal(noise.eval()(x), x)
    assert torch.equal(GaussianNoise(0.0)(x), x)


@pytest.mark.parametrize("size", [16, 25])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_shortcut_is_the_strided_convolution(size, stride):
    torch.manual_seed(0)
    found = Shortcut(6, 5, 1, stride, bias=False).to(torch.float64)
    expected = torch.nn.Conv2d(6, 5, 1, stride, bias=False).to(torch.float64)
    expected.load_state_dict(found.state_dict())
    pixels = torch.rand(3, 6, size, size, dtype=torch.float64)
    outcomes = []
    for layer in (found, expected):
        x = pixels.clone().requires_grad_()
        y = layer(x)
        y.square().sum().backward()
        outcomes.append((y.detach(), x.grad, layer.weight.grad))
    torch.testing.assert_close(*outcomes)


def test_no_layer_takes_the_way_that_overruns_its_buffer():
    layers = [layer for layer in make().modules() if isinstance(layer, torch.nn.Conv2d)]
    skipping = [layer for layer in layers if layer.kernel_size == (1, 1) and layer.stride != (1, 1)]
    assert len(skipping) == 2
    assert all(isinstance(layer, Shortcut) for layer in skipping)
