"""Answers: rows, totals, order, top; against the truth that the simulated organization knows of itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from support.organization import FIRST, NOW, TODAY, TOKENS, Truth, days
from support.tables import REPORTS, column, message, summed, total
from tallystick import Ledger, Question, Table
from tallystick.core.question import Cell
from tallystick.core.text import large
from tallystick.core.time_words import window
from tallystick.errors import InvalidQuestion
from tallystick.query.grouping import answer
from tallystick.query.pivot import Pivot
from tallystick.sim import World
from tallystick.store.engine import Engine

LAST = date(2026, 11, 21)
AGO_30 = date(2026, 10, 23)
GROUPINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    report.name: (
        (),
        *((name,) for name in report.dimensions if name != "hour"),
        report.dimensions[:4],
        ("day", "model"),
        ("month", "week", "model"),
    )
    for report in REPORTS
}


def test_the_bill_is_what_the_organization_was_billed(book: Ledger, truth: Truth) -> None:
    """The total of spend is the exact sum of what every request and service cost."""
    assert total(book.spend(since="30d"), "billed") == truth.billed(AGO_30, LAST)
    assert total(book.spend(since=f"{FIRST}"), "billed") == truth.billed(FIRST, LAST)


def test_each_workspace_has_its_own_bill(book: Ledger, golden_world: World, truth: Truth) -> None:
    """A workspace's row is the exact sum of what its requests and services cost; the default one is `default`."""
    default = golden_world.organization.default.id
    expected = {
        "default" if workspace.id == default else workspace.id: truth.billed(AGO_30, LAST, workspace.id)
        for workspace in golden_world.organization.workspaces
    }
    by_workspace = {row["workspace"]: row["billed"] for row in book.spend("workspace").rows}
    assert by_workspace == {workspace: billed for workspace, billed in expected.items() if billed}


def test_each_day_has_its_own_bill(book: Ledger, truth: Truth) -> None:
    """A day's row is the exact sum of what that UTC day cost."""
    assert {row["day"]: row["billed"] for row in book.spend("day").rows} == {
        f"{day}": truth.billed(day, day) for day in days(AGO_30, LAST)
    }


def test_tokens_are_what_was_used(book: Ledger, truth: Truth) -> None:
    """Each kind of token is counted exactly, refused and priority requests too, up to the running hour."""
    totals = book.usage(since=f"{FIRST}").totals
    expected = truth.tokens(FIRST, TODAY)
    assert {name: totals[name] for name in expected} == expected


@pytest.mark.long
def test_tokens_of_each_key_are_what_it_used(book: Ledger, golden_world: World, truth: Truth) -> None:
    """A key's row counts its own tokens and nobody else's, also where two keys share a name or one was deleted."""
    rows = {row["key"]: row for row in book.usage("key").rows}
    for key in golden_world.organization.keys:
        expected = truth.tokens(AGO_30, LAST, key=key.id)
        row = rows.get(key.id, dict.fromkeys(expected, 0))
        assert {name: row[name] for name in expected} == expected


def test_total_tokens_is_the_sum_of_the_five_kinds(book: Ledger) -> None:
    """`total_tokens` is uncached input, both cache writes, cache reads and output, on every row and in the totals."""
    table = book.usage(("model", "day"))
    for row in (*table.rows, table.totals):
        assert row["total_tokens"] == sum(int(str(row[name])) for name in TOKENS)


@pytest.fixture(scope="module")
def engine(book: Ledger) -> Engine:
    """The ledger's newest version, opened once for many questions."""
    return book.engine()


@pytest.mark.long
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_rows_add_up_to_the_totals(engine: Engine, report: Pivot) -> None:
    """Whatever is grouped by, each group is one row with no blank, and the rows add up to the same totals exactly."""
    ask = functools.partial(answer_of, engine, report)
    totals = ask(()).totals
    for by in GROUPINGS[report.name]:
        table = ask(by)
        dims = [heading.name for heading in table.headings if heading.kind == "dimension"]
        groups = [tuple(row[name] for name in dims) for row in table.rows]
        assert groups
        assert len(set(groups)) == len(groups), by
        assert all(cell for group in groups for cell in group), by
        assert table.totals == totals, by
        for measure in report.measures:
            if measure.derived is None:
                assert summed(table, measure.name) == total(table, measure.name), by


def answer_of(engine: Engine, report: Pivot, by: tuple[str, ...]) -> Table:
    """The answer over the last 30 days."""
    return answer(report, engine, Question(report.name, window("30d", None, NOW), by), NOW)


def test_rows_are_sorted_by_size(book: Ledger) -> None:
    """Without time the largest row comes first."""
    assert column(book.spend(("workspace", "model")), "billed") == sorted(
        column(book.spend(("workspace", "model")), "billed"), reverse=True
    )
    assert column(book.usage("key"), "total_tokens") == sorted(column(book.usage("key"), "total_tokens"), reverse=True)


def test_rows_with_time_are_sorted_by_time_then_size(book: Ledger) -> None:
    """With time the rows are in order of time, within it the largest first, wherever in --by time stands."""
    rows = book.spend(("workspace", "day")).rows
    assert rows == sorted(rows, key=lambda row: (row["day"], -int(Decimal(str(row["billed"])).scaleb(12))))


def test_two_identical_questions_have_one_answer(book: Ledger) -> None:
    """The same question of the same version is answered the same, row order included."""
    first, second = (book.usage(("model", "tier", "geo")).written() for _ in range(2))
    assert first == second


def test_no_dimension_gives_one_row(book: Ledger) -> None:
    """Grouped by nothing, the answer is one row that is the total."""
    table = book.spend(())
    assert table.rows == [dict(table.totals)]


@pytest.mark.long
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
@pytest.mark.parametrize("top", [1, 3])
def test_top_keeps_the_largest_and_sums_the_rest(book: Ledger, report: Pivot, top: int) -> None:
    """`top` shows the N largest rows and `others`, one for what stands apart; together they are the exact total."""
    full, table = book.ask(report.name, by="model"), book.ask(report.name, by="model", top=top)
    assert table.rows[:top] == full.rows[:top]
    others = table.rows[top:]
    assert {row["model"] for row in others} == {"others"}
    group = [report.apart[0]] if report.apart else []
    rest = {tuple(row[name] for name in group) for row in full.rows[top:]}
    assert sorted(tuple(row[name] for name in group) for row in others) == sorted(rest)
    assert table.totals == full.totals
    for measure in report.measures:
        if measure.derived is None:
            assert summed(table, measure.name) == total(full, measure.name)


def test_top_that_leaves_nothing_out_adds_no_row(book: Ledger) -> None:
    """Where N rows or fewer exist, there is no row `others`."""
    full = book.spend("model")
    assert book.spend("model", top=len(full.rows)).rows == full.rows
    assert "others" in column(book.spend("model", top=len(full.rows) - 1), "model")


def test_top_over_days_keeps_time_in_order(book: Ledger) -> None:
    """With time the largest rows stay in order of time and `others` comes last."""
    table = book.spend("day", top=4)
    *top_rows, last = table.rows
    largest = sorted(book.spend("day").rows, key=lambda row: Decimal(str(row["billed"])), reverse=True)[:4]
    assert top_rows == sorted(largest, key=lambda row: str(row["day"]))
    assert last["day"] == "others"
    assert summed(table, "billed") == total(table, "billed")


def rate(counts: list[int], cell: Cell) -> Decimal | None:
    """Cache reads, the last of the counts, of them all: exact, then rounded to as many places as were said."""
    if not sum(counts):
        return None
    assert isinstance(cell, Decimal)
    assert cell.as_tuple().exponent in range(-12, -3)
    return (Decimal(counts[-1]) / sum(counts)).quantize(cell)


def test_the_hit_rate_of_others_is_that_of_their_sum(book: Ledger) -> None:
    """A ratio of a summed row comes from the summed counts, not from other ratios."""
    row = book.cache("key", top=2).rows[-1]
    counts = [int(str(row[name])) for name in TOKENS[:4]]
    assert row["hit_rate"] == rate(counts, row["hit_rate"])


def test_hit_rate_is_reads_of_all_input(book: Ledger) -> None:
    """The hit rate is reads / (reads + both writes + uncached), on each row and in the totals, and says so."""
    table = book.cache("model")
    for row in (*table.rows, table.totals):
        counts = [int(str(row[name])) for name in TOKENS[:4]]
        assert row["hit_rate"] == rate(counts, row["hit_rate"])
    message(table, "hit_rate = cache_read / (cache_read + cache_write_5m + cache_write_1h + uncached_input)")


def test_the_cache_of_priority_tier_stands_apart(book: Ledger, truth: Truth) -> None:
    """Priority-tier use is in rows of its own though nobody asked for tiers, and adds up to what it used."""
    table = book.cache("model")
    assert set(column(table, "tier")) == {"priority", "all but priority"}
    expected = truth.tokens(AGO_30, LAST, tier="priority")
    for name in TOKENS[:4]:
        assert sum(row[name] for row in table.rows if row["tier"] == "priority") == expected[name]  # type: ignore[misc]


def test_the_cache_by_tier_shows_every_tier(book: Ledger) -> None:
    """Where tiers are asked for, each stands for itself."""
    assert {"standard", "priority"} <= set(column(book.cache("tier"), "tier"))
    assert "all but priority" not in column(book.cache("tier"), "tier")


def test_priority_tokens_are_said_to_cost_nothing_here(book: Ledger, truth: Truth) -> None:
    """Where priority tokens were used, every report says how many, and that the cost report never has their cost."""
    tokens = sum(truth.tokens(AGO_30, LAST, tier="priority")[name] for name in TOKENS)
    for report in REPORTS:
        message(book.ask(report.name, by=()), f"{large(tokens)} tokens", "priority tier")


def test_no_priority_note_without_priority_tokens(book: Ledger) -> None:
    """An answer about another tier says nothing of priority."""
    assert not [note for note in book.usage("model", where={"tier": "standard"}).notes if "priority tier" in note]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_an_answer_says_what_was_asked(book: Ledger, report: Pivot) -> None:
    """The question stands in the answer: report, window in UTC, grouping, conditions, top; and the version too."""
    answer = book.ask(
        report.name, by="model", since="2026-11-01", until="2026-11-07", where={"tier": "standard"}, top=2
    ).written()
    assert answer["report"] == report.name
    assert answer["question"] == {
        "report": report.name,
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-11-08T00:00:00Z",
        "by": ["model"],
        "where": {"tier": ["standard"]},
        "top": 2,
    }
    assert answer["as_of"] == {"version": book.engine().version.number, "at": "2026-11-22T10:30:00Z"}


@pytest.mark.parametrize(
    ("report", "by", "words"),
    [
        ("usage", "session", "session"),
        ("cache", "method", "method"),
        ("spend", "hour", "day"),
        ("spend", "minute", "day"),
        ("usage", "minute", "hour"),
        ("usage", "kind", "kind"),
        ("cache", "description", "description"),
        ("spend", "worksapce", "worksapce"),
    ],
)
def test_what_a_report_cannot_know_is_refused(book: Ledger, report: str, by: str, words: str) -> None:
    """A dimension that a report cannot know is an error that names it, says why, and lists the choices."""
    with pytest.raises(InvalidQuestion) as wrong:
        book.ask(report, by=by)
    assert by in wrong.value.what
    assert words in wrong.value.what
    assert "workspace" in wrong.value.hint


def test_what_makes_no_question_is_refused(book: Ledger) -> None:
    """An unknown report, a dimension twice, a top of nothing, a condition on time: each is an error, none an answer."""
    for asking in (
        lambda: book.ask("invoice"),
        lambda: book.spend(("model", "model")),
        lambda: book.spend(top=0),
        lambda: book.spend(where={"day": "2026-11-01"}),
    ):
        with pytest.raises(InvalidQuestion):
            asking()


@pytest.mark.parametrize("dimension", ["key", "actor"])
def test_only_what_was_billed_to_several_together_is_said_to_be(book: Ledger, dimension: str) -> None:
    """Dollars billed to several keys (or actors) together are those of lines whose users differ in that, no others."""
    line = "day, workspace, kind, CASE WHEN kind = 'web_search' THEN '' ELSE model || tier || context || geo END"
    allocated = f"FROM charges WHERE method = 'allocated' AND day BETWEEN '{AGO_30}' AND '{LAST}'"
    several = f"SELECT sum(billed) AS billed, count(DISTINCT {dimension}) AS users {allocated} GROUP BY {line}"
    [together] = book.sql(f"SELECT sum(billed) AS billed FROM ({several}) WHERE users > 1").rows  # noqa: S608
    [every] = book.sql(f"SELECT sum(billed) AS billed {allocated}").rows
    [note] = [note for note in book.spend(dimension).notes if f"billed to several {dimension}s together" in note]
    assert note.split()[0] == f"{together['billed']:,.2f}"
    assert together["billed"] < every["billed"]  # type: ignore[operator]
