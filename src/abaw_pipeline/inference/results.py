"""What users get of a judged video, as recipes: movie, strip, table, page, and a place in the list."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abaw_pipeline.inference.annotate import annotate_video
from abaw_pipeline.inference.index import VideoCard, video_card
from abaw_pipeline.inference.page import Failure, VideoPage, render_page
from abaw_pipeline.inference.strip import film_strip
from abaw_pipeline.inference.words import Shares
from abaw_pipeline.types import File

if TYPE_CHECKING:
    import pyarrow as pa

PAGE, TABLE, POSTERIORS, INDEX = "page.html", "emotions.csv", "posteriors.parquet", "index.html"
"""Names of files in a video's folder, and of the list above the folders."""


def choose_shown(judged: pa.Table, preferred: Sequence[str]) -> str:
    """The first of some systems that says something; empty where none does."""
    there = set(judged.column("system").unique().to_pylist())
    return next((name for name in preferred if name in there), "")


def draw_movie(
    media: File,
    start: float,
    end: float,
    judged: pa.Table,
    preferred: Sequence[str],
    classes: Sequence[str],
    longest: int,
    *,
    scratch: str,
) -> Path:
    """The video with boxes, names and emotions drawn in, see `annotate.annotate_video`."""
    shown = choose_shown(judged, preferred)
    return annotate_video(media, judged, shown, classes, start=start, end=end, longest=longest, scratch=scratch)


def cut_strip(media: File, start: float, end: float, judged: pa.Table, preferred: Sequence[str]) -> pa.Table:
    """Pictures of the video in the order of time, see `strip.film_strip`."""
    return film_strip(media, judged, choose_shown(judged, preferred), start=start, end=end)


def write_table(judged: pa.Table, preferred: Sequence[str]) -> str:
    """CSV of the shown system alone, a row a person and frame, times and probabilities to four digits."""
    import pyarrow.compute as pc

    shown = judged.filter(pc.equal(judged.column("system"), choose_shown(judged, preferred)))
    frame = shown.to_pandas()
    text = io.StringIO()
    frame.round(dict.fromkeys(("x1", "y1", "x2", "y2"), 1)).round(4).to_csv(text, index=False)
    return text.getvalue()


def make_page(
    title: str,
    judged: pa.Table | None,
    people: pa.Table | None,
    strip: pa.Table | None,
    movie: str | None,
    facts: Mapping[str, Any],
    systems: Mapping[str, str],
    classes: Sequence[str],
    preferred: Sequence[str],
    stages: Mapping[str, float],
    failures: Sequence[Sequence[str]],
    trained_on: str,
    notes: Sequence[str] = (),
) -> VideoPage:
    """Everything that a page tells.

    Args:
        title: the file's name.
        judged: see `judge.judge_video`; None: nothing could be judged.
        people: see `people.list_people`; None: nobody could be looked for.
        strip: see `strip.film_strip`.
        movie: path of the annotated video.
        facts: duration (s), fps, width, height (None without pictures), sound.
        systems: name -> face, sound or fusion.
        classes: the K classes.
        preferred: systems in the order in which one is chosen to be shown.
        stages: name -> seconds of work.
        failures: rows of artifact, key, message, blocked_by.
        trained_on: what the systems learned from.
        notes: what a reader should know first.
    """
    judged = _nothing(classes) if judged is None else judged
    rows = [] if people is None else people.to_pylist()
    return VideoPage(
        title=title,
        judged=judged,
        shown=choose_shown(judged, preferred),
        systems=systems,
        classes=classes,
        duration=facts["duration"],
        fps=facts["fps"],
        size=None if facts["width"] is None else (facts["width"], facts["height"]),
        sound=facts["sound"],
        strip=strip,
        movie=None if movie is None else Path(movie),
        stages=list(stages.items()),
        failures=[Failure(*row) for row in failures],
        persons=[(row["person"], row["first"], row["last"], row["faces"], row["judged"]) for row in rows],
        trained_on=trained_on,
        notes=notes,
        tables=[("Emotions, frame by frame", TABLE), ("Posteriors of every system", POSTERIORS)],
        back=f"../{INDEX}",
    )


def write_page(page: Mapping[str, Any], embed_mb: float, look: str) -> str:
    """The HTML of a video's page from the arguments of `make_page`.

    Args:
        page: those arguments.
        embed_mb: largest movie (MB) that becomes part of the page.
        look: `pages.look`; a fingerprint sees code, not templates, and a page is to be made anew when they change.
    """
    del look
    return render_page(make_page(**page), embed_mb=embed_mb)


def write_card(page: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """A video's place in the list from the arguments of `make_page`, as JSON; what is not known is null."""
    made = video_card(make_page(**page), folder)
    numbers = {"seconds": made.seconds, "sure": made.shares.sure}
    return {
        **{name: getattr(made, name) for name in ("title", "folder", "duration", "persons", "shown", "problems")},
        "shares": dict(zip(made.shares.classes, made.shares.shares, strict=True)),
        **{name: None if math.isnan(value) else value for name, value in numbers.items()},
        "thumbnail": base64.b64encode(made.thumbnail).decode(),
    }


def read_card(card: Mapping[str, Any]) -> VideoCard:
    """What `write_card` wrote."""
    numbers = {name: math.nan if card[name] is None else card[name] for name in ("seconds", "sure")}
    return VideoCard(
        **{name: card[name] for name in ("title", "folder", "duration", "persons", "shown", "problems")},
        shares=Shares(tuple(card["shares"]), tuple(card["shares"].values()), numbers["sure"]),
        seconds=numbers["seconds"],
        thumbnail=base64.b64decode(card["thumbnail"]),
    )


def _nothing(classes: Sequence[str]) -> pa.Table:
    from abaw_pipeline.inference.judge import judged_schema

    return judged_schema(classes).empty_table()
