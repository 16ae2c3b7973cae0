"""The split against the truth: a simulator that knows what each request of each key was billed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from support.charge_rows import billed
from support.records import records
from support.simulated_truth import KINDS
from support.wire import TODAY, Wire, span, synced
from tallystick.core.ledger_tables import CHARGES
from tallystick.sim import World

Row = dict[str, Any]
Caller = tuple[str, str, str, str]
FIRST = TODAY - timedelta(days=30)
DAYS = span(FIRST, TODAY)


@dataclass
class Line:
    """What is truly known of one line of the bill: each user's picodollars, and what blurs them."""

    truth: dict[Caller, int] = field(default_factory=lambda: defaultdict(int))
    allocated: dict[Caller, int] = field(default_factory=lambda: defaultdict(int))
    refused: bool = False
    large: bool = False
    speeds: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """The line's amount."""
        return sum(self.truth.values())

    @property
    def error(self) -> int:
        """Picodollars that went to another than who used them."""
        return sum(abs(self.allocated[caller] - self.truth[caller]) for caller in {*self.truth, *self.allocated}) // 2


@pytest.fixture(scope="module")
def world() -> World:
    """An organization big enough that keys share lines; nobody changes it."""
    return World(start=date(2026, 8, 1), end=TODAY, seed=5, keys=24, requests_per_key_day=30)


@pytest.fixture(scope="module")
def charged(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Its charges of the last 30 ended days, from a ledger that was synced."""
    path = tmp_path_factory.mktemp("truth") / "ledger"
    synced(path, Wire(world), FIRST)
    return [row for row in records(path, CHARGES) if row["day"] < TODAY]


def _caller(world: World, group: Any) -> Caller:
    workspace = "default" if group.workspace == world.organization.default.id else group.workspace
    return workspace, group.key or "playground", group.account or group.service_account or "unattributed"


@pytest.fixture(scope="module")
def lines(world: World, charged: list[Row]) -> dict[tuple[Any, ...], Line]:
    """Every line of tokens or searches of these days, by all that the bill tells, with truth and split beside."""
    bill_lines: dict[tuple[Any, ...], Line] = defaultdict(Line)
    for day in DAYS:
        for request in world.requests(day):
            caller, group = _caller(world, request.group), request.group
            prefix = (day, caller[0], group.model)
            counts = dict(zip(KINDS.values(), request[2:8], strict=True))
            costs = {KINDS[kind]: amount for kind, amount in request.picodollars().items()}
            for kind, count in counts.items():
                search = kind == "web_search"
                if not count or (group.tier not in {"standard", "batch"} and not search):
                    continue
                line = bill_lines[
                    (day, caller[0], kind) if search else (*prefix, kind, group.tier, group.context, group.geo)
                ]
                line.truth[caller] += costs.get(kind, 0)
                line.refused |= group.refused
                line.large |= group.large and not search
                line.speeds.add(group.speed)
    for row in charged:
        if row["cause"] in {"code execution", "session time"}:
            continue
        caller = tuple(row[name] for name in ("workspace", "key", "actor"))
        short = (row["day"], row["workspace"])
        rest = tuple(row[name] for name in ("kind", "tier", "context", "geo"))
        line_key = (*short, row["kind"]) if row["kind"] == "web_search" else (*short, row["model"], *rest)
        if row["billed"] is not None:
            bill_lines[line_key].allocated[caller] += int(row["billed"].scaleb(12))  # type: ignore[index]
    return bill_lines


def test_what_keys_are_billed_is_the_bill_of_each_day(world: World, charged: list[Row]) -> None:
    """Per-key billed amounts, summed, are the bill of each day, to the picodollar."""
    for day in DAYS:
        assert billed(row for row in charged if row["day"] == day) == world.billed(day), day


def test_each_line_is_conserved(lines: dict[tuple[Any, ...], Line]) -> None:
    """What its users got of a line is the line, for each line of tokens."""
    for line_key, line in lines.items():
        assert sum(line.allocated.values()) == line.total, line_key


def test_a_split_is_exact_where_nothing_is_hidden(lines: dict[tuple[Any, ...], Line]) -> None:
    """Where no user of a line was refused and none asked with a prompt that costs more unseen, each has its truth."""
    clear = {line_key: line for line_key, line in lines.items() if not line.refused and not line.large}
    shared = [line for line in clear.values() if len(line.truth) > 1]
    mixed = [line for line in shared if len(line.speeds) > 1]
    assert (len(shared) > 100, len(mixed) > 10) == (True, True), (len(shared), len(mixed))
    assert [line_key for line_key, line in clear.items() if line.error] == []


def test_a_split_is_off_by_what_was_refused_alone(lines: dict[tuple[Any, ...], Line]) -> None:
    """Where somebody was refused, the error is below the price of the refused tokens; there it is not zero."""
    refused = [line for line in lines.values() if line.refused and not line.large]
    assert any(line.error for line in refused)
    assert all(line.error <= line.total for line in refused)


def test_keys_are_off_by_what_is_hidden_alone(lines: dict[tuple[Any, ...], Line]) -> None:
    """Over 30 days no key is off where nothing is hidden, and none by a fifth where refusals and large prompts are."""
    clear = [line for line in lines.values() if not line.refused and not line.large]
    assert _largest_error(clear) == 0
    assert 0 < _largest_error(lines.values()) < Decimal("0.20")


def _largest_error(lines: Iterable[Line]) -> Decimal:
    truth: Counter[Caller] = Counter()
    allocated: Counter[Caller] = Counter()
    for line in lines:
        truth.update(line.truth)
        allocated.update(line.allocated)
    return max(abs(Decimal(allocated[caller] - amount) / amount) for caller, amount in truth.items() if amount)
