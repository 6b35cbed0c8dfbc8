"""Shards: many small items a piece, so that a million stills do not become a million files."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def shard(items: Sequence[Item], size: int = 1000) -> dict[str, tuple[Item, ...]]:
    """Deal items into shards of about `size`, by a hash of each item.

    Which shard an item lies in depends on the item and on the number of shards alone, so that adding or
    removing one item changes one shard. The number of shards is a power of two: it changes only when the
    number of items doubles or halves.

    Args:
        items: what to deal; its repr must be stable.
        size: items a shard, on average between this and half of it.

    Returns:
        Shard key ("0012") -> its items in the given order; no shard is empty.

    Raises:
        ValueError: a size below 1.
    """
    if size < 1:
        raise ValueError(f"a shard holds at least one item, not {size}")
    count = 1
    while count * size < len(items):
        count *= 2
    shards: dict[str, list[Item]] = {}
    for item in items:
        number = int.from_bytes(hashlib.sha256(repr(item).encode()).digest()[:8]) % count
        shards.setdefault(f"{number:04d}", []).append(item)
    return {key: tuple(shards[key]) for key in sorted(shards)}
