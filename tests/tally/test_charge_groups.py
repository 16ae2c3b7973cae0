"""Charge groups: charges that the engine sums before they have owners, beside each charge attributed by itself."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings, strategies as st

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, NAMES
from tallystick.core.question import Question
from tallystick.core.time import Window
from tallystick.query.charge_groups import label
from tallystick.query.owners import attribution, groups
from tallystick.query.spelling import spellings
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.tally.attribute import Attribution
from tallystick.tally.owners import Owners

FIRST = date(2026, 10, 29)
WINDOW = Window(datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
ROWS = 400
DIMENSIONS = ("organization", "workspace", "key", "actor", "model", "kind", "day", "week", "month", "method")


def written() -> pa.Table:
    """Charges of six days: many small ones alike, some near the limits, credits, some that are not billed."""
    chance = random.Random(17)  # noqa: S311 - always the same
    rows = []
    for _ in range(ROWS):
        day = FIRST + timedelta(chance.randrange(6))
        amount = chance.choice([chance.randint(-40, 40), chance.randint(-(10**6), 10**9), chance.randint(0, 10**25)])
        rows.append(
            {
                "organization": chance.choice(["o", "p"]),
                "month": f"{day:%Y-%m}",
                "day": day,
                "workspace": chance.choice(["w", "v", "default"]),
                "key": chance.choice(["k", "l", "m"]),
                "actor": chance.choice(["u", "unattributed"]),
                "product": "unknown",
                "model": chance.choice(["claude-opus-5-5", "claude-haiku-5-5"]),
                "kind": chance.choice(["output", "web_search"]),
                **dict.fromkeys(("tier", "context", "geo", "speed", "cause", "relaxed"), "none"),
                "quantity": chance.choice([None, 0, 7, 10**6]),
                "unit": "tokens",
                "billed": chance.choice([None, *[Decimal(amount).scaleb(-12)] * 9]),
                "method": chance.choice(["reported", "allocated"]),
                "source": "reports",
            }
        )
    return pa.Table.from_pylist(rows, schema(CHARGES))


def names() -> pa.Table:
    """Names of workspaces and a key, some of which change within the window; tags likewise."""
    rows = [
        ("o", "workspace", "w", "Search", '{"tags": {"unit": "a"}}', FIRST),
        ("o", "workspace", "w", "Ads", '{"tags": {"unit": "b"}}', date(2026, 11, 1)),
        ("o", "workspace", "v", "Ads", "{}", FIRST),
        ("o", "workspace", "v", "Search", "{}", date(2026, 10, 31)),
        ("p", "workspace", "w", "Search", "{}", FIRST),
        ("o", "key", "k", "bot", None, FIRST),
        ("o", "key", "k", "robot", None, date(2026, 11, 2)),
        ("p", "user", "u", "Ada", None, FIRST),
        ("o", "organization", "o", "Orange", None, FIRST),
        ("p", "organization", "p", "Plum", None, FIRST),
    ]
    columns = ("organization", "type", "id", "name", "details", "seen_at")
    entries = [
        dict(zip(columns, row[:-1], strict=False)) | {"seen_at": datetime(*row[-1].timetuple()[:3], 9, tzinfo=UTC)}
        for row in rows
    ]
    return pa.Table.from_pylist(entries, schema(NAMES))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A ledger of these charges and names."""
    tables = Tables(tmp_path_factory.mktemp("groups") / "ledger")
    charges = written()
    with tables.writing() as writer:
        for organization in ("o", "p"):
            own = charges.filter(pc.equal(charges["organization"], organization))
            writer.replace(CHARGES, organization, sorted(set(own["day"].to_pylist())), own)
        writer.append(NAMES, names())
        writer.commit("o", "records", datetime(2026, 11, 4, tzinfo=UTC), {})
    return Engine(tables, tables.newest())


@st.composite
def owner_rules(draw: st.DrawFn) -> dict[str, Any]:
    """An [[owner]] table: of a team or shared, of some days or all, by any of the conditions."""
    words = {
        "organization": ["o", "p"],
        "workspace": ["Search", "Ads", "A*", "w", "default"],
        "key": ["robot", "*bot", "l", "k"],
        "actor": ["Ada", "unattributed"],
        "model": ["claude-opus-5-5", "*haiku*"],
        "tag": ["unit=a", "unit=*"],
    }
    rule: dict[str, Any] = {}
    for condition in draw(st.lists(st.sampled_from(sorted(words)), max_size=2, unique=True)):
        rule[condition] = draw(st.lists(st.sampled_from(words[condition]), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        start = draw(st.integers(0, 5))
        rule["from"] = FIRST + timedelta(start)
        rule["until"] = FIRST + timedelta(start + draw(st.integers(1, 4)))
    teams = draw(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4, unique=True))
    match draw(st.sampled_from(["team", "team", "even", "proportional", "fixed"])):
        case "team":
            rule |= {"team": teams[0]} | draw(st.sampled_from([{}, {"cost_center": "7"}]))
        case "fixed":
            most = draw(st.sampled_from([3, 10**7, 10**30]))
            weights = [draw(st.integers(1, most)) for _ in teams]
            shares = {team: str(Fraction(weight, sum(weights))) for team, weight in zip(teams, weights, strict=True)}
            rule["shared"] = {"rule": "fixed", "shares": shares}
        case method:
            rule["shared"] = {"rule": method, "teams": teams}
    return rule


def each_by_itself(engine: Engine, question: Question, owners: Owners) -> Attribution:
    """The charges of a question, picked here and not by the engine, each a row of its own."""

    def picked(where: dict[str, Filter]) -> pa.Table:
        rows = [
            row | {"by_day": f"{row['day']}", "by_week": f"{row['day'] - timedelta(row['day'].weekday())}"}
            for row in written().to_pylist()
            if row["billed"] is not None and question.window.start.date() <= row["day"] < question.window.end.date()
            if all(part.takes(row[name]) for name, part in where.items())
        ]
        return pa.Table.from_pylist(
            [row | {"by_month": row["month"]} for row in rows],
            pa.schema([*schema(CHARGES), *((f"by_{grain}", pa.string()) for grain in ("day", "week", "month"))]),
        )

    def basis() -> pa.Table:
        return picked({name: part for name, part in question.where.items() if name == "organization"})

    return Attribution(owners, picked(dict(question.where)), spellings(engine), basis)


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


def test_charges_of_one_owner_are_summed_by_the_engine(engine: Engine) -> None:
    """Where one team owns them, charges come in a row for each that a rule tells apart, not a row for each charge."""
    owners = Owners.read([{"team": "a", "workspace": "w"}, {"team": "b"}])
    charges = groups(engine, Question("spend", WINDOW, ("team",)), owners).groups()
    assert charges.num_rows == len(["o", "p"]) * len(["w", "v", "default"])
