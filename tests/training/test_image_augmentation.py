import pytest
import torch

from abaw_pipeline.training.image_augmentation import ImageAugmentation, mix_images

NONE = dict.fromkeys(ImageAugmentation.model_fields, 0.0)


def ramps(n=64, side=20):
    """Rises to the right by 8 a pixel."""
    return (torch.arange(side).float() * 8).expand(n, 1, side, side).clone()


def test_nothing_gives_the_middle():
    images = torch.rand(3, 1, 20, 20) * 255
    torch.testing.assert_close(ImageAugmentation(**NONE)(images, 16), images[:, :, 2:18, 2:18], atol=1e-3, rtol=0)
    torch.testing.assert_close(ImageAugmentation(**NONE)(images, 20), images, atol=1e-3, rtol=0)


def test_flip():
    images = ramps(200)
    changed = ImageAugmentation(**NONE | {"flip": 0.25})(images, 20)
    turned = (changed[:, 0, 0, 0] > changed[:, 0, 0, -1]).float().mean()
    assert turned == pytest.approx(0.25, abs=0.1)
    flipped = ImageAugmentation(**NONE | {"flip": 1.0})(images, 20)
    torch.testing.assert_close(flipped, images.flip(-1), atol=1e-3, rtol=0)


def test_shift_is_a_share_of_the_side():
    images = ramps(500)
    changed = ImageAugmentation(**NONE | {"shift": 0.1})(images, 16)
    moved = (changed[:, 0, 8, 8] - images[:, 0, 10, 10]) / 8  # pixels
    assert moved.abs().max() <= 2 + 1e-3
    assert moved.abs().max() > 1.8
    assert moved.unique().numel() > 400


@pytest.mark.parametrize("name", ["rotation", "shear"])
def test_angles(name):
    changed = ImageAugmentation(**NONE | {name: 30.0})(ramps(500), 10)
    down = (changed[:, 0, 6, 5] - changed[:, 0, 4, 5]) / 2  # how the ramp rises downwards
    across = (changed[:, 0, 5, 6] - changed[:, 0, 5, 4]) / 2
    angles = torch.rad2deg(torch.atan2(down, across))
    assert angles.abs().max() <= 30.01
    assert angles.abs().max() > 28
    if name == "rotation":
        torch.testing.assert_close(torch.hypot(down, across), torch.full((500,), 8.0), atol=1e-2, rtol=0)


def test_light_and_noise_stay_in_range():
    images = torch.full((400, 1, 20, 20), 128.0)
    brighter = ImageAugmentation(**NONE | {"brightness": 0.2})(images, 16)
    levels = brighter.mean(dim=(1, 2, 3)) - 128
    assert levels.abs().max() == pytest.approx(51, abs=2)
    assert (brighter.std(dim=(2, 3)) < 1e-3).all()
    noisy = ImageAugmentation(**NONE | {"noise": 0.1})(images, 16).std(dim=(2, 3))
    assert noisy.max() == pytest.approx(25.5, rel=0.15)
    contrasted = ImageAugmentation(**NONE | {"contrast": 0.5})(ramps(400), 20)
    ratio = contrasted.std(dim=(2, 3)) / ramps(1).std()
    assert ratio.min() == pytest.approx(0.5, abs=0.05)
    wild = ImageAugmentation(noise=1.0, brightness=1.0, contrast=0.9)(torch.rand(50, 1, 20, 20) * 255, 16)
    assert wild.min() >= 0
    assert wild.max() <= 255


def test_mixing_keeps_images_and_targets_together():
    torch.manual_seed(0)
    targets = torch.eye(4)
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 1, 2, 2)
    mixed, soft = mix_images(images, targets, 0.5)
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(4))
    torch.testing.assert_close(mixed[:, 0, 0, 0], soft @ torch.arange(4.0))
    assert (soft.argmax(dim=1) == torch.arange(4)).all()
