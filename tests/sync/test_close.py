"""Closing a month: what it is closed with stays, what is restated later is charged next, nothing is lost between."""

from __future__ import annotations

import random
import shutil
import signal
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.processes import child
from support.records import records, rows
from support.wire import PUBLIC, Clock, Wire, small, synced
from tallystick.billing.chargeback import Charged, charged
from tallystick.billing.close import close
from tallystick.billing.statement import overview, statement
from tallystick.core.ledger_tables import CHARGES, CLOSED, DAYS, NAMES
from tallystick.core.money import plain
from tallystick.core.time_words import utc_month
from tallystick.errors import InvalidQuestion, LedgerError, TallystickError
from tallystick.ledger import Ledger
from tallystick.query.closed_months import Month, month
from tallystick.query.closings import ADJUSTMENT, CHARGE, closed_rows, closings, digest
from tallystick.query.since_closed import otherwise
from tallystick.reports.verify import verify
from tallystick.sim import World
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.sync.rebuild import rebuild
from tallystick.tally.owners import Owners

FIRST = date(2026, 10, 1)
OWNERS = Owners.read(
    [
        {"team": "docs", "cost_center": "4711", "key": ["docs-*"]},
        {"shared": {"rule": "proportional", "teams": ["docs", "platform"]}, "model": "*haiku*"},
        {"shared": {"rule": "fixed", "shares": {"docs": "1/3", "platform": "2/3"}}, "workspace": ["Production"]},
    ]
)
OTHERS = Owners.read([{"team": "docs", "model": ["*"]}])
NOVEMBER, DECEMBER = datetime(2026, 11, 4, 12, tzinfo=UTC), datetime(2026, 12, 3, 12, tzinfo=UTC)


class Book(NamedTuple):
    """A ledger, and what it was read from."""

    path: Path
    world: World

    def read(self, when: datetime) -> None:
        """A sync at that time."""
        synced(self.path, Wire(self.world, Clock(when)), FIRST)

    def close(self, name: str, when: datetime, owners: Owners = OWNERS, *, provisional: bool = True) -> Month:
        """Close a month at that time."""
        [closed] = close(Tables(self.path), name, owners, PUBLIC, Clock(when).now, provisional=provisional)
        return closed

    def engine(self) -> Engine:
        """The newest version."""
        tables = Tables(self.path)
        return Engine(tables, tables.newest())

    def month(self, name: str, owners: Owners = OWNERS) -> Month:
        """The lines of a month as they stand."""
        return month(self.engine(), self.world.organization.id, name, owners)

    def bill(self, name: str) -> Decimal:
        """What a month was billed, by the control totals of its days."""
        cost_days = [
            row for row in records(self.path, DAYS) if row["source"] == "cost" and f"{row['day']:%Y-%m}" == name
        ]
        return sum((row["billed"] for row in cost_days), Decimal(0))

    def charged(self, name: str, *, sums: bool = False) -> Charged:
        """The statements of a month as they stand."""
        return charged(self.engine(), self.world.organization.id, name, OWNERS, NOVEMBER, sums=sums)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A ledger since October, read in November; left as it is."""
    book = Book(tmp_path_factory.mktemp("read") / "ledger", small())
    book.read(NOVEMBER)
    return book


@pytest.fixture
def book(read: Book, tmp_path: Path) -> Book:
    """A copy of it whose world may be restated."""
    shutil.copytree(read.path, tmp_path / "ledger")
    return Book(tmp_path / "ledger", small())


@pytest.fixture(scope="module")
def read_late(read: Book, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The same ledger, read in December too; left as it is."""
    path = tmp_path_factory.mktemp("late") / "ledger"
    shutil.copytree(read.path, path)
    book = Book(path, read.world)
    book.read(DECEMBER)
    return book


@pytest.fixture
def late(read_late: Book, tmp_path: Path) -> Book:
    """A copy of that."""
    shutil.copytree(read_late.path, tmp_path / "late")
    return Book(tmp_path / "late", read_late.world)


def stripped(month: Month) -> list[dict[str, Any]]:
    """The lines of a month in one order."""
    return sorted(month.lines.to_pylist(), key=repr)


@pytest.mark.long
def test_a_month_is_closed_with_its_bill(book: Book) -> None:
    """The rows of a closed month sum to the bill, by team and cost center too, and to all that was used."""
    draft, closed = book.month("2026-10"), book.close("2026-10", NOVEMBER)
    assert closed.billed(CHARGE) == book.bill("2026-10") == draft.billed(CHARGE)
    assert stripped(closed) == stripped(draft)
    assert {row["team"] for row in closed.lines.to_pylist()} == {"docs", "platform", "unowned"}
    used = rows(book.path, "SELECT sum(quantity) AS n, sum(priced) AS p FROM charges WHERE month = '2026-10'")[0]
    sums = closed.lines.group_by([]).aggregate([("quantity", "sum"), ("priced", "sum")]).to_pylist()[0]
    assert (sums["quantity_sum"], sums["priced_sum"]) == (used["n"], used["p"])
    assert not verify(book.engine(), PUBLIC).cells


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "message"),
    [("2026-11", "has not ended"), ("2026-09", "absent"), ("2026-13", "not a month"), ("October", "not a month")],
)
def test_what_cannot_be_closed_is_not(book: Book, name: str, message: str) -> None:
    """A month that has not ended, whose days are absent, or that is none, is refused with the reason, and not kept."""
    before = Tables(book.path).newest().number
    with pytest.raises(TallystickError, match=message):
        book.close(name, NOVEMBER)
    assert Tables(book.path).newest().number == before
    assert not records(book.path, CLOSED)


@pytest.mark.long
def test_provisional_days_must_be_allowed(book: Book) -> None:
    """Days that may still be restated are named, and keep a month open unless they are allowed; then they are kept."""
    with pytest.raises(InvalidQuestion, match="2026-10-01 to 2026-10-31"):
        book.close("2026-10", NOVEMBER, provisional=False)
    closed = book.close("2026-10", NOVEMBER)
    assert closed.closing
    assert [str(day) for day in closed.closing.provisional] == [f"2026-10-{day:02}" for day in range(1, 32)]


@pytest.mark.long
def test_a_month_is_closed_once(book: Book) -> None:
    """A closed month cannot be closed again."""
    book.close("2026-10", NOVEMBER)
    with pytest.raises(InvalidQuestion, match="closed already"):
        book.close("2026-10", NOVEMBER)


def test_a_broken_month_stays_open(book: Book) -> None:
    """What does not add up is not closed, and what is wrong is named."""
    for file in (book.path / "cost").rglob("*month=2026-10*/*.parquet"):
        file.unlink()
    with pytest.raises(LedgerError):
        book.close("2026-10", NOVEMBER)
    assert not records(book.path, CLOSED)


@pytest.mark.long
def test_what_is_restated_is_charged_in_the_next_month(book: Book) -> None:
    """After a restatement a closed month is as it was; the next one has the difference; then it is charged once."""
    closed = book.close("2026-10", NOVEMBER)
    before = book.bill("2026-10")
    assert book.month("2026-11").billed(ADJUSTMENT) == 0
    book.world.restate(date(2026, 10, 20))
    book.world.restate(date(2026, 10, 31))
    book.read(NOVEMBER)
    change = book.bill("2026-10") - before
    assert change
    assert stripped(book.month("2026-10")) == stripped(closed)
    assert not verify(book.engine(), PUBLIC).cells
    for owners in (OWNERS, OTHERS):  # the rules of the closing hold, whatever they are now
        draft = book.month("2026-11", owners)
        assert draft.billed(ADJUSTMENT) == change
        adjusted = [row for row in draft.lines.to_pylist() if row["what"] == ADJUSTMENT]
        assert {row["day"] for row in adjusted} == {date(2026, 10, 20), date(2026, 10, 31)}
        assert {row["team"] for row in adjusted} == {"docs", "platform", "unowned"}
    for name in ("2026-10", "2026-11"):  # closed, and a draft with adjustments
        lines, sums = (overview(book.charged(name, sums=in_sums)) for in_sums in (False, True))
        assert (sums.sections, sums.figures, sums.messages) == (lines.sections, lines.figures, lines.messages)
    assert book.month("2026-12").billed(ADJUSTMENT) == 0
    book.read(DECEMBER)
    november = book.close("2026-11", DECEMBER)
    assert (november.billed(ADJUSTMENT), november.billed(CHARGE)) == (change, book.bill("2026-11"))
    assert book.month("2026-12").billed(ADJUSTMENT) == 0
    book.world.restate(date(2026, 11, 10))
    book.read(DECEMBER)
    later = book.month("2026-12").billed(ADJUSTMENT)
    assert later == book.bill("2026-11") - november.billed(CHARGE) != 0
    total = sum(row["billed"] or 0 for row in records(book.path, CLOSED)) + later
    assert total == book.bill("2026-10") + book.bill("2026-11")


@pytest.mark.long
def test_statements_after_a_restatement(book: Book) -> None:
    """A closed month's statements stay as they were sent; those of the next month hold the adjustments, and add up."""
    book.close("2026-10", NOVEMBER)
    sent = {team: statement(book.charged("2026-10"), team).written() for team in book.charged("2026-10").teams}
    before = book.bill("2026-10")
    book.world.restate(date(2026, 10, 20))
    book.read(NOVEMBER)
    assert {team: statement(book.charged("2026-10"), team).written() for team in sent} == sent
    made = book.charged("2026-11")
    assert sum(made.amount(team, ADJUSTMENT) for team in made.teams) == book.bill("2026-10") - before != 0
    assert made.amount_due == book.bill("2026-11") + book.bill("2026-10") - before
    adjusted = {team for team in made.teams if any(line["part"] == ADJUSTMENT for line in made.lines[team])}
    for team in made.teams:
        titles = {section.title for section in statement(made, team).sections}
        assert ("Adjustments of closed months" in titles) == (team in adjusted)
    assert adjusted


@pytest.mark.long
def test_it_is_said_that_a_closed_month_was_restated(book: Book) -> None:
    """After a sync it is said which closed months were restated and by how much; answers by other rules say so."""
    book.close("2026-10", NOVEMBER)
    ledger = Ledger(book.path, Clock(NOVEMBER))
    assert ledger.restated() == []
    assert otherwise(book.engine(), utc_month("2026-10"), OWNERS) == []
    before = book.bill("2026-10")
    book.world.restate(date(2026, 10, 20))
    book.read(NOVEMBER)
    [message] = ledger.restated()
    assert "2026-10" in message
    assert plain(book.bill("2026-10") - before) in message
    [message] = otherwise(book.engine(), utc_month("2026-10"), OWNERS)
    assert "2026-10 was closed with other amounts: " in message.text
    assert otherwise(book.engine(), utc_month("2026-11"), OTHERS) == []
    [message] = otherwise(book.engine(), utc_month("2026-10"), OTHERS)
    assert "2026-10 was closed by other rules of the owners: " in message.text
    assert " USD then, " in message.text


@pytest.mark.long
def test_owners_of_a_closed_month_stay(book: Book) -> None:
    """Rules that change afterwards change no closed month, and are no adjustment."""
    closed = book.close("2026-10", NOVEMBER)
    assert stripped(book.month("2026-10", OTHERS)) == stripped(closed)
    assert book.month("2026-11", OTHERS).billed(ADJUSTMENT) == 0


@pytest.mark.long
def test_the_digest_is_of_the_rows_alone(book: Book, tmp_path: Path) -> None:
    """Another machine that builds the ledger from the same pages closes the month with the same digest, at any time."""
    closing = book.close("2026-10", NOVEMBER).closing
    assert closing
    fresh = tmp_path / "other"
    shutil.copytree(book.path / "pages", fresh / "pages")
    rebuild(fresh, tmp_path / "rebuilt", PUBLIC)
    [second] = close(Tables(tmp_path / "rebuilt"), "2026-10", OWNERS, PUBLIC, Clock(DECEMBER).now, provisional=True)
    assert second.closing
    assert (second.closing.digest, second.closing.at) == (closing.digest, DECEMBER)
    rows = closed_rows(book.engine(), book.world.organization.id, "2026-10")
    places = list(range(rows.num_rows))
    random.Random(1).shuffle(places)  # noqa: S311 - an order, not a secret
    assert digest(rows.take(places)) == closing.digest


@pytest.mark.long
def test_a_rebuilt_ledger_keeps_its_closed_months(book: Book, tmp_path: Path) -> None:
    """Rebuilding takes closed months over row for row, for they cannot be derived; and the ledger adds up."""
    closed = book.close("2026-10", NOVEMBER)
    rebuild(book.path, tmp_path / "rebuilt", PUBLIC)
    again = Book(tmp_path / "rebuilt", book.world)
    assert stripped(again.month("2026-10")) == stripped(closed)
    assert not verify(again.engine(), PUBLIC).cells
    assert again.month("2026-11").billed(ADJUSTMENT) == 0


@pytest.mark.long
def test_a_touched_row_is_found(book: Book) -> None:
    """A closed month of which a row was changed by hand no longer has its digest, and `verify` says so."""
    closed = book.close("2026-10", NOVEMBER)
    delta = Tables(book.path).open(CLOSED)
    delta.update(updates={"team": "'docs'"}, predicate="team = 'platform'")
    with Tables(book.path).writing() as writer:
        writer.delta(CLOSED).restore(delta.version())
        writer.commit(closed.organization, "touched", NOVEMBER, {})
    [row] = verify(book.engine(), PUBLIC).rows
    assert (row["day"], row["check"]) == ("2026-10", "closed month: digest")


@pytest.mark.long
def test_a_closing_that_died_before_its_commit_never_was(late: Book) -> None:
    """Rows of a closing that were written and never committed are seen by nobody, and the month can be closed once."""
    book, closed = late, late.close("2026-10", DECEMBER)
    rows = closed.lines
    with Tables(book.path).writing() as writer:
        writer.append(CLOSED, rows)
    assert stripped(book.month("2026-10")) == stripped(closed)
    book.close("2026-11", DECEMBER)
    assert not verify(book.engine(), PUBLIC).cells


@pytest.mark.long
def test_a_killed_closing_is_whole_or_not_at_all(book: Book, tmp_path: Path) -> None:
    """A process killed while it closes leaves the month open or closed whole; then it can be closed, once."""
    copy = tmp_path / "killed"
    shutil.copytree(book.path, copy)
    process = child(
        "close", "2026-10", "--yes", "--provisional", "--without-owners", ledger=copy, url="http://127.0.0.1:1"
    )
    files = (copy / "closed" / "_delta_log").glob
    patience = time.monotonic() + 30
    while len(list(files("*.json"))) < 2 and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    tables = Tables(copy)
    if not closings(Engine(tables, tables.newest()), book.world.organization.id):
        close(tables, "2026-10", Owners(), PUBLIC, Clock(NOVEMBER).now, provisional=True, without_owners=True)
    engine = Engine(tables, tables.newest())
    assert not verify(engine, PUBLIC).cells
    assert month(engine, book.world.organization.id, "2026-10", Owners()).billed(CHARGE) == book.bill("2026-10")


@pytest.mark.long
def test_a_touched_closed_month_closes_no_other(late: Book) -> None:
    """While a closed month is not what it was closed with, no later one is closed: the damage would be charged."""
    book = late
    book.close("2026-10", DECEMBER)
    delta = Tables(book.path).open(CLOSED)
    delta.update(updates={"billed": "billed + 1"}, predicate="team = 'platform' and billed is not null")
    with Tables(book.path).writing() as writer:
        writer.delta(CLOSED).restore(delta.version())
        writer.commit(book.world.organization.id, "touched", DECEMBER, {})
    with pytest.raises(LedgerError, match="2026-10, closed month"):
        book.close("2026-11", DECEMBER)


@pytest.mark.long
def test_another_split_is_no_restatement(book: Book) -> None:
    """Where a billed line of a closed month is split otherwise, as by another price list, nothing is an adjustment."""
    book.close("2026-10", NOVEMBER)
    line = "day, workspace, model, kind, tier, context, geo, speed"
    several = "HAVING count(*) = 2 AND min(key) <> max(key)"
    query = f"SELECT {line}, min(key) AS one, max(key) AS other FROM charges WHERE month = '2026-10' AND billed > 0 "  # noqa: S608
    query += f"GROUP BY {line} {several}"
    where = rows(book.path, f"{query} LIMIT 1")[0]
    delta = Tables(book.path).open(CHARGES)
    for key, sign in ((where.pop("one"), "+"), (where.pop("other"), "-")):
        condition = " and ".join(
            f"{name} = " + (f"date '{value}'" if name == "day" else f"'{value}'") for name, value in where.items()
        )
        delta.update(updates={"billed": f"billed {sign} 0.000001"}, predicate=f"{condition} and key = '{key}'")
    with Tables(book.path).writing() as writer:
        writer.delta(CHARGES).restore(delta.version())
        writer.commit(book.world.organization.id, "split otherwise", NOVEMBER, {})
    assert not [row for row in book.month("2026-11").lines.to_pylist() if row["what"] == ADJUSTMENT]


@pytest.mark.long
def test_closed_months_are_not_lost_without_a_word(book: Book, tmp_path: Path) -> None:
    """A ledger whose versions are lost is not rebuilt without its closed months: that is refused before any work."""
    book.close("2026-10", NOVEMBER)
    shutil.rmtree(book.path / "versions")
    with pytest.raises(LedgerError, match="closed months"):
        rebuild(book.path, tmp_path / "rebuilt", PUBLIC)
    assert not (tmp_path / "rebuilt").exists()


def test_no_ledger_is_made_to_close_in(tmp_path: Path) -> None:
    """Closing in a ledger that is not there is an error, and makes none."""
    with pytest.raises(LedgerError, match="There is no ledger"):
        Ledger(tmp_path / "nowhere", Clock(NOVEMBER)).close("2026-10")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.long
def test_months_are_closed_in_their_order(late: Book) -> None:
    """The first month with charges is closed first, unless earlier ones are left open for ever; then one by one."""
    book = late
    with pytest.raises(InvalidQuestion, match="2026-10 is open and has charges"):
        book.close("2026-11", DECEMBER)
    assert not records(book.path, CLOSED)
    tables = Tables(book.path)
    close(tables, "2026-11", OWNERS, PUBLIC, Clock(DECEMBER).now, provisional=True, skip_earlier=True)
    with pytest.raises(InvalidQuestion, match="2026-10 cannot be closed any more"):
        book.close("2026-10", DECEMBER)


@pytest.mark.long
def test_no_frozen_rule_names_a_person(book: Book) -> None:
    """A rule that names a person by e-mail, name or a part of it is kept with the id, and still owns what it owned."""
    hers = "SELECT actor, list(DISTINCT day) AS days FROM charges WHERE billed > 0 AND month = '2026-10' GROUP BY actor"
    query = f"SELECT * FROM names JOIN ({hers}) ON id = actor WHERE type = 'user' ORDER BY len(days) DESC LIMIT 1"  # noqa: S608
    [person] = rows(book.path, query)
    patterns = [person["email"], person["name"], f"*{person['email'][1:]}"]
    owners = Owners.read([{"team": "hers", "actor": patterns}])
    closed = book.close("2026-10", NOVEMBER, owners)
    assert closed.billed(CHARGE) == book.bill("2026-10")
    for row in records(book.path, CLOSED):
        assert person["email"][1:] not in str(row)
        assert person["name"] not in str(row)
    for day in person["days"]:
        book.world.restate(day)
    book.read(NOVEMBER)
    adjusted = [row for row in book.month("2026-11").lines.to_pylist() if row["what"] == ADJUSTMENT]
    assert person["id"] in {row["actor"] for row in adjusted}
    assert all((row["team"] == "hers") == (row["actor"] == person["id"]) for row in adjusted)


@pytest.mark.long
def test_a_version_states_the_digest_that_it_closed(book: Book) -> None:
    """The version that closed a month is in the log and states its digest."""
    closed = book.close("2026-10", NOVEMBER)
    newest = Tables(book.path).newest()
    assert closed.closing
    assert (newest.what, newest.number) == ("close 2026-10", closed.closing.version)
    assert newest.totals[f"closed 2026-10 {closed.organization}"] == closed.closing.digest


@pytest.mark.long
def test_who_is_forgotten_is_in_no_closed_month(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that name people by their e-mails are frozen with ids; forgetting leaves the month and its digest."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    people = [row for row in records(book.path, NAMES) if row["type"] == "user"]
    owners = Owners.read(
        [{"team": "people", "actor": [row["email"] for row in people]}, {"team": "else", "model": "*"}]
    )
    before = book.month("2026-10", owners)
    [closed] = close(Tables(book.path), "2026-10", owners, PUBLIC, Clock(NOVEMBER).now, provisional=True)
    assert stripped(closed) == stripped(before)
    Ledger(book.path, Clock(NOVEMBER)).forget(None)
    kept_ = repr(records(book.path, CLOSED))
    assert people
    assert not [row["email"] for row in people if row["email"] in kept_ or f"'{row['name']}'" in kept_]
    assert stripped(book.month("2026-10")) == stripped(closed)
    assert book.month("2026-11", owners).billed(ADJUSTMENT) == 0
    assert not verify(book.engine(), PUBLIC).cells
