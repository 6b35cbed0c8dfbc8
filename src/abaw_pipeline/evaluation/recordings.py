"""Recordings that lie on both sides of a fold: the same file, its copies, and what looks like another form of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath

import numpy as np
import pandas as pd

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.types import DoubleArray

LIKE = 0.05
"""Seconds by which the lengths of two forms of one take may differ: encoders fill up their last block."""

MOST_ALIKE, COMMON = 0.5, 10
"""Share of a subject's clips that is too much for chance; subjects who may share a name before it tells nothing."""

Take = tuple[str, float, int]
"""Name of the file without its ending, start in it, and length in steps of LIKE."""


def recordings(clips: pd.DataFrame) -> pd.Series:
    """What tells each clip's recording: its file's content where that is known, else its path.

    Args:
        clips: column media; also sha256, of the file.
    """
    return clips["sha256"].fillna(clips["media"]) if "sha256" in clips.columns else clips["media"]


def check_recordings(train: pd.DataFrame, validation: pd.DataFrame, where: str) -> list[str]:
    """Refuse stretches that overlap across the sides of a fold.

    Args:
        train: columns clip_id, media; also sha256, start, end (seconds; null: from the beginning, to the end).
        validation: the same of the other side.
        where: the fold, for messages.

    Returns:
        Files of which both sides hold other stretches.

    Raises:
        ProtocolError: two clips that overlap, named with their files.
    """
    of_train, of_validation = recordings(train), recordings(validation)
    shared = set(of_train.dropna()) & set(of_validation.dropna())
    for recording in sorted(shared):
        _check_stretches(train[of_train == recording], validation[of_validation == recording], where)
    return sorted(set(validation.loc[of_validation.isin(shared), "media"]))


def talking_together(clips: pd.DataFrame) -> dict[str, str]:
    """Subjects who are in one stretch of a recording at once, as one: subject -> one name for all of them.

    Where those overlap with others in turn, all are one. Who is alone keeps his name.

    Args:
        clips: columns clip_id, subject; also media, sha256, start, end (seconds) as far as known.
    """
    name = dict(zip(clips["subject"], clips["subject"], strict=True))

    def of(subject: str) -> str:
        while name[subject] != subject:
            subject = name[subject]
        return subject

    if "media" not in clips.columns:
        return name
    once = clips.drop_duplicates("clip_id")
    for _, shared in once.groupby(recordings(once), sort=False):
        if len(set(shared["subject"])) > 1:
            start, end = _stretch(shared)
            order = np.argsort(start, kind="stable")
            reached, last = -np.inf, ""
            for at in order.tolist():
                subject = of(shared["subject"].iloc[at])
                if start[at] < reached and last:
                    first, second = sorted((of(last), subject))
                    name[second] = first
                if end[at] > reached:
                    reached, last = float(end[at]), subject
    return {subject: of(subject) for subject in name}


def takes_by_clip(clips: pd.DataFrame) -> dict[str, set[Take]]:
    """What clips are called and how long they are, to find other forms of the same take: clip id -> takes.

    Two clips are forms of one take where files of one name (01.wav beside 01.mp4, or in another folder) hold them
    from the same moment on for as long, to LIKE seconds. Clips of unknown length have none.

    Args:
        clips: columns clip_id, media, start, end (seconds).
    """
    if not {"media", "start", "end"} <= set(clips.columns):
        return {}
    known = clips.dropna(subset=["media", "end"])
    start = known["start"].astype("float64").fillna(0.0).to_numpy()
    steps = np.floor((known["end"].astype("float64").to_numpy() - start) / LIKE).astype(np.int64)
    stems = [PurePath(media).stem.casefold() for media in known["media"]]
    return {
        # Two lengths that are alike share at least one of two neighbouring steps.
        str(clip_id): {(stem, round(begin, 2), step), (stem, round(begin, 2), step + 1)}
        for clip_id, stem, begin, step in zip(known["clip_id"], stems, start.tolist(), steps.tolist(), strict=True)
    }


def twins(train: pd.DataFrame, validation: pd.DataFrame, takes: Mapping[str, set[Take]]) -> list[str]:
    """Clips that look like one take in two forms, on both sides of a fold, as "validation clip (training clip)".

    Files of different people may be called the same, and some happen to be as long. So two subjects are only named
    where at least MOST_ALIKE of the clips of one of them have their like among those of the other; a name and length
    that more than COMMON subjects share (`video.mp4` in each folder) tells nothing.

    Args:
        train: columns clip_id, subject.
        validation: the same of the other side.
        takes: as `takes_by_clip` gives them.
    """
    trained: dict[Take, dict[str, str]] = {}
    for clip_id, subject in zip(train["clip_id"], train["subject"], strict=True):
        for take in takes.get(clip_id, ()):
            trained.setdefault(take, {})[subject] = clip_id
    alike: dict[tuple[str, str], dict[str, str]] = {}
    for clip_id, subject in zip(validation["clip_id"], validation["subject"], strict=True):
        for take in takes.get(clip_id, ()):
            others = trained.get(take, {})
            for other, trained_clip in others.items() if len(others) <= COMMON else ():
                alike.setdefault((subject, other), {})[clip_id] = trained_clip
    n_clips = Counter([*train["subject"], *validation["subject"]])
    found = [
        f"{clip_id} ({other})"
        for subjects, pairs in alike.items()
        if len(pairs) >= MOST_ALIKE * min(n_clips[subject] for subject in subjects)
        for clip_id, other in pairs.items()
    ]
    return sorted(found)


def _check_stretches(train: pd.DataFrame, validation: pd.DataFrame, where: str) -> None:
    """Refuse overlaps between clips of one recording."""
    start, end = _stretch(train)
    held_out_start, held_out_end = _stretch(validation)
    overlap = (start[:, None] < held_out_end) & (held_out_start < end[:, None])
    if not overlap.any():
        return
    i, j = np.argwhere(overlap)[0]
    one, other = train.iloc[i], validation.iloc[j]
    same = one["media"] == other["media"]
    files = one["media"] if same else f"{one['media']} and {other['media']}, whose contents are the same"
    raise ProtocolError(
        f"clips {one['clip_id']!r} (train) and {other['clip_id']!r} (validation) overlap in {files}",
        where=where,
        hint="Give people of one recording the same subject, or keep the recording on one side."
        if same
        else "Leave one of the files out, or give their clips the same subject.",
    )


def _stretch(clips: pd.DataFrame) -> tuple[DoubleArray, DoubleArray]:
    """Starts and ends of clips of one recording; what is not known reaches to infinity."""
    unknown = pd.Series(np.nan, index=clips.index)
    start = clips.get("start", unknown).astype("float64").fillna(-np.inf).to_numpy()
    end = clips.get("end", unknown).astype("float64").fillna(np.inf).to_numpy()
    return np.asarray(start, np.float64), np.asarray(end, np.float64)
