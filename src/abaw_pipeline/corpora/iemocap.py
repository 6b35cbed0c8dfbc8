"""IEMOCAP: ten actors in 151 dialogues of two, improvised or scripted, labelled turn by turn (Busso et al. 2008).

Of the full release `Session1` to `Session5` are read: dialog/EmoEvaluation/*.txt for turns and labels, dialog/wav or
dialog/avi/DivX for media. Each turn is a segment of a dialogue's file; nothing is cut or copied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, Side, some
from abaw_pipeline.corpora.folders import SUFFIXES, Medium, by_stem, inner, is_folder, one_file, readable, wrong_root
from abaw_pipeline.corpora.iemocap_turns import (
    Turn,
    by_name,
    check_alone,
    check_dialogue,
    check_overlap,
    meet,
    read_evaluation,
)
from abaw_pipeline.corpora.labels import DropsClasses, check_mapping
from abaw_pipeline.corpora.lengths import end_within, media_length
from abaw_pipeline.errors import CorpusError

Code = Literal["ang", "dis", "exc", "fea", "fru", "hap", "neu", "oth", "sad", "sur", "xxx"]

EMOTION_CODES: Mapping[Code, str | None] = {
    "ang": "anger",
    "dis": "disgust",
    "exc": "happiness",
    "fea": "fear",
    "fru": "frustration",
    "hap": "happiness",
    "neu": "neutral",
    "oth": None,
    "sad": "sadness",
    "sur": "surprise",
    "xxx": None,
}
"""What each label of a turn counts as; None: turns with it are left out.

Excitement is merged with happiness, as is common; `oth` is any other emotion; on turns with `xxx` raters disagree.
"""

PLACES: Mapping[Medium, tuple[str, ...]] = {"audio": ("dialog", "wav"), "video": ("dialog", "avi", "DivX")}
"""Where media lie within a session."""

SESSIONS = tuple(f"Session{number}" for number in range(1, 6))
DIALOGUES = 151
LAYOUT = "Session1 ... Session5, in each of them dialog/EmoEvaluation and dialog/wav or dialog/avi/DivX"


class Iemocap(DropsClasses, Corpus):
    """The folder IEMOCAP_full_release.

    The picture of a dialogue is in two halves, a person in each. Whom the dialogue is named after (F in Ses01F_...)
    wears the markers, as the release's README says, and is taken to be in the left half: it is published programs
    that say so (IoannisKansizoglou/Iemocap-preprocess on GitHub is one). Look at a contact sheet of each session,
    and turn `marked_side` round or off where it is not so.
    """

    kind: Literal["iemocap"] = "iemocap"
    modality: Medium = "audio"
    labels: Mapping[Code, str | None] = Field(
        default_factory=dict,
        description="codes of the release -> emotion, or null to leave turns with them out; others keep their meaning",
    )
    min_agreement: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of those who watched a turn (C-E lines) that must have chosen the turn's emotion, at least",
    )
    marked_side: Side | None = Field(
        "left", description="half of the picture with whom the dialogue is named after; null: sides are not told"
    )

    @field_validator("labels")
    @classmethod
    def _labels_name_emotions(cls, labels: Mapping[Code, str | None]) -> Mapping[Code, str | None]:
        check_mapping({code: emotion for code, emotion in labels.items() if emotion is not None})
        return labels

    def entries(self, name: str) -> CorpusListing:
        """List turns by session, dialogue and time.

        Args:
            name: what the study calls this corpus.

        Returns:
            A clip a turn, of the speaker; damaged lines, turns beyond their media, dialogues without media; how
            many turns are left out by their labels.

        Raises:
            CorpusError: the folder is not such a release, or it has no media of the modality.
        """
        root = Path(self.path).absolute()
        if not _is_release(root):
            raise wrong_root(root, f"IEMOCAP's {LAYOUT}", _is_release)
        reader = _Reader(self, name)
        for session in SESSIONS:
            folder = inner(root, session)
            if folder is None:
                reader.listing.notes.append(f"{session} is not there")
                continue
            try:
                reader.read_session(session, folder)
            except CorpusError as error:
                reader.listing.failures.append(Quarantined.because(f"{name}/{session}", error))
        if not reader.media_folders:
            raise CorpusError(
                f"no session has {'/'.join(PLACES[self.modality])}.",
                where=str(root),
                hint="Add the media, or set modality to what is there.",
            )
        reader.remark()
        return self.without_dropped(reader.listing, root)


def _is_release(root: Path) -> bool:
    return is_folder(root) and any(inner(root, session, "dialog", "EmoEvaluation") for session in SESSIONS)


class _Reader:
    """A listing as it grows, and what is counted on the way."""

    def __init__(self, corpus: Iemocap, name: str) -> None:
        self.corpus, self.name = corpus, name
        self.meaning = {**EMOTION_CODES, **corpus.labels}
        self.listing = CorpusListing()
        self.left_out: Counter[str] = Counter()
        self.both_speak = 0
        self.dialogues = 0
        self.media_folders = 0

    def read_session(self, session: str, folder: Path) -> None:
        """Take what a session's folder holds.

        Raises:
            CorpusError: the session has no evaluations or no media, or a folder cannot be listed.
        """
        within = PLACES[self.corpus.modality], ("dialog", "EmoEvaluation")
        places = {"/".join(names): inner(folder, *names) for names in within}
        media_folder, evaluation_folder = places.values()
        self.media_folders += media_folder is not None
        if media_folder is None or evaluation_folder is None:
            missing = [place for place, found in places.items() if found is None]
            raise CorpusError(f"there is no {some(missing)}.", where=session, hint="Add the folder.")
        media, evaluations = by_stem(media_folder, SUFFIXES[self.corpus.modality]), by_stem(evaluation_folder, {".txt"})
        for dialogue in sorted(evaluations):
            try:
                check_dialogue(dialogue, session)
                evaluation = one_file(evaluations[dialogue])
                self._read_dialogue(session, evaluation, _medium(dialogue, media))
            except CorpusError as error:
                self.listing.failures.append(Quarantined.because(f"{self.name}/{session}/{readable(dialogue)}", error))
        silent = sorted(media.keys() - evaluations.keys())
        if silent:
            note = f"{session}: {len(silent)} media files have no evaluation and are left out: {readable(some(silent))}"
            self.listing.notes.append(note)

    def _read_dialogue(self, session: str, evaluation: Path, media: Path) -> None:
        found = read_evaluation(evaluation)
        self.dialogues += 1
        for line, problem in found.damaged.items():
            error = CorpusError(problem, where=f"{evaluation.name}, line {line}", hint="Restore the file.")
            self._refuse(f"{evaluation.stem}, line {line}", error)
        length = media_length(str(media))
        taken: list[Turn] = []
        for name, turns in by_name(found.turns).items():
            where = f"{evaluation.name}, line {turns[0].line}"
            try:
                check_alone(turns, evaluation.name)
                end = end_within(turns[0].start, turns[0].end, length, where)
                check_overlap(turns[0], taken, where)
                taken.append(turns[0])
                self._take(session, turns[0], end, media)
            except CorpusError as error:
                self._refuse(name, error)
        self.both_speak += sum(meet(turn, other) for turn in taken for other in taken if turn.speaker < other.speaker)

    def _take(self, session: str, turn: Turn, end: float, media: Path) -> None:
        emotion = self._emotion(turn)
        if emotion is None:
            return
        dialogue = media.stem
        marked = turn.speaker == dialogue[5]
        self.listing.clips.append(
            ClipEntry(
                clip_id=f"{self.name}/{turn.name}",
                corpus=self.name,
                media=str(media),
                label=emotion,
                subject=f"{self.name}/{dialogue[:5]}_{turn.speaker}",
                start=turn.start,
                end=end,
                sex="f" if turn.speaker == "F" else "m",
                session=session,
                side=self._side(marked=marked),
                extra={
                    "dialogue": dialogue,
                    "code": turn.code,
                    "improvised": "yes" if "_impro" in dialogue else "no",
                    "markers": "yes" if marked else "no",
                },
            )
        )

    def _emotion(self, turn: Turn) -> str | None:
        """What the turn is labelled; None where it is left out, which is counted."""
        emotion = self.meaning[turn.code]  # type: ignore[index]  # codes are checked where they are read
        if emotion is None:
            self.left_out[f"labelled {turn.code}"] += 1
        elif self.corpus.min_agreement and not turn.choices:
            self.left_out["that nobody else has rated"] += 1
        elif self.corpus.min_agreement and self._share(turn, emotion) < self.corpus.min_agreement:
            self.left_out[f"on which less than {self.corpus.min_agreement:.0%} of the raters agree"] += 1
        else:
            return emotion
        return None

    def _share(self, turn: Turn, emotion: str) -> float:
        """Share of raters with a choice that means the emotion; who chose two is counted for either."""
        chosen = [{self.meaning[code] for code in codes} for codes in turn.choices.values()]  # type: ignore[index]
        return sum(emotion in each for each in chosen) / len(chosen)

    def _side(self, *, marked: bool) -> Side | None:
        if self.corpus.modality == "audio" or self.corpus.marked_side is None:
            return None
        other: Side = "right" if self.corpus.marked_side == "left" else "left"
        return self.corpus.marked_side if marked else other

    def _refuse(self, key: str, error: CorpusError) -> None:
        self.listing.failures.append(Quarantined.because(f"{self.name}/{key}", error))

    def remark(self) -> None:
        """Notes of what was counted."""
        if self.dialogues < DIALOGUES:
            self.listing.notes.append(f"{self.dialogues} of the corpus's {DIALOGUES} dialogues are there")
        if self.left_out:
            parts = "; ".join(f"{count} {why}" for why, count in sorted(self.left_out.items()))
            self.listing.notes.append(f"turns left out: {parts}")
        if self.both_speak:
            self.listing.notes.append(f"{self.both_speak} times both speak at once; such turns are kept")


def _medium(dialogue: str, media: Mapping[str, list[Path]]) -> Path:
    if dialogue not in media:
        raise CorpusError("there is no media file for this dialogue.", where=dialogue, hint="Add the file.")
    return one_file(media[dialogue])
