"""Shows a person how an artifact comes along: a bar while it runs, one line when it is done."""

from __future__ import annotations

import logging
import time
from collections import Counter
from types import TracebackType
from typing import Any

from abaw_pipeline.artifacts.plan import Job, Plan

log = logging.getLogger("abaw_pipeline.artifacts")

REASONS = 6
"""Reasons that are told one by one, the most frequent first."""


class Progress:
    """Counts of done, skipped and failed pieces of one artifact, on a terminal as a live bar."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.name, self.plan = name, plan
        asked, made = len(plan.order), sum(len(job.keys) for job in plan.jobs)
        self.skipped = asked - made - len(plan.blocked)
        self.done = 0
        self.failed = len(plan.blocked)
        self._started = time.perf_counter()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        """Say what is to be done and why, and start the bar."""
        reasons = list(self.plan.reasons().items())
        for reason, count in reasons[:REASONS]:
            log.info("%s: %d to compute (%s)", self.name, count, reason)
        if rest := sum(count for _, count in reasons[REASONS:]):
            log.info("%s: %d to compute for %d other reasons", self.name, rest, len(reasons) - REASONS)
        if self.plan.jobs:
            self._start_bar()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the bar and say how it ended."""
        if self._bar is not None:
            self._bar.stop()
        if not self.plan.order and kind is None:
            return
        seconds = time.perf_counter() - self._started
        state = "stopped after" if kind else "in"
        level = logging.WARNING if self.failed else logging.INFO
        log.log(
            level,
            "%s: %d computed, %d skipped, %d failed %s %.1f s",
            self.name,
            self.done,
            self.skipped,
            self.failed,
            state,
            seconds,
        )

    def advance(self, job: Job, *, failed: bool) -> None:
        """One job has ended."""
        counts = Counter({"failed" if failed else "done": len(job.keys)})
        self.done += counts["done"]
        self.failed += counts["failed"]
        if self._bar is not None:
            self._bar.update(self._task, advance=len(job.keys), counts=self._counts())

    def _counts(self) -> str:
        return f"{self.done} done, {self.skipped} skipped, {self.failed} failed"

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        if not console.is_terminal:
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counts]}"))
        self._bar = Bar(*columns, TimeRemainingColumn(), console=console, transient=True)
        total = sum(len(job.keys) for job in self.plan.jobs)
        self._task = self._bar.add_task(self.name, total=total, counts=self._counts())
        self._bar.start()
