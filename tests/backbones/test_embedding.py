import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backbones.toy import CLASSES, SMALL, encoded, picture, pieces, still_rows
from tests.faces.people import parts

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.artifacts.recipe import run_chunk
from abaw_pipeline.backbones import BackboneEmbedding, ResidualBackbone, embedding
from abaw_pipeline.backbones.crops import chosen_crops
from abaw_pipeline.backbones.embedding import embed_faces, open_backbone
from abaw_pipeline.backbones.training import train_backbone
from abaw_pipeline.errors import DataError
from abaw_pipeline.types import Fitted

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
EXTRACTOR = BackboneEmbedding(backbone="small")


@pytest.fixture(scope="module")
def backbone():
    longer = ResidualBackbone.model_validate(SMALL.model_dump() | {"epochs": 12, "aside": 0})
    return train_backbone(longer, pieces(still_rows(60, "train")), CLASSES, 1)


def faces(rows):
    """Rows are (frame, sampled, track or None, image or None); frames follow each other at 10 a second."""
    return pa.table(
        {
            "frame": pa.array([row[0] for row in rows], pa.int64()),
            "time": pa.array([row[0] / 10 for row in rows], pa.float64()),
            "sampled": pa.array([row[1] for row in rows], pa.bool_()),
            "track": pa.array([row[2] for row in rows], pa.int32()),
            "image": pa.array([row[3] and {"bytes": row[3], "path": None} for row in rows], IMAGE),
        }
    )


def tracks(rows):
    """Rows are (frame, origin, track or None, crop or None)."""
    return pa.table(
        {
            "frame": pa.array([row[0] for row in rows], pa.int64()),
            "origin": pa.array([row[1] for row in rows], pa.string()),
            "track": pa.array([row[2] for row in rows], pa.int32()),
            "crop": pa.array([row[3] for row in rows], pa.int64()),
        }
    )


def clip(n=6, *, seed=0, label=1, size=1000, **changes):
    """A clip in which every second frame is sampled and shows a face, in parts of some size."""
    rng = np.random.default_rng(seed)
    shown = [encoded(np.repeat(picture(label, rng, 60)[..., None], 3, axis=2), "JPEG") for _ in range(n)]
    made = faces([(f, f % 2 == 0, 0 if f % 2 == 0 else None, None if f % 2 else shown[f]) for f in range(n)])
    own = tracks([(f, "detected" if f % 2 == 0 else "nearest", 0, f - f % 2) for f in range(n)])
    return {
        "moments": parts(made, size),
        "faces": parts(made, size),
        "tracks": parts(own, size),
        "extractor": EXTRACTOR,
        **changes,
    }


def embed(clips, **options):
    """Each clip's features, taken one clip after the other."""
    return [whole(each) for each in embed_faces(clips, **options)]


def chosen(faces, tracks, size=1000):
    """What `chosen_crops` gives, column by column."""
    found = chosen_crops(parts(faces, size), parts(faces, size), parts(tracks, size))
    return [list(column) for column in zip(*found, strict=True)]


def test_only_the_chosen_persons_own_crops_in_sampled_frames():
    start, end, images = chosen(
        faces(
            [
                (0, True, 4, b"other"),
                (0, True, 7, b"mine0"),
                (1, False, None, None),
                (2, True, 4, b"other"),  # the person is not there: its row borrows frame 0
                (3, False, None, None),
                (4, True, 7, b"mine4"),  # interpolated
                (5, False, None, None),
                (6, True, None, None),
                (7, False, None, None),
            ]
        ),
        tracks(
            [
                (0, "detected", 7, 0),
                (1, "interpolated", 7, 0),
                (2, "nearest", 7, 0),
                (3, "nearest", 7, 4),
                (4, "interpolated", 7, 4),
                (5, "nearest", 7, 4),
                (6, "missing", None, None),
                (7, "missing", None, None),
            ]
        ),
    )
    assert images == [b"mine0", b"mine4"]
    np.testing.assert_allclose(start, [0, 0.4])
    np.testing.assert_allclose(end, [0.2, 0.6])  # the next sampled frame, with a face or without


def test_last_crop_stands_until_the_segment_ends():
    made = clip(6)
    assert [crop.end for crop in chosen_crops(made["moments"], made["faces"], made["tracks"])] == [0.2, 0.4, 0.6]
    (start,), (end,), _ = chosen(faces([(0, True, 0, b"x")]), tracks([(0, "detected", 0, 0)]))
    assert end > start


FRAMES = st.lists(
    st.tuples(st.booleans(), st.sets(st.integers(0, 2)), st.sampled_from(["detected", "nearest", "missing"])),
    min_size=1,
    max_size=9,
)


@given(FRAMES, st.integers(0, 2), st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_crops_do_not_hang_on_where_parts_begin(frames, person, size):
    rows, own, expected = [], [], []
    for at, (sampled, seen, origin) in enumerate(frames):
        shown = [(at, True, track, f"{at} {track}".encode()) for track in sorted(seen)] if sampled else []
        rows += shown or [(at, sampled, None, None)]
        own.append((at, origin, None if origin == "missing" else person, None if origin == "missing" else at))
        if origin == "detected" and shown and person in seen:
            expected.append(f"{at} {person}".encode())
    try:
        *times, images = chosen(faces(rows), tracks(own), size)
    except DataError:
        times, images = [], []
    assert images == expected
    if expected:
        assert times == chosen(faces(rows), tracks(own))[:2]


def test_rows_follow_the_clip(backbone):
    result = embed([clip(8, backbone=backbone)])[0]
    assert result.values.shape == (4, SMALL.embedding)
    assert result.values.dtype == np.float32
    assert result.start.dtype == result.end.dtype == np.float64
    assert (result.end > result.start).all()


def test_posteriors_tell_what_is_shown(backbone):
    wanted = BackboneEmbedding(backbone="small", layer="posteriors")
    for label in range(3):
        values = embed([clip(8, label=label, backbone=backbone, extractor=wanted)])[0].values
        np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-5)
        assert (values.argmax(axis=1) == label).all()


def test_batch_is_single(backbone):
    clips = [clip(2 + 2 * index, seed=index, backbone=backbone) for index in range(5)]
    together = embed(clips, batch=4)
    for one, made in zip(together, clips, strict=True):
        alone = embed([made])[0]
        np.testing.assert_allclose(one.values, alone.values, atol=1e-5 * abs(alone.values).max())
        np.testing.assert_array_equal(one.start, alone.start)


def test_features_do_not_hang_on_parts_nor_on_the_order_in_which_clips_are_taken(backbone):
    clips = [clip(5 + 2 * index, seed=index, backbone=backbone) for index in range(4)]
    cut = [clip(5 + 2 * index, seed=index, size=2, backbone=backbone) for index in range(4)]
    backwards = embed_faces(cut, batch=4)
    late = [whole(each) for each in reversed(backwards)][::-1]
    for one, other in zip(embed(clips, batch=4), late, strict=True):
        for name in ("start", "end", "values"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_model_is_loaded_once_whatever_the_calls(backbone, monkeypatch):
    """A session a call would cost seconds for each eight clips."""
    made, real = [], embedding._session
    monkeypatch.setattr(embedding, "_session", lambda *arguments: made.append(1) or real(*arguments))
    embedding._opened.cache_clear()
    read = Fitted(dict(backbone.card), {name: array.copy() for name, array in backbone.tensors.items()})
    for fitted in (backbone, read, backbone):
        embed([clip(4, backbone=fitted), clip(2, backbone=fitted)])
    assert len(made) == 1


def test_clips_of_different_backbones_do_not_mix(backbone):
    other = train_backbone(
        ResidualBackbone.model_validate(SMALL.model_dump() | {"embedding": 9, "size": 18, "epochs": 1}),
        pieces(still_rows(60, "train")),
        CLASSES,
        2,
    )
    clips = [clip(4, backbone=backbone), clip(4, backbone=other), clip(6, backbone=backbone)]
    assert [result.values.shape for result in embed(clips)] == [(2, 6), (2, 9), (3, 6)]


def test_a_bad_clip_leaves_the_others_alone(backbone):
    faceless = clip(4, backbone=backbone, tracks=[tracks([(f, "missing", None, None) for f in range(4)])])
    damaged = clip(2, backbone=backbone)
    damaged["faces"] = [faces([(0, True, 0, b"no image"), (1, False, None, None)])]
    good = clip(4, backbone=backbone)
    recipes = [Recipe(embed_faces, made, {"batch": 3}, chunk=8) for made in (faceless, good, damaged)]
    first, second, third = run_chunk(recipes)
    with pytest.raises(DataError, match="no face found"):
        whole(first)
    second = whole(second)
    with pytest.raises(DataError, match=r"face at 0\.000 s"):
        whole(third)
    np.testing.assert_allclose(second.values, embed([good])[0].values, rtol=1e-5)
    assert embed_faces([]) == []


def test_torch_gives_what_the_graph_gives(backbone):
    rng = np.random.default_rng(3)
    images = np.stack([picture(index % 3, rng, SMALL.size) for index in range(9)])
    expected = embedding._run_torch(embedding._network(embedding._Model.of(backbone), "cpu"), "cpu", images)
    for one, other in zip(open_backbone(backbone)(images), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
