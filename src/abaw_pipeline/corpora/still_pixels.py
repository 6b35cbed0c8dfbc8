"""Pixels of still images: a file as it is, the face in it, or text that writes them out."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from abaw_pipeline.errors import CorpusError
from abaw_pipeline.types import File

Box: TypeAlias = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels, ends excluded."""

PIXEL_SIDE = 48
"""Rows and columns of an image that is written as text (FER2013)."""

JPEG_QUALITY = 95


def still_bytes(file: File, span: tuple[int, int] | None, box: Box | None, image_id: str) -> tuple[bytes, str]:
    """An image, encoded, and what its name gets behind it where it is no longer the file itself.

    Args:
        file: the image, or a text in which it is written out.
        span: first byte and number of bytes of its pixels in that text; None: the file is the image.
        box: of the face in the image as stored; None: the file's bytes are kept.
        image_id: its name, for errors.

    Raises:
        CorpusError: no image, or no face of at least one pixel, is there.
    """
    if span is not None:
        return _png(_text_pixels(file, span, image_id)), ".png"
    with _reading(file.path):
        content = Path(file.path).read_bytes()
        image = _decoded(content)
        return (content, "") if box is None else (_face(image, box, file.path), ".jpg")


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Whatever a damaged file makes a decoder raise is an error of that file."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CorpusError(
            f"the image cannot be read ({type(error).__name__}).", where=where, hint="Replace or remove the file."
        ) from error


def _decoded(content: bytes) -> Any:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        image.load()
    return image


def _face(image: Any, box: Box, where: str) -> bytes:
    """The part of an image in a box, as far as it lies in the image, as JPEG."""
    from PIL import ImageOps

    x1, y1, x2, y2 = max(box[0], 0), max(box[1], 0), min(box[2], image.width), min(box[3], image.height)
    if x1 >= x2 or y1 >= y2:
        raise CorpusError(
            f"the face's box {box} lies beside the image of {image.width} x {image.height} pixels.",
            where=where,
            hint="Fetch the image and its table again, or drop the row.",
        )
    # Boxes were drawn on pixels as they are stored; the turn that a camera noted comes after.
    face = ImageOps.exif_transpose(image.crop((x1, y1, x2, y2)))
    stream = io.BytesIO()
    (face if face.mode == "L" else face.convert("RGB")).save(stream, format="JPEG", quality=JPEG_QUALITY)
    return stream.getvalue()


def _text_pixels(file: File, span: tuple[int, int], image_id: str) -> Any:
    first, length = span
    with Path(file.path).open("rb") as stream:
        stream.seek(first)
        words = stream.read(length).split()
    side = math.isqrt(len(words))
    if side != PIXEL_SIDE or side * side != len(words):
        problem = f"{len(words)} pixels where {PIXEL_SIDE} x {PIXEL_SIDE} are expected."
    elif not all(word.isdigit() and len(word) < 4 and int(word) < 256 for word in words):
        problem = "a pixel is no whole number from 0 to 255."
    else:
        return np.array([int(word) for word in words], dtype=np.uint8).reshape(side, side)
    raise CorpusError(problem, where=f"{file.path}, {image_id}", hint="Fetch the file again, or drop the row.")


def _png(pixels: Any) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()
