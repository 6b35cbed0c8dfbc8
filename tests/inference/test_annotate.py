"""Gray videos are annotated, and what differs from gray afterwards must be the marks."""

from fractions import Fraction

import av
import numpy as np
import pyarrow as pa
import pytest
from tests.media.files import noise, times_at, write_media, write_video

from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.errors import DataError, MediaError
from abaw_pipeline.inference.annotate import annotate_video
from abaw_pipeline.inference.drawing import rgb
from abaw_pipeline.media.pictures import decode_pictures, frame_times
from abaw_pipeline.report import palette
from abaw_pipeline.types import File

CLASSES = ("neutral", "anger", "happiness", "sadness")
GRAY, WIDTH, HEIGHT = 120, 640, 360
COLUMNS = {
    "person": pa.int32(),
    "frame": pa.int64(),
    "time": pa.float64(),
    **dict.fromkeys(("x1", "y1", "x2", "y2"), pa.float32()),
    "face": pa.string(),
    "voice": pa.bool_(),
    "system": pa.string(),
    "predicted": pa.string(),
}


def row(frame, box, emotion="happiness", *, person=1, sure=0.7, face="detected", voice=None, system="fused"):
    return {
        "person": person,
        "frame": frame,
        "time": None if frame is None else frame / 25,
        **dict(zip(("x1", "y1", "x2", "y2"), box or [None] * 4, strict=True)),
        "face": face if box else None,
        "voice": voice,
        "system": system,
        "predicted": emotion,
        "sure": {emotion: sure},
    }


def table(rows, classes=CLASSES):
    columns = {name: pa.array([each[name] for each in rows], kind) for name, kind in COLUMNS.items()}
    for name in classes:
        values = [each["sure"].get(name, (1 - sum(each["sure"].values())) / (len(classes) - 1)) for each in rows]
        columns[f"p_{name}"] = pa.array(values, pa.float32())
    return pa.table(columns)


def gray_video(path, *, frames=1, size=(HEIGHT, WIDTH), gray=GRAY, **options):
    times = times_at(Fraction(25), frames)
    return write_video(path, times, picture=lambda _: np.full((*size, 3), gray, np.uint8), **options)


def annotated(tmp_path, rows, *, classes=CLASSES, shown="fused", video=None, **options):
    """All pictures of an annotated video."""
    video = video or gray_video(tmp_path / "a.mp4", **options)
    out = annotate_video(File(str(video), ""), table(rows, classes), shown, classes, scratch=str(tmp_path / "scratch"))
    return [picture.pixels for picture in decode_pictures(out)]


def touched(pixels, gray=GRAY):
    """Where something was drawn."""
    return (np.abs(pixels.astype(int) - gray) > 24).any(axis=2)


def near_color(pixels, emotion, near=40):
    """Which pixels have an emotion's color, but for what the codec does to it."""
    color = rgb(palette.LIGHT[f"v{palette.hues(CLASSES)[emotion]}"])
    return (np.abs(pixels.astype(int) - color) < near).all(axis=2)


def around(mask, box, margin=0):
    x1, y1, x2, y2 = box
    return mask[max(y1 - margin, 0) : y2 + margin, max(x1 - margin, 0) : x2 + margin]


BOX = (200, 120, 300, 240)


def test_a_face_has_a_box_in_its_color_and_what_is_far_away_is_untouched(tmp_path):
    (pixels,) = annotated(tmp_path, [row(0, BOX)])
    marks, color = touched(pixels), near_color(pixels, "happiness")
    x1, y1, x2, y2 = BOX
    assert color[y1:y2, x1 - 3 : x1].any(axis=1).mean() > 0.9 and color[y1:y2, x2 : x2 + 3].any(axis=1).mean() > 0.9
    assert color[y1 - 3 : y1, x1:x2].any(axis=0).mean() > 0.9 and color[y2 : y2 + 3, x1:x2].any(axis=0).mean() > 0.9
    assert marks[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4].mean() < 0.01  # the face itself stays as it is
    far = np.ones_like(marks)
    far[y1 - 40 : y2 + 20, x1 - 20 : x2 + 200] = False
    assert not marks[far].any()
    assert touched(pixels)[y1 - 24 : y1 - 8, x1 : x1 + 60].mean() > 0.9  # the tag
    assert touched(pixels)[y1 + 4 : y1 + 40, x2 + 20 : x2 + 100].mean() > 0.8  # the bars


def test_bars_are_as_long_as_classes_are_probable(tmp_path):
    (pixels,) = annotated(tmp_path, [row(0, BOX, sure=0.8)])
    (other,) = annotated(tmp_path, [row(0, BOX, sure=0.4)])
    right = (BOX[2] + 12, BOX[1], WIDTH, BOX[3])
    long, short = (int(around(near_color(each, "happiness"), right).sum()) for each in (pixels, other))
    assert 1.6 < long / short < 2.4


def test_bars_do_not_blink_while_the_size_of_a_face_wavers(tmp_path):
    """Forty pixels are enough, a few less to keep them, half of them never."""
    rows = [row(n, (200, 120, 240, 120 + height)) for n, height in enumerate((28, 40, 28, 40, 14))]
    bars = (255, 122, 300, 150)
    shown = [around(touched(each), bars).mean() > 0.5 for each in annotated(tmp_path, rows, frames=5)]
    assert shown == [False, True, True, True, False]


def test_an_interpolated_box_is_dashed(tmp_path):
    x1, y1, _, y2 = BOX
    solid, dashed = (
        near_color(annotated(tmp_path, [row(0, BOX, face=face)])[0], "happiness")[y1:y2, x1 - 3 : x1].any(axis=1)
        for face in ("detected", "interpolated")
    )
    assert solid.mean() > 0.9
    assert 0.3 < dashed.mean() < 0.8 and np.count_nonzero(np.diff(dashed.astype(int))) >= 4


def test_each_picture_shows_its_own_rows_of_the_system_asked_for(tmp_path):
    rows = [
        row(2, BOX, "anger"),
        row(1, None, person=1),
        row(0, BOX, "sadness", system="other"),
        row(0, BOX, "happiness"),
        row(0, BOX, "sadness", system="another"),
        row(None, None, "anger", person=0),
    ]
    first, second, third = annotated(tmp_path, rows, frames=3)
    counts = [
        [int(around(near_color(each, name), BOX, 4).sum()) > 300 for name in CLASSES] for each in (first, second, third)
    ]
    assert counts == [[False, False, True, False], [False] * 4, [False, True, False, False]]


def test_two_people_side_by_side_both_have_tags_and_boxes(tmp_path):
    other = (330, 130, 430, 250)
    (pixels,) = annotated(tmp_path, [row(0, BOX, "happiness"), row(0, other, "anger", person=2)])
    (first,) = annotated(tmp_path, [row(0, BOX, "happiness")])
    (second,) = annotated(tmp_path, [row(0, other, "anger", person=2)])
    for emotion, alone in (("happiness", first), ("anger", second)):
        # neither covers the other: but for a bar or two each color covers as much as alone
        both = near_color(pixels, emotion).sum()
        assert both > 0.85 * (near_color(alone, emotion).sum())
    for box in (BOX, other):
        x1, y1, x2, y2 = box
        assert touched(pixels)[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4].mean() < 0.01


@pytest.mark.parametrize(
    "box",
    [(-30, -40, 60, 60), (580, -20, 700, 100), (-20, 280, 80, 400), (590, 300, 690, 420)],
    ids=["top left", "top right", "bottom left", "bottom right"],
)
def test_a_face_at_the_edge_has_its_whole_tag_inside(tmp_path, box):
    """Its letters are white; so are the box's outer lines, which are left out."""
    counts = []
    for left, top in (box[:2], (250, 120)):
        right, bottom = (min(left + box[2] - box[0], 640), min(top + box[3] - box[1], 360))
        (pixels,) = annotated(tmp_path, [row(0, (left, top, right, bottom), "anger")])
        letters = (pixels > 225).all(axis=2)
        for side in (slice(max(top - 6, 0), max(top + 1, 0)), slice(bottom, bottom + 6)):
            letters[side] = False
        for side in (slice(max(left - 6, 0), max(left + 1, 0)), slice(right, right + 6)):
            letters[:, side] = False
        counts.append(int(letters.sum()))
    assert counts[0] > 0.7 * counts[1] > 20


def test_a_face_that_fills_the_picture_has_its_tag_on_it_and_no_bars(tmp_path):
    (pixels,) = annotated(tmp_path, [row(0, (0, 0, WIDTH, HEIGHT))])
    marks = touched(pixels)
    assert marks[:18, :80].mean() > 0.9
    assert not marks[40:].any()


def test_a_box_beside_the_picture_is_not_drawn(tmp_path):
    (pixels,) = annotated(tmp_path, [row(0, (700, 50, 800, 150))])
    assert not touched(pixels)[:300].any()


@pytest.mark.parametrize("voice", [True, False, None])
def test_the_lower_edge_says_what_sound_alone_says_and_whether_a_voice_is_heard(tmp_path, voice):
    (pixels,) = annotated(tmp_path, [row(0, None, "happiness", person=0, voice=voice)])
    marks = touched(pixels)
    assert not marks[: HEIGHT - 30].any()
    assert near_color(pixels[:, : WIDTH // 2], "happiness").sum() > 500
    ground = pixels[HEIGHT - 12 : HEIGHT - 8, WIDTH - 12 : WIDTH - 8].mean()
    assert marks[:, WIDTH // 2 :].any() == (voice is not None)
    if voice is not None:
        assert (ground > 180) == voice


def test_no_face_is_said_where_nobody_is_seen_and_only_there(tmp_path):
    with_face, without, unknown = annotated(tmp_path, [row(0, BOX), row(1, None)], frames=3)
    corner = slice(HEIGHT - 25, HEIGHT), slice(0, 80)
    assert [bool(touched(each)[corner].any()) for each in (with_face, without, unknown)] == [False, True, True]


@pytest.mark.parametrize("gray", [16, 235])
def test_marks_are_legible_on_dark_and_on_light_pictures(tmp_path, gray):
    """Every line of a box has a part that differs from what is around it, whatever the emotion."""
    for emotion in CLASSES:
        (pixels,) = annotated(tmp_path, [row(0, BOX, emotion)], gray=gray)
        edge = pixels[BOX[1] + 20 : BOX[3] - 20, BOX[0] - 6 : BOX[0] + 2].astype(int)
        assert np.abs(edge - gray).max(axis=(1, 2)).min() > 80


def test_boxes_are_scaled_with_large_pictures(tmp_path):
    box = (800, 480, 1200, 960)
    (pixels,) = annotated(tmp_path, [row(0, box)], size=(1440, 2560))
    assert pixels.shape == (720, 1280, 3)
    assert near_color(pixels, "happiness")[240:480, 396:400].any(axis=1).mean() > 0.9


def test_boxes_belong_to_the_upright_picture(tmp_path):
    (pixels,) = annotated(tmp_path, [row(0, (100, 400, 200, 520))], rotation=90)
    assert pixels.shape == (WIDTH, HEIGHT, 3)
    assert near_color(pixels, "happiness")[400:520, 97:100].any(axis=1).mean() > 0.9


@pytest.mark.parametrize("size", [(16, 16), (48, 64), (45, 201)])
def test_small_pictures_are_annotated_too(tmp_path, size):
    height, width = size
    rows = [row(0, (2, 2, width // 2, height - 2), voice=True), row(0, (width // 2, 0, width, height), person=2)]
    (pixels,) = annotated(tmp_path, rows, video=gray_video(tmp_path / "a.mkv", size=size, codec="ffv1"))
    assert pixels.shape == (height + height % 2, width + width % 2, 3)


def test_all_emotions_and_a_crowd(tmp_path):
    rows = [
        row(0, (20 + 60 * (n % 10), 20 + 80 * (n // 10), 60 + 60 * (n % 10), 70 + 80 * (n // 10)), each, person=n + 1)
        for n, each in enumerate(EMOTIONS * 3)
    ]
    (pixels,) = annotated(tmp_path, rows, classes=EMOTIONS)
    for one in rows:
        x1, y1, x2, y2 = (int(one[name]) for name in ("x1", "y1", "x2", "y2"))
        assert touched(pixels)[y1 - 2 : y2 + 2, x1 - 3 : x1].any() or touched(pixels)[y1:y2, x2 : x2 + 3].any()


def test_times_and_sound_are_the_videos_in_a_new_file_each_time(tmp_path):
    video = write_media(tmp_path / "a.mp4", noise(1.0, 48_000), codec="aac", pictures=1.0)
    rows = table([row(n, (10, 10, 40, 40), CLASSES[n % 4], sure=0.3 + n / 50) for n in range(20)])
    one, other = (
        annotate_video(File(str(video), ""), rows, "fused", CLASSES, scratch=str(tmp_path / "new" / "scratch"))
        for _ in range(2)
    )
    assert one != other and one.parent == other.parent == tmp_path / "new" / "scratch"
    np.testing.assert_allclose(frame_times(one), frame_times(video), atol=1e-5)
    with av.open(str(one)) as made, av.open(str(video)) as source:
        packets = [[bytes(packet) for packet in each.demux(audio=0) if packet.size] for each in (made, source)]
    assert packets[0] == packets[1]


def test_the_same_is_drawn_each_time_whatever_the_order_of_rows(tmp_path, monkeypatch):
    """Looked at before it is encoded: x264 does not give the same bytes each time."""
    drawn = []
    take = lambda pictures, *_, **__: drawn.append([picture.pixels for picture in pictures])  # noqa: E731
    monkeypatch.setattr("abaw_pipeline.inference.annotate.encode_movie", take)
    video = gray_video(tmp_path / "a.mp4", frames=3)
    rows = [row(n, (100 * p, 120, 100 * p + 90, 240), CLASSES[n % 4], person=p) for n in range(3) for p in (1, 2, 3)]
    for each in (rows, rows, rows[::-1]):
        annotate_video(File(str(video), ""), table(each), "fused", CLASSES, scratch=str(tmp_path))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])


def test_a_file_without_pictures_is_an_error_that_leaves_nothing(tmp_path):
    song = write_media(tmp_path / "a.wav", noise(0.5, 48_000))
    with pytest.raises(MediaError, match="no video stream"):
        annotate_video(File(str(song), ""), table([]), "fused", CLASSES, scratch=str(tmp_path / "scratch"))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_table_that_lacks_columns_is_named_as_the_reason(tmp_path):
    rows = table([row(0, BOX)]).drop_columns(["voice", "p_anger"])
    with pytest.raises(DataError, match="p_anger, voice"):
        annotate_video(File("absent.mp4", ""), rows, "fused", CLASSES, scratch=str(tmp_path))


@pytest.mark.real
def test_a_real_video_is_annotated(real_data, tmp_path):
    video = real_data / "videos" / "hamilton" / "short_hamilton_clip.mp4"
    times = frame_times(video)
    rows = [row(n, (170, 20, 250, 130), CLASSES[n // 40 % 4]) for n in range(len(times))]
    out = annotate_video(File(str(video), ""), table(rows), "fused", CLASSES, scratch=str(tmp_path))
    np.testing.assert_allclose(frame_times(out), times, atol=1e-5)
    for before, after in zip(decode_pictures(video, end=1.2), decode_pictures(out, end=1.2), strict=True):
        assert near_color(after.pixels, "neutral")[20:130, 167:170].any(axis=1).mean() > 0.8
        # far from all marks it is the same picture, but for the codec
        assert np.abs(before.pixels[180:, 300:600].astype(int) - after.pixels[180:, 300:600]).mean() < 4
