"""Synthetic ledgers of `tallystick sim ledger`: each size is made once and then only read."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from figures import child, run

LAST = date(2026, 11, 21)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The last day of a year, and when it is asked of."""
DAYS = 365
ORGANIZATION = "5f0c3d6e-0000-4000-8000-000000000001"
TEAMS = 10


def ledger(folder: Path, charges: int, *, days: int = DAYS, tallied: bool = True) -> Path:
    """The ledger of that size in a folder, made unless it is there."""
    path = folder / f"{charges}{'' if days == DAYS else f'-{days}'}{'' if tallied else '-untallied'}"
    if not path.exists():
        command = [sys.executable, "-m", "tallystick", "sim", "ledger", str(path), "--charges", str(charges)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        subprocess.check_output([*command, "--days", str(days)], env=environment, stderr=subprocess.DEVNULL)
        if not tallied:
            child(__file__, "untally", path)
    return path


def untally(folder: str) -> None:
    """Take the charges out of a ledger, as one that was not tallied yet."""
    from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, MONTH_SUMS, TALLIED_BY, TALLIES
    from tallystick.store.columns import schema
    from tallystick.store.erasure import rewrite
    from tallystick.store.tables import Tables

    with Tables(Path(folder)).writing() as writer:
        for table in (CHARGES, DAY_SUMS, MONTH_SUMS, TALLIES):
            rewrite(writer, table, schema(table).empty_table())
        writer.commit(ORGANIZATION, "no charges", NOW, {f"{TALLIED_BY}{ORGANIZATION}": ""})


def settings(folder: Path) -> Path:
    """Write a settings file that gives each workspace to one of ten teams; its path."""
    path = folder / "tallystick.toml"
    with path.open("w") as file:
        for team in range(TEAMS):
            names = ", ".join(f'"workspace {number}"' for number in range(team, 60, TEAMS))
            file.write(f'[[owner]]\nteam = "team {team}"\nworkspace = [{names}]\n')
    return path


if __name__ == "__main__":
    run(__doc__, {"untally": untally}, lambda _: None)
