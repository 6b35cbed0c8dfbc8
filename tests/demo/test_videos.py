"""The demo videos: what their plan promises, and that the files keep it."""

from collections import defaultdict
from fractions import Fraction

import av
import numpy as np
import pytest

from abaw_pipeline.corpora.frame_labels import parse_labels
from abaw_pipeline.demo.corpus import DemoCorpus, DemoVideos, write_demo_corpus
from abaw_pipeline.demo.styles import DEMO_EMOTIONS
from abaw_pipeline.demo.videos import SIZE, frame_labels, plan_videos, soundtrack, voices

SHORT = DemoCorpus(videos=DemoVideos(count=13, seconds_min=1, seconds_max=1.2), stills=None)


@pytest.fixture(scope="module")
def whole():
    """The plan of the demo as it is made by default."""
    return list(plan_videos(2020, 16, 6, 10))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    write_demo_corpus(folder, SHORT)
    return folder, {video.name: video for video in plan_videos(2020, 13, 1, 1.2)}


def test_every_class_is_in_several_videos_of_each_split_and_nobody_in_two(whole):
    seen, people = defaultdict(set), []
    for video in whole:
        for role in video.roles:
            people.append(role.person.voice.name)
            for value in set(frame_labels(video, role).tolist()) - {-1}:
                seen[video.split, DEMO_EMOTIONS[value]].add(video.name)
    assert len(people) == len(set(people))
    assert {
        split: min(len(seen[split, emotion]) for emotion in DEMO_EMOTIONS) for split in ("train", "validation")
    } == {
        "train": 7,
        "validation": 3,
    }
    assert [video.split for video in whole].count("validation") == 5


def test_rates_incidents_and_lengths_are_as_various_as_in_the_wild(whole):
    rates = {video.take.rate for video in whole}
    assert rates == {None, *map(Fraction, ("7.5", "15", "24", "25", "30")), Fraction(30000, 1001)}
    assert {video.take.incident for video in whole} == {"none", "hand", "post", "walker", "absence", "cut"}
    assert {video.take.heard for video in whole} == {"speech", "silence", "nothing"}
    assert all(5.8 < video.seconds < 10.1 for video in whole)


def test_a_video_does_not_depend_on_how_many_others_there_are(whole):
    assert [video.steps for video in plan_videos(2020, 5, 6, 10)] == [video.steps for video in whole[:5]]


def test_who_leaves_is_labelled_for_a_moment_and_then_no_more(whole):
    for video in (video for video in whole if video.take.incident == "absence"):
        begin, end = video.moment
        values = frame_labels(video, video.roles[0])
        away = (video.times > begin) & (video.times < end)
        assert (values[away] == -1).any()
        assert (values[away] != -1).any()


def decoded(path):
    with av.open(str(path)) as container:
        frames = [(float(frame.pts * frame.time_base), frame.rotation) for frame in container.decode(video=0)]
        sound = [stream.codec_context for stream in container.streams.audio]
        picture = container.streams.video[0].codec_context
        return frames, sound, (picture.name, picture.width, picture.height)


def test_files_lie_as_in_affwild2(made):
    folder, videos = made
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file()}
    labels = {video.label_file(role) for video in videos.values() for role in video.roles}
    assert names == {"corpus.json", ".corpus.lock", *labels, *(video.file for video in videos.values())}
    assert "annotations/EXPR_Set/Training_Set/demo02_left.txt" in labels
    assert "annotations/EXPR_Set/Validation_Set/demo06_right.txt" in labels
    assert "annotations/EXPR_Set/Validation_Set/demo03.txt" in labels


def test_each_decoded_picture_has_its_label_and_the_time_of_the_plan(made):
    folder, videos = made
    for video in videos.values():
        frames, _, (codec, width, height) = decoded(folder / video.file)
        np.testing.assert_allclose([time for time, _ in frames], video.times, atol=1e-4)
        assert codec == "h264"
        assert (width, height) == (SIZE[::-1] if video.take.rotated else SIZE)
        assert {rotation for _, rotation in frames} == {-90 if video.take.rotated else 0}
        for role in video.roles:
            text = (folder / video.label_file(role)).read_text()
            assert text.splitlines()[0] == "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise"
            classes, values = parse_labels(text, {}, "")
            assert tuple(classes) == DEMO_EMOTIONS
            np.testing.assert_array_equal(values, frame_labels(video, role))
            assert len(values) == len(frames)


def test_one_rate_varies_and_the_others_do_not(made):
    for video in made[1].values():
        assert (len(set(np.diff(video.steps).tolist())) > 3) == (video.take.rate is None)


def test_sound_is_there_silent_or_missing_as_planned(made):
    folder, videos = made
    for video in videos.values():
        _, sound, _ = decoded(folder / video.file)
        heard = soundtrack(video, voices(video))
        if video.take.heard == "nothing":
            assert sound == []
            assert heard is None
            continue
        assert (sound[0].name, sound[0].sample_rate, sound[0].channels) == ("aac", video.sample_rate, video.channels)
        assert heard.shape[1] / video.sample_rate == pytest.approx(video.seconds, abs=0.001)
        assert heard.any() == (video.take.heard == "speech")
