"""Small gray images whose classes can be told apart, as pieces of the artifact `stills`, and faces cut from them."""

import io

import numpy as np
import pyarrow as pa
from PIL import Image

from abaw_pipeline.backbones import ResidualBackbone
from abaw_pipeline.training.image_augmentation import ImageAugmentation

CLASSES = ("neutral", "anger", "sadness")

SMALL = ResidualBackbone(
    stills=("toy",),
    side=20,
    size=16,
    width=4,
    depth=1,
    embedding=6,
    epochs=4,
    batch_size=16,
    learning_rate=0.05,
    mixup=0.2,
    noise=0.05,
    aside=0.2,
    precision="float32",
    augmentation=ImageAugmentation(rotation=5, shift=0.05),
)


def picture(label: int, rng: np.random.Generator, side: int = 20) -> np.ndarray:
    """A bright bar that lies, stands, or is not there, on noise: uint8 [side, side]."""
    pixels = rng.normal(110, 15, (side, side))
    middle = slice(side * 2 // 5, side * 3 // 5)
    if label == 1:
        pixels[middle] += 70
    elif label == 2:
        pixels[:, middle] += 70
    return pixels.clip(0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format=kind)
    return stream.getvalue()


def still_rows(n: int, split: str, *, seed: int = 0, subjects: int = 0, side: int = 20) -> list[dict]:
    rng = np.random.default_rng([seed, len(split)])
    return [
        {
            "image_id": f"toy/{split}_{index:04d}",
            "corpus": "toy",
            "split": split,
            "label": CLASSES[index % 3],
            "subject": f"toy/{index // 3 % subjects}" if subjects else None,
            "image": {"bytes": encoded(picture(index % 3, rng, side)), "path": f"{index}.png"},
            "problem": None,
        }
        for index in range(n)
    ]


def pieces(*rows: list[dict]) -> list[pa.Table]:
    picture_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    names = ("image_id", "corpus", "split", "label", "subject")
    schema = pa.schema([(name, pa.string()) for name in names] + [("image", picture_type), ("problem", pa.string())])
    return [pa.Table.from_pylist(part, schema=schema) for part in rows]


def part(n: int) -> pa.Table:
    return pieces(still_rows(n, "train"))[0]
