"""Where tags and bars go: beside the faces that they belong to, off other faces, off each other, and not jumping."""

from __future__ import annotations

from collections.abc import Iterator

from abaw_pipeline.inference.drawing import Place

REST = 0.06
"""A mark stays where it was as long as its place would move by less than this share of the box."""

COVERED, FACE, OWN = 4.0, 3.0, 1.5
"""How bad it is to cover another mark, another's face, and the own face, a share of the mark each."""

MARGIN = 4
"""Between marks at the lower edge and around them (pixels)."""

STAY = 0.4
"""How much worse a place may be before a mark leaves it for another."""


class Placing:
    """Places of all marks of one picture after another.

    Args:
        width: of the pictures.
        height: of the pictures.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._before: dict[tuple[int, str], tuple[int, Place]] = {}
        self._now: dict[tuple[int, str], tuple[int, Place]] = {}
        self._taken: list[Place] = []
        self._faces: dict[int, Place] = {}

    def begin(self, faces: dict[int, Place]) -> None:
        """A new picture with the faces (person -> place) that are to be seen in it."""
        self._before, self._now = self._now, {}
        self._taken, self._faces = [], faces

    def corner(self, width: int, height: int, *, right: bool = False, after: Place | None = None) -> Place:
        """A place at the lower edge: at its left end or behind another there, or at its right end."""
        left = self._width - width - MARGIN if right else after[2] + MARGIN if after else MARGIN
        return self._take(self._inside(left, self._height - MARGIN - height, width, height))

    def tag(self, person: int, width: int, height: int, gap: int) -> Place:
        """The least bad place for a person's tag, inside the picture if it fits at all."""
        face, choices = self._faces[person], []
        slot_before = self._before.get((person, "tag"), (-1, None))[0]
        for slot, (left, top) in enumerate(_around(face, width, height, gap)):
            place = self._inside(left, top, width, height)
            stay = STAY if slot == slot_before else 0.0
            choices.append((self._harm(person, place) + 0.05 * slot - stay, slot, place))
        _, slot, place = min(choices)
        return self._settle((person, "tag"), slot, place)

    def bars(self, person: int, width: int, height: int, gap: int) -> Place | None:
        """A place for a person's bars where they cover no face and no mark; None if there is none."""
        if width > self._width or height > self._height:
            return None
        left, top, right, bottom = self._faces[person]
        ways = ((right + gap, top), (left - gap - width, top), (left, bottom + gap), (left, top - gap - height))
        slot_before = self._before.get((person, "bars"), (-1, None))[0]
        for slot in sorted(range(len(ways)), key=lambda slot: (slot != slot_before, slot)):
            place = self._inside(*ways[slot], width, height)
            if not any(shared(place, other) for other in (*self._taken, *self._faces.values())):
                return self._settle((person, "bars"), slot, place)
        return None

    def had_bars(self, person: int) -> bool:
        """Whether a person had bars in the picture before."""
        return (person, "bars") in self._before

    def _settle(self, key: tuple[int, str], slot: int, place: Place) -> Place:
        """The place, or that of the picture before where it is as good as the same."""
        face = self._faces[key[0]]
        before_slot, before = self._before.get(key, (-1, place))
        near = REST * (face[3] - face[1])
        same_size = (before[2] - before[0], before[3] - before[1]) == (place[2] - place[0], place[3] - place[1])
        if before_slot == slot and same_size and max(abs(a - b) for a, b in zip(before, place, strict=True)) <= near:
            place = before
        self._now[key] = slot, place
        return self._take(place)

    def _take(self, place: Place) -> Place:
        self._taken.append(place)
        return place

    def _inside(self, left: int, top: int, width: int, height: int) -> Place:
        left = max(0, min(left, self._width - width))
        top = max(0, min(top, self._height - height))
        return left, top, left + width, top + height

    def _harm(self, person: int, place: Place) -> float:
        area = (place[2] - place[0]) * (place[3] - place[1])
        covered = sum(shared(place, other) for other in self._taken) * COVERED
        for other, face in self._faces.items():
            covered += shared(place, face) * (OWN if other == person else FACE)
        return covered / area


def _around(face: Place, width: int, height: int, gap: int) -> Iterator[tuple[int, int]]:
    """Left and top of places for a mark at a face, the best first."""
    left, top, right, bottom = face
    for across in (left - gap, right + gap - width):
        yield across, top - gap - height
        yield across, bottom + gap
    yield right + gap, top
    yield left - gap - width, top
    yield right + gap, bottom - height
    yield left - gap - width, bottom - height


def shared(one: Place, other: Place) -> int:
    """How many pixels two places have in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0
