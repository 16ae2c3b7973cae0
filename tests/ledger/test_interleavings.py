"""The ledger beside a model in memory, through random interleavings of everything that writes to it."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.ledger_machine import FIRST, PEOPLE, LedgerMachine
from support.ledger_model import WAYS, DayTruth, billed, spoil
from support.records import records
from support.simulated_truth import COUNTED, counted, ledger_spent, ledger_used
from tallystick.billing.close import close
from tallystick.billing.obstacles import Allowed
from tallystick.core.ledger_tables import CLOSED_AS, DAYS
from tallystick.core.records import State
from tallystick.core.time import DAY
from tallystick.core.time_words import period
from tallystick.doctor.damage import Kind
from tallystick.doctor.examination import examine
from tallystick.doctor.repair import Repair
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.query.closings import closed_rows, closings, digest
from tallystick.reports.verify import verify
from tallystick.store.backup import back_up
from tallystick.store.duplicate import duplicate
from tallystick.store.restore import restore
from tallystick.store.unneeded import GRACE
from tallystick.sync.forget import find_person, forget
from tallystick.sync.rebuild import rebuild
from tallystick.tally.owners import Owners
from tallystick.tally.prices_in_force import Prices

MOMENTS = 160
"""More syncs to the disk than a sync of the ledger asks for: some cuts come after its end."""
FEW_MOMENTS = 60
"""The same of other commands."""
MOST_DAYS = 40
"""Days that a vacuum keeps at most."""
EXAMPLES = int(os.environ.get("EXAMPLES", "6"))
"""Interleavings that are tried; `make soak` tries many."""
STEPS = 15
OWN_PRICES = """
[[price]]
for = "web_search"
from = 2026-01-01
usd = { web_search = "8.80" }
"""


class Interleaving(LedgerMachine):
    """One organization and its ledger; after each step the ledger says what the model says, and adds up."""

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
        self.cut_short(self.read, moment, power=power)
        self.take_over(self.due())

    @rule(moment=st.integers(0, FEW_MOMENTS), power=st.booleans())
    def cut_tally(self, moment: int, *, power: bool) -> None:
        """A tally that is cut changes nothing of what was billed."""
        self.cut_short(self.match, moment, power=power)

    @rule(data=st.data(), moment=st.integers(0, FEW_MOMENTS), power=st.booleans())
    def cut_forget(self, data: st.DataObject, moment: int, *, power: bool) -> None:
        """A person whose forgetting was cut can be forgotten again, and no figure changes."""
        user = data.draw(st.sampled_from(self.world.organization.users))
        if user.name not in self.model.forgotten:
            person = find_person(self.tables, PEOPLE, user.id)
            self.cut_short(lambda tables: forget(tables, PEOPLE, person), moment, power=power)
            self.forget_person(user)

    @rule(days=st.integers(1, MOST_DAYS), moment=st.integers(0, FEW_MOMENTS), power=st.booleans())
    def cut_vacuum(self, days: int, moment: int, *, power: bool) -> None:
        """A vacuum that is cut leaves the versions that stay as they were, and the next one ends it."""
        keep = timedelta(days=days)
        self.cut_short(lambda tables: self.retain(tables, keep), moment, power=power)
        self.vacuum(days, again=True)

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

    @rule(way=st.sampled_from(("backup", "copy")))
    def move(self, way: str) -> None:
        """A backup or a copy is the same ledger, its past versions too."""
        new, folder = self.next_path(), self.folder / "backup"
        if way == "copy":
            duplicate(self.tables, new)
        else:
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
        self.match(self.tables)

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
        self.forget_person(data.draw(st.sampled_from(self.world.organization.users)))

    @rule(days=st.integers(1, MOST_DAYS), again=st.booleans())
    def vacuum(self, days: int, *, again: bool) -> None:
        """What another version followed before the days that are kept is dropped, but for closings; files go later."""
        keep = timedelta(days=days)
        every = self.tables.versions()
        recent = {older.number for newer, older in pairwise(every) if newer.at and newer.at > self.now - keep}
        closing = {version.number for version in every if any(name.startswith(CLOSED_AS) for name in version.totals)}
        self.retain(self.tables, keep)
        stay = {version.number for version in self.tables.versions()}
        assert {every[0].number} | recent | closing <= stay <= {version.number for version in every}
        self.model.versions = {number: said for number, said in self.model.versions.items() if number in stay}
        if again:
            self.now += GRACE
            self.retain(self.tables, None)

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
