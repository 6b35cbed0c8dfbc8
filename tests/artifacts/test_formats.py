import errno
import os
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts.formats import get_format, storage_text
from abaw_pipeline.types import FeatureSequence, Waveform

SOUND = Waveform(np.array([-1.0, -0.5, 0.0, 0.25, 32767 / 32768], np.float32), 16000)
EMPTY = FeatureSequence(np.zeros(0), np.zeros(0), np.zeros((0, 4), np.float32))
ROUND_TRIPS = {
    "table": [
        pa.table({"a": [1, None], "b": ["x", "é"]}),
        pa.table({"a": pa.array([], pa.int64())}),
        pa.table({"v": pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2))}).replace_schema_metadata({"k": "v"}),
    ],
    "features": [stages.features(5), stages.features(1, 1), EMPTY],
    "audio": [SOUND, Waveform(np.zeros(1, np.float32), 44100)],
    "tensors": [
        {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(3.5), "n": np.zeros((0, 2), np.int64)},
        {"transposed": np.arange(6.0).reshape(2, 3).T},
        {},
    ],
    "picture": [b"\xff\xd8\xff\xe0 and so on"],
    "json": [{"b": 1, "a": [None, True, 1.5, "é"]}, [], "text", 3, None],
}
CASES = [(name, value) for name, values in ROUND_TRIPS.items() for value in values]
ARRAYS = [case for case in CASES if case[0] in {"features", "tensors", "audio"}]


def same(left: Any, right: Any) -> None:
    assert type(left) is type(right)
    if isinstance(left, FeatureSequence | Waveform):
        same(vars(left), vars(right))
    elif isinstance(left, dict):
        assert list(left) == list(right)
        for key in left:
            same(left[key], right[key])
    elif isinstance(left, np.ndarray):
        assert (left.dtype, left.shape) == (right.dtype, right.shape)
        np.testing.assert_array_equal(left, right)
    else:
        assert left == right


@pytest.mark.parametrize(("name", "value"), CASES)
def test_pieces_come_back_equal(name, value, tmp_path):
    """What a node gets must not depend on whether the piece was stored in between."""
    made = get_format(name)
    path = tmp_path / f"piece{made.suffix}"
    rows = made.write(value, path)
    back = made.read(str(path))
    if isinstance(value, dict) and name == "tensors":
        back = {key: back[key] for key in value}
    same(value, back)
    assert rows == made.count(str(path))


@pytest.mark.parametrize(("name", "value"), ARRAYS)
def test_arrays_may_be_written_to(name, value, tmp_path):
    made = get_format(name)
    path = tmp_path / f"piece{made.suffix}"
    made.write(value, path)
    back = made.read(str(path))
    arrays = back.values() if isinstance(back, dict) else vars(back).values()
    assert all(array.flags.writeable for array in arrays if isinstance(array, np.ndarray))


@pytest.mark.parametrize("name", [*ROUND_TRIPS, "movie"])
def test_a_value_of_another_kind_is_a_type_error(name, tmp_path):
    for value in (object(), {1, 2}):
        with pytest.raises(TypeError):
            get_format(name).write(value, tmp_path / "piece")


def mp4_box(kind: bytes, content: bytes = b"", *, large: bool = False) -> bytes:
    size = len(content) + 8
    if large:
        return (1).to_bytes(4) + kind + (size + 8).to_bytes(8) + content
    return size.to_bytes(4) + kind + content


MOVIE = mp4_box(b"ftyp", b"isom") + mp4_box(b"moov", b"index") + mp4_box(b"mdat", bytes(1000), large=True)


def test_a_movie_is_moved_and_comes_back_as_its_path(tmp_path):
    made, done, path = get_format("movie"), tmp_path / "done.mp4", tmp_path / "piece.mp4"
    done.write_bytes(MOVIE)
    assert made.write(done, path) == 1
    assert (done.exists(), path.read_bytes()) == (False, MOVIE)
    assert made.read(str(path)) == str(path)
    assert made.count(str(path)) == 1


def test_a_movie_is_moved_to_another_file_system(tmp_path, monkeypatch):
    done, path = tmp_path / "done.mp4", tmp_path / "piece.mp4"
    done.write_bytes(MOVIE)

    def refuse(*_: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", refuse)
    get_format("movie").write(done, path)
    assert (done.exists(), path.read_bytes()) == (False, MOVIE)


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF" + bytes(100), MOVIE[:-1], MOVIE + b"x", MOVIE[:12], MOVIE[:30], MOVIE[:25] + MOVIE[-1016:-4]],
    ids=["empty", "other", "cut", "more", "head", "in a box", "both"],
)
def test_a_movie_that_is_none_or_lacks_its_end_is_an_error(content, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"no mp4|cut short"):
        get_format("movie").read(str(path))
    with pytest.raises(ValueError, match=r"no mp4|cut short"):
        get_format("movie").write(path, tmp_path / "b.mp4")
    assert path.exists() and not (tmp_path / "b.mp4").exists()


def test_a_movie_whose_last_box_has_no_size_reaches_to_the_end(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(mp4_box(b"ftyp") + mp4_box(b"moov") + bytes(4) + b"mdat" + bytes(50))
    assert get_format("movie").read(str(path)) == str(path)


def wrong_features(**changes: Any) -> FeatureSequence:
    return FeatureSequence(**(vars(stages.features(2)) | changes))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("features", wrong_features(values=np.array([[1.0, np.nan]] * 2, np.float32))),
        ("features", wrong_features(values=np.full((2, 2), np.inf, np.float32))),
        ("features", wrong_features(values=np.zeros(2, np.float32))),
        ("features", wrong_features(values=np.zeros((2, 0), np.float32))),
        ("features", wrong_features(start=np.zeros(3))),
        ("features", wrong_features(end=np.zeros(1))),
        ("audio", Waveform(np.array([0, np.nan], np.float32), 16000)),
        ("audio", Waveform(np.zeros((5, 2), np.float32), 16000)),
        ("audio", Waveform(np.zeros(0, np.float32), 16000)),
        ("json", [float("nan")]),
        ("json", {"a": float("inf")}),
    ],
)
def test_values_that_would_do_harm_later_are_refused(name, value, tmp_path):
    with pytest.raises(ValueError, match=r"\w"):
        get_format(name).write(value, tmp_path / "piece")


@pytest.mark.parametrize("value", [{1: 2}, [{"a": {None: 1}}]])
def test_json_keys_that_would_change_are_refused(value, tmp_path):
    with pytest.raises(TypeError, match="not a text"):
        get_format("json").write(value, tmp_path / "piece")


def test_loud_sound_is_clipped_and_not_wrapped(tmp_path):
    made = get_format("audio")
    made.write(Waveform(np.array([1.5, -1.5], np.float32), 8000), tmp_path / "a.flac")
    assert np.abs(made.read(str(tmp_path / "a.flac")).samples - [1, -1]).max() < 1e-4


def test_every_16_bit_sample_comes_back_exactly(tmp_path):
    made = get_format("audio")
    samples = (np.arange(-32768, 32768) / 32768).astype(np.float32)
    made.write(Waveform(samples, 8000), tmp_path / "a.flac")
    np.testing.assert_array_equal(made.read(str(tmp_path / "a.flac")).samples, samples)


def test_no_format_reads_pickle(tmp_path):
    import pickle

    path = tmp_path / "piece"
    path.write_bytes(pickle.dumps({"a": np.zeros(1)}))
    for name in [*ROUND_TRIPS, "movie"]:
        with pytest.raises(Exception, match=r"\w"):
            get_format(name).read(str(path))


class Own:
    suffix, generation = ".own", 3


def test_a_format_may_lie_elsewhere():
    assert get_format(f"{__name__}:Own").suffix == ".own"
    assert storage_text("json") == "json 1"
    assert storage_text(f"{__name__}:Own").startswith(f"{__name__}:Own 3 ")


@pytest.mark.parametrize("name", ["pickle", "", "JSON"])
def test_an_unknown_format_is_named_with_those_there_are(name):
    with pytest.raises(ValueError, match="there are table, features, audio, tensors, json"):
        get_format(name)
