"""Detector, identity, tracker and choice of person together, on real videos."""

import functools
from pathlib import Path

import numpy as np
import pytest

from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.faces.boxes import centers, sizes
from abaw_pipeline.faces.persons import LargestFace, choose_person
from abaw_pipeline.faces.recipes import find_faces
from abaw_pipeline.faces.seen import Seen, read_identities, read_seen
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.faces.sheet import contact_sheet
from abaw_pipeline.media.probe import probe
from abaw_pipeline.types import File

pytestmark = pytest.mark.real

SPLIT = "split_screen/demo.mp4"
TWO = "two_people_cut/asd_sample_2.mp4"
HAMILTON = "hamilton/short_hamilton_clip.mp4"
CROWD = "crowd/video.mp4"


@pytest.fixture(scope="module")
def find(real_data: Path):
    """Faces of a video; each is looked at once."""

    @functools.cache
    def faces(name: str, fps: float = 5.0, batch: int = 8):
        path = str(real_data / "videos" / name)
        length = probe(path).duration
        return whole(find_faces(File(path, ""), 0.0, length, Faces(fps=fps), batch=batch))

    return faces


def cuts(faces) -> list[float]:
    return sorted({row["time"] for row in faces.select(["time", "cut"]).to_pylist() if row["cut"]})


def track_times(seen: Seen, track: int) -> np.ndarray:
    return seen.times[seen.at[seen.tracks == track]]


def template(faces, track: int, span: tuple[float, float]) -> np.ndarray:
    """Mean identity of a track's faces within a span of time."""
    seen = read_seen([faces])
    times = seen.times[seen.at[seen.detected]]
    tracks, vectors = read_identities(faces)
    mean = vectors[(tracks == track) & (times >= span[0]) & (times < span[1])].mean(0)
    return mean / np.linalg.norm(mean)


def test_in_a_split_screen_place_is_identity(find):
    """Four people and an inset photo, for 15 s."""
    faces = find(SPLIT, fps=2.0)
    seen = read_seen([faces])
    assert cuts(faces) == []
    assert sorted(np.unique(seen.tracks)) == [0, 1, 2, 3, 4]
    cells = set()
    for track in range(5):
        boxes = seen.boxes[seen.tracks == track]
        middle = centers(boxes)
        assert len(boxes) >= 28
        assert np.linalg.norm(middle - np.median(middle, axis=0), axis=1).max() < 1.0 * np.median(sizes(boxes))
        cells |= {(int(x > 620) + int(x > 1100), int(y > 280)) for x, y in middle}
    assert cells == {(0, 0), (1, 0), (0, 1), (1, 1), (2, 1)}


def test_without_tracking_the_person_of_a_split_screen_changes(find):
    faces = find(SPLIT, fps=2.0)
    tracked = choose_person([faces], None, Faces())
    untracked = choose_person([faces], None, Faces(person=LargestFace()))
    assert len(set(tracked.column("track").to_pylist())) == 1
    assert len(set(untracked.column("track").to_pylist())) > 1


def test_sides_of_a_split_screen(find):
    """The two largest are one above the other in the right column, a little apart."""
    faces = find(SPLIT, fps=2.0)
    left, right = (
        choose_person([faces], side, Faces()).column("x1").drop_null().to_numpy() for side in ("left", "right")
    )
    assert np.mean(left) < np.mean(right)


def test_a_cut_does_not_mix_two_people(find):
    """He is seen up to the cut at 2.07 s; she is, from aside, before and after it."""
    faces = find(TWO)
    seen = read_seen([faces])
    assert cuts(faces) == [pytest.approx(2.1, abs=0.15)]
    he = int(seen.tracks[(seen.at == seen.at[0]) & (seen.boxes[:, 0] > 640)][0])
    assert track_times(seen, he).max() < 2.07
    after = np.unique(seen.tracks[seen.times[seen.at] > 2.07])
    she = max(after, key=lambda track: len(track_times(seen, track)))
    assert len(track_times(seen, she)) >= 20
    assert float(template(faces, she, (2.1, 9)) @ template(faces, he, (0, 2))) < 0.3
    chosen = choose_person([faces], None, Faces())
    assert he not in chosen.column("track").to_pylist()


def test_where_nobody_is_there_is_no_track(find):
    faces = find("face_presence/no_face.mp4")
    assert faces.column("track").null_count == faces.num_rows == 95
    assert set(choose_person([faces], None, Faces()).column("origin").to_pylist()) == {"missing"}


@pytest.mark.parametrize(("name", "present"), [("face_noface.mov", (0.0, 2.4)), ("noface_face.mov", (3.95, 6.4))])
def test_a_face_is_found_while_it_is_there(find, name, present):
    faces = find(f"face_presence/{name}")
    chosen = choose_person([faces], None, Faces()).to_pylist()
    boxed = np.array([row["time"] for row in chosen if row["x1"] is not None])
    assert boxed.min() >= present[0] and boxed.max() <= present[1]
    assert len(boxed) >= 0.8 * sum(present[0] <= row["time"] <= present[1] for row in chosen)
    assert {row["origin"] for row in chosen if not present[0] - 0.3 <= row["time"] <= present[1] + 0.3} == {"nearest"}


def test_shots_and_people_of_a_concert(find):
    """A singer, somebody close from aside, the singer again, an audience in the dark."""
    faces = find(HAMILTON)
    seen = read_seen([faces])
    assert cuts(faces) == pytest.approx([1.6, 3.6, 8.0], abs=0.1)
    assert len(np.unique(seen.at)) >= 38
    assert [len(np.unique(seen.tracks[seen.shots[seen.at] == shot])) for shot in (2, 3)] == pytest.approx([1, 4], abs=1)
    chosen = choose_person([faces], None, Faces()).to_pylist()
    boxed = [row["time"] for row in chosen if row["x1"] is not None]
    assert sum(3.6 < time < 8.0 for time in boxed) >= 100
    assert not [time for time in boxed if 1.65 < time < 3.5 or time > 8.05]
    assert contact_sheet([faces], [faces], choose_person([faces], None, Faces())).startswith(b"\xff\xd8\xff")


def test_people_who_cross_do_not_swap(find):
    faces = find(CROWD)
    seen = read_seen([faces])
    assert cuts(faces) == []
    counts = np.bincount(seen.tracks)
    assert (counts >= 10).sum() >= 4 and len(counts) <= 16
    tracks, vectors = read_identities(faces)
    for track in np.flatnonzero(counts >= 10):
        own = vectors[tracks == track]
        half = len(own) // 2
        first, second = own[:half].mean(0), own[half:].mean(0)
        assert first @ second / np.linalg.norm(first) / np.linalg.norm(second) > 0.5
        middle, times = centers(seen.boxes[seen.tracks == track]), track_times(seen, track)
        speed = np.linalg.norm(np.diff(middle, axis=0), axis=1) / np.diff(times)
        assert (speed < 8 * np.median(sizes(seen.boxes[seen.tracks == track]))).all()


def test_how_many_pictures_are_looked_at_at_once_makes_no_difference(find):
    name = "face_presence/single_face.mp4"
    assert find(name, batch=1).equals(find(name, batch=8))
