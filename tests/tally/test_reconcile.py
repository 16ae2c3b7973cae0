from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from support.ledgers import client_of
from support.organization import CLOCK, NOW, small_world
from support.plain_lines import Part, tables
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.filter import Filter
from tallystick.core.question import Question, Table
from tallystick.core.records import TOKENS
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.core.time_words import window
from tallystick.errors import InvalidQuestion
from tallystick.ledger import Ledger
from tallystick.reports.effective_rates import effective_rates
from tallystick.reports.reconcile import answer
from tallystick.reports.unexplained import unexplained
from tallystick.sim import Simulator, World
from tallystick.sim.older import reports as sim_reports
from tallystick.sim.older.bill import Line, lines as true_lines
from tallystick.sim.world.plants import Plant as Planted
from tallystick.sim.world.requests import rates_of
from tallystick.store.session import scratch
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.reconcile.causes import reconcile
from tallystick.tally.reconcile.findings import Found
from witness.contract_server import ContractServer

SINCE, TODAY = date(2026, 10, 20), NOW.date()
ENDED = [SINCE + DAY * number for number in range((TODAY - SINCE).days)]
RAISED = date(2026, 11, 5)
SONNET, OPUS, HAIKU = "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"
EXPLAINED = 0
ENDS = ("billed", "priced")
Plant = Callable[[Line, int, date], Iterable[tuple[Line, int]]]
Asked = Callable[..., Table]


def synced(path: Path, plant: Plant | None = None, prices: Prices | None = None) -> Asked:
    """A ledger synced from a small world whose bill was tampered with; the function that asks it."""
    prices = prices or Prices.with_own()
    book = Ledger(path, CLOCK, prices)
    with pytest.MonkeyPatch.context() as patch, client_of(Simulator(small_world(), clock=CLOCK.now)) as client:
        if plant:

            def planted(world: World, day: date, *altered: Any) -> Iterator[tuple[Line, int]]:
                for line, amount in true_lines(world, day, *altered):
                    yield from plant(line, amount, day)

            patch.setattr(sim_reports, "lines", planted)  # a bill that no world has: the simulator is right by design
        book.sync(str(SINCE), source="reports", client=client)
    engine = book.engine()

    @cache
    def ask(*by: str, since: str = str(SINCE), until: str | None = None, factors: bool = False, **where: str) -> Table:
        chosen = {name: Filter.of(value) for name, value in where.items()}
        question = Question("reconcile", window(since, until, NOW), by, chosen)
        return answer(engine, question, prices, NOW, factors=factors)

    return ask


def amounts(table: Table, *by: str) -> dict[tuple[Any, ...], Decimal]:
    """What each cause adds to the bill beyond what is priced, by group: the other way round than in the bridge."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in table.rows:
        if row["cause"] not in ENDS:
            sums[*(row[name] for name in by), row["cause"]] -= row["amount"] or 0  # type: ignore[operator]
    return {key: amount for key, amount in sums.items() if amount}


def ends(rows: Iterable[Mapping[str, Any]]) -> tuple[Any, Any]:
    """What was billed and what is priced of a group."""
    [billed], [priced] = ([row["amount"] for row in rows if row["cause"] == end] for end in ENDS)
    return billed, priced


def assert_adds_up(table: Table, *by: str) -> None:
    """Each group is a bridge from billed to priced, and the groups are the totals."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in table.rows:
        groups[tuple(row[name] for name in by)].append(row)
    for rows in groups.values():
        billed, priced = ends(rows)
        assert billed + sum((row["amount"] or 0 for row in rows if row["cause"] not in ENDS), Decimal(0)) == priced
        steps = [row["cause"] for row in rows]
        assert (steps[0], steps[steps.index("priced") + 1]) == ("billed", "unexplained")
    for index, name in enumerate(ENDS):
        assert sum((ends(rows)[index] for rows in groups.values()), Decimal(0)) == table.totals[name]
    billed, priced = table.totals["billed"], table.totals["priced"]
    assert billed - priced == table.totals["difference"]  # type: ignore[operator]


def dollars(picodollars: int | Fraction) -> Decimal:
    """US dollars of whole picodollars."""
    return Decimal(int(picodollars)).scaleb(-12)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """What the ledger of the world answers whose bill nobody touched."""
    return synced(tmp_path_factory.mktemp("reconciled") / "ledger")


@pytest.mark.long
@pytest.mark.parametrize("by", [(), ("day",), ("model",), ("workspace",), ("model", "kind"), ("geo", "month")])
def test_causes_add_up_to_the_difference_and_nothing_is_unexplained(untouched: Asked, by: tuple[str, ...]) -> None:
    """Where prices are the list's, each group's causes are its difference exactly and none of it is unexplained."""
    table = untouched(*by)
    assert_adds_up(table, *by)
    assert {row["amount"] for row in table.rows if row["cause"] == "unexplained"} == {EXPLAINED}


def test_what_was_refused_is_what_the_world_knows_was_refused(untouched: Asked) -> None:
    """Refused requests are found on each day with what they would have cost.

    Where all of a model's requests were refused, it has no line: for three billed days that is not billed yet.
    """
    world = small_world()
    truly: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for day in ENDED:
        requests = list(world.requests(day))
        billed = {(request.group.workspace, request.group.model) for request in requests if not request.group.refused}
        for request in requests:
            if request.group.refused:
                charged = rates_of(request.group._replace(refused=False), day) or ()
                cost = sum(count * rate for count, rate in zip(request[2:7], charged, strict=False))
                known = (request.group.workspace, request.group.model) in billed or day not in ENDED[-3:]
                truly[str(day), "refused or blocked requests" if known else "not billed yet"] -= dollars(cost)
    by_cause = amounts(untouched("day"), "day")
    [planted] = [plant.first for plant in world.plants if plant.kind is Planted.REFUSALS]
    assert by_cause[str(planted), "refused or blocked requests"] < 0
    causes = {"refused or blocked requests", "not billed yet"}
    of_ended = {key: amount for key, amount in by_cause.items() if key[1] in causes and key[0] in map(str, ENDED)}
    assert of_ended == {key: amount for key, amount in truly.items() if amount}


def test_services_are_causes_of_their_own(untouched: Asked) -> None:
    """Code execution and session time, which only the bill knows, are named with what was billed for them."""
    world, truly = small_world(), defaultdict(Decimal)
    for service in (service for day in ENDED for service in world.services(day)):
        truly[{"session_usage": "session time"}.get(service.cost_type, "code execution")] += dollars(
            service.picodollars
        )
    by_cause = amounts(untouched())
    assert {cause: amount for (cause,), amount in by_cause.items() if cause in truly} == truly


def test_priority_tier_is_tokens_of_unknown_amount(untouched: Asked) -> None:
    """Priority-tier use stands with its tokens and no amount, for its cost is in no report."""
    tokens = sum(
        sum(request[2:7])
        for day in [*ENDED, TODAY]
        for request in small_world().requests(day)
        if request.group.tier == "priority" and request.at < NOW
    )
    rows = [row for row in untouched().rows if row["cause"] == "priority tier"]
    assert [(row["amount"], row["quantity"]) for row in rows] == [(None, tokens)]


def test_odd_causes_are_said_in_words(untouched: Asked) -> None:
    """What one line of the bill mixes, and tokens of unknown price for which nothing was billed, are said."""
    text = " ".join(untouched().notes)
    assert "fast and standard use that one line of the bill covers" in text
    assert "tokens of unknown price nothing was billed" in text


@pytest.mark.long
def test_modifiers_are_within_priced_and_add_nothing(untouched: Asked) -> None:
    """What batch did to the priced amount is minus the batch lines' price, as batch is half; no bridge has it."""
    factors = untouched(tier="batch", factors=True)
    [batch] = [row for row in factors.rows if row["modifier"] == "batch"]
    assert batch["in_priced"] == -factors.totals["priced"]  # type: ignore[operator]
    assert any("Within priced" in words and "batch -" in words for words in untouched().notes)
    assert not {row["cause"] for row in untouched("model").rows} & {"batch", "geography", "speed"}


@pytest.mark.long
def test_a_witness_of_the_contract_is_explained_wholly(tmp_path: Path) -> None:
    """Of an independent server's bill, with refusals, large prompts and all modifiers, nothing is unexplained."""
    now = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    clock = type(CLOCK)(now)
    book = Ledger(tmp_path / "ledger", clock)
    with (
        ContractServer(TODAY, days=40) as server,
        Client(Credential(server.key), clock=clock, base_url=server.url) as client,
    ):
        book.sync("2026-10-23", source="reports", client=client)
        for by in ("day", "model", "workspace"):
            question = Question("reconcile", window("30d", None, now), (by,))
            table = answer(book.engine(), question, Prices.with_own(), now)
            assert_adds_up(table, by)
            assert {row["amount"] for row in table.rows if row["cause"] == "unexplained"} == {EXPLAINED}
            assert table.totals["billed"] == server.total_usd(date(2026, 10, 23), TODAY)


class Scaled:
    """A plant: amounts of some lines times a factor."""

    def __init__(self, factor: str, scope: Callable[[Line, date], bool]) -> None:
        self.factor, self.scope = Fraction(factor), scope

    def __call__(self, line: Line, amount: int, day: date) -> Iterable[tuple[Line, int]]:
        if not self.scope(line, day):
            return [(line, amount)]
        extra_amount = amount * (self.factor - 1)
        assert extra_amount.denominator == 1
        return [(line, amount + int(extra_amount))]

    def added(self) -> Decimal:
        """What it added to the bill of the ended days."""
        return dollars(
            sum(
                (
                    amount * (self.factor - 1)
                    for day in ENDED
                    for line, amount in true_lines(small_world(), day)
                    if self.scope(line, day)
                ),
                Fraction(0),
            )
        )


@pytest.mark.long
def test_a_price_raised_within_the_month_is_found(tmp_path: Path, untouched: Asked) -> None:
    """A model that costs a quarter more from a day on is named with that day and factor and what it added."""
    plant = Scaled("1.25", lambda line, day: line.model == SONNET and day >= RAISED)
    ask = synced(tmp_path / "ledger", plant)
    rows = [row for row in ask("day").rows if row["cause"] == "price list stale"]
    assert {row["detail"] for row in rows} == {f"{SONNET} since {RAISED}: 1.25 of the list price"}
    assert -sum(row["amount"] for row in rows) == plant.added()
    assert amounts(ask()) == amounts(untouched()) | {("price list stale",): plant.added()}


@pytest.mark.long
def test_the_price_of_one_kind_is_found(tmp_path: Path, untouched: Asked) -> None:
    """A price that changed for one kind of token alone is named with that kind."""
    plant = Scaled("2", lambda line, day: line.model == SONNET and line.token_type == "output_tokens" and day >= RAISED)
    ask = synced(tmp_path / "ledger", plant)
    [row] = [row for row in ask().rows if row["cause"] == "price list stale"]
    assert row["detail"].startswith(f"{SONNET} output since {RAISED}: 2 of")  # type: ignore[union-attr]
    assert amounts(ask()) == amounts(untouched()) | {("price list stale",): plant.added()}


@pytest.mark.long
def test_a_negotiated_discount_is_found(tmp_path: Path, untouched: Asked) -> None:
    """Twelve percent less for all models from a day on is a discount of factor 0.88, with what it took off."""
    plant = Scaled("0.88", lambda line, day: line.cost_type == "tokens" and day >= RAISED)
    ask = synced(tmp_path / "ledger", plant)
    [row] = [row for row in ask().rows if row["cause"] == "discount"]
    assert row["detail"] == f"all models since {RAISED}: 0.88 of the list price"
    assert amounts(ask()) == amounts(untouched()) | {("discount",): plant.added()}
    sonnet_table = ask("model", model=SONNET)
    assert amounts(sonnet_table, "model")[SONNET, "discount"] == amounts(ask("model"), "model")[SONNET, "discount"]
    assert_adds_up(ask("day", "workspace"), "day", "workspace")


AGREED = f'[[modifier]]\nname = "agreement"\nfrom = {RAISED}\nfactor = "0.88"\n'


@pytest.mark.long
def test_own_prices_that_the_bill_does_not_honour_are_named(tmp_path: Path, untouched: Asked) -> None:
    """A bill at the public list where own prices differ is `own prices not applied`, to the digit, and nothing else.

    Lines of which all was refused were billed at no price: they are so at one's own.
    """
    ask = synced(tmp_path / "ledger", prices=Prices.with_own(AGREED))
    listed = untouched("kind", since=str(RAISED), until=str(TODAY - DAY))
    priced = {
        row["kind"]: row["amount"] for row in listed.rows if row["cause"] == "priced" and row["kind"] != "web_search"
    }
    off = sum(priced.values(), Decimal(0)) * Decimal("0.12")
    after, before = amounts(ask(until=str(TODAY - DAY))), amounts(untouched(until=str(TODAY - DAY)))
    refused = ("refused or blocked requests",)
    dearer = before[refused] - after[refused]
    assert after.pop(("own prices not applied",)) == dearer + off
    assert after | {refused: before[refused]} == before
    rows = [row for row in ask("model").rows if row["cause"] == "own prices not applied"]
    detail = {row["model"]: row["detail"] for row in rows}
    assert len(detail) == len(rows)
    assert detail[SONNET] == f"{SONNET} since {RAISED}: billed at the public list's price"
    assert HAIKU in detail
    assert_adds_up(ask("day", "model"), "day", "model")


@pytest.mark.long
def test_own_prices_are_what_is_compared(tmp_path: Path, untouched: Asked) -> None:
    """An honoured agreement leaves no difference; a rate off one's own price is said to be so, not off the list's."""
    agreed = Scaled("0.88", lambda line, day: line.cost_type == "tokens" and day >= RAISED)
    ask = synced(tmp_path / "ledger", agreed, Prices.with_own(AGREED))
    assert {cause for (cause,) in amounts(ask())} == {cause for (cause,) in amounts(untouched())}
    sonnet_scale = Scaled("0.55", agreed.scope)
    ask = synced(
        tmp_path / "other",
        lambda line, amount, day: (sonnet_scale if line.model == SONNET else agreed)(line, amount, day),
        Prices.with_own(AGREED),
    )
    [row] = [row for row in ask(model=SONNET).rows if row["cause"] == "price list stale"]
    assert row["detail"] == f"{SONNET} since {RAISED}: 0.625 of your own price"


@pytest.mark.long
def test_two_days_are_no_price(tmp_path: Path, untouched: Asked) -> None:
    """A factor that fits on two days only is not called a price."""
    plant = Scaled("1.25", lambda line, day: line.model == SONNET and RAISED <= day < RAISED + 2 * DAY)
    ask = synced(tmp_path / "ledger", plant)
    assert amounts(ask())[("unexplained",)] != EXPLAINED
    assert ("price list stale",) not in amounts(ask())
    assert untouched().totals["billed"] + plant.added() == ask().totals["billed"]  # type: ignore[operator]


@pytest.mark.long
def test_unexplained_alone_is_that_of_the_bridge(tmp_path: Path) -> None:
    """What is unexplained of a day is what its bridge leaves; no line is judged where no charge has a gap."""
    plant = Scaled("1.25", lambda line, day: line.model == SONNET and RAISED <= day < RAISED + 2 * DAY)
    ask = synced(tmp_path / "ledger", plant)
    engine = Ledger(tmp_path / "ledger", CLOCK).engine()
    alone, unjudged = dict[date, Decimal | None](), set[date]()
    for day in [*ENDED, TODAY]:
        engine.statements.clear()
        alone[day], _ = unexplained(engine, Question("reconcile", Window.of_day(day), ()), Prices.with_own(), NOW)
        unjudged |= set() if any("ledger.cost" in sql for sql in engine.statements) else {day}
    assert alone == {day: ask(since=str(day), until=str(day)).totals["unexplained"] for day in alone}
    assert {day for day, amount in alone.items() if amount} == {RAISED, RAISED + DAY}
    whole = Question("reconcile", window(str(SINCE), None, NOW), ())
    assert unexplained(engine, whole, Prices.with_own(), NOW)[0] == ask().totals["unexplained"] == sum(alone.values())
    assert unjudged
    assert unjudged.isdisjoint({RAISED, RAISED + DAY})


@pytest.mark.long
def test_unexplained_alone_knows_changed_prices(tmp_path: Path) -> None:
    """A changed price is told from what is unexplained by the lines with a gap, and a line of each model without."""
    raised = Scaled("1.25", lambda line, day: line.model == SONNET and day >= RAISED)
    once = Scaled("1.07", lambda line, day: line.model == OPUS and day == RAISED)
    ask = synced(
        tmp_path / "ledger",
        lambda line, amount, day: (raised if line.model == SONNET else once)(line, amount, day),
    )
    engine = Ledger(tmp_path / "ledger", CLOCK).engine()
    whole = Question("reconcile", window(str(SINCE), None, NOW), ())
    alone, _ = unexplained(engine, whole, Prices.with_own(), NOW)
    assert alone == ask().totals["unexplained"]
    assert alone
    assert ("price list stale",) in amounts(ask())


@pytest.mark.long
def test_a_day_of_refused_requests_is_found(tmp_path: Path, untouched: Asked) -> None:
    """Where nothing of a model was billed on a day that has a bill, all of its use of that day counts as refused."""
    plant = Scaled("0", lambda line, day: line.model == OPUS and day == RAISED)
    ask = synced(tmp_path / "ledger", plant)
    refused = ("refused or blocked requests",)
    assert amounts(ask())[refused] == amounts(untouched())[refused] + plant.added()
    assert ("unexplained",) not in amounts(ask())
    table = ask(since=str(RAISED), until=str(RAISED), model=OPUS)
    [row] = [row for row in table.rows if row["cause"] == refused[0]]
    assert -table.totals["difference"] == row["amount"] == table.totals["priced"]  # type: ignore[operator]


@pytest.mark.long
def test_a_model_without_a_price_is_named_with_its_tokens(tmp_path: Path, untouched: Asked) -> None:
    """What was billed for a model that no list has is of unknown price, with the model and its tokens."""
    [known] = Prices.with_own().texts
    ask = synced(tmp_path / "ledger", prices=Prices((known.replace(f'"{OPUS}"', '"claude-other"'),)))
    rows = [row for row in ask("model", model=OPUS).rows if row["cause"] == "unknown price"]
    tokens = sum(
        sum(request[2:7])
        for day in ENDED
        for request in small_world().requests(day)
        if request.group.model == OPUS and request.group.tier != "priority"
    )
    before = untouched("model", model=OPUS, until=str(TODAY - DAY)).rows[0]
    assert [(-row["amount"], row["quantity"]) for row in rows] == [(before["amount"], tokens)]
    assert OPUS in rows[0]["detail"]  # type: ignore[operator]
    assert amounts(ask()).get(("unexplained",)) is None


@pytest.mark.long
def test_random_amounts_are_unexplained_to_the_digit(tmp_path: Path, untouched: Asked) -> None:
    """Amounts planted in the bill at random, more or less, on lines with use or none, come out unexplained exactly."""
    planted: dict[date, int] = defaultdict(int)
    world = small_world()
    extras: dict[tuple[date, Line], int] = {}
    for day in ENDED:
        rng = Random(f"planted {day}")  # noqa: S311 - repeatable, not secret
        refused = {(group.workspace, group.model, group.tier) for group, _ in world.sums(*_day(day)) if group.refused}
        clean = sorted(
            {
                line
                for line, _ in true_lines(world, day)
                if line.model and (line.workspace_id, line.model, line.service_tier) not in refused
            },
            key=repr,
        )
        for line in rng.sample(clean, min(3, len(clean))):
            due = sum(amount for candidate, amount in true_lines(world, day) if candidate == line)
            extras[day, line] = rng.randrange(-due // 2, due) // 1000 * 1000 + 137
        none = Line(None, "Claude Odd Usage", "tokens", SONNET, "output_tokens", "batch", "0-200k", "us")
        extras[day, none] = rng.randrange(10**12)
    seen: set[tuple[date, Line]] = set()

    def plant(line: Line, amount: int, day: date) -> Iterator[tuple[Line, int]]:
        for key in [extra for extra in extras if extra[0] == day and extra not in seen]:
            yield key[1], extras[key]
        yield line, amount

    for (day, _), extra in extras.items():
        planted[day] += extra
    ask = synced(tmp_path / "ledger", lambda line, amount, day: _once(plant, line, amount, day, world))
    by_cause = amounts(ask("day"), "day")
    unexplained = {day: amount for (day, cause), amount in by_cause.items() if cause == "unexplained"}
    assert unexplained == {str(day): dollars(amount) for day, amount in planted.items()}
    assert _unbilled(by_cause) == _unbilled(amounts(untouched("day"), "day"))


def _unbilled(by_cause: Mapping[tuple[Any, ...], Decimal]) -> dict[tuple[Any, ...], Decimal]:
    """What is explained, what is not billed yet as refused: a planted line bills a model of which all was refused."""
    return {
        (day, cause.replace("not billed yet", "refused or blocked requests")): amount
        for (day, cause), amount in by_cause.items()
        if cause != "unexplained"
    }


def _day(day: date) -> tuple[Any, Any]:
    return midnight(day), Grain.DAY


def _once(
    plant: Callable[..., Iterator[tuple[Line, int]]], line: Line, amount: int, day: date, world: World
) -> Iterator[tuple[Line, int]]:
    """The plant before the first line of a day, the line itself else."""
    first = next(true_lines(world, day))
    yield from plant(line, amount, day) if (line, amount) == first else [(line, amount)]


RATE = 333333333300
"""Picodollars for a million tokens of a model with a price that has no end per token."""
OWN = """
[[model]]
id = "odd"
name = "Odd"
[[price]]
for = "odd"
from = 2026-01-01
usd = { output = "0.3333333333" }
"""


def charge(day: int, quantity: int, billed: int, *, rows: int = 1, model: str = "odd", **fields: Any) -> Part:
    """Tokens of output in picodollars."""
    dims = {"tier": "standard", "context": "0-200k", "geo": "not_available", "speed": "standard", "cause": "none"}
    priced = (2 * quantity * RATE + 10**6) // (2 * 10**6)
    start = {"organization": "o", "day": date(2026, 11, day), "workspace": "w", "model": model, "kind": "output"}
    money = {"rows": rows, "quantity": quantity, "billed": billed, "priced": priced}
    return Part(**{**start, **dims, **money, **fields})


def findings_of(parts: list[Part], prices: Prices, coarse: Mapping[Any, frozenset[str]]) -> list[Found]:
    """All that the bridge of charges has."""
    with scratch() as duck:
        tables(duck, parts, coarse)
        return reconcile(duck, prices.in_force)[1]


def causes(*parts: Part) -> dict[str, int | None]:
    """Cause to amount."""
    return {finding.cause: finding.amount for finding in findings_of([*parts], Prices.with_own(OWN), {})}


def test_rounding_is_below_a_picodollar_a_row() -> None:
    """Half a picodollar that the API rounded away is rounding; a whole one where the price is whole is not."""
    exact = 7 * RATE
    assert causes(charge(1, 7, exact // 10**6)) == {}
    assert causes(charge(1, 7, exact // 10**6 + 1)) == {"rounding": 1}
    assert causes(charge(1, 7, exact // 10**6 + 2)) == {"unexplained": 2}
    assert causes(charge(1, 10**6, RATE + 1)) == {"unexplained": 1}


def test_refused_is_a_whole_number_of_tokens_that_were_used() -> None:
    """A gap is refused requests where it is whole tokens, at most those used; a token and a half is unexplained."""
    million = 10**6
    rate = RATE
    assert causes(charge(1, 2 * million, rate)) == {"refused or blocked requests": -rate}
    assert causes(charge(1, 2 * million, -rate)) == {"unexplained": -3 * rate}
    assert causes(charge(1, 2 * million, rate + 500)) == {"unexplained": 500 - rate}
    assert causes(charge(1, 2 * million, 3 * rate)) == {"unexplained": rate}


def test_a_factor_is_found_though_amounts_were_rounded() -> None:
    """Two thirds of a price that has no end in picodollars is still one factor."""
    used = (1_234_567, 7_654_321, 999_983, 31_337)
    billed = [round(Fraction(2, 3) * count * Fraction(RATE, 10**6)) for count in used]
    parts = [charge(day, count, paid) for day, (count, paid) in enumerate(zip(used, billed, strict=True), 1)]
    findings = findings_of(parts, Prices.with_own(OWN), {})
    details = {finding.detail for finding in findings if finding.cause == "price list stale"}
    assert details == {"odd since 2026-11-01: 2/3 of the list price"}
    assert {finding.cause for finding in findings} <= {"price list stale", "rounding"}
    assert all(abs(finding.amount or 0) <= len(parts) for finding in findings if finding.cause == "rounding")


def test_a_bill_without_geography_is_judged_with_all_use_that_it_covers() -> None:
    """A line of unknown geography is explained by whole tokens at the two rates of its geographies."""
    rates_of_geo = {"global": 10, "us": 11}
    used = {"global": 1000, "us": 400}
    dims = {"kind": "output", "model": SONNET, "rows": 1}
    parts = [charge(8, used[geo], 0, **dims, geo=geo) for geo in used]
    per = 10**6
    priced = {geo: used[geo] * rate * per for geo, rate in rates_of_geo.items()}
    billed = sum(priced.values()) - (3 * 10 + 7 * 11) * per
    share = billed * priced["us"] // sum(priced.values())
    paid = {"us": share, "global": billed - share}
    parts = [replace(part, priced=priced[part.geo], billed=paid[part.geo]) for part in parts]
    coarse = {("o", date(2026, 11, 8), "w", SONNET, "output"): frozenset({"geo"})}
    findings = [finding for finding in findings_of(parts, Prices.with_own(), coarse) if finding.amount]
    assert {finding.cause for finding in findings} == {"refused or blocked requests"}
    assert sum(finding.amount or 0 for finding in findings) == -(3 * 10 + 7 * 11) * per


@pytest.mark.long
def test_rates_are_billed_over_used_beside_the_list(tmp_path: Path) -> None:
    """The effective rate of a kind is what was billed for a million of it, beside the list's; the rows are the bill."""
    plant = Scaled("0.88", lambda line, _: line.cost_type == "tokens")
    synced(tmp_path / "ledger", plant)
    engine = Ledger(tmp_path / "ledger", CLOCK).engine()
    table = effective_rates(engine, Question("reconcile", window(str(SINCE), None, NOW), ()), Prices.with_own(), NOW)
    [row] = [row for row in table.rows if (row["model"], row["kind"]) == ("claude-fable-5-1", "output")]
    assert (row["rate"], row["list_rate"], row["of_list"]) == (44, 50, Decimal("0.88"))
    rated = {row["kind"] for row in table.rows if row["rate"] is not None}
    assert rated <= {*TOKENS, "web_search"}
    assert {row["kind"] for row in table.rows} - rated == {"code_execution", "session_time"}
    bill = Ledger(tmp_path / "ledger", CLOCK).spend((), str(SINCE)).totals["billed"]
    assert sum((row["billed"] for row in table.rows), Decimal(0)) == table.totals["billed"] == bill  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["key", "actor", "team", "speed", "hour"])
def test_what_is_known_per_line_only_is_refused_per_key(untouched: Asked, by: str) -> None:
    """Refused tokens are known per line, never per key, so reconciliation by key is refused with the reason."""
    with pytest.raises(InvalidQuestion):
        untouched(by)


def test_a_verdict_says_what_is_explained_and_what_is_not_checked(untouched: Asked) -> None:
    """The first note says how much of the difference is explained, what was not checked, what to compare by hand."""
    table = untouched()
    [verdict] = [text for text in table.notes if text.startswith("Verdict: ")]
    assert table.notes[0] == verdict
    assert "Verdict: all of the difference between billed and priced is explained." in verdict
    assert "prepaid priority tier" in verdict
    assert "credits and taxes" in verdict
