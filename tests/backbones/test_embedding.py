import numpy as np
import pyarrow as pa
import pytest
from tests.backbones.toy import CLASSES, SMALL, encoded, picture, pieces, still_rows

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.recipe import run_chunk
from abaw_pipeline.backbones import BackboneEmbedding, ResidualBackbone, embedding
from abaw_pipeline.backbones.embedding import chosen_crops, embed_faces, open_backbone
from abaw_pipeline.backbones.training import train_backbone
from abaw_pipeline.errors import DataError

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
EXTRACTOR = BackboneEmbedding(backbone="small")


@pytest.fixture(scope="module")
def backbone():
    settings = ResidualBackbone.model_validate(SMALL.model_dump() | {"epochs": 12, "aside": 0})
    return train_backbone(settings, pieces(still_rows(60, "train")), CLASSES, 1)


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


def clip(n=6, *, seed=0, label=1, **changes):
    """A clip in which every second frame is sampled and shows a face."""
    rng = np.random.default_rng(seed)
    shown = [encoded(np.repeat(picture(label, rng, 60)[..., None], 3, axis=2), "JPEG") for _ in range(n)]
    return {
        "faces": faces([(f, f % 2 == 0, 0 if f % 2 == 0 else None, None if f % 2 else shown[f]) for f in range(n)]),
        "tracks": tracks([(f, "detected" if f % 2 == 0 else "nearest", 0, f - f % 2) for f in range(n)]),
        "extractor": EXTRACTOR,
        **changes,
    }


def test_only_the_chosen_persons_own_crops_in_sampled_frames():
    crops = chosen_crops(
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
    assert crops.images == [b"mine0", b"mine4"]
    np.testing.assert_allclose(crops.start, [0, 0.4])
    np.testing.assert_allclose(crops.end, [0.2, 0.6])  # the next sampled frame, with a face or without


def test_last_crop_stands_until_the_segment_ends():
    made = clip(6)
    crops = chosen_crops(made["faces"], made["tracks"])
    np.testing.assert_allclose(crops.end, [0.2, 0.4, 0.6])
    single = chosen_crops(faces([(0, True, 0, b"x")]), tracks([(0, "detected", 0, 0)]))
    assert single.end > single.start


def test_rows_follow_the_clip(backbone):
    result = embed_faces([clip(8, backbone=backbone)])[0]
    assert result.values.shape == (4, SMALL.embedding)
    assert result.values.dtype == np.float32
    assert result.start.dtype == result.end.dtype == np.float64
    assert (result.end > result.start).all()


def test_posteriors_tell_what_is_shown(backbone):
    wanted = BackboneEmbedding(backbone="small", layer="posteriors")
    for label in range(3):
        values = embed_faces([clip(8, label=label, backbone=backbone, extractor=wanted)])[0].values
        np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-5)
        assert (values.argmax(axis=1) == label).all()


def test_batch_is_single(backbone):
    clips = [clip(2 + 2 * index, seed=index, backbone=backbone) for index in range(5)]
    together = embed_faces(clips, batch=4)
    for one, made in zip(together, clips, strict=True):
        alone = embed_faces([made])[0]
        np.testing.assert_allclose(one.values, alone.values, atol=1e-5 * abs(alone.values).max())
        np.testing.assert_array_equal(one.start, alone.start)


def test_clips_of_different_backbones_do_not_mix(backbone):
    other = train_backbone(
        ResidualBackbone.model_validate(SMALL.model_dump() | {"embedding": 9, "size": 18, "epochs": 1}),
        pieces(still_rows(60, "train")),
        CLASSES,
        2,
    )
    clips = [clip(4, backbone=backbone), clip(4, backbone=other), clip(6, backbone=backbone)]
    assert [result.values.shape for result in embed_faces(clips)] == [(2, 6), (2, 9), (3, 6)]


def test_a_bad_clip_leaves_the_others_alone(backbone):
    faceless = clip(4, backbone=backbone, tracks=tracks([(f, "missing", None, None) for f in range(4)]))
    damaged = clip(2, backbone=backbone)
    damaged["faces"] = faces([(0, True, 0, b"no image"), (1, False, None, None)])
    good = clip(4, backbone=backbone)
    recipes = [Recipe(embed_faces, made, {"batch": 3}, chunk=8) for made in (faceless, good, damaged)]
    first, second, third = run_chunk(recipes)
    assert isinstance(first, DataError)
    assert "no face found" in str(first)
    assert isinstance(third, DataError)
    assert "face at 0.000 s" in str(third)
    np.testing.assert_allclose(second.values, embed_faces([good])[0].values, rtol=1e-5)
    assert embed_faces([]) == []


def test_torch_gives_what_the_graph_gives(backbone):
    rng = np.random.default_rng(3)
    images = np.stack([picture(index % 3, rng, SMALL.size) for index in range(9)])
    expected = embedding._run_torch(embedding._network(backbone, "cpu"), "cpu", images)
    for one, other in zip(open_backbone(backbone)(images), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
