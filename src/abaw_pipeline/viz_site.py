"""The lineage of a study as a folder of static files: python -m abaw_pipeline.viz_site FOLDER.

`kedro viz build` always writes to ./build, leaves with status 0 when it fails, and makes a page that asks Google for a
font. Here the folder is named, a failure is one, and the page asks nobody but the host that it comes from.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from abaw_pipeline.errors import DataError, PipelineError

BUILD = Path("build")
"""Where Kedro-Viz writes."""
ELSEWHERE = re.compile(r"""<(link|script|img)\b[^>]*(?:href|src)\s*=\s*["']?(?:https?:)?//[^>]*>(?:\s*</script>)?""")
"""A tag that has a browser ask another host."""


def build_site(folder: Path, *, previews: bool = True) -> Path:
    """Build the site of the project in the current folder; KEDRO_ENV names the study.

    Args:
        folder: where the site goes; a site that is there is replaced.
        previews: with rows and pictures of the datasets, among them faces.

    Returns:
        The site's first page.

    Raises:
        DataError: ./build or the folder holds something else than a site, or Kedro-Viz could not build one.
    """
    for each in {BUILD, folder}:
        _clear(each)
    command = [sys.executable, "-m", "kedro", "viz", "build", *(["--include-previews"] if previews else [])]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode or not _is_site(BUILD):
        said = (done.stdout + done.stderr).replace("\r", "\n").strip().splitlines()
        raise DataError("kedro viz build made no site", where=str(Path.cwd()), hint="\n".join(said[-20:]))
    if BUILD.resolve() != folder.resolve():
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(BUILD, folder)
    (folder / "telemetry.html").unlink(missing_ok=True)
    for page in folder.glob("*.html"):
        page.write_text(ELSEWHERE.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    return folder / "index.html"


def _is_site(folder: Path) -> bool:
    return (folder / "api" / "deploy-viz-metadata").is_file()


def _clear(folder: Path) -> None:
    if _is_site(folder):
        shutil.rmtree(folder)
    elif folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise DataError("this is no site of kedro-viz", where=str(folder), hint="Move it away, or name another folder.")
    elif folder.is_dir():
        folder.rmdir()


def main(arguments: list[str]) -> int:
    """Build where the arguments say; `--no-previews` leaves out what datasets hold."""
    names = [each for each in arguments if not each.startswith("-")]
    if len(names) != 1 or set(arguments) - {*names, "--no-previews"}:
        print("usage: python -m abaw_pipeline.viz_site FOLDER [--no-previews]", file=sys.stderr)
        return 2
    try:
        page = build_site(Path(names[0]), previews="--no-previews" not in arguments)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{page}: serve its folder, e.g. python -m http.server --bind 127.0.0.1 --directory {page.parent}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
