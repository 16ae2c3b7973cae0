"""Many commits: what opening a ledger costs after 100, 1,000 and 10,000 of them, and how large it is then.

    python benchmarks/many_commits.py [--quick]

A small synthetic ledger gets a commit for each hour, 50 of them by one writer, which writes the bill of a day anew, a
page of the index and a notice. `without` keeps every version, `with` drops those of before a week. Seconds
are of the processor; each measure runs in a process of its own, which did the same with a new ledger once.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from figures import Figure, Spent, child, run
from synthetic import DAYS, ORGANIZATION, ledger

COUNTS, QUICK = (100, 1_000, 10_000), (50, 100)
CHARGES, SPAN = 20_000, 60
"""Charges of the ledger, and its days."""
COMMITS = 50
"""Commits of one writer."""
KEEP = timedelta(days=7)


def grow(name: str, keep: str, count: str) -> None:
    """Add commits until the ledger has so many versions, an hour between two; sync as the settings `keep` them."""
    from tallystick.core.ledger_tables import NOTICES, PAGES
    from tallystick.core.report_tables import COST
    from tallystick.store.retention import is_due, retain
    from tallystick.store.tables import Tables

    tables = Tables(Path(name))
    now = max(datetime.now(UTC), *(version.at for version in tables.every_version() if version.at))
    day = _last_day()
    while tables.newest_by_snapshot().number < int(count):
        with tables.writing() as writer:
            number = writer.version.number
            writer.replace(COST, ORGANIZATION, [day], writer.rows_on(COST, ORGANIZATION, [day]))
            writer.append(PAGES, _row(PAGES, reading=number, read_at=now, hash=f"{number:064}"))
            writer.append(NOTICES, _row(NOTICES, noticed_at=now, kind="commit", subject=f"{number}"))
            for _ in range(min(COMMITS, int(count) - number)):
                now += timedelta(hours=1)
                writer.commit(ORGANIZATION, "usage", now, writer.version.totals)
        if keep == "with" and is_due(tables.every_version(), KEEP, (), now):
            with tables.writing() as writer:
                retain(writer, KEEP, (), now)


def _last_day() -> Any:
    from synthetic import NOW

    return (NOW + timedelta(days=SPAN - DAYS - 1)).date()


def _row(table: Any, **values: Any) -> Any:
    import pyarrow as pa

    from tallystick.store.columns import schema

    return pa.Table.from_pylist([{"organization": ORGANIZATION} | values], schema(table))


def opening(name: str, warm: str) -> dict[str, float]:
    """Seconds of a question, and of a writer that begins and writes nothing, both by an opened ledger."""
    from client import Clock

    from tallystick.ledger import Ledger
    from tallystick.store.tables import Tables

    day = _last_day()
    for folder in map(Path, (warm, name)):
        asked, begun = Spent(), Spent()
        with asked:
            Ledger(folder, Clock()).spend(since=f"{day - timedelta(days=6)}", until=f"{day}")
        with begun, Tables(folder).writing():
            pass
    return {"question": asked.processor, "sync": begun.processor}


def sizes(folder: Path) -> dict[str, list[int]]:
    """How many files, and bytes, of rows and of logs: of `versions`, of its copies, of all other tables, of copies."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    parts: dict[str, list[int]] = {}
    for path in paths:
        first, second, *_ = (*path.relative_to(folder).parts, "", "")
        of_versions = "versions" in (first, second)
        place = "copies" if first == "copies" else "log" if "_delta_log" in path.parts else "rows"
        part = parts.setdefault(f"{'versions' if of_versions else 'others'}: {place}", [0, 0])
        part[0] += 1
        part[1] += path.stat().st_size
    return parts


def measured(keep: str, *counts: str) -> list[dict[str, Any]]:
    """The figures after each count of commits."""
    steps = []
    with tempfile.TemporaryDirectory() as temporary:
        first = ledger(Path(temporary), CHARGES, days=SPAN)
        folder, warm = (shutil.copytree(first, Path(temporary) / name) for name in ("ledger", "warm"))
        for count in counts:
            child(__file__, "grow", folder, keep, count)
            openings = [child(__file__, "opening", folder, warm) for _ in range(3)]
            step = {name: [opened[name] for opened in openings] for name in openings[0]}
            steps.append({"commits": int(count), **step, "sizes": sizes(folder)})
    return steps


def benchmark(arguments: argparse.Namespace) -> None:
    """Measure both; a line for each figure."""
    for keep in ("without", "with"):
        for step in measured(keep, *map(str, QUICK if arguments.quick else COUNTS)):
            subject = f"{step['commits']:,} commits {keep} keep"
            for name in ("question", "sync"):
                Figure("many commits", subject, name, "s", step[name]).show()
            for part, (files, size) in sorted(step["sizes"].items()):
                Figure("many commits", subject, part, "files", [files]).show()
                Figure("many commits", subject, part, "bytes", [size]).show()


if __name__ == "__main__":
    run(__doc__, {"grow": grow, "opening": opening, "measured": measured}, benchmark)
