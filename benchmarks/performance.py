"""Performance: runs every benchmark, keeps the figures, and writes docs/performance.md from them.

    python benchmarks/performance.py [--quick] [--only ingest,start] [--before]

Figures are kept in benchmarks/measured.json, a benchmark at a time, so that one can be measured anew alone. --before
keeps them in benchmarks/before.json: the page then shows them beside the newer ones. --quick prints the figures of
smaller inputs and keeps nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "docs" / "performance.md"
MEASURED, BEFORE = FOLDER / "measured.json", FOLDER / "before.json"
SECTIONS = {
    "ingest": (
        "Canned pages of usage in memory, read to a committed ledger. The floor: `msgspec` decodes their bytes. What "
        "other threads do while the tally runs counts as the tally's. What a sync then writes down of forecasts and "
        "findings is measured apart. The least possible is what the ledger's format asks of any code with these "
        "libraries: its parts alone, without a check, a log, a name or a commit."
    ),
    "first_sync": "A simulated organization of 24 keys, served by another process; the newer dialect without its pace.",
    "nothing_new": "A small organization that was synced a moment ago. Exponent 0: independent of the history.",
    "daily_syncs": (
        "A small organization synced once a day for 400 days, as cron would, and asked after a sync. The end should "
        "cost no more than 1.2 times the beginning."
    ),
    "questions": (
        "A year of charges at the list prices of its days; a process that has its imports and has read the price list. "
        "Before, all were priced alike, so that `reconcile` took nearly every line for a changed price. The SQL does "
        "the sums of the answer on the same files, without checks, names and notes. The goal is 1.2 times the SQL and "
        "60 ms. `summary` takes what stands out from where a sync of the day wrote it down, or the question before of "
        "the day; the first of a day without such a sync, which detects it, stands by itself."
    ),
    "serve": (
        "The dashboard in a process of its own, seconds of the wall. Cold: a process that was asked nothing before; "
        "warm: the second time. The first page is what a browser is shown at once, all other pages are whole. 50 "
        "readers ask without a pause, and share the processors with what asks; a sync takes one of them too."
    ),
    "start": "The command line; processor time of the whole process.",
    "tally": "A year of usage and bill matched anew. The floor is one sum by DuckDB over the same usage.",
    "export": "Charges to a file, beside DuckDB's own COPY. Excel has no floor.",
    "peers": (
        "Tools that read the same reports, pointed at the simulator for two months. `finops-mcp` prices keys from "
        "tokens. tallystick also keeps, checks and matches what it reads."
    ),
}
"""What each benchmark measures; a benchmark is the file of that name."""
ALONE = frozenset({"daily_syncs"})
"""Benchmarks that take so long that no run of all of them has them: `--only` names them."""
HEAD = """# Performance

{met} of {goals} goals are met. Of a goal that several sizes or formats have, this is the one that is farthest from it.

{table}

`make bench` measures all but the daily syncs in under 15 minutes and writes this page; these take six more, by
`benchmarks/performance.py --only daily_syncs`. `make bench-quick` prints the figures of smaller inputs in under 2.
Figures are the median of the runs, with the least and the most in brackets. Seconds are processor time of the measured
process, all cores together, unless they are said to be of the wall. Each step runs in a process of its own on two
cores. A busy machine makes processor time longer too: compare figures by their ratios, and look at the load. Each
benchmark in `benchmarks/` can be run alone; its docstring says how.
"""


def machine() -> str:
    """The machine, its load, and the versions that matter."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "deltalake", "pyarrow", "msgspec"))
    cpu = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{os.cpu_count()} cores of {cpu}, {platform.system()}, Python {platform.python_version()}, {libraries}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def commit() -> str:
    """The newest commit of the source that is measured."""
    command = ["git", "-C", str(FOLDER.parent), "log", "-1", "--format=%h", "--", "src"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def measure(name: str, folder: str, *, quick: bool) -> dict[str, Any]:
    """Run one benchmark; its figures, and when, where and of what they are."""
    started, where = time.monotonic(), machine()
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--folder", folder, *(["--quick"] if quick else [])]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    print(f"{name}: {len(lines)} figures in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return {
        "machine": where,
        "commit": commit(),
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "figures": [json.loads(line) for line in lines],
    }


def written(value: float, unit: str) -> str:
    """A figure for the page: three digits that matter, and its unit."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0  # noqa: PLR2004 - powers of ten
    match unit:
        case "x":
            return f"{value:,.{digits}f} x"
        case "s":
            return f"{value:,.{digits if value >= 0.1 else 3}f} s"  # noqa: PLR2004
        case "USD":
            return f"{value:,.9f} USD"
        case "USD off":
            return f"{value:+.2g} USD" if value else "0 USD"
        case "MB" | "requests" | "rows" | "files":
            return f"{value:,.0f} {unit}"
    return f"{value:.2f}"


def spread(figure: dict[str, Any]) -> str:
    """The median, and the least and the most where they differ."""
    runs, unit = figure["runs"], figure["unit"]
    middle, least, most = (written(value, unit) for value in (median(runs), min(runs), max(runs)))
    return middle if least == most else f"{middle} ({least.split(' ')[0]} to {most.split(' ')[0]})"


def table(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """The figures of a benchmark, those of before beside them."""
    earlier = {(figure["subject"], figure["measure"]): spread(figure) for figure in before["figures"] if figure["runs"]}
    rows = ["| what | measure | before | now | goal |", "|---|---|---:|---:|---:|"]
    for figure in now["figures"]:
        subject, measure = figure["subject"], figure["measure"]
        goal = "" if figure["goal"] is None else written(figure["goal"], figure["unit"])
        value = spread(figure) if figure["runs"] else ""
        rows.append(f"| {subject} | {measure} | {earlier.get((subject, measure), '')} | {value} | {goal} |")
    return rows


def goals(measured: dict[str, Any]) -> str:
    """The first lines of the page: each goal once, how far it is, and whether it is met."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for name in SECTIONS:
        for figure in measured.get(name, {"figures": []})["figures"]:
            if figure["goal"] is not None:
                subject = "" if name == "export" else figure["subject"].partition(", ")[0]
                groups.setdefault((name, subject, figure["measure"]), []).append(figure)
    rows = ["| what | now | goal | met |", "|---|---:|---:|---|"]
    met = 0
    for (name, _, measure), figures in groups.items():
        met += (fits := sum(map(is_met, figures)))
        worst = max(figures, key=lambda figure: median(figure["runs"]) / figure["goal"])
        now, goal = (written(value, worst["unit"]) for value in (median(worst["runs"]), worst["goal"]))
        count = f" ({fits} of {len(figures)})" if len(figures) > 1 else ""
        answer = "yes" if fits == len(figures) else "**no**"
        rows.append(f"| {titled(name)}: {worst['subject']}, {measure} | {now} | {goal} | {answer}{count} |")
    return HEAD.format(met=met, goals=sum(map(len, groups.values())), table="\n".join(rows))


def is_met(figure: dict[str, Any]) -> bool:
    """Whether the median is no more than the goal."""
    return bool(median(figure["runs"]) <= figure["goal"])


def titled(name: str) -> str:
    """A benchmark's name as a heading."""
    return name.replace("_", " ").capitalize()


def page(measured: dict[str, Any], before: dict[str, Any]) -> str:
    """The page of these figures."""
    parts = [goals(measured)]
    for name, text in SECTIONS.items():
        if (now := measured.get(name)) is None or not now["figures"]:
            continue
        earlier = before.get(name, {"figures": []})
        load = earlier["machine"].rpartition("; ")[2] if earlier["figures"] else ""
        of_before = f" Before: commit {earlier['commit']}, {earlier['when']}, {load}." if load else ""
        parts += [
            f"## {titled(name)}\n",
            f"{text}\n",
            "\n".join(table(now, earlier)) + "\n",
            f"Commit {now['commit']}, {now['when']}: {now['machine']}.{of_before}\n",
        ]
    return "\n".join(parts)


def main() -> None:
    """Measure, keep, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    every = ",".join(name for name in SECTIONS if name not in ALONE)
    parser.add_argument("--only", default=every, help="benchmarks, separated by commas")
    parser.add_argument("--before", action="store_true", help="keep the figures as those of before")
    arguments = parser.parse_args()
    target = BEFORE if arguments.before else MEASURED
    known = {file: json.loads(file.read_text()) if file.exists() else {} for file in (MEASURED, BEFORE)}
    with tempfile.TemporaryDirectory() as folder:
        for name in filter(None, arguments.only.split(",")):
            figures = measure(name, folder, quick=arguments.quick)
            if arguments.quick:
                print(f"## {titled(name)}\n", *table(figures, {"figures": []}), "", sep="\n", flush=True)
                continue
            known[target][name] = figures
            target.write_text(json.dumps(known[target]) + "\n")
    if not arguments.quick:
        PAGE.write_text(page(known[MEASURED], known[BEFORE]))


if __name__ == "__main__":
    main()
