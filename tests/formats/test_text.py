"""The table for the terminal: aligned, rounded, harmless, and nothing of a figure ever cut."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from decimal import Decimal

import pytest

from support.command import Tallystick
from tallystick import Ledger, Table
from tallystick.core.message import note, warning
from tallystick.core.question import Cell, Heading, Kind
from tallystick.formats.bars import bars
from tallystick.formats.layout import columns_of, layout
from tallystick.formats.text import as_text, safe

MONEY = Heading("billed", Kind.MONEY, "USD")
NAME = Heading("key_name", Kind.NAME)


def money(*amounts: str, total: str | None = None) -> list[str]:
    """The amounts as the table shows them, the total last if there is one."""
    totals: dict[str, Cell] = {"billed": Decimal(total)} if total else {}
    table = Table(None, (NAME, MONEY), [("x", Decimal(amount)) for amount in amounts], totals)
    return [line.split()[-1] for line in as_text(table).splitlines() if line.lstrip().startswith(("x ", "total"))]


@pytest.mark.parametrize(
    ("exact", "shown"),
    [
        ("0", "0.00"),
        ("0.005", "<0.01"),
        ("0.000000000001", "<0.01"),
        ("0.0051", "0.01"),
        ("0.015", "0.02"),
        ("0.025", "0.02"),
        ("0.025000000001", "0.03"),
        ("2.345", "2.34"),
        ("2.355", "2.36"),
        ("999.995", "1,000.00"),
        ("1234567.891", "1,234,567.89"),
        ("-12.345", "-12.34"),
        ("9999999999999999.994999999999", "9,999,999,999,999,999.99"),
    ],
)
def test_money_is_rounded_to_cents_half_to_even(exact: str, shown: str) -> None:
    """Money is rounded once, to cents, half to even; an amount that is not zero never shows as 0.00."""
    assert money(exact) == [shown]
    assert money(total=exact) == []
    assert money("1", total=exact)[-1] == shown


@pytest.mark.parametrize("exact", ["-0.001", "-0.005"])
def test_a_small_credit_is_not_zero_nor_a_charge(exact: str) -> None:
    """A credit below half a cent shows its sign, and that it is nearer to zero than a cent."""
    assert money(exact) == [">-0.01"]


def test_the_total_is_rounded_from_the_exact_sum() -> None:
    """The total is the exact one, rounded; not the sum of what was rounded above it."""
    assert money("0.004", "0.004", total="0.008") == ["<0.01", "<0.01", "0.01"]


def test_ratios_and_counts() -> None:
    """Counts have thousands, ratios are percent with a place; nothing to divide by is a dash."""
    table = Table(
        None,
        (NAME, Heading("tokens", Kind.COUNT, "tokens"), Heading("hit_rate", Kind.RATIO)),
        [("x", 1234567, Decimal("0.6625")), ("y", 0, None), ("z", 1, Decimal(0))],
        {},
    )
    rows = {line.split()[0]: line.split()[1:] for line in as_text(table).splitlines() if line.strip()}
    assert rows["x"] == ["1,234,567", "66.2", "%"]
    assert rows["y"] == ["0", "-"]
    assert rows["z"] == ["1", "0.0", "%"]


def test_a_rate_is_rounded_once(book: Ledger) -> None:
    """A hit rate in percent is the exact ratio rounded once, not a rounded one rounded again."""
    for row in book.cache(("key", "day")).rows:
        counts = [int(str(row[name])) for name in ("cache_read", "uncached_input", "cache_write_5m", "cache_write_1h")]
        if not counts[0]:
            continue
        shown = as_text(Table(None, (Heading("r", Kind.RATIO),), [(row["hit_rate"],)], {})).split()[-2]
        assert shown == f"{(Decimal(100 * counts[0]) / sum(counts)).quantize(Decimal('0.1'))}", counts


def test_unknown_is_said() -> None:
    """A total that is not known is `unknown`, never blank and never 0."""
    table = Table(None, (NAME, MONEY), [("x", Decimal(1))], {"billed": None})
    assert "unknown" in as_text(table).splitlines()[-2]


def test_no_rows_of_no_days_is_unknown(empty: Ledger, book: Ledger) -> None:
    """Without a day there is `unknown`; with days and without rows there is `nothing`; the two are not the same."""
    assert "unknown" in as_text(empty.spend())
    quiet = book.usage("model", "2026-11-15", "2026-11-15", {"workspace": "Migration 2025"})
    assert "nothing" in as_text(quiet)
    assert "unknown" not in as_text(quiet)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("back\b\b\bspace", r"back\x08\x08\x08space"),
        ("a\rb\nc\td\x00e\x7f", r"a\rb\nc\td\x00e\x7f"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\u2028and\u2029paragraph", r"line\u2028and\u2029paragraph"),
        ("\U000e0041tag", r"\U000e0041tag"),
        ("[bold red]x[/bold red] [/]", "[bold red]x[/bold red] [/]"),
        ("[link=https://example.invalid]y[/link]", "[link=https://example.invalid]y[/link]"),
        (":smile: :warning:", ":smile: :warning:"),
        ("no\ufffe character\uffff", r"no\ufffe character\uffff"),
        ("naïve 東京 🚀", "naïve 東京 🚀"),
        ('=HYPERLINK("https://example.invalid")', '=HYPERLINK("https://example.invalid")'),
    ],
)
def test_names_cannot_steer_the_terminal(name: str, shown: str) -> None:
    """Control, direction and format characters are shown as escapes; markup and emoji codes stay the text they are."""
    table = Table(None, (NAME, MONEY), [(name, Decimal(1))], {}, (note(f"of {name}"),))
    text = as_text(table)
    assert safe(name) == shown
    assert f" {shown} " in text
    assert f"note: of {shown}\n" in text
    assert not [
        character
        for character in text
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} and character != "\n"
    ]


def test_headings_cannot_steer_the_terminal() -> None:
    """A name that a query made a column of, as a pivot does, is as harmless as in a cell."""
    text = as_text(Table(None, (Heading("\x1b[31mred\u202e [bold]x[/bold]", Kind.COUNT),), [(1,)], {}))
    assert r"\x1b[31mred\u202e [bold]x[/bold]" in text


def test_nothing_is_cut_where_there_is_no_terminal() -> None:
    """Into a file or pipe the longest name stands whole on one line."""
    name = "long " * 400
    text = as_text(Table(None, (NAME, MONEY), [(name, Decimal(1))], {}, (note("note " * 400),)))
    assert name.strip() in text
    assert ("note " * 400).strip() in text
    assert "…" not in text


@pytest.mark.long
@pytest.mark.parametrize("width", [200, 120, 80])
@pytest.mark.parametrize("report", ["spend", "usage", "cache", "reconcile", "keys", "prices", "status"])
def test_every_answer_fits_the_terminal(tallystick: Tallystick, report: str, width: int) -> None:
    """No line of an answer is wider than the terminal, whatever is asked."""
    lines = tallystick(report, COLUMNS=str(width)).out.splitlines()
    assert lines
    assert [line for line in lines if len(line) > width] == []


@pytest.mark.parametrize("width", [100, 80, 60, 40])
def test_no_figure_is_cut_in_a_narrow_terminal(book: Ledger, width: int) -> None:
    """However narrow the terminal, a column is there to the last digit or left out and counted: a cut one is wrong."""
    table = book.usage("key")
    shown = layout(table, width)
    columns = {column.heading.name: column.cells for column in columns_of(table)}
    figures = [column for column in shown.columns if column.is_figure]
    assert figures
    assert all(column.cells == columns[column.heading.name] for column in figures)
    assert {column.heading.name for column in shown.columns} | {*shown.left_out} == {*columns}
    left_out = len(shown.left_out)
    assert (f"(+{left_out} column" in as_text(table, width)) == bool(left_out)


def test_a_name_stands_for_its_id() -> None:
    """A name takes the place of its id; where two ids have one name, each shows the end of its id; `ids` shows both."""
    headings = (Heading("key", Kind.DIMENSION), Heading("key_name", Kind.NAME), MONEY)
    rows = [("apikey_01AAAAAA", "prod", Decimal(2)), ("apikey_01BBBBBB", "test", Decimal(1))]
    table = Table(None, headings, rows, {})
    assert "apikey" not in as_text(table)
    assert "apikey_01AAAAAA" in as_text(table, ids=True)
    same = replace(table, cells=[(id_, "prod", amount) for id_, _, amount in rows])
    assert "prod (…AAAAAA)" in as_text(same)
    assert "prod (…BBBBBB)" in as_text(same)


def test_few_notes_are_printed_and_the_others_counted() -> None:
    """With `notes` so many messages are printed, the gravest first, and how many more there are of each kind."""
    messages = (
        note("first"),
        note("second"),
        warning("19.00 USD", Decimal(19)),
        warning("unknown"),
        warning("small", Decimal(1)),
    )
    text = as_text(Table(None, (NAME, MONEY), [("a", Decimal(1))], {}, messages), notes=2)
    assert text.splitlines()[-3:] == ["warning: unknown", "warning: 19.00 USD", "(+1 warning, 2 notes: --notes)"]
    text = as_text(Table(None, (NAME, MONEY), [("a", Decimal(1))], {}, messages[:3]), notes=2)
    assert text.splitlines()[-3:] == ["warning: 19.00 USD", "note: first", "(+1 note: --notes)"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([Decimal(8), Decimal(4), Decimal(0), None], "█▅_·"),
        ([None, None], "··"),
        ([Decimal(-1), Decimal(1)], "_█"),
        ([], ""),
    ],
)
def test_bars_show_the_shape(cells: list[Decimal | None], expected: str) -> None:
    """The largest amount is a full bar, nothing a line, the unknown a dot."""
    assert bars(cells, len(cells)) == expected


def test_no_line_ends_in_blanks(book: Ledger) -> None:
    """Lines have no trailing blanks, and the text ends with one line end."""
    text = as_text(book.spend())
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    assert text.endswith(".\n")


def test_a_table_says_what_it_is(book: Ledger) -> None:
    """The first line names the report and its first and last day, both included, as UTC days."""
    assert as_text(book.spend(since="7d")).splitlines()[0] == "spend, 2026-11-15 to 2026-11-21, UTC days"
    assert as_text(book.usage(since="yesterday")).splitlines()[0] == "usage, 2026-11-21, UTC days"
