"""Ratios against what one would otherwise run, side by side; a table and data/08_reporting/bench.json.

`python -m benchmarks.run` measures everything, `python -m benchmarks.run pieces fusion` some of it.
"""

import importlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

PARTS = ("pieces", "parallel", "scale", "memory", "cold_start", "segments", "fusion", "fusion_run")
LIBRARIES = ("kedro", "kedro-datasets", "joblib", "pyarrow", "numpy", "torch", "scikit-learn")


def main(chosen: list[str]) -> None:
    unknown = sorted(set(chosen) - set(PARTS))
    if unknown:
        sys.exit(f"no benchmark {unknown[0]!r}; there are: {', '.join(PARTS)}")
    rows = []
    for part in chosen or PARTS:
        for row in importlib.import_module(f"benchmarks.{part}").rows():
            rows.append({"part": part, **row})
            print(told(rows[-1]), flush=True)
    target = Path("data/08_reporting/bench.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    facts = {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
    target.write_text(json.dumps({"rows": rows, "versions": facts}, indent=1), encoding="utf-8")
    print(f"\nWritten to {target}")
    if any("FAILS" in row["limit"] for row in rows):
        sys.exit("a limit does not hold")


def told(row: dict) -> str:
    line = f"{row['part']:11} {row['what']:46} {row['here']:10.4g} {row['unit']}"
    if row["otherwise"] is not None:
        line += f"   {row['otherwise']:10.4g} {row['unit']}   x{row['times']:<6g} {row['against']}"
    return f"{line}\n{'':12}{row['limit']}" if row["limit"] else line


if __name__ == "__main__":
    main(sys.argv[1:])
