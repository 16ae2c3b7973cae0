from __future__ import annotations

import hashlib
import json
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from support.processes import Forks
from support.records import records
from support.wire import DAY, NOW, PUBLIC, TODAY, Clock, Wire, days_ago, synced
from tallystick.core.ledger_tables import PINNED
from tallystick.sim import Discount, World, serve
from tallystick.store.tables import Tables
from tallystick.sync.rebuild import rebuild

DIGESTS = Path(__file__).parent / "equal_ledgers.json"
UNTIMED = {
    "names.seen_at": "a name is first seen by whichever of the syncs first committed it",
    "notices.noticed_at": "a notice is of whichever of the syncs first committed it",
    "losses.noticed_at": "a loss is of whichever of the syncs first committed it",
}
"""The columns that hold an instant of a sync, and why no digest has them."""
Digests = dict[str, list[Any]]


@dataclass(frozen=True)
class Case:
    """Two syncs of one world: what each asks for and when, and what happens between them."""

    name: str
    world: Callable[[], World]
    source: str
    since: date
    faults: tuple[str, ...] = ()
    """What goes wrong in the second sync."""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The same options, as the command line takes them."""
        options = [
            f"--{name}={value if isinstance(value, str) else ','.join(value)}" for name, value in self.options.items()
        ]
        return ["--source", self.source, "--since", str(self.since), *options]

    def wires(self) -> list[Wire]:
        """What answers the first sync, and what answers the second: days were restated between them."""
        before, after = self.world(), self.world()
        for days in (9, 12, 13, 13):
            after.restate(days_ago(days))
        return [Wire(before, Clock(NOW - 8 * DAY)), Wire(after, Clock(NOW), faults=self.faults)]

    def sync(self, path: Path, wire: Wire) -> None:
        """Sync undisturbed."""
        synced(path, wire, self.since, source=self.source, partial=True, **self.options)


def _world(seed: int, **facts: Any) -> Callable[[], World]:
    return lambda: World(start=date(2026, 8, 1), end=TODAY, seed=seed, requests_per_key_day=5, **facts)


CASES = (
    Case(
        "everyday, older",
        _world(1, keys=16, coding_keys=1, seats=2),
        "reports",
        days_ago(45),
        ("halved=2026-11-12",),
    ),
    Case(
        "everyday, newer",
        _world(1, keys=16, discount=Discount(100, days_ago(10))),
        "analytics",
        days_ago(20),
        options={"breakdowns": ("sessions", "slack")},
    ),
    Case("hostile, older", _world(2, keys=16, hostile_names=True), "reports", days_ago(20), ("late-bill",)),
    Case("hostile, newer", _world(2, keys=16, hostile_names=True), "analytics", days_ago(20), ("extra-fields:always",)),
    Case("hostile, both", _world(2, keys=16, hostile_names=True), "both", days_ago(12)),
    Case(
        "hostile, by the hour",
        _world(2, keys=16, hostile_names=True),
        "reports",
        days_ago(13),
        options={"grain": "hour"},
    ),
    Case("enterprise, newer", _world(3, keys=16, enterprise=True), "analytics", days_ago(20), ("late-bill",)),
)


def _columns() -> dict[str, list[str]]:
    """The tables and columns that are digested: those of when the digests were made, however many there are since."""
    known: dict[str, list[str]] = json.loads(DIGESTS.read_text())["columns"]
    return known


def _digests(path: Path, columns: dict[str, list[str]]) -> Digests:
    """The number of rows of each table and the SHA-256 over them, sorted; the order of rows never matters.

    Pages and versions are left out: a sync that was killed asks for some pages again, and commits in other groups.
    """
    version = Tables(path).newest()
    digests = {}
    for table in PINNED:
        if table.name not in columns:
            continue
        rows = records(path, table, version)
        lines = sorted(repr([row[name] for name in columns[table.name]]) for row in rows)
        digests[table.name] = [len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()]
    assert digests.keys() == columns.keys()
    return digests


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """One of the cases."""
    chosen: Case = request.param
    return chosen


@pytest.fixture(scope="module")
def ledger(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of its two syncs, which nothing disturbed; only read."""
    path = tmp_path_factory.mktemp("equal") / "ledger"
    for wire in case.wires():
        case.sync(path, wire)
    return path


@pytest.fixture(scope="module")
def expected(case: Case, ledger: Path, pytestconfig: pytest.Config) -> Digests:
    """The digests that are kept of the case; `--regenerate` makes them anew."""
    if pytestconfig.getoption("regenerate"):
        columns = {
            table.name: [column.name for column in table.columns if f"{table.name}.{column.name}" not in UNTIMED]
            for table in PINNED
        }
        ledgers = json.loads(DIGESTS.read_text())["ledgers"] if DIGESTS.exists() else {}
        ledgers[case.name] = _digests(ledger, columns)
        DIGESTS.write_text(json.dumps({"columns": columns, "ledgers": ledgers}, indent=1) + "\n")
    digests: Digests = json.loads(DIGESTS.read_text())["ledgers"][case.name]
    return digests


@pytest.mark.long
def test_a_sync_makes_the_ledger_that_it_always_made(ledger: Path, expected: Digests) -> None:
    """Two syncs, days restated between them, fill each table with the rows whose digest is kept."""
    assert _digests(ledger, _columns()) == expected
    assert expected["charges"][0], "a ledger without charges proves nothing"


@pytest.mark.long
def test_a_rebuild_makes_the_same_ledger(ledger: Path, expected: Digests, tmp_path: Path) -> None:
    """From its archived pages alone each table of a ledger comes out with the same digest."""
    rebuild(ledger, tmp_path / "new", PUBLIC)
    assert _digests(tmp_path / "new", _columns()) == expected


@pytest.mark.long
def test_a_sync_that_was_killed_makes_the_same_ledger(
    case: Case, expected: Digests, forks: Forks, tmp_path: Path
) -> None:
    """Each of the two syncs, shot with SIGKILL three times and then run again, fills each table likewise."""
    rng = random.Random(case.name)  # noqa: S311 - repeatable, not secret
    path, killed = tmp_path / "ledger", 0
    for wire, unharmed in zip(case.wires(), case.wires(), strict=True):
        for requests in (10, 15, 25):
            wire.answers.clear()
            with serve(wire) as server:
                process = forks.start("sync", *case.words, ledger=path, url=server.url, now=wire.clock.now())
                _wait(wire, process, requests)
                time.sleep(rng.uniform(0, 0.1))
                killed += forks.kill(process) == -signal.SIGKILL
        case.sync(path, unharmed)
    assert killed > 1, "some of the syncs were still at work"
    assert _digests(path, _columns()) == expected


def _wait(wire: Wire, process: int, requests: int) -> None:
    """Wait until the process has asked so often, or has ended."""
    patience = time.monotonic() + 60
    while len(wire.answers) < requests and Path(f"/proc/{process}").exists():
        assert time.monotonic() < patience
        time.sleep(0.002)
