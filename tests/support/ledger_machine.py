"""A ledger and its model, and what a random interleaving does to them step by step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine

from support.cut import Cut
from support.ledger_model import DayTruth, Model
from support.simulated_truth import ledger_spent, ledger_used
from support.wire import KEY, Clock, Wire, transport
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.time import DAY, midnight
from tallystick.errors import InvalidQuestion
from tallystick.query.closings import closing_versions
from tallystick.sim import World
from tallystick.sim.world.organization import User
from tallystick.store.engine import Engine
from tallystick.store.retention import retain
from tallystick.store.tables import Tables
from tallystick.sync.forget import find_person, forget
from tallystick.sync.options import Options
from tallystick.sync.redaction import People
from tallystick.sync.retally import retally
from tallystick.sync.run import Sync
from tallystick.tally.prices_in_force import Prices

FIRST = date(2026, 10, 1)
BEGIN = datetime(2026, 10, 6, 12, tzinfo=UTC)
SETTLED = timedelta(days=35)
MOST_FILES = 2
"""So few that nearly every commit compacts."""
PEOPLE = People("full", b"a key of the tests")


class LedgerMachine(RuleBasedStateMachine):
    """One organization, its ledger and the model of it; each method is a part of a step."""

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

    def take_over(self, days: Iterable[date]) -> None:
        """Let the model say of days what a sync read, where the ledger has it; the others stay as they were."""
        usage, cost = ledger_used(self.path), ledger_spent(self.path)
        for day in days:
            stated, truth = DayTruth(usage.get((day,), {}), cost.get(day, {})), DayTruth.of(self.world, day)
            if stated == truth and stated != self.model.days.get(day):
                self.model.days[day], self.model.read_at[day] = truth, self.now

    def cut_short(self, work: Callable[[Tables], object], moment: int, *, power: bool) -> None:
        """Let work write to the ledger, which then is as a kill or a power cut in the middle of it left it."""
        copy = self.next_path()
        cut = Cut(self.path, copy, moment, power=power)
        work(Tables(self.path, most_files=MOST_FILES, sync=cut))
        if not cut.done:
            shutil.copytree(self.path, copy)
        self.path = copy

    def match(self, tables: Tables) -> None:
        """Match all usage with the bill again."""
        retally(tables, [self.organization], self.prices, self.now, None)

    def forget_person(self, user: User) -> None:
        """Forget a person who was not forgotten yet."""
        try:
            person = find_person(self.tables, PEOPLE, user.id)
        except InvalidQuestion:
            assert user.name in self.model.forgotten
            return
        forget(self.tables, PEOPLE, person)
        self.model.forgotten |= {user.name, user.email}

    def retain(self, tables: Tables, keep: timedelta | None) -> None:
        """Drop what is not kept, and delete what was dropped an hour ago."""
        needed = closing_versions(Engine(tables, tables.newest()))
        with tables.writing() as writer:
            retain(writer, keep, needed, self.now)
