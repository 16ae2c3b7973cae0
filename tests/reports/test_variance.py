"""Variance as a report: the effects of simulated months add up to their bills, by whatever is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from support.command import Run
from support.ledgers import OpenLedger, open_ledger
from support.organization import CLOCK, FIRST, NOW, Truth
from support.tables import column, message, summed, total
from support.written_ledger import charge, written_ledger
from tallystick import Ledger
from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.question import Question, Table
from tallystick.core.time import Window
from tallystick.errors import InvalidQuestion
from tallystick.reports.variance import windows
from tallystick.reports.variance_lines import effects_of
from tallystick.reports.variance_words import combined
from tallystick.settings import Settings
from tallystick.sim import Discount, World
from tallystick.sim.world.discount import NO_DISCOUNT
from tallystick.tally.owners import Owners
from tallystick.tally.variance import Amount, Line, effects

Tallystick = Callable[..., Run]
OCTOBER, NOVEMBER = (date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 11, 1), date(2026, 11, 21))
EFFECTS = ("price", "volume", "mix")


def adds_up(table: Table) -> None:
    """Every row and the totals add up, and the rows to the totals."""
    for row in (*table.rows, table.totals):
        assert row["after"] - row["before"] == row["change"] == sum((row[name] for name in EFFECTS), Decimal(0)), row
    for name in ("before", "after", "change", *EFFECTS):
        assert summed(table, name) == total(table, name)


@pytest.mark.long
@pytest.mark.parametrize(
    "by", [(), *((name,) for name in (*SUBJECTS, *OWNED, *TERMS)), ("team", "kind"), ("workspace", "model")]
)
def test_two_months_add_up_to_their_bills(owned: Ledger, truth: Truth, by: tuple[str, ...]) -> None:
    """By any dimension, before and after are the months' bills, and the effects their difference, to the picodollar."""
    table = owned.variance("2026-11", "2026-10", by=by)
    adds_up(table)
    assert (total(table, "before"), total(table, "after")) == (truth.billed(*OCTOBER), truth.billed(*NOVEMBER))
    sizes = [abs(change) for change in column(table, "change")]
    assert sizes == sorted(sizes, reverse=True)
    assert len({tuple(row[name] for name in by) for row in table.rows}) == len(table.rows)


@pytest.mark.long
@pytest.mark.parametrize("by", [*((name,) for name in (*SUBJECTS, *OWNED, *TERMS)), ("kind", "tier"), ("team", "key")])
def test_a_change_has_one_split(owned: Ledger, by: tuple[str, ...]) -> None:
    """By whatever is asked, the split is the same: the totals, and each row beside the question held to it."""
    table = owned.variance("2026-11", "2026-10", by=by)
    whole = owned.variance("2026-11", "2026-10", by=())
    shared = {*by} & {*OWNED}  # halves of a charge are rounded apart
    for name in ("before", "after", "change", *EFFECTS):
        assert abs(total(table, name) - total(whole, name)) <= (Decimal("1e-7") if shared else 0)
    for row in table.rows[:3]:
        where = {name: str(row[name]) for name in by}
        held = owned.variance("2026-11", "2026-10", by=(), where=where).totals
        assert {name: row[name] for name in held} == dict(held)


def test_top_keeps_the_largest_changes(book: Ledger) -> None:
    """`top` keeps the largest changes, up or down, and the rest in one row; the totals stay."""
    full, cut = book.variance("2026-11", "2026-10"), book.variance("2026-11", "2026-10", top=2)
    assert cut.rows[:2] == full.rows[:2]
    assert column(cut, "model")[2:] == ["others"]
    assert cut.totals == full.totals
    adds_up(cut)


@pytest.mark.long
def test_a_discount_is_price(tmp_path: Path) -> None:
    """A discount of a fifth from November on changes price by a fifth of what lines of both months list."""
    tables, by = [], (*SUBJECTS, *TERMS)
    for discount in (NO_DISCOUNT, Discount(200, date(2026, 11, 1))):
        world = World(start=date(2026, 8, 1), end=NOW.date(), keys=16, requests_per_key_day=4, discount=discount)
        ledger = open_ledger(tmp_path / f"{discount.permille}", world, FIRST)
        tables.append(ledger.variance("2026-11", "2026-10", by=by))
        adds_up(tables[-1])
    listed, discounted = ({tuple(row[name] for name in by): row for row in table.rows} for table in tables)
    assert listed.keys() == discounted.keys()
    changed = 0
    for line, row in listed.items():
        new, tolerance = discounted[line], Decimal("1e-9")
        assert new["before"] == row["before"]
        assert new["volume"] == row["volume"] or row["model"] == "none"
        if row["before"] and row["after"] and row["model"] != "none":
            changed += 1
            assert abs(new["price"] - row["price"] + row["after"] / 5) < tolerance
            assert abs(new["mix"] - row["mix"]) < tolerance
    assert changed > 20


@pytest.mark.long
def test_a_team_with_a_workspace_of_its_own_changes_as_that_does(owned: Ledger) -> None:
    """Where a team owns one workspace and nothing shared, its row is that workspace's; halves are halves."""
    rows = {row["team"]: row for row in owned.variance("2026-11", "2026-10", by="team").rows}
    shared = owned.variance("2026-11", "2026-10", by=(), where={"workspace": "Public Sector"}).rows[0]
    for name in ("before", "after", "change", *EFFECTS):
        both = rows["left"][name] + rows["right"][name]
        assert abs(both - shared[name]) < Decimal("0.0000001"), name
        assert abs(rows["left"][name] - rows["right"][name]) < Decimal("0.0000001"), name
    assert rows["left"]["before"] + rows["right"]["before"] == shared["before"]
    combined = owned.variance("2026-11", "2026-10", by=(), where={"team": "coders", "workspace": "Claude Code"}).rows
    assert combined == owned.variance("2026-11", "2026-10", by=(), where={"workspace": "Claude Code"}).rows


@pytest.mark.long
def test_a_team_changes_alike_whether_any_charge_is_shared(book: Ledger, tmp_path: Path) -> None:
    """A rule that shares with one team gives it all, so teams have the split that they have without a shared rule."""
    tables = []
    for name, owner in {
        "alone": 'team = "platform"',
        "shared": 'shared = {rule = "even", teams = ["platform"]}',
    }.items():
        path = tmp_path / f"{name}.toml"
        path.write_text(f'[[owner]]\n{owner}\nworkspace = "Public Sector"\n', encoding="utf-8")
        settings = Settings.load(config=str(path), ledger=str(book.path), environment={})
        ledger = OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings)
        asked = [{"by": "team"}, {"by": ("team", "kind")}, {"by": "cost_center"}]
        asked += [{"by": "model", "where": {"team": team}} for team in ("platform", "unowned")]
        tables.append([ledger.variance("2026-11", "2026-10", **question).cells for question in asked])
    assert tables[0] == tables[1]


@pytest.mark.long
def test_a_team_may_be_held_fixed(owned: Ledger) -> None:
    """`where team=` is that team's row, by whatever else; an unknown team is pointed to those near it."""
    row = next(row for row in owned.variance("2026-11", "2026-10", by="team").rows if row["team"] == "coders")
    alone = owned.variance("2026-11", "2026-10", by="kind", where={"team": "coders"})
    adds_up(alone)
    assert {name: row[name] for name in alone.totals} == dict(alone.totals)
    with pytest.raises(InvalidQuestion, match="coders"):
        owned.variance("2026-11", "2026-10", by="team", where={"team": "coder"})


@pytest.mark.long
def test_windows(book: Ledger, truth: Truth) -> None:
    """The last ended month is asked where nothing is said; spans stand against as long a one before, or one named."""
    week = book.variance(since="2026-11-08", until="2026-11-14", by=())
    assert total(week, "before") == truth.billed(date(2026, 11, 1), date(2026, 11, 7))
    assert total(week, "after") == truth.billed(date(2026, 11, 8), date(2026, 11, 14))
    named = book.variance(since="2026-11-08", until="2026-11-14", against="2026-10-08..2026-10-09", by=())
    assert total(named, "before") == truth.billed(date(2026, 10, 8), date(2026, 10, 9))
    turned = book.variance("2026-10", against="2026-11", by=())
    assert (total(turned, "before"), total(turned, "after")) == (truth.billed(*NOVEMBER), truth.billed(*OCTOBER))
    question = book.variance().question
    assert question
    assert question.to_dict()["against"] == {"since": "2026-09-01T00:00:00Z", "until": "2026-10-01T00:00:00Z"}
    assert question.to_dict()["since"] == "2026-10-01T00:00:00Z"


def test_what_is_not_known_is_not_zero(book: Ledger) -> None:
    """Of a month that the ledger has nothing of, before is unknown, and so is what changed."""
    table = book.variance("2026-10")
    assert set(column(table, "before")) == set(column(table, "change")) == {None}
    assert (table.totals["before"], table.totals["price"]) == (None, None)
    assert table.totals["after"] == summed(table, "after")
    assert message(table, "Before", "1 to 30 Sep", "absent", "unknown")


def test_a_running_month_is_said_to_be_a_part(book: Ledger) -> None:
    """Days that have not ended, and that months differ in days, are said."""
    table = book.variance("2026-11", "2026-10")
    assert message(table, "Billed days: 31 of", ", 21 of")
    assert message(table, "After", "has not ended")
    assert message(table, "session_time", "volume")
    assert "messages" not in {heading.name for heading in table.headings}


def test_two_organizations_stand_apart(two: Ledger) -> None:
    """Organizations of one ledger are split apart, though nobody asked for it."""
    table = two.variance(since="2026-11-17", until="2026-11-21", by="kind", top=3)
    adds_up(table)
    assert len(set(column(table, "organization"))) == 2


@pytest.mark.parametrize("amount", ["9", "9e15"])
def test_amounts_of_any_size_are_split(tmp_path: Path, amount: str) -> None:
    """Where a product of quantity and picodollars takes more than 128 bits, the split is as exact."""
    days, sums = (date(2026, 10, 1), date(2026, 10, 2)), (Decimal(amount), Decimal(amount) / 3 * 2)
    charges = [
        charge(day, model=model, quantity=2**62 - len(model) * day.day, billed=billed)
        for day, billed in zip(days, sums, strict=True)
        for model in ("opus", "haiku")
    ]
    windows = [Window.of_day(day) for day in days]
    before, after = (Question("variance", window, ("model",)) for window in windows)
    parts, _ = effects_of(written_ledger(tmp_path, charges, []), (before, after), ("model",), Owners())
    months: list[dict[Line, Amount]] = [
        {(("pool",), (row["model"],)): Amount(row["quantity"], row["billed"]) for row in charges if row["day"] == day}
        for day in days
    ]
    assert {part.model: combined([part]) for part in parts} == {
        line[1][0]: effect for line, effect in effects(*months).items()
    }


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--by", "day"), "two windows"),
        (("--by", "nonsense"), "no dimension"),
        (("--month", "2026-10", "--since", "7d"), "--month alone"),
        (("--month", "october"), "2026-10"),
        (("--month", "2027-01"), "future"),
        (("--against", "last"), "2026-09-01..2026-09-07"),
        (("--month", "2026-10", "--against", "2026-10"), "same"),
        (("--where", "model=claude-opus-55"), "claude-opus-5-5"),
    ],
)
def test_wrong_questions(tallystick: Tallystick, words: tuple[str, ...], error: str) -> None:
    """A question that cannot be ends with 2 and says how to mend it."""
    tallystick("variance", *words).refused(2, error)


@pytest.mark.long
def test_the_command(tallystick: Tallystick) -> None:
    """The command says both windows and the effects; --strict ends with 1 where days of either are absent."""
    run = tallystick("variance", "--month", "2026-11", "--by", "kind", "--format", "json")
    assert run.json["question"]["against"]["since"] == "2026-10-01T00:00:00Z"
    assert [heading["name"] for heading in run.json["columns"]][1:] == [
        "before",
        "after",
        "change",
        *EFFECTS,
        "growth",
        "why",
    ]
    text = tallystick("variance", "--since", "2026-11-08", "--until", "2026-11-14", "--strict")
    assert text.code == 0
    assert "2026-11-08 to 2026-11-14 against 2026-11-01 to 2026-11-07" in text.out
    assert tallystick("variance", "--strict").code == 1


def test_a_running_month_stands_against_the_same_days_before(book: Ledger) -> None:
    """The ended days of the running month are compared with as many from the start of the month before."""
    question = book.variance("2026-11", by=()).question
    assert question is not None
    assert question.against is not None
    days, before = question.window.days(), question.against.days()
    assert [day.day for day in days] == [day.day for day in before] == list(range(1, NOW.day))


def test_on_its_first_day_a_month_stands_against_one_day() -> None:
    """Of a month that began today no day has ended: its first day stands against the first of the month before."""
    now = datetime(2026, 12, 1, 8, tzinfo=UTC)
    current, before = windows((None, None, "mtd"), None, now)
    assert current.days() == [date(2026, 12, 1)]
    assert before.days() == [date(2026, 11, 1)]
