"""Questions answered from the sums of days: what they say is what the charges say."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from support.ledgers import OpenLedger, client_of
from support.organization import CLOCK, FIRST, TODAY, small_world
from tallystick.catalog import CATALOG, Entry
from tallystick.core.dimensions import SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, MONTH_SUMS, MONTH_USED, USED
from tallystick.core.select import Select, select
from tallystick.core.table import LedgerTable
from tallystick.core.time import Grain, Window
from tallystick.errors import TallystickError
from tallystick.ledger import Ledger
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import within
from tallystick.query.month_source import from_months
from tallystick.settings import Settings
from tallystick.sim import Simulator, World
from tallystick.sim.world.discount import NO_DISCOUNT, Discount
from tallystick.store.engine import Engine

SETTINGS = """
[[owner]]
team = "docs"
cost_center = "4711"
key = ["docs-*"]
[[owner]]
team = "platform"
workspace = "Production"
[[owner]]
shared = {rule = "proportional", teams = ["docs", "platform"]}
workspace = "Research"
[[budget]]
name = "all of it"
amount = "60"
"""
GIVEN: dict[str, dict[str, Any]] = {
    "anomaly": {"finding": "00000000"},
    "chargeback": {"month": "2026-11"},
    "diff": {"month": "2026-11"},
    "profile": {"dimension": "model", "value": "claude-opus-5-5"},
    "roster": {"dimension": "workspace"},
    "sql": {"query": "SELECT sum(billed) AS billed FROM charges"},
    "summary": {"month": "2026-11"},
    "whatif": {"geo": "us", "hit": "0.5"},
}
"""What a report has to be asked with."""
OFFLINE = [listed for listed in CATALOG if not listed.report.api and listed.name != "verify"]
BY = (*SUBJECTS, *TERMS, "method", "cause", "day", "month", "team", "cost_center")
Pair = tuple[Ledger, Ledger]


class FromCharges(OpenLedger):
    """The same ledger as one whose newest version states no sums."""

    @functools.cached_property
    def _opened(self) -> Engine:
        version = Ledger.engine(self).version
        sums = {DAY_SUMS.name, MONTH_SUMS.name}
        contents = {name: content for name, content in version.contents.items() if name not in sums}
        return Engine(self.context().tables, replace(version, contents=contents))


def world(name: str, source: str) -> World:
    """A small organization of hostile names, or one of everyday names; of the newer dialect it has a discount."""
    if name == "hostile":
        return small_world()
    start, discount = FIRST.replace(month=8), Discount(100, FIRST) if source == "analytics" else NO_DISCOUNT
    return World(start=start, end=TODAY, keys=16, coding_keys=2, requests_per_key_day=6, discount=discount)


@pytest.fixture(
    scope="module", params=["everyday reports", "everyday analytics", "hostile reports", "hostile analytics"]
)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A ledger of one of two worlds, by one of both dialects, read from sums and from charges."""
    name, source = request.param.split()
    folder = tmp_path_factory.mktemp("pair")
    (folder / "tallystick.toml").write_text(SETTINGS, encoding="utf-8")
    settings = Settings.load(config=str(folder / "tallystick.toml"), ledger=str(folder / "ledger"), environment={})
    book = Ledger(folder / "ledger", CLOCK)
    with client_of(Simulator(world(name, source), clock=CLOCK.now)) as client:
        book.sync(str(FIRST), source=source, client=client)
    with_sums, without = (
        kind(settings.ledger, CLOCK, settings.price_lists(), settings) for kind in (OpenLedger, FromCharges)
    )
    return with_sums, without


def told(book: Ledger, report: str, **given: Any) -> str:
    """An answer as JSON, or what is wrong with the question."""
    try:
        return json.dumps(book.ask(report, **given).written(), default=str)
    except TallystickError as error:
        return f"{error}"


@pytest.mark.long
@pytest.mark.parametrize("listed", OFFLINE, ids=lambda listed: listed.name)
def test_an_answer_is_the_same_from_sums_and_from_charges(listed: Entry, pair: Pair) -> None:
    """Every report of the catalog says the same, whether the version states sums or not."""
    with_sums, without = pair
    assert told(with_sums, listed.name, **GIVEN.get(listed.name, {})) == told(
        without, listed.name, **GIVEN.get(listed.name, {})
    )
    statements = " ".join(without.engine().statements)
    assert DAY_SUMS.name not in statements
    assert MONTH_SUMS.name not in statements


@pytest.mark.long
@pytest.mark.parametrize("by", BY)
def test_a_breakdown_is_the_same_from_sums_and_from_charges(by: str, pair: Pair) -> None:
    """Spend, usage, cache and variance by any dimension say the same, of some models or keys alone too."""
    with_sums, without = pair
    show = {} if by in {"team", "cost_center"} else {"show": ["requests", "list", "discount"]}
    asked_for: list[tuple[str, dict[str, Any]]] = [
        ("spend", show),
        ("spend", {"where": {"model": "claude-opus-5-5"}}),
        ("spend", {"where": {"key": "docs-*"}}),
        ("spend", {"where": {"key": "docs-*"}, "since": "2026-10-03", "until": "2026-11-02"}),
        ("variance", {"since": "2026-10-20", "until": "2026-11-05"}),
        *((report, {}) for report in ("usage", "cache", "variance")),
    ]
    for report, given in asked_for:
        assert told(with_sums, report, by=[by], **given) == told(without, report, by=[by], **given), (report, given)


def asked(*columns: str) -> Select:
    """A query of charges."""
    return select(*columns).from_("ledger.charges")


@pytest.mark.parametrize(
    ("query", "summed"),
    [
        (asked("sum(billed) AS billed"), True),
        (asked("'the key' AS word", "sum(billed) AS billed").where("model = 'key'"), True),
        (asked("key", "sum(billed) AS billed").group_by("key"), False),
        (asked("sum(billed) AS billed").where("actor IN ('a')"), False),
        (asked("sum(billed) FILTER (relaxed <> 'none') AS billed"), False),
        (select("sum(billed) AS billed").from_("ledger.cost"), False),
    ],
)
def test_a_query_of_users_reads_charges(query: Select, summed: bool, book: Ledger) -> None:
    """A query that names key, actor or what was relaxed anywhere reads charges; another of charges reads sums."""
    read = from_sums(book.engine(), query)
    assert (read.source == "ledger.day_sums") == summed
    assert summed or read == query
    assert book.engine().rows(read) == book.engine().rows(query)


OCTOBER, NOVEMBER = (Grain.MONTH.around(datetime(2026, month, 1, tzinfo=UTC)) for month in (10, 11))
LATE = Window(datetime(2026, 10, 20, tzinfo=UTC), NOVEMBER.end)
BY_KEY = asked("key", "max(day) AS day", "count(*) AS rows", "sum(billed) AS billed").group_by("key").order_by("key")

USE_BY_KEY = select("key", "sum(output) AS output").from_("ledger.used").group_by("key").order_by("key")


@pytest.mark.parametrize(
    ("query", "windows", "tables"),
    [
        (BY_KEY, (), {MONTH_SUMS}),
        (BY_KEY.where(within(OCTOBER, months=True)), (OCTOBER,), {MONTH_SUMS}),
        (BY_KEY.where(within(NOVEMBER, months=True)), (NOVEMBER,), {MONTH_SUMS}),
        (BY_KEY.where(within(LATE, months=True)), (LATE,), {MONTH_SUMS, CHARGES}),
        (BY_KEY.where(within(OCTOBER, months=True)), (), {CHARGES}),
        (BY_KEY.select(f"sum(billed) FILTER ({within(LATE)}) AS late"), (LATE,), {MONTH_SUMS, CHARGES}),
        (BY_KEY.select("sum(priced_high) AS high"), (), {CHARGES}),
        (BY_KEY.where("relaxed = 'none'"), (), {CHARGES}),
        (select("key", "day", "sum(billed) AS billed").from_("ledger.charges").group_by("ALL"), (), {CHARGES}),
        (asked("sum(billed) AS billed"), (), {DAY_SUMS}),
        (USE_BY_KEY.where(within(OCTOBER, months=True)), (OCTOBER,), {MONTH_USED}),
        (USE_BY_KEY.where(within(LATE, months=True)), (LATE,), {MONTH_USED, USED}),
        (USE_BY_KEY.select("sum(requests) AS requests"), (), {USED}),
    ],
)
def test_a_query_of_users_reads_whole_months_from_their_sums(
    query: Select, windows: Sequence[Window], tables: set[LedgerTable], book: Ledger
) -> None:
    """Months that all windows have whole or not at all are read from sums, others from charges; the answer is one."""
    read = from_months(book.engine(), query, *windows)
    assert {
        table
        for table in (CHARGES, DAY_SUMS, MONTH_SUMS, USED, MONTH_USED)
        if table.name in re.findall(r"ledger\.(\w+)", f"{read}")
    } == tables
    assert book.engine().rows(read) == book.engine().rows(query)
    assert book.engine().rows(query)
