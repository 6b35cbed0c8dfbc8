"""Errors that tell a user what is wrong, where, why, and what to do about it."""

from __future__ import annotations


class PipelineError(Exception):
    """A problem in the user's hands: parameters, files, labels.

    Args:
        what: what is wrong, in one sentence.
        where: the file, row, key or parameter that is meant.
        hint: what the user can do about it.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(what, where, hint)

    def __str__(self) -> str:
        """One line: where, what and the hint, as far as they are known."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if not self.hint:
            return text
        return f"{text} {self.hint}" if text.endswith((".", "!", "?", ":")) else f"{text}. {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword arguments survive the way back from a worker process."""
        return _rebuild, (type(self), self.what, self.where, self.hint)


class MediaError(PipelineError):
    """A media file that cannot be read as what it should be."""


class CorpusError(PipelineError):
    """A corpus folder or table that is not laid out as its authors publish it."""


class ProtocolError(PipelineError):
    """Folds that cannot be made, or that would leak validation data into training."""


class DataError(PipelineError):
    """Values that a stage cannot work on: no examples, one class only, not finite, wrong shape."""


def _rebuild(kind: type[PipelineError], what: str, where: str, hint: str) -> PipelineError:
    return kind(what, where=where, hint=hint)
