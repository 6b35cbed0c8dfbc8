import numpy as np
import onnxruntime
import pytest
import torch

from abaw_pipeline.backbones.graph import to_onnx
from abaw_pipeline.models.backbone import Backbone


@pytest.mark.parametrize("per_image", [False, True])
@pytest.mark.parametrize(("width", "depth", "size"), [(4, 1, 16), (8, 2, 44), (6, 3, 25)])
def test_graph_gives_what_the_network_gives(width, depth, size, per_image):
    torch.manual_seed(1)
    sizes = {"width": width, "depth": depth, "embedding": 7}
    network = Backbone(5, **sizes, dropout=0.5, noise=0.5, mean=120.0, scale=60.0, per_image=per_image)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):  # statistics unlike those of a fresh norm
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    network.eval()
    session = onnxruntime.InferenceSession(to_onnx(network, size).tobytes(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for n in (1, 3):
        pixels = rng.integers(0, 256, (n, 1, size, size)).astype(np.float32)
        found = session.run(["embedding", "logits"], {"pixels": pixels})
        with torch.inference_mode():
            expected = network(torch.from_numpy(pixels))
        for one, other in zip(found, expected, strict=True):
            assert one.shape == tuple(other.shape)
            np.testing.assert_allclose(one, other.numpy(), atol=1e-4 * max(1, abs(other.numpy()).max()))


def test_graph_is_deterministic_and_small():
    network = Backbone(3, width=4, depth=1, embedding=6)
    one, two = to_onnx(network, 16), to_onnx(network, 16)
    assert one.dtype == np.uint8
    assert one.tobytes() == two.tobytes()
    weights = sum(parameter.numel() for parameter in network.parameters())
    assert len(one) < 4 * weights + 4000
