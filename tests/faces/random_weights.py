"""Weights in RetinaFace's format that find something everywhere; made here, from a fixed seed."""

import hashlib
from pathlib import Path

import pytest


def random_state(seed: int = 0) -> dict:
    """A state dict of retinaface-pytorch's ResNet-50 network with scores spread around 0.5."""
    torch = pytest.importorskip("torch")
    network = pytest.importorskip("retinaface.network", reason="the extra retinaface is not installed")
    import warnings

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"torchvision\.models\._utils")
        torch.manual_seed(seed)
        made = network.RetinaFace(
            name="Resnet50",
            pretrained=False,
            in_channels=256,
            return_layers={"layer2": 1, "layer3": 2, "layer4": 3},
            out_channels=256,
        )
    return made.state_dict()


def random_retinaface(folder: Path) -> tuple[str, str]:
    """A file of such weights and its sha256."""
    from safetensors.torch import save_file

    path = folder / "weights.safetensors"
    save_file({name: value.contiguous() for name, value in random_state().items()}, path)
    return str(path), hashlib.sha256(path.read_bytes()).hexdigest()
