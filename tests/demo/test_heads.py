"""Drawn people: detectors find their faces, expressions move them as intended, people stay themselves."""

from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from abaw_pipeline.demo.expressions import PROTOTYPES, Actions, actions, expression_of
from abaw_pipeline.demo.heads import draw_person, outline
from abaw_pipeline.demo.people import least_like, make_person
from abaw_pipeline.demo.scenery import Camera, room
from abaw_pipeline.demo.styles import DEMO_EMOTIONS
from abaw_pipeline.demo.views import View


def drawn(person, face, view=None, **options):
    picture = Image.new("RGB", (220, 220), (110, 120, 130))
    draw_person(picture, person, view or View(110, 110, 80), face, **options)
    return np.asarray(picture).astype(int)


def test_prototypes_are_those_of_the_demos_emotions():
    assert tuple(PROTOTYPES) == DEMO_EMOTIONS


@pytest.mark.parametrize("action", [field.name for field in fields(Actions)])
def test_each_action_changes_the_face_and_nothing_beside_the_head(action):
    person = make_person(2, 0)
    change = np.abs(drawn(person, Actions(**{action: 1.0})) - drawn(person, Actions())).sum(axis=2)
    assert (change > 20).sum() > 15
    assert not change[:, :30].any()
    assert not change[:, -30:].any()


def test_the_jaw_drops_and_lids_close():
    person = make_person(3, 0)
    assert outline(person, Actions(open=1))[:, 1].max() > outline(person, Actions())[:, 1].max() + 0.1
    y, x = round(110 + 80 * person.eye_y), slice(round(110 + 80 * person.eye_x) - 8, round(110 + 80 * person.eye_x) + 8)
    open_eye, closed = (drawn(person, Actions(), blink=blink)[y, x].std() for blink in (0.0, 1.0))
    assert closed < 0.8 * open_eye


def test_a_person_is_the_same_each_time_and_unlike_others():
    first, again = make_person(7, 5), make_person(7, 5)
    assert first == again
    assert first.voice.name == "s07"
    pictures = [drawn(make_person(index, 5), Actions()) for index in range(1, 9)]
    for place, picture in enumerate(pictures):
        others = [np.abs(picture - other).mean() for number, other in enumerate(pictures) if number != place]
        assert min(others) > 3


def test_beside_the_picture_nothing_is_drawn_and_at_its_edge_a_part():
    person = make_person(4, 0)
    assert (drawn(person, Actions(), View(-500, 110, 80)) == (110, 120, 130)).all()
    for view in (View(-40, 110, 80), View(250, 110, 80), View(110, -60, 80), View(110, 300, 80)):
        share = (drawn(person, Actions(), view) != (110, 120, 130)).any(axis=2).mean()
        assert 0.01 < share < 0.96


def test_mtcnn_finds_drawn_faces_where_they_are():
    from facenet_pytorch import MTCNN

    rng = np.random.default_rng(0)
    detector = MTCNN(min_face_size=40, keep_all=True)
    found = 0
    for index, emotion in enumerate(PROTOTYPES):
        person = make_person(101 + index, 1)
        picture = room((400, 300), rng)
        view = View(*rng.uniform((150, 120), (250, 150)), rng.uniform(60, 90), *rng.normal(0, [0.2, 0.1, 0.08]))
        draw_person(picture, person, view, actions(expression_of(person.voice, emotion, rng)))
        boxes, scores = detector.detect(Camera((400, 300), rng).take(picture))
        if boxes is None or scores[0] < 0.9:
            continue
        x1, y1, x2, y2 = boxes[0]
        assert x1 < view.x < x2
        assert y1 < view.y < y2
        assert 1.2 < (x2 - x1) / view.size < 1.7
        found += 1
    assert found >= 6


def test_two_people_of_one_video_are_less_alike_to_the_identity_network_than_one_person_to_herself():
    from abaw_pipeline.faces.identity import DlibIdentity

    identify = DlibIdentity().open()
    rng = np.random.default_rng(0)
    same, other = [], []
    for start in (101, 109, 117, 125):
        first = make_person(start, 2020)
        second = least_like(first, [make_person(start + place, 2020) for place in range(1, 8)])
        vectors = []
        for person, emotion in ((first, "neutral"), (first, "happiness"), (second, "neutral"), (second, "fear")):
            picture = drawn(person, actions(expression_of(person.voice, emotion, rng)))
            box = np.array([[110 - 56, 110 - 62, 110 + 56, 110 + 88]], dtype=np.float32)
            vectors.append(identify(picture.astype(np.uint8), box)[0])
        similarity = np.array(vectors) @ np.array(vectors).T
        same += [similarity[0, 1], similarity[2, 3]]
        other += similarity[:2, 2:].ravel().tolist()
    assert min(same) > 0.5
    assert np.mean(other) < 0.4
    assert max(other) < min(same)
