"""The pages in a real browser: quiet, no wider than a phone, and a player that follows clicks."""

import re
import subprocess
import threading
from fractions import Fraction

import pytest
from tests.media.files import times_at, write_video
from tests.report.test_browser import BROWSER, QUIET, browse, framed, probed

from abaw_pipeline.inference.index import render_index, video_card
from abaw_pipeline.inference.page import render_page
from abaw_pipeline.inference.strip import film_strip
from abaw_pipeline.types import File

from .fabricate import CLASSES, NASTY, fabricate_judged, fabricate_page

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the path")

LONG = "a_name_without_any_space_" * 8
CLICK = """<script>addEventListener("load", async () => {
  const video = document.querySelector("video"), wait = (name) => new Promise((go) => {
    video.addEventListener(name, go, {once: true});
    video.addEventListener("error", () => console.log("PLAYER error"), {once: true});
  });
  if (video.readyState < 1) await wait("loadedmetadata");
  const figure = document.querySelector(".seek"), box = figure.querySelector("svg").getBoundingClientRect();
  let done = wait("seeked");
  const there = {clientX: box.left + box.width * 0.75, clientY: box.top, bubbles: true};
  figure.dispatchEvent(new MouseEvent("click", there));
  await done;
  const by_chart = video.currentTime, line = figure.querySelector(".now").getAttribute("x1");
  done = wait("seeked");
  document.querySelectorAll("[data-time]")[1].click();
  await done;
  const marked = document.querySelectorAll(".on").length, by_picture = video.currentTime;
  const holder = document.getElementById("player"), close = holder.querySelector(".close"), away = [];
  const settled = () => new Promise((go) => setTimeout(go, 200));
  const note = () => away.push(Number(holder.classList.contains("away") && !close.hidden));
  holder.scrollIntoView();
  await settled();
  note();
  scrollTo(0, document.body.scrollHeight);
  await settled();
  note();
  close.click();
  note();
  const told = [video.videoWidth, video.duration, by_chart, line, by_picture, marked, away.join("")];
  console.log("PLAYER " + told.join(";"));
});</script></body>"""


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    """Two seconds of a tiny video."""
    path = tmp_path_factory.mktemp("movie") / "tiny.mp4"
    return write_video(path, times_at(Fraction(25), 50), container_options={"movflags": "faststart"})


@pytest.fixture(scope="module")
def page(movie):
    """A page with all its parts, of names as unhandy as they come."""
    judged = fabricate_judged([(0, 2), (0.5, 1.5)], fps=25, nobody=[(1.9, 2)], size=(64, 48))
    strip = film_strip(File(str(movie), ""), judged, "fused", pictures=6)
    failures = (("sound_embeddings", LONG, LONG, ""), ("sound_posteriors", "key", "", LONG))
    more = {"title": LONG, "failures": failures, "notes": (LONG,), "trained_on": LONG, "tables": ((LONG, LONG),)}
    return fabricate_page(
        judged, duration=2.0, fps=25, size=(64, 48), strip=strip, movie=movie, back="../index.html", **more
    )


def said(folder, page: str, word: str) -> str:
    """The first console line with a word: players go on after a page has loaded, so the browser is left open."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", "--remote-debugging-port=0", file.as_uri()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=folder) as browser:
        watch = threading.Timer(60, browser.kill)
        watch.start()
        try:
            return next((line for line in browser.stderr if word in line), "")
        finally:
            watch.cancel()
            browser.kill()


def listing(page) -> str:
    cards = [video_card(page, LONG), video_card(fabricate_page(title=NASTY), NASTY)]
    return render_index(cards, (("pictures", LONG, LONG, ""),), LONG, classes=CLASSES, notes=(LONG,))


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_of_a_page_sticks_out_sideways(tmp_path, page, width):
    inner, scroll, texts, wide = probed(tmp_path, render_page(page), width)
    assert texts > 20
    assert (inner, scroll, wide) == (width, width, "")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_of_the_list_sticks_out_sideways(tmp_path, page, width):
    inner, scroll, _, wide = probed(tmp_path, listing(page), width)
    assert (inner, scroll, wide) == (width, width, "")


def test_a_click_on_a_curve_or_a_picture_takes_the_embedded_player_there(tmp_path, page):
    line = said(tmp_path, render_page(page).replace("</body>", CLICK), "PLAYER")
    found = re.search(r"PLAYER (\d+);([\d.]+);([\d.]+);([\d.]+)%;([\d.]+);(\d+);(\d+)", line)
    assert found, line
    width, duration, by_chart, place, by_picture, marked = map(float, found.groups()[:6])
    assert found[7] == "010", "the player floats when it is out of sight, until it is docked"
    assert (width, duration, marked) == (64, pytest.approx(2.0, abs=0.1), 1)
    assert by_chart == pytest.approx(1.5, abs=0.02) and place == pytest.approx(75, abs=1)
    assert by_picture == pytest.approx(page.strip.column("time")[1].as_py(), abs=0.01)


def test_a_movie_that_is_not_beside_the_page_is_told_instead_of_a_dead_player(tmp_path, page):
    ask = """<script>setTimeout(() => console.log("MISSING " + [document.querySelector(".player").offsetHeight,
        document.querySelector(".missing").textContent].join(";")), 800)</script></body>"""
    line = said(tmp_path, render_page(page, embed_mb=0).replace("</body>", ask), "MISSING")
    assert "MISSING 0;The annotated video, annotated.mp4, is not beside this page." in line


@pytest.mark.parametrize(("what", "scheme"), [("page", 0), ("page", 1), ("list", 0), ("nothing", 1)])
def test_pages_are_quiet_and_follow_the_color_scheme(tmp_path, page, what, scheme):
    empty = fabricate_page(fabricate_judged([]), size=None, fps=None)
    text = {"page": render_page(page), "list": listing(page), "nothing": render_page(empty)}[what]
    ask = "<script>document.title = getComputedStyle(document.body).backgroundColor</script></body>"
    settings = f"--blink-settings=preferredColorScheme={scheme}"
    dom, console = browse(tmp_path, text.replace("</body>", ask), settings, "--dump-dom")
    assert not console
    assert f"<title>{('rgb(14, 16, 19)', 'rgb(245, 246, 248)')[scheme]}</title>" in dom


def test_the_probe_notices_what_sticks_out(tmp_path, page):
    text = render_page(page).replace("</main>", '<p style="width:500px">wide</p></main>')
    assert "iframe" in framed(text, 360)
    assert probed(tmp_path, text, 360)[1] > 360
