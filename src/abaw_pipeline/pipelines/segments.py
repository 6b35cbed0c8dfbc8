"""Stretches of media, each with the clips that are about it."""

from __future__ import annotations

from typing import Any

from abaw_pipeline.types import Table


def segments(clips: Table) -> dict[str, list[dict[str, Any]]]:
    """Clips with pictures, by the stretch of media that they are about.

    Several people annotated in one video share one stretch, so that its pictures are looked at once.

    Args:
        clips: CLIPS schema.

    Returns:
        names of the clips joined by ` + ` -> rows of those clips.
    """
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    rows: list[Any] = clips[clips["video"]].to_dict("records")
    for clip in rows:
        found.setdefault((clip["sha256"], clip["start"], clip["end"]), []).append(clip)
    return {" + ".join(clip["clip_id"] for clip in members): members for members in found.values()}
