"""The page of a video: what it says, how it is written, how large it becomes."""

import html.parser
import re
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from tests.media.files import times_at, write_video

from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.errors import MediaError
from abaw_pipeline.inference.page import Failure, Seen, judged_people, render_page, work_per_second
from abaw_pipeline.inference.strip import film_strip
from abaw_pipeline.types import File

from .fabricate import CLASSES, NASTY, SYSTEMS, fabricate_judged, fabricate_page

VOID = {"meta", "link", "img", "br", "input"}


class Reader(html.parser.HTMLParser):
    """Tags in order of opening, with attributes; checks that they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(word for word in self.words if word)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(page, **options) -> Reader:
    return Reader(render_page(page, **options))


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    path = tmp_path_factory.mktemp("movie") / "stored_under_another_name.mp4"
    return write_video(path, times_at(Fraction(25), 50))


def test_the_first_screen_says_who_showed_what():
    page = read(fabricate_page(fabricate_judged([(0, 10), (2, 6)], nobody=[(9, 10)])))
    text = page.text
    assert "clip.mp4" in text and "640 × 360 pixels" in text and "2 people judged" in text
    for said in ("Person 1", "Person 2", "Nobody in the picture", "2 to 6 s", "on average", "by compare_lda"):
        assert said in text
    assert "until" in text and "face found 80% of that time" in text
    assert [one["id"] for one in page.all("section") if one.get("id", "").startswith("person")] == [
        "person-1",
        "person-2",
        "person-0",
    ]


def test_shares_in_words_are_those_of_the_table():
    judged = fabricate_judged()
    own = judged.filter(judged["system"].to_numpy() == "fused")
    names, counts = np.unique(own["predicted"].to_pylist(), return_counts=True)
    most = names[counts.argmax()]
    text = read(fabricate_page(judged)).text
    assert f"{most} {round(100 * counts.max() / counts.sum())}%" in text
    assert f"{100 * counts.max() / counts.sum():.1f}" in text


def test_every_figure_has_a_text_alternative():
    figures = [one for one in read(fabricate_page()).all("svg") if one.get("class") == "fig"]
    assert len(figures) == 4
    assert all(one["role"] == "img" for one in figures)
    assert re.match(r"Person 1, fused over 10 s: .+ \d+%", figures[0]["aria-label"])
    assert "compare_lda: " in figures[1]["aria-label"] and "means: neutral" in figures[2]["aria-label"]
    assert figures[3]["aria-label"].startswith("Person 1, probabilities over time by ")


def test_work_failures_and_origins_are_told():
    failures = (
        ("sound_posteriors", "svm", "", "sound_embeddings"),
        Failure("sound_embeddings", "compare", "too short", ""),
    )
    persons = (Seen(1, 0, 10, 275, True), (7, 4.0, 4.4, 3, False), (8, 1.0, 1.2, 1, True))
    given = fabricate_page(failures=failures, persons=persons, notes=("Acted speech only.",), back="../index.html")
    page = read(given)
    for said in (
        "too short",
        "Person 7: 4 to 4.4 s, 3 faces found; too briefly to be judged",
        "Person 8: 1 to 1.2 s, 1 face found; no system has a result",
        "Acted speech only.",
        "find_faces",
        "21.40",
        "2.140",
        "2.897",
        "12 made-up speakers",
        "not by speaker",
        "data/07_model_output/judged/clip.parquet",
        "1,200 rows judged",
    ):
        assert said in page.text, said
    assert page.text.index("too short") < page.text.index("sound_posteriors")
    assert page.all("a")[0]["href"] == "../index.html"
    assert work_per_second(given) == pytest.approx(2.897) and judged_people(given) == [1]


def test_names_are_text_and_never_markup():
    failures = ((NASTY, NASTY, NASTY, NASTY),)
    page = fabricate_page(
        fabricate_judged(systems=[NASTY, "fused"]),
        title=NASTY,
        shown=NASTY,
        systems={NASTY: "face", "fused": "fusion"},
        stages=((NASTY, 1.0),),
        failures=failures,
        trained_on=NASTY,
        notes=(NASTY, "{{ 7 * 7 }}</script>"),
        tables=((NASTY, NASTY),),
        back=f"x/{NASTY}",
    )
    found = read(page)
    assert found.text.count(NASTY) > 10 and "{{ 7 * 7 }}</script>" in found.text
    assert not found.all("b") or {one.get("class") for one in found.all("b")} <= {"key found", "key between", "key gap"}
    assert len(found.all("script")) == 1


def test_nothing_is_loaded_from_elsewhere(movie):
    judged = fabricate_judged([(0, 2)], fps=25, size=(64, 48))
    strip = film_strip(File(str(movie), ""), judged, "fused", pictures=4)
    page = read(fabricate_page(judged, duration=2.0, strip=strip, movie=movie, back="../index.html"))
    for _, attributes in page.tags:
        for name in ("src", "href", "poster", "srcset", "data"):
            target = attributes.get(name, "#")
            assert target.startswith(("data:", "#")) or target in {"../index.html", "annotated.mp4"}, target
    text = re.sub(r"data:[^\"]*", "", render_page(fabricate_page(judged, strip=strip, movie=movie)))
    assert "http" not in text and "@import" not in text and "url(" not in text


def test_a_small_movie_is_part_of_the_page_and_a_large_one_lies_beside_it(movie, tmp_path):
    page = fabricate_page(movie=movie)
    (inside,) = read(page).all("video")
    assert inside["src"].startswith("data:video/mp4;base64,")
    (beside,) = read(page, embed_mb=movie.stat().st_size / 1e6 - 1e-6).all("video")
    assert beside["src"] == "annotated.mp4"
    assert read(fabricate_page()).all("video") == []
    with pytest.raises(MediaError, match="annotated video cannot be read"):
        render_page(fabricate_page(movie=tmp_path / "none.mp4"))


def test_the_film_strip_is_there_with_and_without_a_player(movie):
    judged = fabricate_judged([(0, 2)], fps=25, size=(64, 48))
    strip = film_strip(File(str(movie), ""), judged, "fused", pictures=4)
    for given, tag in ((movie, "a"), (None, "div")):
        page = read(fabricate_page(judged, duration=2.0, strip=strip, movie=given))
        timed = [one for one in page.all(tag) if "data-time" in one]
        assert [float(one["data-time"]) for one in timed] == strip.column("time").to_pylist()
        assert next(one["alt"] for one in page.all("img")) == "The video at 0.2 s"


def test_sound_alone_has_a_page():
    judged = fabricate_judged([], nobody=[(0, 42)], fps=5, pictures=False)
    text = read(fabricate_page(judged, duration=42.0, fps=None, size=None, persons=())).text
    assert "By sound alone" in text and "no pictures" in text and "heard" in text
    assert "fused judged nothing here: compare_lda is shown instead." in text
    assert "Face" not in text and "nobody found" not in text


def test_a_video_without_sound_has_no_voice():
    page = fabricate_page(fabricate_judged(voice=None, systems=["ee_lstm"]), sound=False, systems={"ee_lstm": "face"})
    text = read(page).text
    assert "no sound" in text and "Voice" not in text and "not by speaker" not in text


def test_a_video_in_which_nobody_is_found():
    text = read(fabricate_page(fabricate_judged([], nobody=[(0, 10)]), persons=())).text
    assert "nobody found" in text and "Nobody in the picture" in text


def test_nothing_judged_at_all():
    failures = (("pictures", "clip", "the data are damaged", ""),)
    page = read(fabricate_page(fabricate_judged([]), failures=failures, persons=(), stages=()))
    assert "Nothing of this file could be judged. See what failed." in page.text
    assert "the data are damaged" in page.text and not page.all("figure")


def test_an_unnamed_system_is_no_remark():
    """Who calls may have found no preferred system that says something."""
    judged = fabricate_judged(systems=["compare_lda"])
    assert "judged nothing" not in read(fabricate_page(judged, shown="")).text
    assert read(fabricate_page(fabricate_judged([]), shown="")).all("h1")


def test_one_frame():
    judged = fabricate_judged([(0, 0.01)], fps=25)
    text = read(fabricate_page(judged, duration=0.04, fps=25)).text
    assert "Always" in text and "until" not in text


@pytest.mark.parametrize("classes", [EMOTIONS, EMOTIONS[:2], ("neutral", *EMOTIONS[2:8])], ids=len)
def test_any_classes_have_a_page(classes):
    assert classes[1] in read(fabricate_page(fabricate_judged(classes=classes), classes=classes)).text


def test_five_people():
    page = read(fabricate_page(fabricate_judged([(0, 10), (0, 9), (1, 8), (2, 7), (3, 5)])))
    assert "5 people judged" in page.text and "1 more below." in page.text
    assert len([one for one in page.all("svg") if one.get("class") == "fig"]) == 20


def test_the_same_input_gives_the_same_page(movie):
    page = fabricate_page(movie=movie)
    assert render_page(page) == render_page(page)
    shuffled = page.judged.take(np.random.default_rng(0).permutation(page.judged.num_rows))
    assert render_page(fabricate_page(shuffled, movie=movie)) == render_page(page)


def test_an_hour_stays_small():
    judged = fabricate_judged([(0, 3600), (600, 3000)], fps=28.0, scale=150.0)
    assert judged.num_rows > 600_000
    assert len(render_page(fabricate_page(judged, duration=3600.0, fps=28.0))) < 900_000


def test_a_crowd_and_restless_systems_stay_small():
    """Twenty-four people, six systems, another emotion every frame."""
    systems = {f"system_{n}": "face" for n in range(6)}
    judged = fabricate_judged([(0, 60)] * 24, fps=10, systems=tuple(systems), scale=0.4)
    rng = np.random.default_rng(0)
    restless = pa.array(np.array(CLASSES, object)[rng.integers(0, 8, judged.num_rows)], pa.string())
    judged = judged.set_column(judged.column_names.index("predicted"), "predicted", restless)
    page = fabricate_page(judged, duration=60.0, shown="system_0", systems=systems)
    assert len(render_page(page)) < 2_000_000


def test_the_strips_name_all_systems_with_the_shown_one_first():
    text = read(fabricate_page(shown="framewise")).text
    places = [
        text.index(name) for name in ("framewise (face)", "fused (fusion)", "ee_lstm (face)", "compare_lda (sound)")
    ]
    assert places == sorted(places) and len(SYSTEMS) == 4
    assert re.search(r"\d+% as framewise", text)
