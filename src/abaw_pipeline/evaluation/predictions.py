"""Decisions: the class with the largest posterior, beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from abaw_pipeline.evaluation.posteriors import clip_posteriors
from abaw_pipeline.schemas import PREDICTIONS


def decide(
    tables: Iterable[tuple[str, str, pd.DataFrame]], clips: pd.DataFrame, classes: Sequence[str]
) -> pd.DataFrame:
    """Clip-level decisions (PREDICTIONS schema) of several systems.

    Args:
        tables: (system, fold, posteriors with columns clip_id, start, end, p_<class>).
        clips: columns clip_id, corpus, subject, label.
        classes: the K classes; of equal posteriors the first class wins.
    """
    facts = clips.set_index("clip_id")
    rows = []
    for system, fold, posteriors in tables:
        decided = clip_posteriors(posteriors, classes).idxmax(axis=1)
        known = facts.loc[decided.index]
        rows.append(
            pd.DataFrame(
                {
                    "system": system,
                    "fold": fold,
                    "corpus": known["corpus"].to_numpy(),
                    "clip_id": decided.index.to_numpy(),
                    "subject": known["subject"].to_numpy(),
                    "truth": known["label"].to_numpy(),
                    "predicted": decided.to_numpy(),
                }
            )
        )
    return PREDICTIONS.validate(pd.concat(rows, ignore_index=True)) if rows else PREDICTIONS.empty()
