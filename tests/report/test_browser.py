"""The page in a real browser: no errors, no request, no sideways scrolling, printed as a whole."""

import re
import shutil
import subprocess

import pytest

from abaw_pipeline.report.page import render_report

from .fabricate import LONG, NASTY, SYSTEMS, fabricate, fabricate_frames

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the path")

QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--v=0"),
]
NASTY_NAMES = (NASTY, LONG, "one_name_without_any_space_" * 6, *(f"{LONG} #{n}" for n in range(12)))
PROBE = """<script>addEventListener("load", () => {
  const root = document.documentElement, wide = [];
  for (const e of document.querySelectorAll("section, figure, .fig, .legend, .scroll, p, ul, h1, h2, summary"))
    if (e.getBoundingClientRect().right > root.clientWidth + 1) wide.push(e.tagName + "." + e.getAttribute("class"));
  const shown = [...document.querySelectorAll("figure .fig text")].filter(
    (e) => getComputedStyle(e).display != "none" && e.closest("details:not([open])") === null);
  for (const e of shown) {
    const text = e.getBoundingClientRect(), box = e.closest("figure").getBoundingClientRect();
    if (text.width && (text.right > box.right + 2 || text.left < box.left - 2)) wide.push("text " + e.textContent);
  }
  root.setAttribute("data-probe", [innerWidth, root.scrollWidth, shown.length, wide.join("|")].join(";"));
  console.log("PROBE" + root.getAttribute("data-probe"));
});</script>"""


def browse(folder, page, *options):
    """Run the browser on a page; its output and what it wrote to the console."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", *options, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=folder)
    return done.stdout, re.findall(r"CONSOLE[^\]]*\] (.*)", done.stderr)


def framed(page: str, width: int) -> str:
    """The page in a frame of an exact width, as a window cannot be narrower than some 500 pixels."""
    text = page.replace("</body>", PROBE + "</body>").replace("&", "&amp;").replace('"', "&quot;")
    style = f"width:{width}px;height:800px;border:0"
    return f'<!doctype html><link rel="icon" href="data:,"><iframe srcdoc="{text}" style="{style}"></iframe>'


def probed(folder, page: str, width: int) -> tuple[int, int, int, str]:
    _, console = browse(folder, framed(page, width), "--window-size=1400,900", "--dump-dom")
    found = [re.search(r"PROBE(\d+);(\d+);(\d+);(.*?)\"?, source", line) for line in console]
    assert len(found) == 1, console
    assert found[0], console
    inner, scroll, texts, wide = found[0].groups()
    return int(inner), int(scroll), int(texts), wide


@pytest.mark.parametrize("make", [fabricate, fabricate_frames])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_sideways(tmp_path, width, make):
    page = render_report(make(names=NASTY_NAMES, title=NASTY_NAMES[2], notes=(NASTY_NAMES[2],)))
    inner, scroll, texts, wide = probed(tmp_path, page, width)
    assert inner == width
    assert texts > 100
    assert (scroll, wide) == (width, "")


def test_the_probe_notices_what_sticks_out(tmp_path):
    page = render_report(fabricate(names=("a",))).replace("</main>", '<p style="width:500px">wide</p></main>')
    _, scroll, _, wide = probed(tmp_path, page, 360)
    assert scroll > 360
    assert wide.startswith("P.")


@pytest.mark.parametrize("scheme", [0, 1], ids=["dark", "light"])
def test_the_page_has_no_console_message_and_follows_the_color_scheme(tmp_path, scheme):
    ask = "<script>document.title = getComputedStyle(document.body).backgroundColor</script></body>"
    page = render_report(fabricate(names=SYSTEMS[:3])).replace("</body>", ask)
    settings = f"--blink-settings=preferredColorScheme={scheme}"
    dom, console = browse(tmp_path, page, settings, "--dump-dom")
    assert not console
    ground = ("rgb(14, 16, 19)", "rgb(245, 246, 248)")[scheme]
    assert f"<title>{ground}</title>" in dom


def test_a_click_on_a_heading_sorts_its_table(tmp_path):
    click = """<script>
      const heads = [...document.querySelector("#systems table").tHead.rows[0].cells];
      const first = () => document.querySelector("#systems table").tBodies[0].rows[0].cells;
      heads[0].click(); const last = first()[0].textContent;
      heads[0].click(); const one = first()[0].textContent;
      heads[1].click(); const best = first()[1].textContent;
      heads[1].dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"}));
      document.title = [last, one, best, first()[1].textContent, heads[1].ariaSort].join("|");
    </script></body>"""
    page = render_report(fabricate(names=("b", "c", "a"))).replace("</body>", click)
    dom, console = browse(tmp_path, page, "--dump-dom")
    assert not console
    last, one, best, worst, state = re.search(r"<title>(.*)</title>", dom).group(1).split("|")
    assert (last, one, state) == ("c", "a", "ascending")
    assert float(best.split()[0]) > float(worst.split()[0])


def test_printing_shows_what_is_folded(tmp_path):
    pages = []
    whole = render_report(fabricate(names=SYSTEMS[:6]))
    for page in (whole, whole.replace("details::details-content", "details::not-this")):
        browse(tmp_path, page, f"--print-to-pdf={tmp_path / 'page.pdf'}")
        pages.append(len(re.findall(rb"/Type /Page\b", (tmp_path / "page.pdf").read_bytes())))
    assert pages[0] >= pages[1] + 2
