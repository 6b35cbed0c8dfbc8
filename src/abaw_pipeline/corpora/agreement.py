"""One label for each stretch of time on which enough raters agree, from the intervals that each of them marked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SLACK = 1e-9
"""By how much shares may differ and be the same: a share is a quotient of sums."""


@dataclass(frozen=True)
class Judgement:
    """An interval [start, end) and what its rater sees in it.

    Attributes:
        start: seconds.
        end: seconds, after the start.
        rater: whose it is.
        votes: class -> how much the rater sees of it, 0 to 1; classes that are not named have 0.
    """

    start: float
    end: float
    rater: str
    votes: Mapping[str, float]


@dataclass(frozen=True)
class Segment:
    """A stretch [start, end) of one label.

    Attributes:
        start: seconds.
        end: seconds.
        label: the class.
        share: of raters who see it, in the part where they are fewest.
    """

    start: float
    end: float
    label: str
    share: float


@dataclass
class Agreed:
    """What raters agree on.

    Attributes:
        segments: in order of time; none overlaps another, and those of one label do not touch.
        disputed: seconds in which somebody marked something, but no class reaches the share.
        tied: seconds in which several classes reach the share and none of them is ahead.
        few: seconds in which fewer raters marked something than there must be.
    """

    segments: list[Segment] = field(default_factory=list)
    disputed: float = 0.0
    tied: float = 0.0
    few: float = 0.0


def agree(
    judgements: Iterable[Judgement], confidence: float, *, raters: int | None = None, min_raters: int = 1
) -> Agreed:
    """Cut time at every start and end, and let the raters of each part vote.

    A rater's intervals that overlap count once, each class with its largest vote. Neighboring parts of one label are
    joined. The order of the judgements does not matter.

    Args:
        judgements: of one person in one media file.
        confidence: share of raters, above 0, that a label needs at least.
        raters: of how many the share is taken; who marks nothing in a part votes for nothing there. None: of those
            who mark something in the part.
        min_raters: how many must mark something in a part.
    """
    waiting = sorted(judgements, key=lambda one: one.start, reverse=True)
    cuts = sorted({time for one in waiting for time in (one.start, one.end)})
    active: list[Judgement] = []
    found = Agreed()
    for start, end in pairwise(cuts):
        active = [one for one in active if one.end > start]
        while waiting and waiting[-1].start <= start:
            active.append(waiting.pop())
        if active:
            _vote(found, start, end, active, confidence, raters, min_raters)
    return found


def _vote(
    found: Agreed,
    start: float,
    end: float,
    active: Sequence[Judgement],
    confidence: float,
    raters: int | None,
    min_raters: int,
) -> None:
    shares, voters = _shares(active, raters)
    most = max(shares.values(), default=0.0)
    ahead = [label for label, share in shares.items() if share >= most - SLACK]
    if voters < min_raters:
        found.few += end - start
    elif most < confidence - SLACK or not most:
        found.disputed += end - start
    elif len(ahead) > 1:
        found.tied += end - start
    else:
        _append(found.segments, Segment(start, end, ahead[0], most))


def _shares(active: Sequence[Judgement], raters: int | None) -> tuple[dict[str, float], int]:
    """Share of raters by class, and how many raters marked something."""
    votes: dict[str, dict[str, float]] = {}
    for one in active:
        own = votes.setdefault(one.rater, {})
        for label, vote in one.votes.items():
            own[label] = max(vote, own.get(label, 0.0))
    labels = {label for own in votes.values() for label in own}
    of = raters or len(votes)
    # An exact sum does not depend on the order of the rows.
    return {label: math.fsum(own.get(label, 0.0) for own in votes.values()) / of for label in labels}, len(votes)


def _append(segments: list[Segment], new: Segment) -> None:
    last = segments[-1] if segments else None
    if last and last.end == new.start and last.label == new.label:
        segments[-1] = Segment(last.start, new.end, new.label, min(last.share, new.share))
    else:
        segments.append(new)
