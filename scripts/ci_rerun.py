"""Runs a study again on a restored store of artifacts; fails where a piece was computed that should have been there.

    .venv/bin/python scripts/ci_rerun.py --store store.tar.zst              # fusion and report on stored posteriors
    .venv/bin/python scripts/ci_rerun.py --store store.tar.zst --whole      # every stage: nothing may be computed

It is started in the project's folder; docs/ci.md says what each mode proves. Exit status: 0 as it should be; 1 the run
failed, or something was computed that should not have been; 2 it could not start.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ci_compare import compare, fresh, newest, results

DATA, SITE, SUMMARY = Path("data"), Path("build"), "summary.json"
STAGES = "fusion,reporting"
REPORT = ("report.html", "results.csv")
"""Files of the newest report that are worth an upload."""
OF_RUNS = ("*.lock", "*.owner", ".scratch", ".restored")
"""What belongs to a run, not to its results."""
COMPRESSIONS = {".gz": "gzip", ".tgz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
LINES_TOLD = 30
"""Lines that a summary quotes of a run that failed."""
ABOUT_TO = re.compile(r"\b(\w+): (\d+) to compute \((.*?)(\)|$)")
"""What the log says before an artifact's pieces are computed."""


class CannotStartError(Exception):
    """The store, the project or the options do not allow a run."""


def restore(store: Path | None, data: Path) -> str:
    """Lay a store into the data folder; what was done, in words.

    Args:
        store: a folder or an archive (.tar, .tar.gz, .tar.bz2, .tar.zst) of a data folder, or of a folder that holds
            one; None: whatever lies in the data folder is the store.
        data: the project's data folder.

    Raises:
        CannotStartError: the data folder has artifacts of its own, or the store cannot be read.
    """
    there = bool(newest(data))
    own = "the project's own data folder" if there else "nothing stored, a cold start"
    if store is None or not store.exists():
        return own if store is None else f"{store} is not there: {own}"
    if there:
        raise CannotStartError(f"{data} holds artifacts already; a store is restored into an empty data folder only")
    if store.is_dir():
        _copy(store, data)
        return str(store)
    aside = data / ".restored"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _unpack(store, aside)
        _copy(aside, data)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return str(store)


def _unpack(archive: Path, folder: Path) -> None:
    import pyarrow as pa

    kind = COMPRESSIONS.get(archive.suffix)
    try:
        with pa.input_stream(str(archive), compression=kind) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            tar.extractall(folder, filter="data")  # the filter refuses what would land elsewhere
    except (OSError, tarfile.TarError) as error:
        raise CannotStartError(f"{archive}: neither a folder nor an archive that can be read: {error}") from error


def _copy(store: Path, data: Path) -> None:
    inner = store / DATA.name
    source = inner if inner.is_dir() else store
    shutil.copytree(source, data, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*OF_RUNS))


def kedro(*arguments: str, env: str, stop: Callable[[str], bool] = lambda _: False) -> tuple[int, list[str]]:
    """Run the command line of this very environment, its lines shown as they come; exit status and the last lines.

    Args:
        arguments: as after `kedro`.
        env: study; empty: the project's default.
        stop: asked at each line whether to interrupt the run. A later run goes on where this one stopped.
    """
    variables = {**os.environ, "DO_NOT_TRACK": "1", "COLUMNS": "160", **({"KEDRO_ENV": env} if env else {})}
    last: deque[str] = deque(maxlen=LINES_TOLD)
    print("$ kedro", *arguments, flush=True)
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "kedro", *arguments],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last.append(line.rstrip())
            if stop(line):
                process.send_signal(signal.SIGINT)
                stop = lambda _: False  # noqa: E731 - once is enough
    return process.returncode, list(last)


def rerun(options: argparse.Namespace) -> dict[str, Any]:
    """Restore, run, compare and collect; the summary.

    Raises:
        CannotStartError: see `restore`; or the place is not the project's folder, or something is in the way.
    """
    _check_place(options)
    store = restore(options.store, DATA)
    print(f"store: {store}", flush=True)
    before = newest(DATA)
    whole = options.whole or not before  # without a store there is nothing to fuse yet
    arguments = ["run"] if whole else ["run", f"--pipelines={STAGES}"]
    problems: list[str] = []
    refuse = _refusal(options, problems) if before else lambda _: False
    started = time.perf_counter()
    status, lines = kedro(*arguments, env=options.env, stop=refuse)
    stopped = bool(problems)
    seconds = round(time.perf_counter() - started, 1)
    after = newest(DATA)
    artifacts, measured = compare(before, after), results(before, after)
    if status and not problems:
        problems.append(f"the run failed with exit status {status}")
    problems += _not_allowed(artifacts, options.may_recompute) if before else []
    problems += ["measures differ from those stored"] if options.same_results and measured.get("changed") else []
    table = fresh(before, after, "metrics")
    uploads = [] if table is None else _collect(table.parent, options.out)
    if status == 0 and options.site:
        problems += [] if _build_site(options.out, options.env) else ["kedro viz build made no site"]
    return {
        "ok": not problems,
        "problems": problems,
        "command": " ".join(["kedro", *arguments]),
        "seconds": seconds,
        "store": store,
        "cold": not before,
        "artifacts": artifacts,
        "results": measured,
        "uploads": uploads,
        "log": lines if status and not stopped else [],
    }


def _check_place(options: argparse.Namespace) -> None:
    out, here = options.out, Path.cwd()
    if not Path("pyproject.toml").is_file() or not Path("conf").is_dir():
        raise CannotStartError(f"{here} is not the project's folder")
    if options.site and (SITE / "api").is_dir():
        shutil.rmtree(SITE)  # a site of an earlier time
    elif options.site and SITE.exists():
        raise CannotStartError(f"{SITE}/ is in the way: kedro viz build writes there. Remove it, or give --no-site")
    if out.exists() and not (out / SUMMARY).is_file() and any(out.iterdir()):
        raise CannotStartError(f"{out} holds something else than an earlier rerun; name another folder by --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)


def _refusal(options: argparse.Namespace, problems: list[str]) -> Callable[[str], bool]:
    """Tells from a line of the log whether work is about to begin that may not be done, and notes it as a problem.

    Only a shortcut: what has been computed in the end is told by the manifests.
    """

    def refuse(line: str) -> bool:
        about = ABOUT_TO.search(line)
        if about is None or options.keep_going or {about[1], "all"} & set(options.may_recompute):
            return False
        problems.append(f"{about[1]}: {about[2]} would be computed ({about[3]}); the run was stopped there")
        return True

    return refuse


def _not_allowed(artifacts: Mapping[str, Mapping[str, Any]], allowed: Sequence[str]) -> list[str]:
    """A line for each artifact of which something was computed without leave."""
    return [
        f"{name}: {facts['computed']} computed ({'; '.join(facts['reasons'])})"
        for name, facts in artifacts.items()
        if facts["computed"] and name not in allowed and "all" not in allowed
    ]


def _collect(study: Path, out: Path) -> list[str]:
    """Copy what the newest report consists of; the names of the files."""
    newest_of = {name: max((study / name).glob(f"*/{name}"), default=None) for name in REPORT}
    found = {name: path for name, path in newest_of.items() if path is not None}
    for name, path in found.items():
        shutil.copy(path, out / name)
    return list(found)


def _build_site(out: Path, env: str) -> bool:
    """Kedro-Viz as a static site in `out/viz`; whether there is one now."""
    kedro("viz", "build", "--include-previews", env=env)  # its exit status is 0 whatever happens
    if not (SITE / "index.html").is_file():
        return False
    shutil.move(SITE, out / "viz")
    return True


def tell(summary: Mapping[str, Any]) -> str:
    """The summary as Markdown, for people."""
    lines = [f"## Rerun: {'as it should be' if summary['ok'] else 'not as it should be'}", ""]
    lines += [f"- **{problem}**" for problem in summary["problems"]]
    lines += [f"- `{summary['command']}` took {summary['seconds']} s; store: {summary['store']}"]
    if not summary["artifacts"] and not summary["log"]:
        lines.append("- Posteriors were taken as they are stored; no artifact of pieces was asked for.")
    measured = summary["results"]
    if measured["compared"]:
        moved = f"{measured['changed']} of {measured['measures']} differ, by {measured['largest']:.4f} at most"
        lines.append(f"- Measures against the stored run: {moved if measured['changed'] else 'all the same'}.")
    if summary["artifacts"]:
        lines += ["", "| artifact | computed | found | failed | why computed |", "|---|---|---|---|---|"]
    for name, facts in summary["artifacts"].items():
        why = "; ".join(f"{count} {reason}" for reason, count in facts["reasons"].items())
        lines.append(f"| {name} | {facts['computed']} | {facts['found']} | {facts['failed']} | {why} |")
    if summary["log"]:
        lines += ["", "```", *summary["log"], "```"]
    return "\n".join(lines) + "\n"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--store", type=Path, help="folder or archive of a data folder; else ABAW_STORE, else data/")
    parser.add_argument("--whole", action="store_true", help="run every stage, not only fusion and reporting")
    parser.add_argument("--may-recompute", default="", metavar="NAMES", help="artifacts, joined by commas; or all")
    parser.add_argument("--keep-going", action="store_true", help="compute what is missing and fail at the end")
    parser.add_argument("--same-results", action="store_true", help="fail, too, where a measure differs")
    parser.add_argument("--env", default="", help="study, as for kedro run")
    parser.add_argument("--out", type=Path, default=Path("dist/ci"), help="folder to upload (default: dist/ci)")
    parser.add_argument("--no-site", dest="site", action="store_false", help="leave out kedro viz build")
    options = parser.parse_args(arguments)
    if options.store is None and os.environ.get("ABAW_STORE"):
        options.store = Path(os.environ["ABAW_STORE"])
    options.may_recompute = [name for name in options.may_recompute.split(",") if name]
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit status."""
    options = _options(arguments)
    # What a script starts in the background ignores interrupts, and so would the run that is stopped by one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        summary = rerun(options)
    except CannotStartError as error:
        print(f"ci_rerun: {error}", file=sys.stderr)
        return 2
    (options.out / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    (options.out / "summary.md").write_text(tell(summary), encoding="utf-8")
    print(tell(summary), flush=True)
    return 0 if summary["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
