"""Owners: which rule a charge falls to, how shared ones are split, and the answers that follow."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from support.command import Run
from support.ledgers import open_ledger
from support.organization import NOW, small_world
from support.tables import summed
from tallystick import Ledger
from tallystick.core.filter import Filter
from tallystick.core.question import Question, Table
from tallystick.core.time import Window
from tallystick.errors import InvalidQuestion
from tallystick.query.owners import attributed, rules
from tallystick.reports.keys import keys
from tallystick.reports.owner_check import check, problems
from tallystick.settings import Settings
from tallystick.tally.attribute import Attribution
from tallystick.tally.figures import ChargeRows
from tallystick.tally.owners import Owners
from tallystick.tally.rules import CONDITIONS, FIELDS
from tallystick.tally.split import split

Tallystick = Callable[..., Run]
DAY = date(2026, 11, 1)
LAST_MONTH = Window(datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
RULES = """
[[owner]]
team = "docs"
cost_center = "4711"
key = ["docs-*"]

[[owner]]
team = "platform"
cost_center = "4100"
tag = "team=platform"
from = 2026-11-01

[[owner]]
shared = {rule = "proportional", teams = ["docs", "platform", "coders"]}
model = "*haiku*"

[[owner]]
shared = {rule = "fixed", shares = {docs = "1/3", coders = "2/3"}}
workspace = "Public Sector"

[[owner]]
team = "nobody"
key = "no-such"
"""
LINES = """Team,cost_center,workspace,key,actor,model,tag,from,until
coders,4300,Claude Code,,,,,,2026-11-10
coders,4301,Claude Code,,,,,2026-11-10,
"""


@pytest.fixture
def owners(tmp_path: Path) -> Owners:
    """Rules of every sort for the small organization."""
    return given_by(tmp_path, RULES, LINES)


def given_by(folder: Path, toml: str, lines: str) -> Owners:
    """The owners of a settings file with these [[owner]] tables and this CSV."""
    (folder / "own.csv").write_text(lines, encoding="utf-8")
    (folder / "own.toml").write_text('owners = "own.csv"\n' + toml, encoding="utf-8")
    return Settings.load(config=str(folder / "own.toml"), environment={}).owners()


def by(book: Ledger, owners: Owners, *dims: str, **where: str) -> dict[tuple[Any, ...], Decimal]:
    """What was billed last month, by these dimensions."""
    filters = {name: Filter.of(value) for name, value in where.items()}
    names, rows, *_ = attributed(book.engine(), Question("spend", LAST_MONTH, dims, filters), owners)
    return {tuple(row[name] for name in names): row["billed"] for row in rows}


def charges(*rows: tuple[Any, ...]) -> pa.Table:
    """Charges of (day, workspace, key, model, picodollars) of one organization."""
    days, workspaces, key_ids, models, billed = zip(*rows, strict=True)
    return pa.table(
        {
            "organization": ["o"] * len(rows),
            "day": pa.array(days, pa.date32()),
            "workspace": workspaces,
            "key": key_ids,
            "actor": ["u"] * len(rows),
            "model": models,
            "billed": pa.array([Decimal(amount).scaleb(-12) for amount in billed], pa.decimal128(28, 12)),
        }
    )


def pico(amount: Decimal) -> int:
    """Whole picodollars."""
    return int(amount.scaleb(12))


@st.composite
def rule_tables(draw: st.DrawFn) -> dict[str, Any]:
    """An [[owner]] table."""
    teams = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4, unique=True)
    some = st.lists(st.sampled_from(["x", "y", "z", "y*"]), min_size=1, max_size=2)
    rule: dict[str, Any] = draw(st.dictionaries(st.sampled_from(["workspace", "key", "model"]), some, max_size=2))
    first = draw(st.none() | st.integers(0, 3))
    if first is not None:
        rule["from"] = DAY + timedelta(first)
        rule["until"] = f"{DAY + timedelta(first + draw(st.integers(1, 2)))}"
    match draw(st.sampled_from(["team", "even", "proportional", "fixed"])):
        case "team":
            rule["team"] = draw(st.sampled_from(["a", "b", "c"]))
        case "fixed":
            weights = draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=4))
            shares = {f"t{n}": str(Fraction(weight, sum(weights))) for n, weight in enumerate(weights)}
            rule["shared"] = {"rule": "fixed", "shares": shares}
        case rule_name:
            rule["shared"] = {"rule": rule_name, "teams": draw(teams)}
    return rule


amounts = st.integers(-(10**20), 10**27) | st.integers(-100, 100)
charge = st.tuples(
    st.integers(0, 4).map(lambda n: DAY + timedelta(n)),
    st.sampled_from(["x", "y", "yy"]),
    st.sampled_from(["x", "y", "z"]),
    st.sampled_from(["x", "yz"]),
    amounts,
)


def says(table: Mapping[str, Any], row: tuple[Any, ...]) -> bool:
    """Whether a table's conditions hold of a charge; written apart from the product."""
    day, workspace, key, model, _ = row
    start, end = table.get("from", DAY), table.get("until", "9999-12-31")
    if not start <= day < date.fromisoformat(end):
        return False
    for name, value in (("workspace", workspace), ("key", key), ("model", model)):
        if name in table and not any(
            value == pattern or (pattern == "y*" and value.startswith("y")) for pattern in table[name]
        ):
            return False
    return True


def expected(tables: Sequence[Mapping[str, Any]], rows: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    """Picodollars by team, charge by charge in plain Python."""
    places = [next((n for n, table in enumerate(tables) if says(table, row)), None) for row in rows]
    own: dict[tuple[date, str], int] = {}
    for rule_index, row in zip(places, rows, strict=True):
        if rule_index is not None and "team" in tables[rule_index]:
            own[row[0], tables[rule_index]["team"]] = own.get((row[0], tables[rule_index]["team"]), 0) + row[-1]
    sums: dict[str, int] = {}
    for rule_index, row in zip(places, rows, strict=True):
        shared = {} if rule_index is None else tables[rule_index].get("shared", {})
        teams = ["unowned"] if rule_index is None else list(shared.get("teams", shared.get("shares", [])))
        teams = teams or [tables[rule_index or 0]["team"]]
        weights = [1] * len(teams)
        if shared.get("rule") == "fixed":
            parts = [Fraction(share) for share in shared["shares"].values()]
            unit = Fraction(1)
            for part in parts:
                unit *= part.denominator
            weights = [int(part * unit) for part in parts]
        elif shared.get("rule") == "proportional":
            weighed = [max(own.get((row[0], team), 0), 0) for team in teams]
            weights = weighed if sum(weighed) else weights
        for team, part in zip(teams, split(row[-1], weights), strict=True):
            sums[team] = sums.get(team, 0) + part
    return sums


@pytest.mark.long
@settings(max_examples=80, deadline=None)
@given(st.lists(rule_tables(), max_size=6), st.lists(charge, min_size=1, max_size=12))
def test_every_rule_adds_up_exactly(tables: list[dict[str, Any]], rows: list[tuple[Any, ...]]) -> None:
    """Whatever the rules, teams and unowned sum to the charges, each charge split as `split` does."""
    attribution = Attribution(Owners.read(tables), ChargeRows(charges(*rows)), {})
    by_team = {row["team"]: pico(row["billed"]) for row in attribution.sums(["team"])}
    assert sum(by_team.values()) == sum(row[-1] for row in rows)
    assert by_team == expected(tables, rows)
    assert sum(row["rows"] for row in attribution.sums(["rule"])) == len(rows)


def test_the_first_rule_that_matches_owns() -> None:
    """Rules hold in their order, the CSV before the tables; all conditions of one must hold, any value of each."""
    owners = Owners.read(
        [{"team": "second", "workspace": ["w", "v"], "key": "k"}, {"team": "third", "workspace": "w"}],
        "team,key,model\nfirst,k,m\n",
    )
    for workspace, key, model, team in (
        ("w", "k", "m", "first"), ("v", "k", "n", "second"), ("w", "q", "m", "third"), ("q", "k", "n", "unowned"),
    ):  # fmt: skip
        (row,) = Attribution(owners, ChargeRows(charges((DAY, workspace, key, model, 5))), {}).sums(["team"])
        assert (row["team"], pico(row["billed"])) == (team, 5)


def test_rules_have_their_days() -> None:
    """`from` is inclusive and `until` exclusive; the day before and the day after are the next rule's."""
    owners = Owners.read([{"team": "new", "from": DAY, "until": "2026-11-03"}, {"team": "old"}])
    for day, team in ((-1, "old"), (0, "new"), (1, "new"), (2, "old")):
        (row,) = Attribution(owners, ChargeRows(charges((DAY + timedelta(day), "w", "k", "m", 1))), {}).sums(["team"])
        assert row["team"] == team


@pytest.mark.long
def test_words_for_an_id() -> None:
    """An id, a name, an e-mail, a tag all name it; a star stands for anything and nothing else is a pattern."""
    spellings = {
        "workspace": {("o", "w"): [(DAY, frozenset({"w", "Pro [x]"}))]},
        "tag": {("o", "w"): [(DAY, frozenset({"team=search"}))]},
        "actor": {("o", "u"): [(DAY, frozenset({"ada@example.com"}))]},
    }
    for table, owned in (
        ({"workspace": "w"}, True), ({"workspace": "Pro [x]"}, True), ({"workspace": "Pro*"}, True),
        ({"workspace": "Pro"}, False), ({"workspace": "P.o*"}, False), ({"workspace": "pro*"}, False),
        ({"tag": "team=search"}, True), ({"tag": "team=*"}, True), ({"tag": "w=*"}, False),
        ({"actor": "ada@example.com"}, True), ({"organization": "o"}, True), ({"organization": "p"}, False),
    ):  # fmt: skip
        owners = Owners.read([{"team": "t", **table}])
        (row,) = Attribution(owners, ChargeRows(charges((DAY, "w", "k", "m", 1))), spellings).sums(["team"])
        assert (row["team"] == "t") is owned, table


@pytest.mark.long
@pytest.mark.parametrize("offset", range(-2, 3))
def test_a_name_holds_on_its_days(offset: int) -> None:
    """A rule by name matches the days on which the thing was called so, days before the first sighting by that one."""
    day = DAY + timedelta(offset)
    spellings = {
        "workspace": {
            ("o", "w"): [(DAY - timedelta(9), frozenset({"A"})), (DAY, frozenset({"B"}))],
            ("o", "v"): [(DAY - timedelta(9), frozenset({"B"})), (DAY, frozenset({"A"}))],
        }
    }
    owners = Owners.read(
        [{"team": "a", "workspace": "A", "until": DAY + timedelta(2)}, {"team": "b", "workspace": "B"}]
    )
    for workspace, before, since in (("w", "a", "b"), ("v", "b", "a")):
        (row,) = Attribution(owners, ChargeRows(charges((day, workspace, "k", "m", 1))), spellings).sums(["team"])
        expected = before if offset < 0 else since if offset < 2 or since == "b" else "unowned"
        assert row["team"] == expected
    changes = owners.renamings(spellings)
    assert [(change.id, change.ends, change.begins) for change in changes] == [("v", [1], [0]), ("w", [0], [1])]
    both = Owners.read([{"team": "a", "workspace": ["A", "B"]}])
    assert not both.renamings(spellings)
    followed = Owners.read([{"team": "a", "workspace": "A"}, {"team": "a", "workspace": "B"}])
    assert not followed.renamings(spellings)


def test_shared_parts_go_to_the_cost_centers_of_their_teams() -> None:
    """The cost center of a share is that of the first rule in force that gives the team one, else `none`."""
    owners = Owners.read(
        [
            {"team": "a", "cost_center": "1", "key": "k", "until": DAY},
            {"team": "a", "cost_center": "2", "key": "k"},
            {"shared": {"rule": "even", "teams": ["a", "b"]}},
        ]
    )
    attribution = Attribution(
        owners, ChargeRows(charges((DAY - timedelta(1), "w", "q", "m", 10), (DAY, "w", "q", "m", 5))), {}
    )
    sums = {(row["team"], row["cost_center"]): pico(row["billed"]) for row in attribution.sums(["team", "cost_center"])}
    assert sums == {("a", "1"): 5, ("a", "2"): 3, ("b", "none"): 7}


def test_a_part_is_split_as_the_whole_day_is() -> None:
    """Proportional weights are of the whole day, though a question asks for a part of it; without any it is even."""
    owners = Owners.read(
        [
            {"team": "a", "key": "a"},
            {"team": "b", "key": "b"},
            {"shared": {"rule": "proportional", "teams": ["a", "b"]}},
        ]
    )
    shared = (DAY, "w", "q", "m", 100)
    all_charges = charges(shared, (DAY, "w", "a", "m", 3), (DAY, "w", "b", "m", 1))
    attribution = Attribution(owners, ChargeRows(charges(shared), lambda: all_charges), {})
    assert {row["team"]: pico(row["billed"]) for row in attribution.sums(["team"])} == {"a": 75, "b": 25}
    assert not attribution.evenly
    alone = Attribution(owners, ChargeRows(charges(shared)), {})
    assert {row["team"]: pico(row["billed"]) for row in alone.sums(["team"])} == {"a": 50, "b": 50}
    assert alone.evenly == {(2, DAY)}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, ("team",)),
        ("x", ("not a table",)),
        ({"team": "a", "colour": "red"}, ("'colour'", "workspace")),
        ({"team": "a", "shared": {"rule": "even", "teams": ["b"]}}, ("either",)),
        ({"team": ""}, ("team",)),
        ({"team": "unowned"}, ("unowned",)),
        ({"team": "a", "cost_center": 4711}, ("cost_center", "quotes")),
        ({"team": "a", "key": []}, ("key", "empty")),
        ({"team": "a", "key": [7]}, ("key", "text")),
        ({"team": "a", "tag": "search"}, ("tag", "NAME=VALUE")),
        ({"team": "a", "from": "soon"}, ("'soon'", "2026-10-01")),
        ({"team": "a", "from": datetime(2026, 10, 1, tzinfo=UTC)}, ("from", "day")),
        ({"team": "a", "from": "2026-10-02", "until": "2026-10-02"}, ("2026-10-02", "exclusive")),
        ({"shared": "even"}, ("shared", "proportional")),
        ({"shared": {"rule": "fair", "teams": ["a"]}}, ("shared",)),
        ({"shared": {"rule": "even"}}, ("shared",)),
        ({"shared": {"rule": "even", "teams": ["a", "a"]}}, ("twice",)),
        ({"shared": {"rule": "even", "teams": ["a"]}, "cost_center": "1"}, ("cost_center",)),
        ({"shared": {"rule": "fixed", "shares": {}}}, ("shares",)),
        ({"shared": {"rule": "fixed", "shares": {"a": 1}}}, ("exact text", "quotes")),
        ({"shared": {"rule": "fixed", "shares": {"a": "-1", "b": "2"}}}, ("'-1'",)),
        ({"shared": {"rule": "fixed", "shares": {"a": "1e0"}}}, ("'1e0'",)),
        ({"shared": {"rule": "fixed", "shares": {"a": "0.333", "b": "0.666"}}}, ("999/1000", "1/3")),
    ],
)
def test_a_rule_that_cannot_be_is_named(table: Any, words: tuple[str, ...]) -> None:
    """A rule that cannot be is asked wrongly; the message names it, what is wrong, and what to write."""
    with pytest.raises(InvalidQuestion) as wrong:
        Owners.read([{"team": "fine"}, table])
    for word in ("[[owner]] 2", *words):
        assert word in str(wrong.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("team,key\na,k,x\n", ("line 2", "3 cells")),
        ("team,key\na\n", ("line 2", "1 cells")),
        ("team,key,key\n\na,k,x\n", ("line 1", "'key' twice")),
        ("team,key\na,\n", ("line 2", "nothing of what")),
        ("team,key\n,k\n", ("line 2", "team")),
        ("team,worksapce\na,w\n", ("line 1", "'worksapce'", "Did you mean workspace?")),
        ("name,colour\na,red\n", ("line 1", "no known column", "workspace")),
        ("team,shared\na,even\n", ("line 1", "'shared'", "[[owner]]")),
        ("team,key\nunowned,k\n", ("line 2", "nobody owns")),
        ("team,key,from\na,k,1.10.2026\n", ("line 2", "'1.10.2026'")),
        ('team,key\na,"k\n', ("line 2", "CSV")),
    ],
)
def test_a_line_that_cannot_be_is_named(lines: str, words: tuple[str, ...]) -> None:
    """A line of the CSV that cannot be is asked wrongly, named by its file and number."""
    with pytest.raises(InvalidQuestion) as wrong:
        Owners.read((), lines, "own.csv")
    for word in ("own.csv", *words):
        assert word in str(wrong.value)


def test_a_csv_as_spreadsheets_write_it() -> None:
    """A byte-order mark, capital headings, blank lines and CRLF are no obstacle; a header alone is no rule."""
    (rule,) = Owners.read((), "\ufeffTeam,Key,From\r\n\r\na, k ,2026-10-01\r\n").rules
    assert (rule.teams, dict(rule.conditions), rule.start) == ((("a", 1),), {"key": ("k",)}, date(2026, 10, 1))
    assert Owners.read((), "team,key\n").rules == Owners.read((), "").rules == ()


@pytest.mark.parametrize("lines", ["team;key\na;k | l\n", "team\tkey\na\tk;l\n", 'team,key\na,"k\nl"\n'])
def test_a_csv_of_any_divider_with_several_names_in_a_cell(lines: str) -> None:
    """Semicolons and tabs divide columns too; a bar, a line end or a free semicolon divides the names of a cell."""
    (rule,) = Owners.read((), lines).rules
    assert dict(rule.conditions) == {"key": ("k", "l")}


def test_further_columns_of_a_csv_are_ignored_and_named(book: Ledger) -> None:
    """Columns that no rule has change nothing, and answers about teams say that they are ignored."""
    owners = Owners.read((), "Team;Key;Contact;\nplatform;docs-search;a@example.com;\n", "own.csv")
    [rule] = owners.rules
    assert dict(rule.conditions) == {"key": ("docs-search",)}
    table = rules(book.engine(), Question("owners", LAST_MONTH, ()), owners, NOW)
    assert "own.csv has columns that no rule has, which are ignored: contact." in table.notes


def test_an_owners_list_that_is_not_there(tmp_path: Path) -> None:
    """The list is read when owners are asked for: one that is missing is named then; one in Latin-1 is read as that."""
    (tmp_path / "t.toml").write_text('owners = "nowhere.csv"', encoding="utf-8")
    app_settings = Settings.load(config=str(tmp_path / "t.toml"), environment={})
    with pytest.raises(InvalidQuestion, match=r"nowhere\.csv"):
        app_settings.owners()
    (tmp_path / "nowhere.csv").write_bytes("team,key\nM\u00e4rkte,k\n".encode("cp1252"))
    assert app_settings.owners().rules[0].teams == (("M\u00e4rkte", 1),)


def test_conditions_are_what_charges_have() -> None:
    """A rule can look at who and what a charge is of, and at its workspace's tags."""
    assert (*FIELDS, "tag") == CONDITIONS


@pytest.mark.long
def test_teams_add_up_to_the_bill(book: Ledger, owners: Owners) -> None:
    """By team, by cost center, alone or with others, the answer sums to the same bill as by nothing, exactly."""
    billed = book.spend(()).totals["billed"]
    for dims in (("team",), ("cost_center",), ("team", "cost_center"), ("model", "team", "day"), ("key", "team")):
        assert sum(by(book, owners, *dims).values()) == billed, dims
    assert {team for (team,) in by(book, owners, "team")} == {"docs", "platform", "coders", "unowned"}


@pytest.mark.long
def test_a_team_is_the_same_however_it_is_asked(book: Ledger, owners: Owners) -> None:
    """A team's amount does not depend on what else it is asked by, nor on how the window's parts are held fixed."""
    by_team = by(book, owners, "team")
    finer = by(book, owners, "team", "model", "kind", "week")
    assert by_team == {
        (team,): sum(amount for group, amount in finer.items() if group[0] == team) for (team,) in by_team
    }
    models = {model for _, model in by(book, owners, "team", "model")}
    by_model = [by(book, owners, "team", model=model) for model in models]
    assert by_team == {group: sum(amounts.get(group, Decimal(0)) for amounts in by_model) for group in by_team}
    for (team,), amount in by_team.items():
        assert by(book, owners, "team", team=team) == {(team,): amount}


def test_rules_follow_the_truth(book: Ledger, owners: Owners) -> None:
    """What a single-team rule on a workspace owns is what `spend` says of that workspace on those days."""
    coders = by(book, Owners(owners.rules[:2]), "cost_center")
    for center, since, until in (("4300", "2026-10-23", "2026-11-09"), ("4301", "2026-11-10", "2026-11-21")):
        coders_billed = book.spend((), since, until, {"workspace": "Claude Code"}).totals["billed"]
        assert coders[center,] == coders_billed


def test_an_unknown_team_is_no_zero(book: Ledger, owners: Owners) -> None:
    """--where of a team or cost center that no rule names is asked wrongly, with those near it."""
    with pytest.raises(InvalidQuestion, match="platform"):
        by(book, owners, "team", team="plattform")
    with pytest.raises(InvalidQuestion, match="4711"):
        by(book, owners, cost_center="4712")


def test_without_owners_everything_is_unowned(book: Ledger) -> None:
    """Without rules the whole bill is unowned, and the answer says why."""
    _, rows, messages, *_ = attributed(book.engine(), Question("spend", LAST_MONTH, ("team",)), Owners())
    assert [(row["team"], row["billed"]) for row in rows] == [("unowned", book.spend(()).totals["billed"])]
    assert "no owners" in messages[0].text


def test_organizations_stand_apart(two: Ledger, owners: Owners) -> None:
    """In a ledger of several organizations each stands apart, and their teams add up to each one's bill."""
    by_team = by(two, owners, "team")
    for row in two.spend("organization").rows:
        assert sum(amount for group, amount in by_team.items() if group[0] == row["organization"]) == row["billed"]


def test_a_ledger_without_a_bill(empty: Ledger, owners: Owners) -> None:
    """Where nothing is known, nothing is owned: no row, and no total of zero."""
    assert by(empty, owners, "team") == {}
    for report in (rules, check, keys):
        assert report_table(empty, report, owners).totals["billed"] is None


def report_table(book: Ledger, report: Callable[..., Table], owners: Owners, window: Window = LAST_MONTH) -> Table:
    """The answer of a report about owners."""
    return report(book.engine(), Question("owners", window, ()), owners, NOW)


def test_rules_with_what_each_caught(book: Ledger, owners: Owners) -> None:
    """Every rule is a row, in order, with its charges and money; with the unowned they are the whole bill."""
    table = report_table(book, rules, owners)
    assert [row["rule"] for row in table.rows] == [
        "own.csv line 2", "own.csv line 3", *(f"[[owner]] {n}" for n in range(1, 6)), "unowned",
    ]  # fmt: skip
    assert summed(table, "billed") == table.totals["billed"] == book.spend(()).totals["billed"]
    counted = book.sql(
        "SELECT count(*) AS n FROM charges WHERE billed IS NOT NULL AND day BETWEEN '2026-10-23' AND '2026-11-21'"
    )
    assert table.totals["rows"] == counted.rows[0]["n"]
    assert table.rows[-2]["rows"] == 0


def test_check_shows_what_nobody_owns_and_what_never_matches(book: Ledger, owners: Owners) -> None:
    """`check` has the unowned charges, which sum to the unowned team, and each rule that caught nothing."""
    table = report_table(book, check, owners)
    unowned = [row["billed"] for row in table.rows if row["problem"] == "no owner"]
    assert sum(unowned, Decimal(0)) == by(book, owners, "team")["unowned",]  # type: ignore[arg-type]
    [never] = (row for row in table.rows if row["problem"] == "never matches")
    assert "no-such" in str(never["rule"])
    assert problems(table)
    assert report_table(book, check, Owners.read([{"team": "all"}])).rows == []


def test_check_shows_what_has_no_cost_center(book: Ledger) -> None:
    """Where rules name cost centers, spend of teams without one is a problem, with its dollars; else it is none."""
    rest = {"team": "rest"}
    table = report_table(book, check, Owners.read([{"team": "docs", "cost_center": "4711", "key": "docs-*"}, rest]))
    [row] = table.rows
    assert (row["problem"], row["rule"]) == ("no cost center", "team rest")
    docs = by(book, Owners.read([{"team": "docs", "key": "docs-*"}]), "team")["docs",]
    assert row["billed"] == book.spend(()).totals["billed"] - docs  # type: ignore[operator]
    assert problems(table)
    assert report_table(book, check, Owners.read([{"team": "docs", "key": "docs-*"}, rest])).rows == []


def test_a_rule_of_other_days_is_no_problem(book: Ledger) -> None:
    """A rule whose days do not touch the window is outside it, and `check` finds nothing wrong."""
    rules = [{"team": "old", "key": "no-such", "until": LAST_MONTH.start.date()}, {"team": "all"}]
    table = report_table(
        book, check, Owners.read([*rules[:1], {"team": "new", "from": LAST_MONTH.end.date()}, *rules[1:]])
    )
    assert [row["problem"] for row in table.rows] == ["outside this window"] * 2
    assert not problems(table)


def test_check_names_what_nothing_has(book: Ledger) -> None:
    """A value that nothing in the ledger has is named, with what is near it; so is a team of shared rules only."""
    shared = {"rule": "even", "teams": ["serach", "ads"]}
    rules = [
        {"team": "search", "workspace": ["Prodction", "Produktion*"]},
        {"team": "ads", "model": "claude-haiku-5-5", "workspace": "production"},
        {"shared": shared},
    ]
    rows = report_table(book, check, Owners.read(rules)).rows
    assert [row["problem"] for row in rows] == ["never matches", "never matches", "only in shared rules"]
    for row, words in zip(
        rows,
        (
            ("'Prodction'. Did you mean Production?", "'Produktion*'"),
            ("'production'. Did you mean Production?",),
            ("serach", "[[owner]] 3", "Did you mean search?"),
        ),
        strict=True,
    ):
        for word in words:
            assert word in str(row["rule"])


@pytest.mark.long
def test_what_was_not_synced_is_unknown(book: Ledger, owners: Owners) -> None:
    """In a month that the ledger lacks no key is idle, no rule caught nothing, and no amount is zero."""
    august = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    for report, column in ((keys, "attention"), (check, "problem"), (rules, None)):
        table = report_table(book, report, owners, august)
        assert {row["billed"] for row in table.rows} <= {None}
        if column:
            values = {row[column] for row in table.rows}
            assert "unknown" in values
            assert values <= {"unknown", "none", "outside this window"}
    partly = Window(datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
    assert "idle" not in {row["attention"] for row in report_table(book, keys, owners, partly).rows}


def test_keys_that_need_attention_stand_first(book: Ledger, owners: Owners) -> None:
    """Deleted keys that spend, idle ones and ownerless ones stand first; all sum to the bill.

    That a key ended after it was last used is nothing odd.
    """
    table = report_table(book, keys, owners)
    attention = [row["attention"] != "none" for row in table.rows]
    assert attention == sorted(attention, reverse=True)
    assert summed(table, "billed") == book.spend(()).totals["billed"]
    by_name = {str(row["key_name"]): row for row in table.rows}
    assert by_name["contractor"]["attention"] == by_name["migration-runner"]["attention"] == "no owner"
    assert (by_name["contractor"]["status"], by_name["contractor"]["ended"]) == ("expired", "2026-11-07")
    assert by_name["migration-runner"]["status"] == "archived"
    assert by_name["docs-search"]["attention"] == "none"
    assert (by_name["docs-search"]["team"], by_name["docs-search"]["cost_center"]) == ("docs", "4711")
    assert by_name["mobile-app"]["attention"] == "partly no owner"
    (deleted,) = (row for row in table.rows if row["status"] == "deleted")
    assert deleted["attention"] == "deleted, no owner"
    assert {row["key"] for row in table.rows} >= {row["id"] for row in book.sql("FROM names WHERE type = 'key'").rows}


def test_a_key_is_as_it_was_in_the_window(book: Ledger, owners: Owners) -> None:
    """In a month before it expired a key is active; one that was created later is no row."""
    october = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    by_name = {str(row["key_name"]): row for row in report_table(book, keys, owners, october).rows}
    assert (by_name["contractor"]["status"], by_name["contractor"]["ended"]) == ("active", None)
    created = {row["name"]: row["created_at"] for row in book.sql("FROM names WHERE type = 'key'").rows}
    assert all(created.get(name, "") < "2026-11-01" for name in by_name)


@pytest.mark.long
def test_a_key_that_was_used_after_it_ended_needs_attention(tmp_path: Path, owners: Owners) -> None:
    """A key that expired in the window and spent after that day says so."""
    world = small_world()
    world.organization = replace(
        world.organization,
        keys=tuple(
            replace(key, expires_at=datetime(2026, 10, 25, tzinfo=UTC)) if key.name == "contractor" else key
            for key in world.organization.keys
        ),
    )
    book = open_ledger(tmp_path / "ledger", world, date(2026, 10, 20))
    [row] = [row for row in report_table(book, keys, owners).rows if row["key_name"] == "contractor"]
    assert (row["attention"], row["ended"]) == ("expired, no owner", "2026-10-25")


def test_keys_of_two_organizations(two: Ledger, owners: Owners) -> None:
    """Keys of several organizations stand beside their organization, and sum to each one's bill."""
    table = report_table(two, keys, owners)
    for row in two.spend("organization").rows:
        amounts = [key_row["billed"] for key_row in table.rows if key_row["organization"] == row["organization"]]
        assert sum(amounts, Decimal(0)) == row["billed"]  # type: ignore[arg-type]


def test_an_idle_key_is_active_and_unused(book: Ledger, owners: Owners) -> None:
    """An active key without use in the window is idle, with its last day of use before; its owner is who would be."""
    day = Window(datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
    used = book.sql("SELECT key, max(day) AS last FROM charges WHERE day < '2026-11-22' GROUP BY key")
    last = {row["key"]: row["last"] for row in used.rows}
    idle = [row for row in report_table(book, keys, owners, day).rows if row["attention"] == "idle"]
    assert idle
    for row in idle:
        assert row["status"] == "active"
        assert row["last_used"] == last.get(row["key"], "never") < "2026-11-21"
        assert row["billed"] == 0


@pytest.mark.long
def test_keys_can_be_chosen(tallystick: Tallystick) -> None:
    """`keys --where` keeps rows by the value of a column, `--top` the first of them; an unknown column is refused."""
    idle = tallystick("keys", "--where", "status=expired", "--format", "json").json["rows"]
    assert [row["key_name"] for row in idle] == ["contractor"]
    everything = tallystick("keys", "--format", "json").json
    top = tallystick("keys", "--top", "2", "--format", "json").json
    assert [row["key"] for row in top["rows"]] == [row["key"] for row in everything["rows"][:2]] + ["others"]
    assert top["totals"] == everything["totals"]
    tallystick("keys", "--where", "colour=red").refused(2, "colour", "attention")


@pytest.mark.long
def test_the_commands(tallystick: Tallystick, tmp_path: Path) -> None:
    """`spend --by team`, `owners` and `keys` answer from the settings; `owners --check` exits 1 where there is any."""
    given_by(tmp_path, RULES, LINES)
    config = ("--config", str(tmp_path / "own.toml"))
    spend = tallystick("spend", "--by", "team,month", "--where", "cost_center=4711", "--format", "json", *config).json
    assert {row["team"] for row in spend["rows"]} == {"docs"}
    total = tallystick("spend", "--by", "", "--format", "json").json["totals"]["billed"]
    for words in (("spend", "--by", "team"), ("spend", "--by", "cost_center"), ("owners",), ("keys",)):
        assert tallystick(*words, "--format", "json", *config).json["totals"]["billed"] == total
    checked = tallystick("owners", "--check", "--format", "csv", *config)
    assert checked.code == 1
    assert "never matches" in {row["problem"] for row in csv.DictReader(io.StringIO(checked.out))}
    given_by(tmp_path, '[[owner]]\nteam = "all"\n', "")
    assert tallystick("owners", "--check", *config).code == 0
    tallystick("spend", "--by", "team,description", *config).refused(2, "team")
    (tmp_path / "own.toml").write_text("[[owner]]\n", encoding="utf-8")
    tallystick("spend", "--by", "team", *config).refused(2, "[[owner]] 1")
    assert tallystick("spend", *config).code == 0
