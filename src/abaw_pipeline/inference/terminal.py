"""What was judged, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from abaw_pipeline.inference.results import INDEX, PAGE, read_card

SHOWN = 10
"""How many videos and how many failures are told."""


def print_videos(cards: Mapping[Any, Mapping[str, Any]], failures: pd.DataFrame, folder: Path) -> None:
    """Print a line a video: people, commonest emotion, work; then what failed, and where the pages are.

    Args:
        cards: video -> as `results.write_card` gives it.
        failures: columns video, message, blocked_by.
        folder: of the results.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console()
    videos = [read_card(cards[video]) for video in list(cards)[:SHOWN]]
    table = Table(title=f"{len(cards)} judged", title_justify="left")
    for name in ("File", "Length", "People", "Mostly", "Work"):
        table.add_column(name, justify="right" if name in {"Length", "People", "Work"} else "left")
    for video in videos:
        mostly = f"{video.shares.classes[0]} {100 * video.shares.shares[0]:.0f} %" if video.shares.classes else "-"
        work = video.seconds / video.duration if video.duration > 0 else float("nan")
        cells = (video.title, f"{video.duration:.1f} s", str(video.persons), mostly, f"{work:.2f} s/s")
        table.add_row(*map(_plain, cells))
    console.print(table)
    if len(cards) > len(videos):
        console.print(f"... and {len(cards) - len(videos)} more")
    roots = failures[failures["blocked_by"].isna()]
    for video, message in zip(roots["video"].head(SHOWN), roots["message"], strict=False):
        console.print(f"Failed: {video}: {message}", style="yellow", markup=False, soft_wrap=True)
    if len(roots) > SHOWN:
        console.print(f"... and {len(roots) - SHOWN} more: see the pages", style="yellow")
    pages = folder / (f"{videos[0].folder}/{PAGE}" if len(cards) == 1 else INDEX)
    console.print(f"Page: {pages}", markup=False, soft_wrap=True)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
