"""Line groups: the lines of a month by sums of its charges, beside each charge and each of its parts by itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.owned_charges import NAMED, WINDOW, owner_rules, written
from support.written_ledger import charge, written_ledger
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.time import Grain, Window
from tallystick.query.conditions import within
from tallystick.query.line_groups import KNOWN, LineGroups
from tallystick.query.spelling import spellings
from tallystick.store.engine import Engine
from tallystick.tally.attribute import Attribution
from tallystick.tally.figures import figures
from tallystick.tally.owners import Owners

OCTOBER = Grain.MONTH.around(datetime(2026, 10, 1, tzinfo=UTC))
LINE = ("organization", "workspace", "key", "model", "kind", "method")
OWNER = ("rule", "team", "cost_center")
SUMS = ("billed", "list", "quantity")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A ledger of the written charges and names."""
    return written_ledger(tmp_path_factory.mktemp("lines"), written(), NAMED)


def added(rows: list[dict[str, Any]], name: str) -> Any:
    """A figure of all rows; None where one of them does not know it."""
    return None if any(row[name] is None for row in rows) else sum((row[name] for row in rows[1:]), rows[0][name])


def each_by_itself(engine: Engine, window: Window, owners: Owners) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The lines of a window, summed here of every part of every billed charge."""
    query = select("*").from_("ledger.charges").where(within(window), "billed IS NOT NULL")
    lines = defaultdict(list)
    for part in figures(owners, engine.ask(query), spellings(engine)).to_pylist():
        known = tuple(part[name] is None for name in ("list", "quantity"))
        lines[(*(part[name] for name in (*LINE, *OWNER)), *known)].append(part)
    return {line: tuple(added(parts, name) for name in SUMS) for line, parts in lines.items()}


@pytest.mark.long
@settings(max_examples=80)
@given(tables=st.lists(owner_rules(), max_size=5), window=st.sampled_from([OCTOBER, WINDOW]))
def test_lines_have_the_figures_of_their_charges(engine: Engine, tables: list[dict[str, Any]], window: Window) -> None:
    """Whatever the rules, lines have what each charge has alone, to the last unit; parts of nothing have none."""
    owners, spelt = Owners.read(tables), spellings(engine)
    groups = LineGroups(
        engine, Question("chargeback", window, ()), owners, spelt, further=dict(zip(LINE, LINE, strict=True)) | KNOWN
    )
    made = Attribution(owners, groups, spelt).figures([*LINE, *OWNER, *KNOWN]).to_pylist()
    lines = {tuple(row[name] for name in (*LINE, *OWNER, *KNOWN)): tuple(row[name] for name in SUMS) for row in made}
    assert len(lines) == len(made)
    assert lines == each_by_itself(engine, window, owners)


def test_lines_of_a_whole_month_are_read_from_its_sums(engine: Engine) -> None:
    """Where no day of the month changes an owner, no charge is read."""
    owners, spelt = Owners.read([{"team": "a", "workspace": "w"}]), spellings(engine)
    whole = Question("chargeback", Grain.MONTH.around(datetime(2026, 11, 1, tzinfo=UTC)), ())
    text = LineGroups(engine, whole, owners, spelt).charges()
    assert "ledger.month_sums" in text or "ledger.day_sums" in text
    assert "ledger.charges" not in text


def test_parts_that_cancel_out_are_a_line(tmp_path: Path) -> None:
    """A charge and a credit whose parts come to zero are a line of each team; a part of nothing is no line."""
    alike = {"day": WINDOW.start.date(), "quantity": None}
    amounts = {"k": (3, -3), "l": (1,)}
    charges = [
        charge(**alike, key=key, billed=Decimal(amount).scaleb(-12)) for key, own in amounts.items() for amount in own
    ]
    engine = written_ledger(tmp_path, charges, ())
    owners = Owners.read([{"shared": {"rule": "even", "teams": ["a", "b"]}}])
    groups = LineGroups(engine, Question("chargeback", OCTOBER, ()), owners, {}, further={"key": "key"})
    made = Attribution(owners, groups, {}).figures(["key", *OWNER]).to_pylist()
    assert sorted((row["key"], row["team"], row["billed"].scaleb(12)) for row in made) == [
        ("k", "a", 0),
        ("k", "b", 0),
        ("l", "a", 1),
    ]
