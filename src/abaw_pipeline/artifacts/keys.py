"""Keys: what a piece is asked for by."""

from __future__ import annotations

from typing import TypeAlias

Key: TypeAlias = str | tuple[str, ...]
"""What names a piece: `"clip"` or `("extractor", "clip")`."""


def key_text(key: Key) -> str:
    """A key as people read it: parts joined by `, `."""
    return key if isinstance(key, str) else ", ".join(key)


def check_key(key: object) -> None:
    """Refuse what would not come back from a manifest as it was.

    Raises:
        TypeError: neither a text nor a tuple of two or more.
        ValueError: a text that is not Unicode, such as a file name with undecodable bytes.
    """
    parts = key if isinstance(key, tuple) and len(key) > 1 else (key,)
    for part in parts:
        if not isinstance(part, str):
            raise TypeError(f"key {key!r}: a key is a text or a tuple of two or more texts")
        try:
            part.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"key {key!r} is not valid Unicode; rename what it stands for") from error
