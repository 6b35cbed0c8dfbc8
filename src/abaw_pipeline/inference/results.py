"""What users get of a judged video, as recipes: movie, strip, table, page, and a place in the list."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Mapping, Sequence
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
    judged: Iterable[pa.Table],
    preferred: Sequence[str],
    classes: Sequence[str],
    longest: int,
    *,
    scratch: str,
) -> Path:
    """The video with boxes, names and emotions drawn in, see `annotate.annotate_video`."""
    shown, own = _of_shown(judged, preferred)
    return annotate_video(media, own, shown, classes, start=start, end=end, longest=longest, scratch=scratch)


def cut_strip(media: File, start: float, end: float, judged: Iterable[pa.Table], preferred: Sequence[str]) -> pa.Table:
    """Pictures of the video in the order of time, see `strip.film_strip`."""
    shown, own = _of_shown(judged, preferred)
    return film_strip(media, own, shown, start=start, end=end)


def write_table(judged: Iterable[pa.Table], preferred: Sequence[str]) -> str:
    """CSV of the shown system alone, a row a person and frame, times and probabilities to four digits."""
    shown, own = _of_shown(judged, preferred)
    frame = (own if shown else own.slice(0, 0)).to_pandas()
    text = io.StringIO()
    frame.round(dict.fromkeys(("x1", "y1", "x2", "y2"), 1)).round(4).to_csv(text, index=False)
    return text.getvalue()


def _of_shown(judged: Iterable[pa.Table], preferred: Sequence[str]) -> tuple[str, pa.Table]:
    """The system that is shown, and its rows alone; all rows where none of the preferred systems says anything.

    Args:
        judged: parts of a judgement, read twice.
        preferred: systems in the order in which one is chosen.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    systems = [part.select(["system"]) for part in judged]
    shown = choose_shown(pa.concat_tables(systems), preferred)
    if not shown:
        return shown, pa.concat_tables(judged)
    return shown, pa.concat_tables(part.filter(pc.equal(part.column("system"), shown)) for part in judged)


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
