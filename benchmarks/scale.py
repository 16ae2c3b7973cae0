"""Scale: ten common questions against the charges that are asked and the charges that are kept, and what many cost.

    python benchmarks/scale.py [--quick] [--sizes 1,10,30] [--years 1,3,10] [--only asked,kept,organization]
        [--engine sc://HOST:PORT] [--folder FOLDER]

`asked` puts them to a year of so many million charges, the first six of the whole year, the others of a month.
`kept` puts them to ledgers of so many years of half a million charges each: 30 days, or a month. `organization` syncs
one organization of 200 keys. `cluster`, which needs --engine and is to be named, puts what `asked` does to both,
by the clock. Each question runs in a process of its own, which was asked it once of another ledger;
seconds are of the processor, files are those that the kernel saw opened. Figures are kept in scale.json, from which
docs/scale.md is written; --quick prints figures of small ledgers and keeps nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from canned import NOW, TODAY, Older
from figures import Spent, child, peak
from performance import commit, machine
from scale_page import PAGE, page
from synthetic import DAYS, ORGANIZATION, ledger, settings

if TYPE_CHECKING:
    from tallystick.ledger import Ledger

MEASURED = Path(__file__).with_name("scale.json")
SIZES, YEARS = (1, 10, 30), (1, 3, 10)
"""Millions of charges of a year; years."""
PER_YEAR = 500_000
"""Charges of a year, where years grow."""
WARM = 100_000
"""Charges of the ledger that is asked first, for what is imported then."""
RUNS, LONG = 3, 10.0
"""Runs of a question, and seconds after which none follows."""
KEYS, PER_KEY = 200, 8
"""Keys of the organization that is synced, and usage records of each on a day."""

QUESTIONS: dict[str, Callable[[Ledger, str, str], Any]] = {
    "spend by team": lambda book, since, _: book.spend(by=["team"], since=since),
    "spend by model": lambda book, since, _: book.spend(by=["model"], since=since),
    "spend by day": lambda book, since, _: book.spend(by=["day"], since=since),
    "one key by day": lambda book, since, _: book.spend(by=["day"], since=since, where={"key": "key 7"}),
    "keys": lambda book, since, _: book.keys(since=since),
    "cache": lambda book, since, _: book.cache(since=since),
    "summary": lambda book, _, month: book.summary(month),
    "reconcile": lambda book, _, month: book.reconcile(month=month),
    "variance": lambda book, _, month: book.variance(month),
    "chargeback": lambda book, _, month: book.chargeback(month),
}
"""Each question, of the days since one, or of a month."""


def opened(folder: str, owners: str, now: str, engine: str | None = None) -> Ledger:
    """Open a ledger anew, to be answered here or by a cluster."""
    from tallystick.ledger import Ledger
    from tallystick.settings import Settings

    environment = {"TALLYSTICK_NOW": now, "HOME": folder}
    return Ledger.of(Settings.load(ledger=folder, config=owners, engine=engine, environment=environment))


def ended(days: int) -> tuple[str, str]:
    """When a ledger of so many days is asked, and its last month that has ended."""
    now = NOW + timedelta(days=days - DAYS)
    return f"{now:%Y-%m-%dT%H:%M:%SZ}", f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"


def record(folder: str, owners: str, now: str) -> None:
    """Write down of the outlook what a sync does."""
    from tallystick.outlook.sync_record import write

    write(opened(folder, owners, now).context(), ORGANIZATION)


def ask(name: str, folder: str, warm: str, owners: str, days: str, since: str) -> dict[str, Any]:
    """Put one question, to another ledger first: processor seconds, peak memory in MB, files opened, their months."""
    from opened_files import OpenedFiles

    now, month = ended(int(days))
    question, seconds = QUESTIONS[name], list[float]()
    question(opened(warm, owners, ended(DAYS)[0]), "30d", ended(DAYS)[1])
    with OpenedFiles(Path(folder)) as files:
        while len(seconds) < RUNS and sum(seconds) < LONG:
            spent = Spent()
            with spent:
                question(opened(folder, owners, now), since, month)
            seconds.append(spent.processor)
    months = {part for path in files.paths for part in path.parts if part.startswith("month=")}
    return {"seconds": seconds, "peak": peak(), "files": len(files.paths), "months": sorted(months)}


def clock(name: str, folder: str, warm: str, owners: str, since: str, engine: str) -> list[float]:
    """Put one question to an engine, of another ledger first: seconds of the clock."""
    now, month = ended(DAYS)
    question, seconds = QUESTIONS[name], list[float]()
    for path in (warm, *[folder] * RUNS):
        spent = Spent()
        with spent:
            book = opened(path, owners, now, engine)
            question(book, since, month)
        seconds.append(spent.wall)
    return seconds[1:]


def clustered(folder: Path, charges: int, since: str, engine: str) -> dict[str, Any]:
    """Put every question to DuckDB and to a cluster; the seconds of the clock of each."""
    owners, warm, path = settings(folder), ledger(folder, WARM), ledger(folder, charges)
    child(__file__, "record", path, owners, ended(DAYS)[0])
    questions = {}
    for name in QUESTIONS:
        here, there = (child(__file__, "clock", name, path, warm, owners, since, each) for each in ("duckdb", engine))
        questions[name] = {"here": here, "there": there}
        print(f"{charges:>11,} charges, {name}: {median(here):.2f} s, {median(there):.2f} s", flush=True)
    return {"charges": charges, "questions": questions}


def asked_of(folder: Path, charges: int, days: int, since: str) -> dict[str, Any]:
    """Put every question to one ledger; what it is, and each answer's figures by question."""
    owners, warm = settings(folder), ledger(folder, WARM)
    path = ledger(folder, charges, days=days)
    child(__file__, "record", path, owners, ended(days)[0])
    files = [file for file in path.rglob("part-*.parquet") if "_delta_log" not in file.parts]
    answers = {name: child(__file__, "ask", name, path, warm, owners, days, since) for name in QUESTIONS}
    for name, answer in answers.items():
        print(f"{charges:>11,} charges, {days} days, {name}: {median(answer['seconds']):.3f} s", flush=True)
    return {
        "charges": charges,
        "days": days,
        "bytes": sum(file.stat().st_size for file in files),
        "files": len(files),
        "questions": answers,
    }


def sync_organization() -> dict[str, Any]:
    """Sync an organization of 200 keys for the first time, a day later and a quarter of an hour later, from memory."""
    import httpx2
    from client import sync

    canned = Older(KEYS * PER_KEY, 60)
    requests = list[int]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(1)
        return httpx2.Response(200, content=canned.answer(request.url.raw_path.decode("ascii")))

    steps: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ledger"
        times = {"first": NOW - timedelta(days=1), "day": NOW, "again": NOW + timedelta(minutes=15)}
        for step, now in times.items():
            size, made = _size(folder), canned.seconds
            requests.clear()
            spent = Spent()
            with spent:
                sync(
                    folder,
                    f"{TODAY - timedelta(days=60):%Y-%m-%d}",
                    "reports",
                    transport=httpx2.MockTransport(answer),
                    now=now,
                )
            steps[step] = {
                "requests": len(requests),
                "processor": spent.processor - (canned.seconds - made),
                "bytes": _size(folder) - size,
            }
    return steps | {"keys": KEYS, "records": KEYS * PER_KEY, "peak": peak()}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(only: str, sizes: list[float], years: list[int], folder: Path, engine: str) -> dict[str, Any]:
    """Measure one part."""
    since = f"{TODAY - timedelta(days=DAYS):%Y-%m-%d}"
    if only == "asked":
        parts: Any = [asked_of(folder, round(size * 1_000_000), DAYS, since) for size in sizes]
    elif only == "cluster":
        parts = [clustered(folder, round(size * 1_000_000), since, engine) for size in sizes]
    elif only == "kept":
        spans = [year * 365 for year in years]
        parts = [asked_of(folder, round(PER_YEAR * days / DAYS), days, "30d") for days in spans]
    else:
        parts = child(__file__, "organization")
    return {
        "ledgers": parts,
        "machine": machine(),
        "commit": commit(),
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def main() -> None:
    """Measure, keep, write."""
    if sys.argv[1:2] == ["--child"]:
        steps = {"record": record, "ask": ask, "clock": clock, "organization": sync_organization}
        print(json.dumps(steps[sys.argv[2]](*sys.argv[3:])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small ledgers; print, and keep nothing")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="millions of charges of a year")
    parser.add_argument("--years", default=",".join(map(str, YEARS)), help="years of half a million charges each")
    parser.add_argument("--only", default="asked,kept,organization", help="parts, separated by commas")
    parser.add_argument("--engine", default="", help="the address of a cluster, for the part cluster")
    parser.add_argument("--folder", type=Path, help="where synthetic ledgers are kept; without it they are deleted")
    arguments = parser.parse_args()
    sizes, years = (
        [float(size) for size in arguments.sizes.split(",")],
        [int(year) for year in arguments.years.split(",")],
    )
    if arguments.quick:
        sizes, years = [0.1, 0.2], [1, 2]
    measured = json.loads(MEASURED.read_text()) if MEASURED.exists() and not arguments.quick else {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        for only in filter(None, arguments.only.split(",")):
            measured[only] = measure(only, sizes, years, folder, arguments.engine)
            if not arguments.quick:
                MEASURED.write_text(json.dumps(measured) + "\n")
    if arguments.quick:
        print(page(measured))
    else:
        PAGE.write_text(page(measured))


if __name__ == "__main__":
    main()
