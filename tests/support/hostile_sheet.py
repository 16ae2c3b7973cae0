"""A document of what could go wrong in a spreadsheet or in Markdown, made by hand."""

from __future__ import annotations

from decimal import Decimal

from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.message import note, warning
from tallystick.core.question import Cell, Heading, Kind, Table

BILLED = Heading("billed", Kind.MONEY, "USD")
TOKENS = Heading("tokens", Kind.COUNT, "tokens")
SHARE = Heading("share", Kind.RATIO)
DAY = Heading("day", Kind.DIMENSION)
NAME = Heading("key_name", Kind.NAME)
NAMES = (
    "=1+1",
    '=HYPERLINK("https://example.invalid","Research")',
    "@SUM(A1:A9)",
    "-1+2\tand\nmore",
    "a|b\\|c",
    "<r><t>raw & plain</t></r>",
    "<script>alert(1)</script>",
    "[a link](https://example.invalid) ![](x.png)",
    "`code` ``",
    "**bold** _it_ ~~gone~~ $x$ &amp; _x0041_",
    "https://example.invalid/a|b www.example.invalid mail@example.invalid #12 :boom:",
    "a\u202eb\x00cd\u2028e\ufffef",
    "12345678901234567890",
    "01",
    "naïve 東京 🚀",
    " ",
    "x" * 300,
)
AMOUNTS = ("1234567890123456.123456789012", "0.004", "-0.000000000001", "-12.345", "0", None)


def hostile() -> Document:
    """Names that a formula, Markdown, HTML or a terminal would obey, wherever a text can be; sections of one title."""
    rows: list[tuple[Cell, ...]] = []
    for index, name in enumerate(NAMES):
        amount = AMOUNTS[index % len(AMOUNTS)]
        day = f"2026-11-{index + 1:02}" if index else "others"
        rows.append(
            (day, name, None if amount is None else Decimal(amount), 2**60 + index if index % 2 else None, None)
        )
    unknown: dict[str, Cell] = {"billed": None, "tokens": None, "share": Decimal("0.5")}
    mixed = Table(None, (DAY, NAME, BILLED, TOKENS, SHARE), rows, unknown)
    known = Table(
        None,
        (NAME, BILLED, TOKENS, SHARE),
        [
            ("a", Decimal("0.1"), 1000, Decimal("0.333333333333")),
            ("b", Decimal("0.2"), 2000, Decimal("0.666666666667")),
        ],
        {"billed": Decimal("0.3"), "tokens": 4000, "share": Decimal(1)},
    )
    nothing = Table(None, (NAME, BILLED), [], {"billed": None}, coverage={"present": 0})
    title = "By key: what [the] team's / users' keys cost?"
    return Document(
        "statement",
        "=Statement | <b>of</b>\n# all",
        "- a list, \x1b[31mred",
        (
            Section(title, mixed, ("1. no list", *NAMES[:3])),
            Section(title, known, (), Chart("bars", "key_name", ("billed",), alone=True)),
            Section(title.upper(), nothing),
            Section("History", known),
            Section("", known),
            Section("'quoted'", None, ("Words alone.",)),
        ),
        (
            Figure(BILLED, None, "=nothing | known"),
            Figure(BILLED, Decimal("9.999999999999"), "exactly"),
            Figure(Heading("<share>", Kind.RATIO), Decimal("0.125")),
            Figure(TOKENS, 1234567),
        ),
        (warning("+1 warning"), note("A *note* of `code` | pipes."), *map(note, NAMES)),
        {"month": "2026-10", "closed": None},
        known,
    )
