import random

import pytest

from abaw_pipeline.inference.placing import Placing, shared

WIDTH, HEIGHT = 640, 360
TAG, BARS, GAP = (110, 20), (140, 100), 5


def inside(place):
    return place[0] >= 0 and place[1] >= 0 and place[2] <= WIDTH and place[3] <= HEIGHT


def tags(placing, faces):
    placing.begin(faces)
    return {person: placing.tag(person, *TAG, GAP) for person in faces}


def test_a_tag_stands_above_its_face_and_bars_beside_it():
    placing = Placing(WIDTH, HEIGHT)
    placing.begin({1: (200, 100, 300, 220)})
    assert placing.tag(1, *TAG, GAP) == (195, 75, 305, 95)
    assert placing.bars(1, *BARS, GAP) == (305, 100, 445, 200)


@pytest.mark.parametrize("face", [(-30, -40, 60, 60), (580, -20, 700, 100), (-20, 280, 80, 400), (590, 300, 690, 420)])
def test_at_an_edge_a_tag_is_whole_and_off_its_face(face):
    place = tags(Placing(WIDTH, HEIGHT), {1: face})[1]
    assert inside(place) and shared(place, face) == 0


def test_a_face_that_fills_the_picture_has_its_tag_on_it():
    assert inside(tags(Placing(WIDTH, HEIGHT), {1: (0, 0, WIDTH, HEIGHT)})[1])


def test_neighbors_tags_cover_neither_each_other_nor_a_face():
    """Five faces next to each other, each narrower than its tag."""
    faces = {n: (60 + 90 * n, 150, 120 + 90 * n, 220) for n in range(5)}
    places = tags(Placing(WIDTH, HEIGHT), faces)
    for person, place in places.items():
        assert not any(shared(place, other) for name, other in places.items() if name != person)
        assert not any(shared(place, face) for face in faces.values())


def test_in_any_crowd_marks_stay_inside_and_bars_cover_nothing():
    choose = random.Random(0)
    for _ in range(50):
        placing, faces = Placing(WIDTH, HEIGHT), {}
        for person in range(1, 13):
            x, y, size = choose.randrange(-20, 620), choose.randrange(-20, 340), choose.randrange(20, 150)
            faces[person] = (x, y, x + size, y + size)
        places = [*tags(placing, faces).values(), placing.corner(60, 20), placing.corner(50, 20, right=True)]
        assert all(inside(place) for place in places)
        for person in faces:
            bars = placing.bars(person, *BARS, GAP)
            if bars is not None:
                assert inside(bars) and not any(shared(bars, other) for other in (*places, *faces.values()))
                places.append(bars)


def test_notes_at_the_lower_edge_stand_side_by_side_and_tags_go_around_them():
    placing, face = Placing(WIDTH, HEIGHT), (0, 200, 100, 320)
    placing.begin({1: face})
    first = placing.corner(60, 20)
    second, third = placing.corner(80, 20, after=first), placing.corner(50, 20, right=True)
    assert not shared(first, second) and not shared(second, third) and third[2] > 600
    assert all(inside(place) for place in (first, second, third))
    assert not any(shared(placing.tag(1, *TAG, GAP), place) for place in (first, second, third))


def test_marks_rest_while_a_box_trembles_and_follow_when_it_moves():
    placing, places = Placing(WIDTH, HEIGHT), []
    for shift in (0, 2, -2, 3, 40):
        placing.begin({1: (200 + shift, 100, 300 + shift, 220)})
        places.append((placing.tag(1, *TAG, GAP), placing.bars(1, *BARS, GAP)))
    assert places[0] == places[1] == places[2] == places[3]
    assert [place[0] for place in places[4]] == [235, 345]


def test_a_tag_keeps_its_side_although_another_has_become_as_good():
    """Above where there is room; then below, and there it stays as the face comes down a little."""
    placing = Placing(WIDTH, HEIGHT)
    sides = []
    for top in (100, 5, 22, 27, 60):
        face = (200, top, 300, top + 120)
        sides.append(tags(placing, {1: face})[1][1] > top)
    assert sides[:2] == [False, True] and sides[2:4] == [True, True]


def test_who_was_away_is_placed_anew():
    placing = Placing(WIDTH, HEIGHT)
    below = tags(placing, {1: (200, 5, 300, 125)})[1]
    assert below[1] > 125
    tags(placing, {})
    assert tags(placing, {1: (200, 60, 300, 180)})[1][3] < 60


def test_bars_larger_than_the_picture_have_no_place():
    placing = Placing(100, 80)
    placing.begin({1: (0, 0, 5, 5)})
    assert placing.bars(1, 120, 50, GAP) is None
    assert placing.bars(1, 50, 120, GAP) is None
