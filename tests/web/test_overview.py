"""The overview's parts: states of days, reasons in words, advice that leads, small lines, tiles."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from starlette.testclient import TestClient

from tallystick.address import Address
from tallystick.core.document import Document, Figure
from tallystick.core.question import Heading, Kind, Question, Table
from tallystick.core.time import Window, midnight
from tallystick.query.groups import OTHERS, RECONCILING
from tallystick.reports.variance import MONEY
from tallystick.web.advice import address_of, advice
from tallystick.web.grid import grid
from tallystick.web.page import ask
from tallystick.web.reasons import reasons
from tallystick.web.series import Course, course
from tallystick.web.stack import stack
from tallystick.web.tiles import tiles
from tallystick.web.trends import trends

FIRST = date(2026, 11, 1)
DAYS = [str(FIRST + timedelta(days=index)) for index in range(4)]
BILLED = Heading("billed", Kind.MONEY, "USD")
WINDOW = Window(midnight(FIRST), midnight(FIRST + timedelta(days=len(DAYS))))


def by_day(cells: list[tuple[Any, ...]], **coverage: Any) -> Table:
    """An answer of `spend` by day and team."""
    headings = (Heading("day", Kind.DIMENSION), Heading("team", Kind.DIMENSION), BILLED)
    return Table(Question("spend", WINDOW, ("day", "team")), headings, cells, {}, coverage=coverage)


def drawn(today: date | None = None, **coverage: Any) -> Course:
    """The course of two teams of which one is a day short."""
    cells = [(DAYS[0], "a", Decimal(3)), (DAYS[0], "b", Decimal(1)), (DAYS[1], "a", Decimal(2))]
    made = course(by_day(cells, **coverage), today)
    assert made
    return made


def columns(made: Course) -> list[str]:
    """The markup of each column of a chart."""
    return re.findall(
        r'<g class="column".*?</g></g>', stack(made, lambda slot: f"/{slot.time}", lambda *_: ""), re.DOTALL
    )


def test_an_absent_day_is_hatched_and_has_a_sign() -> None:
    """What is not in the ledger is no gap and no zero: hatched, with a question mark, and its words say so."""
    absent = columns(drawn(absent=[DAYS[2]]))[2]
    assert 'fill="url(#hatch)"' in absent
    assert ">?</text>" in absent
    assert "unknown" in absent
    assert "not in the ledger" in absent


def test_a_day_without_spend_is_a_known_zero() -> None:
    """A day that is read and has no row is 0, without a hatch."""
    zero = columns(drawn())[2]
    assert "0.00 USD" in zero
    assert "hatch" not in zero


def test_today_is_running_whatever_is_known_of_it() -> None:
    """The day that has not ended is drawn as such though the ledger calls it absent."""
    running = columns(drawn(FIRST + timedelta(days=3), absent=[DAYS[3]]))[3]
    assert ">…</text>" in running
    assert "not ended yet" in running


def test_a_provisional_day_keeps_its_colors() -> None:
    """A day that may change has a hatched strip under it, and its parts as any other day."""
    provisional, settled = (columns(drawn(provisional=[DAYS[0]]))[index] for index in (0, 1))
    assert provisional.count('class="s0"') == 1
    assert 'class="state provisional" fill="url(#hatch)"' in provisional
    assert "hatch" not in settled


def test_a_chart_is_one_stop_of_the_tab_key() -> None:
    """Of all links of a chart the newest day alone is in the order of Tab."""
    made = stack(drawn(), lambda slot: f"/{slot.time}", lambda *_: "/charges")
    assert made.count('tabindex="0"') == 1
    assert made.count('tabindex="-1"') == made.count("<a ") - 1


@given(st.lists(st.one_of(st.none(), st.integers(1, 10**9)), min_size=len(DAYS), max_size=len(DAYS)))
def test_a_day_stands_beside_the_one_so_many_days_before(amounts: list[int | None]) -> None:
    """What is drawn as earlier is, for each day, what the other answer has of the day before it by that many days."""
    before = [str(date.fromisoformat(day) - timedelta(days=28)) for day in DAYS]
    rows = [(day, Decimal(amount)) for day, amount in zip(before, amounts, strict=True) if amount is not None]
    other = Table(None, (Heading("day", Kind.DIMENSION), BILLED), rows, {})
    expected = [None if amount is None else Decimal(amount) for amount in amounts]
    assert list(drawn().against(other, 28, "4 weeks before").earlier) == (expected if any(expected) else [])


def test_a_trend_leaves_unknown_days_out() -> None:
    """A small line is broken where a day is absent."""
    assert trends(drawn(absent=[DAYS[1]]))["a"].line.count("M") == 2
    assert trends(drawn())["a"].line.count("M") == 1


def variance(*rows: tuple[Any, ...]) -> Table:
    """An answer of `variance` by team: before, after, change, price, volume, mix, growth, why."""
    headings = (
        Heading("team", Kind.DIMENSION),
        *(Heading(name, Kind.MONEY, "USD") for name in MONEY),
        Heading("growth", Kind.RATIO),
        Heading("why", Kind.TEXT),
    )
    earlier = Window(WINDOW.start - (WINDOW.end - WINDOW.start), WINDOW.start)
    cells = [(name, *(None if part is None else Decimal(part) for part in parts), "words") for name, *parts in rows]
    totals = dict(zip([heading.name for heading in headings[1:-1]], cells[0][1:], strict=False))
    return Table(Question("variance", WINDOW, ("team",), against=earlier), headings, cells, totals)


def test_a_reason_has_the_words_of_its_answer() -> None:
    """The page shows the words of the report, the change with its sign, and a bar in its direction."""
    rise, fall = reasons(variance(("a", 10, 12, 2, 0, 2, 0, "0.2"), ("b", 2, 1, -1, 0, -1, 0, "-0.5")), ask("variance"))
    assert (rise.words, rise.change, rise.falls, rise.width) == ("words", "+2.00", False, "50.0")
    assert (fall.words, fall.change, fall.falls, fall.width) == ("words", "-1.00", True, "25.0")


def test_there_are_no_reasons_of_what_is_unknown() -> None:
    """Where nothing is known of one side there are no reasons."""
    assert reasons(variance(("a", None, 2, None, None, None, None, None)), ask("variance")) == ()


def test_advice_leads_to_what_its_command_shows() -> None:
    """The command at the end of a text becomes the page that shows the same."""
    made = advice("Keys without an owner (2): tallystick keys --where attention='no owner'")
    assert made.words == "Keys without an owner (2)"
    assert made.url == "/ask/keys?where.attention=no+owner"


@pytest.mark.parametrize("command", ["sync", "spend --nothing x", "spend 'open", ""])
def test_a_command_that_no_page_shows_leads_nowhere(command: str) -> None:
    """What is no report, or no option of it, has no address."""
    assert address_of(command) is None


@given(st.text(min_size=1, max_size=12), st.sampled_from(["model", "key!"]))
def test_the_command_of_an_address_leads_back_to_it(text: str, dimension: str) -> None:
    """An address is the address of its own command."""
    address = Address("spend", (("by", "day,team"), (f"where.{dimension}", text)))
    assert address_of(address.command.removeprefix("tallystick ")) == address


def test_a_missing_budget_is_a_tile() -> None:
    """Without a budget there is a tile that says how to set one, beside the forecast."""
    figure = Figure(Heading("forecast to 30 Nov", Kind.MONEY, "USD"), Decimal(10), "80 % range 9.00 to 11.00")
    document = Document("status", "", "", (), (figure,))
    headings = tuple(Heading(name, Kind.MONEY, "USD") for name in ("spent", "low_80", "high_80"))
    forecast = Table(None, headings, [(Decimal(5), Decimal(9), Decimal(11))], {})
    made = tiles("status", document, date(2026, 11, 24), forecast)
    assert [tile.name for tile in made] == ["Forecast to 30 Nov", "Budget"]
    assert made[0].gauge


def test_the_overview_has_the_figures_of_status(dashboard: TestClient) -> None:
    """Each figure of `status` stands on the overview, to the letter."""
    page = dashboard.get("/").text
    for figure in dashboard.get("/ask/status.json").json()["figures"]:
        if figure["kind"] == "money":
            assert f">{Decimal(figure['value']):,.2f}" in page


@pytest.mark.parametrize(("cookie", "look"), [("dark", ' data-theme="dark"'), ("x", ""), ('"><script>', "")])
def test_a_page_comes_in_the_chosen_look(dashboard: TestClient, cookie: str, look: str) -> None:
    """A cookie says light or dark, and nothing else."""
    page = dashboard.get("/", headers={"cookie": f"theme={cookie}"}).text
    assert f'<html lang="en"{look}>' in page


def test_only_shares_have_a_bar() -> None:
    """The rest of others and a reconciling item have no bar, and no other bar is measured by theirs."""
    headings = (Heading("model", Kind.DIMENSION), Heading("expected", Kind.MONEY, "USD"))
    cells = [("a", Decimal(4)), ("b", Decimal(2)), (OTHERS, Decimal(8)), (RECONCILING, Decimal(9))]
    rows = grid(Table(None, headings, cells, {})).rows
    assert [row[1].bar for row in rows] == ["100.0", "50.0", "", ""]
