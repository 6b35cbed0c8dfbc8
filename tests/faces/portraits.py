"""Pictures with drawn faces, whose places are known."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FACE = (1.5, 1.95)
"""Width and height of a drawn head, in its radius across."""


def portrait(
    *faces: tuple[float, float, float], size: tuple[int, int] = (360, 640), seed: int = 0, skin: int = 0
) -> np.ndarray:
    """A noisy background with heads at (x, y, radius); uint8 [height, width, 3]."""
    height, width = size
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 120, (max(2, height // 60), max(2, width // 60), 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    for x, y, radius in faces:
        _head(picture, x, y, radius, skin)
    noisy = np.asarray(picture.filter(ImageFilter.GaussianBlur(1)), np.float64) + rng.normal(0, 3, (height, width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def truth(x: float, y: float, radius: float) -> np.ndarray:
    """About what a detector should give for a head: brows to chin, ear to ear."""
    return np.array([x - 0.75 * radius, y - 0.8 * radius, x + 0.75 * radius, y + 1.1 * radius])


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    inner = np.prod(np.maximum(high - low, 0))
    return float(inner / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - inner))


def _head(picture: Image.Image, x: float, y: float, radius: float, skin: int) -> None:
    draw = ImageDraw.Draw(picture)

    def oval(cx: float, cy: float, rx: float, ry: float, fill: tuple[int, int, int]) -> None:
        box = [x + (cx - rx) * radius, y + (cy - ry) * radius, x + (cx + rx) * radius, y + (cy + ry) * radius]
        draw.ellipse(box, fill=fill)

    oval(0, -0.25, 1.0, 1.25, (45, 30, 25))  # hair
    for step in range(24):  # lit from the front: brighter toward the middle
        part = 1 - step / 40
        oval(0, 0.05, 0.82 * part, 1.1 * part, (150 + 3 * step, 105 + 3 * step - skin, 85 + 3 * step - skin))
    for side in (-0.33, 0.33):
        oval(side, -0.12, 0.17, 0.10, (235, 235, 230))
        oval(side, -0.12, 0.08, 0.09, (50, 35, 30))
        oval(side, -0.36, 0.22, 0.05, (60, 40, 30))
    oval(0, 0.28, 0.14, 0.10, (165, 115, 95))
    oval(-0.07, 0.32, 0.04, 0.03, (90, 55, 50))
    oval(0.07, 0.32, 0.04, 0.03, (90, 55, 50))
    oval(0, 0.62, 0.32, 0.10, (150, 60, 60))
    oval(0, 0.61, 0.26, 0.03, (90, 30, 35))
