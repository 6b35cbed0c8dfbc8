"""Random changes of training images that leave their emotion as it was, for a whole batch at once."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field

from abaw_pipeline.parts import Part


class ImageAugmentation(Part):
    """Geometry (one resampling for all of it), then light, then noise. Each is drawn anew for every image."""

    flip: float = Field(0.5, ge=0, le=1, description="how often an image is mirrored")
    rotation: float = Field(10.0, ge=0, le=180, description="largest angle (degrees)")
    shear: float = Field(5.0, ge=0, lt=45, description="largest angle (degrees)")
    shift: float = Field(0.06, ge=0, lt=0.5, description="largest shift each way, as a share of the side")
    zoom: float = Field(0.1, ge=0, lt=1, description="size varies by up to this share")
    brightness: float = Field(0.1, ge=0, le=1, description="level varies by up to this share of the range")
    contrast: float = Field(0.2, ge=0, lt=1, description="contrast varies by up to this share")
    noise: float = Field(0.02, ge=0, le=1, description="largest deviation of white noise, as a share of the range")

    def __call__(self, images: Any, size: int) -> Any:
        """Changed copies, with torch's chance.

        Args:
            images: float32 [B, 1, S, S], 0 to 255.
            size: side of the square that is cut out, at most S; its middle where nothing shifts.

        Returns:
            float32 [B, 1, size, size], 0 to 255. Beyond an image's edge its nearest pixel goes on.
        """
        from torch.nn.functional import affine_grid, grid_sample

        matrices = self._matrices(len(images), images.device, size / images.shape[-1])
        grid = affine_grid(matrices, [len(images), 1, size, size], align_corners=False)
        changed = grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
        return self._lit(changed)

    def _matrices(self, n: int, device: Any, share: float) -> Any:
        """float32 [n, 2, 3]: where in the source each output pixel is taken from."""
        import torch

        def within(limit: float) -> Any:
            return (torch.rand(n, device=device) * 2 - 1) * limit

        angle, slant = within(math.radians(self.rotation)), torch.tan(within(math.radians(self.shear)))
        side = share * (1 + within(self.zoom))
        mirror = 1 - 2 * (torch.rand(n, device=device) < self.flip).float()
        cos, sin = torch.cos(angle) * side, torch.sin(angle) * side
        across, down = within(2 * self.shift), within(2 * self.shift)  # the grid spans -1 to 1
        rows = [cos * mirror, cos * slant - sin, across, sin * mirror, sin * slant + cos, down]
        return torch.stack(rows, dim=1).view(n, 2, 3)

    def _lit(self, images: Any) -> Any:
        import torch

        shape, device = (len(images), 1, 1, 1), images.device
        level = images.mean(dim=(2, 3), keepdim=True)
        gain = 1 + (torch.rand(shape, device=device) * 2 - 1) * self.contrast
        offset = (torch.rand(shape, device=device) * 2 - 1) * (255 * self.brightness)
        changed = (images - level) * gain + level + offset
        if self.noise:
            deviation = torch.rand(shape, device=device) * (255 * self.noise)
            changed = changed + deviation * torch.randn(images.shape, device=device)
        return changed.clamp(0, 255)


def mix_images(images: Any, targets: Any, alpha: float) -> tuple[Any, Any]:
    """Mixup: each image is blended with another of the batch, its target with the other's (Zhang et al. 2018).

    Args:
        images: float32 [B, 1, S, S].
        targets: float32 [B, K].
        alpha: of Beta(alpha, alpha), from which a share is drawn for each image; above 0.
    """
    import torch

    both = torch.full((len(images),), alpha, device=images.device)
    share = torch.distributions.Beta(both, both).sample()
    share = torch.maximum(share, 1 - share)
    other = torch.randperm(len(images), device=images.device)
    tall = share.view(-1, 1, 1, 1)
    blended = images * tall + images[other] * (1 - tall)
    return blended, targets * share[:, None] + targets[other] * (1 - share[:, None])
