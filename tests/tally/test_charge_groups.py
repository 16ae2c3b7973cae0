"""Charge groups: charges that the engine sums before they have owners, beside each charge attributed by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from support.owned_charges import NAMED, WINDOW, owner_rules, written
from support.written_ledger import written_ledger
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.question import Question
from tallystick.query.charge_groups import ChargeGroups, label
from tallystick.query.owners import attribution
from tallystick.query.spelling import spellings
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.tally.attribute import Attribution
from tallystick.tally.figures import ChargeRows
from tallystick.tally.owners import Owners

DIMENSIONS = ("organization", "workspace", "key", "actor", "model", "kind", "day", "week", "month", "method")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A ledger of these charges and names."""
    return written_ledger(tmp_path_factory.mktemp("groups"), written(), NAMED)


def each_by_itself(engine: Engine, question: Question, owners: Owners) -> Attribution:
    """The charges of a question, picked here and not by the engine, each a row of its own."""

    def picked(where: dict[str, Filter]) -> pa.Table:
        rows = [
            row | {"by_day": f"{row['day']}", "by_week": f"{row['day'] - timedelta(row['day'].weekday())}"}
            for row in written()
            if row["billed"] is not None and question.window.start.date() <= row["day"] < question.window.end.date()
            if all(part.takes(row[name]) for name, part in where.items())
        ]
        return pa.Table.from_pylist(
            [row | {"by_month": row["month"]} for row in rows],
            pa.schema([*schema(CHARGES), *((f"by_{grain}", pa.string()) for grain in ("day", "week", "month"))]),
        )

    def basis() -> pa.Table:
        return picked({name: part for name, part in question.where.items() if name == "organization"})

    return Attribution(owners, ChargeRows(picked(dict(question.where)), basis), spellings(engine))


@pytest.mark.long
@settings(max_examples=60)
@given(
    tables=st.lists(owner_rules(), max_size=5),
    by=st.lists(st.sampled_from(DIMENSIONS), max_size=3, unique=True),
    where=st.dictionaries(st.sampled_from(["kind", "organization", "key"]), st.integers(0, 1), max_size=2),
)
def test_groups_have_the_owners_of_their_charges(
    engine: Engine, tables: list[dict[str, Any]], by: list[str], where: dict[str, int]
) -> None:
    """Whatever the rules, the engine's sums have the owners and amounts that each charge has alone, to the picodollar.

    So have their number, their last day, what is said of proportional rules and of names that changed.
    """
    values = {"kind": ["output", "web_search"], "organization": ["o", "p"], "key": ["k", "l"]}
    filters = {name: Filter.of(values[name][index]) for name, index in where.items()}
    question = Question("spend", WINDOW, tuple(by), filters)
    owners = Owners.read(tables)
    grouped, alone = attribution(engine, question, owners), each_by_itself(engine, question, owners)
    columns = [*map(label, by), "rule", "team", "cost_center"]
    sums, expected = (
        {
            tuple(row[name] for name in columns): (row["billed"], row["rows"], row["last"])
            for row in charges.sums(columns)
        }
        for charges in (grouped, alone)
    )
    assert sums == expected
    assert (grouped.total, grouped.evenly, grouped.renamings) == (alone.total, alone.evenly, alone.renamings)


def test_shared_charges_that_leave_the_same_rest_are_one_row(engine: Engine) -> None:
    """Of charges that a rule splits in thirds the engine gives three rests at most, of either sign, for each group."""
    owners = Owners.read([{"shared": {"rule": "even", "teams": ["a", "b", "c"]}}])
    charges = ChargeGroups(engine, Question("spend", WINDOW, ("team",)), owners, spellings(engine))
    charges.make(
        "shared_spans",
        "SELECT 'o' AS organization, DATE '0001-01-01' AS start, DATE '9999-12-31' AS until, "
        "3e-12::DECIMAL(38, 12) AS multiple",
    )
    charges.make("rests", charges.finest(alike=True, single=False))
    rests = [rest for (rest,) in charges.duck.execute("SELECT each FROM rests").fetchall()]
    assert sorted(rests) == [-2, -1, 0, 1, 2]


def test_charges_of_one_owner_are_summed_by_the_engine(engine: Engine) -> None:
    """Where one team owns them, charges come in a row for each that a rule tells apart, not a row for each charge."""
    owners = Owners.read([{"team": "a", "workspace": "w"}, {"team": "b"}])
    query = ChargeGroups(engine, Question("spend", WINDOW, ("team",)), owners, spellings(engine)).query
    assert len(engine.rows(query)) == len(["o", "p"]) * len(["w", "v", "default"])
