"""Recordings that lie on both sides of a fold: the same file, its copies, and what looks like another form of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import pandas as pd

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.types import DoubleArray, IntArray

LIKE = 0.05
"""Seconds by which the lengths of two forms of one take may differ: encoders fill up their last block."""

MOST_ALIKE, COMMON = 0.5, 10
"""Share of a subject's clips that is too much for chance; subjects who may share a name before it tells nothing."""


@dataclass(frozen=True)
class Recordings:
    """Which files clips are from, and what they are called there.

    Attributes:
        clips: columns clip_id, subject, media; also sha256 (of its content), start, end (seconds; null: from the
            beginning, to the end).
        subject: each clip's subject by number, int64 [n_clips].
        recording: each clip's file by number in the order of their names, int64 [n_clips]; -1: not known.
        takes: as `takes_of` gives them.
    """

    clips: pd.DataFrame
    subject: IntArray
    recording: IntArray
    takes: pd.DataFrame

    @classmethod
    def of(cls, clips: pd.DataFrame, subject: IntArray) -> Recordings:
        """All that can be told before folds are looked at."""
        recording = pd.factorize(recordings(clips), sort=True)[0].astype(np.int64)
        return cls(clips, subject, recording, takes_of(clips, subject))

    def check(self, train: IntArray, validation: IntArray, where: str) -> list[str]:
        """Refuse stretches that overlap across the sides of a fold.

        Args:
            train: places of the clips that train.
            validation: places of those that validate.
            where: the fold, for messages.

        Returns:
            Files of which both sides hold other stretches.

        Raises:
            ProtocolError: two clips that overlap, named with their files.
        """
        held_out = self.recording[validation]
        trained = np.zeros(self.recording.max(initial=-1) + 2, bool)  # the last one: not known
        trained[self.recording[train]] = True
        trained[-1] = False
        both = trained[held_out]
        for recording in np.unique(held_out[both]):
            ours, theirs = (side[self.recording[side] == recording] for side in (train, validation))
            _check_stretches(self.clips.iloc[ours], self.clips.iloc[theirs], where)
        return sorted(set(self.clips["media"].iloc[validation[both]]))

    def twins(self, train: IntArray, validation: IntArray) -> list[str]:
        """Clips that look like one take in two forms, on both sides of a fold, as "validation clip (training clip)".

        Files of different people may be called the same, and some happen to be as long. So two subjects are only
        named where at least MOST_ALIKE of the clips of one of them have their like among those of the other; a name
        and length that more than COMMON subjects share (`video.mp4` in each folder) tells nothing.

        Args:
            train: places of the clips that train.
            validation: places of those that validate.
        """
        if self.takes.empty:
            return []
        trained = self._on(train).drop_duplicates(["take", "subject"], keep="last")
        others = trained[trained.groupby("take")["subject"].transform("size") <= COMMON]
        pairs = self._on(validation).merge(others, on="take", suffixes=("", "_trained"))
        if pairs.empty:
            return []
        pairs = pairs.drop_duplicates(["clip", "subject_trained"], keep="last")
        n_clips = np.bincount(self.subject[np.concatenate([train, validation])])
        alike = pairs.groupby(["subject", "subject_trained"])["clip"].transform("size").to_numpy()
        fewest = np.minimum(n_clips[pairs["subject"]], n_clips[pairs["subject_trained"]])
        named = pairs[alike >= MOST_ALIKE * fewest]
        names = self.clips["clip_id"]
        ids = zip(names.iloc[named["clip"]], names.iloc[named["clip_trained"]], strict=True)
        return sorted(f"{clip_id} ({other})" for clip_id, other in ids)

    def _on(self, side: IntArray) -> pd.DataFrame:
        """Takes of the clips of one side."""
        there = np.zeros(len(self.clips), bool)
        there[side] = True
        return self.takes[there[self.takes["clip"]]]


def recordings(clips: pd.DataFrame) -> pd.Series:
    """What tells each clip's recording: its file's content where that is known, else its path.

    Args:
        clips: column media; also sha256, of the file.
    """
    return clips["sha256"].fillna(clips["media"]) if "sha256" in clips.columns else clips["media"]


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
    recording = recordings(once)
    people = once.assign(recording=recording).drop_duplicates(["recording", "subject"])["recording"]
    several = recording.isin(people[people.duplicated()])
    for _, shared in once[several].groupby(recording[several], sort=False):
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


def takes_of(clips: pd.DataFrame, subject: IntArray) -> pd.DataFrame:
    """What clips are called and how long they are, to find other forms of the same take.

    Two clips are forms of one take where files of one name (01.wav beside 01.mp4, or in another folder) hold them
    from the same moment on for as long, to LIKE seconds. Clips of unknown length have none.

    Args:
        clips: columns clip_id, media, start, end (seconds).
        subject: each clip's subject by number, int64 [n_clips].

    Returns:
        Columns take, clip, subject (int64): a row for each take that a clip may be a form of, two a clip; of takes
        that several subjects have.
    """
    if not {"media", "start", "end"} <= set(clips.columns):
        return pd.DataFrame({"take": [], "clip": [], "subject": []}, dtype=np.int64)
    known = np.flatnonzero(clips["media"].notna() & clips["end"].notna())
    start = clips["start"].astype("float64").fillna(0.0).to_numpy()[known]
    step = np.floor((clips["end"].astype("float64").to_numpy()[known] - start) / LIKE).astype(np.int64)
    stem = [PurePath(media).stem.casefold() for media in clips["media"].iloc[known]]
    forms = pd.DataFrame({"stem": stem, "start": start.round(2), "clip": known, "subject": subject[known]})
    # Two lengths that are alike share at least one of two neighbouring steps.
    both = pd.concat([forms.assign(step=step), forms.assign(step=step + 1)], ignore_index=True)
    both["take"] = both.groupby(["stem", "start", "step"]).ngroup()
    several = both.groupby("take")["subject"].transform("nunique") > 1
    return both.loc[several, ["take", "clip", "subject"]].sort_values(["clip", "take"], ignore_index=True)


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
