"""Still images in memory, gray and of one size, and the part of the training images that is set aside."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import ByteArray, IntArray


@dataclass(frozen=True)
class Stills:
    """Labelled gray images.

    Attributes:
        image_ids: n names, ascending.
        splits: n of train, validation, test.
        subjects: n people; None where unknown.
        labels: int64 [n], indexes into the classes.
        images: uint8 [n, side, side].
        left_out: how many images of which label were not taken.
    """

    image_ids: list[str]
    splits: list[str]
    subjects: list[str | None]
    labels: IntArray
    images: ByteArray
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.image_ids)

    def of_split(self, split: str) -> Stills:
        """The images of one part."""
        return self.take(np.array([name == split for name in self.splits], dtype=bool))

    def take(self, chosen: Any) -> Stills:
        """Some of the images, in their order.

        Args:
            chosen: bool [n].
        """
        rows = np.flatnonzero(chosen)
        return Stills(
            [self.image_ids[row] for row in rows],
            [self.splits[row] for row in rows],
            [self.subjects[row] for row in rows],
            self.labels[rows],
            self.images[rows],
        )

    def contents(self) -> list[str]:
        """A digest of each image's pixels; equal for equal images."""
        return [hashlib.sha256(image.tobytes()).hexdigest() for image in self.images]


def load_stills(
    shards: Sequence[Any],
    classes: Sequence[str],
    side: int,
    left_out: Mapping[str, Sequence[str]] | None = None,
) -> Stills:
    """Decode pieces of the artifact `stills`, one at a time.

    Args:
        shards: pyarrow Tables with image_id, corpus, split, label, subject, image (struct with bytes); rows without
            an image are passed over.
        classes: names of the K classes; images of other labels are left out.
        side: pixels to which each image's middle square is brought.
        left_out: corpus -> labels of which its images are not taken.
    """
    position = {name: index for index, name in enumerate(classes)}
    rows: list[tuple[str, str, str | None, int, ByteArray]] = []
    others: Counter[str] = Counter()
    for index in range(len(shards)):
        for row in shards[index].to_pylist():
            if row["image"] is None:
                continue
            if row["label"] not in position or row["label"] in (left_out or {}).get(row["corpus"], ()):
                others[row["label"]] += 1
                continue
            gray = gray_square(row["image"]["bytes"], side, row["image_id"])
            rows.append((row["image_id"], row["split"], row["subject"], position[row["label"]], gray))
    rows.sort(key=lambda row: row[0])  # the same order however the images were dealt into shards
    return Stills(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        np.array([row[3] for row in rows], dtype=np.int64),
        np.stack([row[4] for row in rows]) if rows else np.zeros((0, side, side), dtype=np.uint8),
        dict(sorted(others.items())),
    )


def gray_square(content: bytes, side: int, where: str, share: float = 1.0) -> ByteArray:
    """The middle square of an encoded image, in gray: uint8 [side, side].

    Args:
        content: JPEG or PNG bytes.
        side: pixels of the result.
        where: what the image is called, for the error.
        share: side of the square that is looked at, as a share of the image's shorter side.

    Raises:
        DataError: the bytes are no image.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            least = round(2 * side / share)
            image.draft("L", (least, least))  # a large JPEG is decoded at a half or a quarter
            gray = ImageOps.exif_transpose(image).convert("L")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"the image cannot be decoded ({type(error).__name__})", where=where) from error
    width, height = gray.size
    half = min(width, height) * share / 2
    box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
    if box != (0, 0, side, side):
        gray = gray.resize((side, side), Image.Resampling.BILINEAR, box=box)
    return np.asarray(gray, dtype=np.uint8)


def middle(images: ByteArray, size: int) -> ByteArray:
    """The middle squares of images: uint8 [n, side, side] -> uint8 [n, size, size]."""
    edge = (images.shape[-1] - size) // 2
    return np.ascontiguousarray(images[:, edge : edge + size, edge : edge + size])


def set_aside(stills: Stills, share: float, seed: int) -> Any:
    """Which training images only judge when to stop: bool [n].

    People stay together: all images of a subject fall on one side. Where the subject is unknown, equal images
    stay together.

    Args:
        stills: training images.
        share: of the images, about; at least one subject (or image), never all; 0: none.
        seed: of the draw.

    Raises:
        DataError: there is one subject only.
    """
    aside = np.zeros(len(stills), dtype=bool)
    if not share:
        return aside
    groups = [subject or content for subject, content in zip(stills.subjects, stills.contents(), strict=True)]
    sizes = Counter(groups)
    if len(sizes) < 2:
        raise DataError(
            "all training images show one subject: none can be set aside to stop early on",
            where="stills",
            hint="Set aside: 0 and patience: 0.",
        )
    order = sorted(sizes, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).hexdigest())
    chosen: set[str] = set()
    taken = 0
    for name in order[:-1]:
        if taken >= share * len(stills):
            break
        chosen.add(name)
        taken += sizes[name]
    return np.array([name in chosen for name in groups], dtype=bool)
