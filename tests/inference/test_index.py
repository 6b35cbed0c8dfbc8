"""The list of all videos."""

import math
from fractions import Fraction
from urllib.parse import unquote

import pytest
from tests.media.files import times_at, write_video

from abaw_pipeline.inference.index import VideoCard, render_index, video_card
from abaw_pipeline.inference.strip import film_strip
from abaw_pipeline.types import File

from .fabricate import CLASSES, NASTY, fabricate_judged, fabricate_page
from .test_page import Reader


def listed(cards, failures=(), **options) -> Reader:
    return Reader(render_index(cards, failures, "Learned from 120 clips.", classes=CLASSES, **options))


@pytest.fixture(scope="module")
def card(tmp_path_factory) -> VideoCard:
    path = write_video(tmp_path_factory.mktemp("movie") / "a.mp4", times_at(Fraction(25), 50))
    judged = fabricate_judged([(0, 2), (0, 2)], fps=25, size=(64, 48), nobody=[(0, 2)])
    strip = film_strip(File(str(path), ""), judged, "fused", pictures=4)
    return video_card(fabricate_page(judged, title=NASTY, duration=2.0, strip=strip), f"clips/{NASTY}")


def test_links_lead_to_folders_of_any_name(card):
    page = listed([card])
    targets = {one["href"] for one in page.all("a")}
    assert targets == {"clips/%3Cb%3E%26%22%C3%A4%2Cb.mp4/page.html"}
    assert unquote(*targets) == f"clips/{NASTY}/page.html"
    assert page.text.count(NASTY) == 1 and not page.all("b")


def test_a_folder_cannot_become_another_kind_of_address():
    page = listed([VideoCard("a", "javascript:alert(1)", 1.0, 0, "fused"), VideoCard("b", "50%#?", 1.0, 0, "fused")])
    assert [one["href"] for one in page.all("a")][::2] == [
        "javascript%3Aalert%281%29/page.html",
        "50%25%23%3F/page.html",
    ]


def test_a_card_says_what_its_page_shows(card):
    page = listed([card])
    for said in ("2.00 s", "2 people", "14.48 s of work a second"):
        assert said in page.text, said
    assert page.all("img")[0]["src"].startswith("data:image/jpeg;base64,")
    assert sum(card.shares.shares) == pytest.approx(1)
    assert f"{card.shares.classes[0]} {round(100 * card.shares.shares[0])}%" in page.text


def test_shares_are_of_the_people_and_of_sound_only_where_there_are_none():
    heard = {"systems": ["compare_lda"], "seed": 5}
    alone = fabricate_judged([], nobody=[(0, 10)], **heard)
    mixed = fabricate_judged([(0, 10)], nobody=[(10, 30)], **heard)
    people = fabricate_judged([(0, 10)], **heard)
    cards = [video_card(fabricate_page(judged), "a") for judged in (alone, mixed, people)]
    assert cards[0].persons == 0 and cards[0].shown == "compare_lda" and cards[0].shares.classes
    assert (cards[1].persons, cards[1].shares.shares) == (1, cards[2].shares.shares)


def test_totals_and_failures(card):
    failures = (("pictures", NASTY, "the file is empty (0 bytes)", ""), ("sound", "b.ogg", "", "pictures"))
    page = listed([card, VideoCard("b", "b", 3598.0, 1, "fused")], failures)
    for said in (
        "1 h 0 min",
        "Files not judged 2",
        "the file is empty (0 bytes)",
        "blocked by pictures",
        "nobody seen",
    ):
        assert (said in page.text) == (said != "nobody seen"), said
    assert "14.48 s a second of video" in page.text


def test_a_video_without_pictures_or_results_is_listed():
    empty = video_card(fabricate_page(fabricate_judged([]), stages=(), failures=(("a", "b", "c", ""),)), "x")
    assert math.isnan(empty.seconds) and empty.thumbnail == b""
    text = listed([empty]).text
    assert "no picture" in text and "Nothing judged." in text and "1 piece failed" in text
    assert "No video was judged." in listed([]).text


def test_the_same_input_gives_the_same_list(card):
    assert render_index([card], (), "x", classes=CLASSES) == render_index([card], (), "x", classes=CLASSES)
