"""The ledger beside a model in memory, through random interleavings of everything that writes to it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.cut import Cut
from support.ledger_model import WAYS, DayTruth, Model, billed, spoil
from support.records import records
from support.simulated_truth import COUNTED, counted, ledger_spent, ledger_used
from support.wire import KEY, Clock, Wire, transport
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.billing.close import close
from tallystick.billing.obstacles import Allowed
from tallystick.core.ledger_tables import DAYS
from tallystick.core.records import State
from tallystick.core.time import DAY, midnight
from tallystick.core.time_words import period
from tallystick.doctor.damage import Kind
from tallystick.doctor.examination import examine
from tallystick.doctor.repair import Repair
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.query.closings import closed_rows, closings, digest
from tallystick.reports.verify import verify
from tallystick.sim import World
from tallystick.store.backup import back_up
from tallystick.store.engine import Engine
from tallystick.store.restore import restore
from tallystick.store.tables import Tables
from tallystick.sync.forget import find_person, forget
from tallystick.sync.options import Options
from tallystick.sync.rebuild import rebuild
from tallystick.sync.redaction import People
from tallystick.sync.retally import retally
from tallystick.sync.run import Sync
from tallystick.tally.owners import Owners
from tallystick.tally.prices_in_force import Prices

FIRST = date(2026, 10, 1)
BEGIN = datetime(2026, 10, 6, 12, tzinfo=UTC)
SETTLED = timedelta(days=35)
MOST_FILES = 2
"""So few that nearly every commit compacts."""
MOMENTS = 160
"""More syncs to the disk than a sync of the ledger asks for: some cuts come after its end."""
EXAMPLES = int(os.environ.get("EXAMPLES", "6"))
"""Interleavings that are tried; `make soak` tries many."""
STEPS = 15
PEOPLE = People("full", b"a key of the tests")
OWN_PRICES = """
[[price]]
for = "web_search"
from = 2026-01-01
usd = { web_search = "8.80" }
"""


class Interleaving(RuleBasedStateMachine):
    """One organization and its ledger; after each step the ledger says what the model says, and adds up."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="tallystick-"))
        self.path = self.folder / "0"
        self.world = World(start=date(2026, 8, 1), end=date(2026, 12, 31), seed=1, keys=16, requests_per_key_day=2)
        self.now = BEGIN
        self.model = Model()
        self.prices = Prices.with_own()
        self.ledgers = 0

    def teardown(self) -> None:
        """Delete every copy of the ledger."""
        shutil.rmtree(self.folder)

    @property
    def tables(self) -> Tables:
        """The ledger as its next reader opens it."""
        return Tables(self.path, most_files=MOST_FILES)

    @property
    def engine(self) -> Engine:
        """Its newest version."""
        return Engine(self.tables, self.tables.newest())

    @property
    def organization(self) -> str:
        """The only one there is."""
        return self.world.organization.id

    def next_path(self) -> Path:
        """A folder for a further copy of the ledger."""
        self.ledgers += 1
        return self.folder / f"{self.ledgers}"

    def read(self, tables: Tables) -> None:
        """Sync everything since the first day."""
        wire = Wire(self.world, Clock(self.now))
        options = Options.of(str(FIRST), None, {"source": "reports", "claude_code": False}, self.now)
        with Client(Credential(KEY), clock=wire.clock, transport=transport(wire), most_at_once=1) as client:
            Sync(client, tables, wire.clock, options, prices=self.prices, people=PEOPLE).run()

    def due(self) -> list[date]:
        """The ended days that a sync reads now: those that were never read, or not since they were settled."""
        ended = [FIRST + DAY * number for number in range((self.now.date() - FIRST).days)]
        read_at = self.model.read_at
        return [day for day in ended if day not in read_at or read_at[day] < midnight(day) + DAY + SETTLED]

    @initialize()
    def begin(self) -> None:
        """Every ledger begins with a sync."""
        self.sync()

    @rule()
    def sync(self) -> None:
        """A sync reads each day that is new or may still be restated."""
        self.read(self.tables)
        for day in self.due():
            self.model.days[day] = DayTruth.of(self.world, day)
            self.model.read_at[day] = self.now

    @rule(moment=st.integers(0, MOMENTS), power=st.booleans())
    def cut(self, moment: int, *, power: bool) -> None:
        """After a cut each day is as it was before the sync or as the sync read it, both halves alike."""
        copy = self.next_path()
        cut = Cut(self.path, copy, moment, power=power)
        self.read(Tables(self.path, most_files=MOST_FILES, sync=cut))
        if not cut.done:
            shutil.copytree(self.path, copy)
        self.path = copy
        self.take_over(self.due())

    def take_over(self, days: Iterable[date]) -> None:
        """Let the model say of days what a sync read, where the ledger has it; the others stay as they were."""
        usage, cost = ledger_used(self.path), ledger_spent(self.path)
        for day in days:
            stated, truth = DayTruth(usage.get((day,), {}), cost.get(day, {})), DayTruth.of(self.world, day)
            if stated == truth and stated != self.model.days.get(day):
                self.model.days[day], self.model.read_at[day] = truth, self.now

    @rule(data=st.data(), way=st.sampled_from(WAYS))
    def damage(self, data: st.DataObject, way: str) -> None:
        """A file is damaged: a repair brings back every figure, and a sync what is lost of a page."""
        files = sorted(path for path in self.path.rglob("*") if path.is_file() and path.stat().st_size)
        file = data.draw(st.sampled_from(files))
        content = bytearray(file.read_bytes())
        spoil(file, content, way)
        Repair(self.tables, self.prices, PEOPLE, self.now, lambda _: None).run()
        self.model.versions.clear()  # the files of some may be gone
        if file.is_relative_to(self.path / "pages"):
            self.read(self.tables)
        self.take_over({*self.model.days, *self.due()})
        lasting = [damage for damage in examine(self.tables, self.prices).damages if damage.kind is not Kind.OLD]
        assert lasting == [], (file, way)

    @rule()
    def restore(self) -> None:
        """A backup is the same ledger, its past versions too."""
        new, folder = self.next_path(), self.folder / "backup"
        back_up(self.tables, folder, None)
        restore(folder, new, None)
        self.path = new

    @rule(days=st.integers(1, 20))
    def pass_days(self, days: int) -> None:
        """Time passes."""
        self.now += DAY * days

    @rule(data=st.data())
    def restate(self, data: st.DataObject) -> None:
        """Anthropic restates a day: nothing changes before the next sync."""
        days = [FIRST + DAY * number for number in range((self.now.date() - FIRST).days)]
        self.world.restate(data.draw(st.sampled_from(days)))

    @rule(own=st.booleans())
    def tally(self, *, own: bool) -> None:
        """Usage is priced by other lists: what was billed stays."""
        self.prices = Prices.with_own(OWN_PRICES) if own else Prices.with_own()
        retally(self.tables, [self.organization], self.prices, self.now, None)

    @precondition(lambda self: self.now.date() > date(2026, 11, 2))
    @rule()
    def close(self) -> None:
        """The next month that is over is closed as the ledger has it; refused while days of it were never read."""
        name = "2026-11" if "2026-10" in self.model.closed else "2026-10"
        days = period(name, self.now).days
        month = [days.start.date() + DAY * number for number in range((days.end - days.start).days)]
        owners, allowed = Owners(), Allowed(provisional=True, late=True, without_owners=True)
        if not self.model.days.keys() >= {*month}:
            with pytest.raises((InvalidQuestion, LedgerError)):
                close(self.tables, name, owners, self.prices, lambda: self.now, **allowed)
            return
        close(self.tables, name, owners, self.prices, lambda: self.now, **allowed)
        closing = closings(self.engine, self.organization)[name]
        self.model.closed[name] = (closing.digest, dict(closing.billed))
        assert closing.billed["charge"] == sum((sum(self.model.days[day].spent.values()) for day in month), Decimal(0))

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        """A person is forgotten: no figure changes, and no past version tells the name."""
        user = data.draw(st.sampled_from(self.world.organization.users))
        try:
            person = find_person(self.tables, PEOPLE, user.id)
        except InvalidQuestion:
            assert user.name in self.model.forgotten
            return
        forget(self.tables, PEOPLE, person)
        self.model.forgotten |= {user.name, user.email}
        self.model.versions.clear()

    @rule()
    def rebuild(self) -> None:
        """A ledger that is built from the pages of another says the same, and what a killed sync had read of a day."""
        new = self.next_path()
        rebuild(self.path, new, self.prices, PEOPLE)
        self.path = new
        self.model.versions.clear()
        self.take_over(self.due())

    @precondition(lambda self: self.model.versions)
    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        """A past version says what it said when it was the newest."""
        number = data.draw(st.sampled_from(sorted(self.model.versions)))
        [version] = [version for version in self.tables.versions() if version.number == number]
        assert billed(self.tables, version) == self.model.versions[number]

    @invariant()
    def same(self) -> None:
        """Every ended day has both halves as they were when it was read last."""
        usage, cost = ledger_used(self.path), ledger_spent(self.path)
        ended = [row for row in records(self.path, DAYS) if row["state"] != State.RUNNING]
        totals = {(row["source"], row["day"]): row for row in ended}
        assert totals.keys() == {(source, day) for source in ("usage", "cost") for day in self.model.days}
        for day, truth in self.model.days.items():
            assert DayTruth(usage.get((day,), {}), cost.get(day, {})) == truth, day
            assert tuple(totals["usage", day][name] for name in COUNTED) == counted(truth.used)
        newest = self.tables.newest()
        charged = billed(self.tables, newest)
        for day, truth in self.model.days.items():
            assert charged.get(day, Decimal(0)) == sum(truth.spent.values()), day
        self.model.versions[newest.number] = charged

    @invariant()
    def adds_up(self) -> None:
        """The ledger adds up, and closed months are as they were closed."""
        assert verify(self.engine, self.prices).cells == []
        closed = closings(self.engine, self.organization)
        assert {name: (each.digest, dict(each.billed)) for name, each in closed.items()} == self.model.closed
        for name, (stated, _) in self.model.closed.items():
            assert digest(closed_rows(self.engine, self.organization, name)) == stated


@pytest.mark.long
def test_a_ledger_says_what_its_model_says() -> None:
    """Whatever writes to a ledger, in whatever order, it says what a model in memory says, and adds up."""
    run_state_machine_as_test(
        Interleaving,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[*HealthCheck],
            print_blob=True,
            phases=[Phase.generate],
        ),
    )
