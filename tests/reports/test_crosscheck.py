from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from support.ledgers import OpenLedger, client_of
from support.organization import CLOCK, NOW, TODAY, days
from support.tables import message, summed
from tallystick import Ledger, Table
from tallystick.cli import cli
from tallystick.core.time import text
from tallystick.errors import InvalidQuestion
from tallystick.sim import Discount, Simulator, World

SINCE, LAST = date(2026, 11, 14), date(2026, 11, 21)
DAYS = days(SINCE, LAST)
RESTATED = date(2026, 11, 16)
KINDS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_searches")


def _world() -> World:
    discount = Discount(100, date(2026, 11, 19))
    return World(start=date(2026, 8, 1), end=TODAY, seed=2, keys=16, requests_per_key_day=6, discount=discount)


def _sync(path: Path, world: World, source: str, since: date = SINCE, until: date = LAST) -> None:
    with client_of(Simulator(world, clock=CLOCK.now)) as client:
        Ledger(path, CLOCK).sync(f"{since}", f"{until}", source=source, client=client)


def _crosscheck(book: Ledger, by: str = "workspace", *, every: bool = False) -> Table:
    return book.crosscheck(by, f"{SINCE}", f"{LAST}", include_equal=every)


@pytest.fixture(scope="module")
def world() -> World:
    """A small organization with a discount of 10 % on its last days."""
    return _world()


@pytest.fixture(scope="module")
def book(world: World, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Its ledger, every day read from both dialects."""
    path = tmp_path_factory.mktemp("crosscheck") / "ledger"
    _sync(path, world, "both")
    return OpenLedger(path, CLOCK)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger whose older half was read before a day was restated, and whose newer half after it."""
    path, world = tmp_path_factory.mktemp("moved") / "ledger", _world()
    _sync(path, world, "reports")
    world.restate(RESTATED)
    _sync(path, world, "analytics")
    return OpenLedger(path, CLOCK)


def test_dialects_that_agree_have_no_row(book: Ledger) -> None:
    """Where both say the same, discounted days included, there is no row, and every day counts as equal."""
    table = _crosscheck(book)
    assert table.rows == []
    assert (table.coverage["compared"], table.coverage["equal"], table.coverage["unequal"]) == (len(DAYS), len(DAYS), 0)
    assert message(table, f"Equal on {len(DAYS)} of {len(DAYS)} days")


def test_every_row_is_the_bill(book: Ledger, world: World) -> None:
    """With all rows, each day and workspace stands once, and both totals are the bill; the default workspace is one."""
    table = _crosscheck(book, every=True)
    assert summed(table, "billed_reports") == summed(table, "billed_analytics")
    assert table.totals["billed_analytics"] == sum(map(world.billed, DAYS), Decimal(0))
    assert all(row["difference"] == 0 and not any(row[f"{kind}_difference"] for kind in KINDS) for row in table.rows)
    places = [(row["day"], row["workspace"]) for row in table.rows]
    assert len(set(places)) == len(places)
    workspaces = {workspace for _, workspace in places}
    assert "default" in workspaces
    assert world.organization.default.id not in workspaces


def test_a_restated_day_differs_by_what_came_late(moved: Ledger) -> None:
    """A day that moved between the two readings is told by workspace, to the last digit, in money and in tokens."""
    table = _crosscheck(moved)
    late = _world()
    before = late.billed(RESTATED)
    used = sum(request[2] for request in late.requests(RESTATED))
    late.restate(RESTATED)
    assert {row["day"] for row in table.rows} == {f"{RESTATED}"}
    assert summed(table, "difference") == table.totals["difference"] == late.billed(RESTATED) - before
    expected = sum(request[2] for request in late.requests(RESTATED)) - used
    assert summed(table, "uncached_input_difference") == table.totals["uncached_input_difference"] == expected
    assert message(table, f"Equal on {len(DAYS) - 1} of {len(DAYS)} days")
    assert len([note for note in table.notes if f"differs since {RESTATED}, on that day alone" in note]) == len(
        table.rows
    )


@pytest.mark.long
def test_a_day_that_one_dialect_has_is_not_equal(tmp_path: Path) -> None:
    """Days of one dialect alone are named and not counted; without a common day nothing is known."""
    path, world = tmp_path / "ledger", _world()
    _sync(path, world, "reports", date(2026, 11, 18))
    table = _crosscheck(Ledger(path, CLOCK))
    assert table.totals["billed_analytics"] is None
    assert message(table, "No day of this window was read from both reports")
    _sync(path, world, "analytics", date(2026, 11, 16), date(2026, 11, 19))
    table = _crosscheck(Ledger(path, CLOCK))
    assert (table.coverage["compared"], table.coverage["equal"]) == (2, 2)
    assert table.coverage["only_reports"] == ["2026-11-20", "2026-11-21"]
    assert table.coverage["only_analytics"] == ["2026-11-16", "2026-11-17"]
    assert message(table, "Only the older reports have 2026-11-20 to 2026-11-21")
    assert message(table, "Only the newer reports have 2026-11-16 to 2026-11-17")


@pytest.mark.long
def test_a_key_is_reported_what_it_was_billed(book: Ledger, world: World) -> None:
    """By key the reported amount is the truth, and the allocated ones add up to the same."""
    table = _crosscheck(book, "key", every=True)
    listed: Counter[str] = Counter()
    for day in DAYS:
        for request in world.requests(day):
            off = world.discount.off(sum(request.picodollars().values()), day)
            listed[request.group.key or "playground"] += off
    assert {row["key"]: row["billed_analytics"] for row in table.rows if row["billed_analytics"]} == {
        key: Decimal(amount).scaleb(-12) for key, amount in listed.items() if amount
    }
    assert table.totals["difference"] == 0
    assert message(table, "does not say whose")


@pytest.mark.long
def test_the_error_of_an_allocation_is_said(book: Ledger) -> None:
    """Each key's error is its difference as a share of what was reported; the mean and the worst are told."""
    table = _crosscheck(book, "key", every=True)
    for row in table.rows:
        difference, reported, error = row["difference"], row["billed_analytics"], row["error"]
        assert difference == row["billed_analytics"] - row["billed_reports"]  # type: ignore[operator]
        if reported:
            assert isinstance(error, Decimal)
            assert abs(error * reported - abs(difference)) < Decimal("1e-9")  # type: ignore[operator, arg-type]
        else:
            assert error is None
    assert message(table, "in the mean of", "at worst")


@pytest.mark.long
def test_a_crosscheck_writes_nothing(book: Ledger) -> None:
    """What is allocated for a comparison is not kept."""
    before = book.spend("key", f"{SINCE}").rows
    _crosscheck(book, "key")
    assert Ledger(book.path, CLOCK).spend("key", f"{SINCE}").rows == before


def test_other_groupings_are_refused(book: Ledger) -> None:
    """The dialects are compared by workspace or by key."""
    with pytest.raises(InvalidQuestion, match="model"):
        _crosscheck(book, "model")


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)])
def test_strict_ends_with_one_where_anything_differs(
    moved: Ledger, monkeypatch: pytest.MonkeyPatch, strict: tuple[str, ...], code: int
) -> None:
    """The command shows what differs; with --strict its exit code says so too."""
    monkeypatch.setenv("TALLYSTICK_NOW", text(NOW))
    words = ["crosscheck", "--since", f"{SINCE}", "--until", f"{LAST}", "--ledger", str(moved.path), *strict]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == code, done.output
    assert f"differs since {RESTATED}" in " ".join(done.output.split())


def test_strict_is_content_where_all_is_equal(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --strict and nothing that differs the exit code is 0."""
    monkeypatch.setenv("TALLYSTICK_NOW", text(NOW))
    words = ["crosscheck", "--since", f"{SINCE}", "--until", f"{LAST}", "--ledger", str(book.path), "--strict"]
    assert CliRunner().invoke(cli, words).exit_code == 0
