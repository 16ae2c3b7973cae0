"""Statements: every team's lines, which add up to the bill whatever is shared, and say by which rule."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.command import Run
from support.organization import CLOCK, NOW
from tallystick import Ledger
from tallystick.billing.chargeback import Charged, charged
from tallystick.billing.statement import LINES, overview, statement
from tallystick.core.ledger_tables import CHARGES
from tallystick.errors import LedgerError
from tallystick.store.tables import Tables
from tallystick.tally.owners import Owners

Tallystick = Callable[..., Run]
RULES = """
[[owner]]
team = "docs"
cost_center = "4711"
key = ["docs-*"]

[[owner]]
team = "=cmd|' /C calc'!A0"
workspace = "Claude Code"

[[owner]]
shared = {rule = "proportional", teams = ["docs", "platform"]}
model = "*haiku*"

[[owner]]
shared = {rule = "fixed", shares = {docs = "1/3", platform = "2/3"}}
workspace = "Public Sector"
"""


@pytest.fixture(scope="module")
def owners(tmp_path_factory: pytest.TempPathFactory) -> Owners:
    """The rules of the owners."""
    from tallystick.settings import Settings

    file = tmp_path_factory.mktemp("own") / "own.toml"
    file.write_text(RULES, encoding="utf-8")
    return Settings.load(config=str(file), environment={}).owners()


@pytest.fixture(scope="module")
def made(book: Ledger, owners: Owners) -> Charged:
    """October's statements of the small organization, a draft."""
    [organization] = book.organizations()
    return charged(book.engine(), organization, "2026-10", owners, NOW)


def bill(book: Ledger) -> Any:
    """What October was billed."""
    return book.spend((), "2026-10", "2026-10").totals["billed"]


def test_statements_add_up_to_the_bill(book: Ledger, made: Charged) -> None:
    """The amounts of all statements, that of what nobody owns among them, sum to the bill with difference 0."""
    assert made.teams == ["=cmd|' /C calc'!A0", "docs", "platform", "unowned"]
    documents = [statement(made, team) for team in made.teams]
    amounts = [document.lines.totals["amount"] for document in documents if document.lines]
    assert sum(Decimal(str(amount)) for amount in amounts) == bill(book)
    for document in documents:
        assert "Difference: 0." in document.sections[-1].words[0]
        assert str(bill(book)).rstrip("0") in document.sections[-1].words[0]


def test_totals_are_the_sums_of_the_lines(book: Ledger, owners: Owners, made: Charged) -> None:
    """What each team is charged is the same without lines: to the last place, with the same messages, also as rows."""
    [organization] = book.organizations()
    lines, totals = overview(made), overview(charged(book.engine(), organization, "2026-10", owners, NOW, sums=True))
    assert (totals.sections, totals.figures, totals.messages) == (lines.sections, lines.figures, lines.messages)
    assert totals.lines == totals.sections[0].table


def test_a_statement_is_its_sections(made: Charged) -> None:
    """The sections of a statement hold each of its lines once, and its figures are their sums."""
    for team in made.teams:
        document = statement(made, team)
        assert document.lines
        tables = {section.title: section.table for section in document.sections if section.table}
        parts = [tables[title] for title in ("What the team used", "Its parts of shared costs") if title in tables]
        assert sum(len(part.cells) for part in parts) == len(document.lines.cells)
        figures = {figure.heading.name: figure.cell for figure in document.figures}
        amounts = [figures[name] for name in ("own", "shared") if name in figures]
        assert len(amounts) in {0, 2}, "a part that is all of the amount is not shown beside it"
        assert not amounts or figures["amount"] == sum(amounts)
        assert all(
            table.totals["amount"] == figures["amount"] for name, table in tables.items() if name.startswith("By ")
        )


def test_lines_are_what_was_used_at_the_rate_it_says(made: Charged) -> None:
    """Quantity times unit price is the amount, to the rounding of the price; a shared line says what it costs all."""
    for row in overview(made).lines.rows:  # type: ignore[union-attr]
        if row["unit_price"] is not None:
            count = int(str(row["per"]).split()[0].replace(",", "")) if str(row["per"])[0].isdigit() else 1
            off = row["unit_price"] * row["quantity"] / count - row["amount"]  # type: ignore[operator]
            assert abs(off) <= Decimal("0.0000005") * row["quantity"] / count + Decimal("1e-12")  # type: ignore[operator]
        assert (row["part"] == "shared") == (row["how"] in {"even", "proportional", "fixed"})
        if row["part"] == "own":
            assert row["line_total"] == row["amount"]


def test_shared_lines_add_up_over_their_teams(made: Charged) -> None:
    """The parts of a shared line sum to its total, over the teams of its rule."""
    sums: dict[tuple[Any, ...], Decimal] = {}
    totals: dict[tuple[Any, ...], Any] = {}
    for row in overview(made).lines.rows:  # type: ignore[union-attr]
        if row["part"] == "shared":
            line_key = tuple(
                row[name] for name in ("workspace", "key", "model", "kind", "terms", "unit", "method", "rule")
            )
            sums[line_key] = sums.get(line_key, Decimal(0)) + row["amount"]  # type: ignore[operator]
            totals.setdefault(line_key, row["line_total"])
    assert len(sums) > 10
    assert sums == totals


def test_without_rules_everything_is_one_statement(book: Ledger) -> None:
    """Without owners there is one statement, of what nobody owns, and it is the bill."""
    [organization] = book.organizations()
    made = charged(book.engine(), organization, "2026-10", Owners(), NOW)
    assert made.teams == ["unowned"]
    assert made.amount_due == bill(book)


@pytest.mark.long
def test_files_for_all(tallystick: Tallystick, book: Ledger, tmp_path: Path) -> None:
    """`--all` writes a file for each team and one of all teams, which sum to the bill; none is replaced."""
    Path("own.toml").write_text(RULES, encoding="utf-8")
    words = ("statement", "--month", "2026-10", "--all", "--config", "own.toml", "--format", "csv", "-o", str(tmp_path))
    assert tallystick(*words).code == 0
    names = sorted(file.name for file in tmp_path.iterdir() if file.suffix == ".csv")
    assert names == [f"2026-10-{slug}.csv" for slug in ("all", "cmd-C-calc-A0", "docs", "platform", "unowned")]
    sums, posted = {}, {}
    for name in names:
        rows = list(csv.DictReader(io.StringIO((tmp_path / name).read_text(encoding="utf-8"), newline="")))
        teams = ["team", "cost_center", "own", "shared", "adjustment", "amount", "to_post"]
        assert list(rows[0]) == (teams if "all" in name else [heading.name for heading in LINES])
        assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
        sums[name] = sum(Decimal(row["amount"]) for row in rows)
        posted[name] = sum(Decimal(row["to_post"]) for row in rows)
    assert sums.pop("2026-10-all.csv") == sum(sums.values()) == bill(book)
    assert posted.pop("2026-10-all.csv") == sum(posted.values()) == round(bill(book), 2)
    tallystick(*words).refused(2, "there already")


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--team", "dogs"), ("dogs", "unowned")),
        ((), ("--team", "--all")),
        (("--team", "docs", "--all"), ("--team", "--all")),
        (("--all",), ("--output",)),
        (("--team", "unowned", "--organization", "x"), ("'x'",)),
    ],
)
def test_a_statement_asked_wrongly(tallystick: Tallystick, words: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """A team that is charged nothing, none and all at once, and all without a folder, are asked wrongly."""
    tallystick("statement", "--month", "2026-10", *words).refused(2, *expected)


@pytest.mark.long
def test_a_month_by_its_other_words(tallystick: Tallystick, tmp_path: Path) -> None:
    """`last-month` is the month by its name, in answers, files and questions; what is no month is asked wrongly."""
    for words in (("statement", "--team", "unowned", "--month"), ("diff",), ("budget", "--month")):
        named, last = (tallystick(*words, month) for month in ("2026-10", "last-month"))
        assert (named.code, named.out, named.err) == (last.code, last.out, last.err)
        tallystick(*words, "2026-Q3").refused(2, "'2026-Q3' is not a month", "last-month")
    tallystick("statement", "--month", "last-month", "--all", "--format", "csv", "-o", str(tmp_path / "sent"))
    names = {file.name for file in (tmp_path / "sent").iterdir()}
    assert "2026-10-all.csv" in names
    assert all(name.startswith("2026-10-") for name in names)
    tallystick("close", "last-month", "--provisional", "--late", "--without-owners").refused(
        2, "2026-10 was not closed", "--yes"
    )


@pytest.mark.long
def test_an_unknown_month_has_no_statement(tallystick: Tallystick) -> None:
    """Of a month that the ledger does not have, or that has not begun, there is no statement of 0.00: it is unknown."""
    for month in ("2026-08", "2026-12", "2031-01"):
        run = tallystick("statement", "--month", month, "--team", "unowned")
        run.refused(6, month, "unknown")


def test_a_lost_day_is_no_difference_of_zero(book: Ledger, tmp_path: Path) -> None:
    """A day whose charges were lost is missed against its control total: there is no statement then."""
    shutil.copytree(book.path, tmp_path / "ledger")
    charges = Tables(tmp_path / "ledger").open(CHARGES)
    charges.delete("day = date '2026-10-10'")
    with Tables(tmp_path / "ledger").writing() as writer:
        writer.delta(CHARGES).restore(charges.version())
        writer.commit(book.organizations()[0], "lost", NOW, {})
    engine = Ledger(tmp_path / "ledger", CLOCK).engine()
    with pytest.raises(LedgerError, match="differ from the bill"):
        charged(engine, book.organizations()[0], "2026-10", Owners(), NOW)


@pytest.mark.long
def test_nothing_is_closed_for_an_answer_that_cannot_be(tallystick: Tallystick, book: Ledger, tmp_path: Path) -> None:
    """Where the answer of `close` cannot be written the month stays open."""
    shutil.copytree(book.path, tmp_path / "ledger")
    (tmp_path / "there.json").touch()
    words = ("close", "2026-10", "--yes", "--provisional", "--without-owners", "--ledger", str(tmp_path / "ledger"))
    tallystick(*words, "-o", str(tmp_path / "there.json")).refused(2, "there already")
    assert Tables(tmp_path / "ledger").newest().number == Tables(book.path).newest().number
    assert "Closed on" in tallystick(*words).out


@pytest.mark.long
def test_what_is_sent_shows_no_difference_of_a_cent(tallystick: Tallystick) -> None:
    """A team's statement shows of all teams what is posted alone; an amount that is posted as it is stands once."""
    Path("own.toml").write_text(RULES, encoding="utf-8")
    words = ("statement", "--month", "2026-10", "--team", "docs", "--config", "own.toml", "--format", "json")
    made = tallystick(*words).json
    [table] = [section["answer"] for section in made["sections"] if section["title"] == "How the statements add up"]
    assert [column["name"] for column in table["columns"]] == ["team", "cost_center", "to_post"]
    figures = {figure["name"]: figure["value"] for figure in made["figures"]}
    assert "to post" not in figures or figures["to post"] != str(round(Decimal(figures["amount"]), 2))


def test_a_narrow_statement_tells_its_lines_apart(tallystick: Tallystick) -> None:
    """At 80 columns a line keeps what tells it from the others (key, model, kind, terms), before its quantity goes."""
    run = tallystick("statement", "--month", "2026-10", "--team", "unowned", COLUMNS="80")
    [head] = [line.split() for line in run.out.splitlines() if line.split()[:1] == ["workspace"] and "kind" in line]
    assert head[:5] == ["workspace", "key", "model", "kind", "terms"]


def test_a_team_that_is_misspelt_is_guessed(tallystick: Tallystick) -> None:
    """A team that is charged nothing is answered with the one near it."""
    tallystick("statement", "--month", "2026-10", "--team", "Unowned").refused(2, "Did you mean unowned?")


def test_a_month_without_its_option_is_answered_with_it(tallystick: Tallystick) -> None:
    """A month that stands as `close` takes it is asked wrongly of a report, and the error says the option."""
    tallystick("summary", "2026-10").refused(2, "Write --month 2026-10.")
    tallystick("summary", "october").refused(2, "Got unexpected extra argument (october).\n")


def test_a_file_that_was_written_is_named(tallystick: Tallystick, tmp_path: Path) -> None:
    """`-o FILE` says on the error stream what it wrote."""
    file = tmp_path / "spend.csv"
    assert f"tallystick: wrote {file}" in tallystick("spend", "-o", str(file)).err
