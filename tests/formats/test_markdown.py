"""Markdown: what a renderer makes of it has every text as text, no tag or link of a name, figures at the right."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from support.hostile_sheet import BILLED, NAME, NAMES, hostile
from tallystick import Ledger, Table
from tallystick.core.document import Document, Section
from tallystick.core.message import note
from tallystick.core.question import Heading, Kind
from tallystick.core.text import safe
from tallystick.formats.markdown import as_markdown
from tallystick.formats.shown import footer, shown

MORE = (
    "- list", "+ list", "1. list", "12) list", "# head", "> quote", "---", "===", "| --- |", "    code", "~~~",
    "[^1]: x", "<https://example.invalid>", "<!-- x", "&copy;", "\\", "\\|", "`|`", "a`b@c`d", "x\\`@", "[x]: https://x.invalid",
    "HTTPS://X.INVALID", "ftp://x", "mailto:a@b.c", "@someone", "org/repo#1", "GH-1", "*", "**total**", "_",
    "_a_", "__b_c__", "a_b_c", "2026-11-01 to",
)  # fmt: skip
EVERY = (*NAMES, *MORE)
ACTIVE = {
    "link_open",
    "image",
    "html_inline",
    "html_block",
    "em_open",
    "s_open",
    "blockquote_open",
    "fence",
    "code_block",
}


def tokens(text: str) -> list[Token]:
    """The tokens that a renderer sees, those within lines among them."""
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inline for token in blocks for inline in (token, *(token.children or ()))]


def texts(text: str, tag: str) -> Iterator[str]:
    """The text in each element of this tag, as one reads it."""
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    for index, token in enumerate(blocks):
        if token.type == f"{tag}_open":
            inline = next(block for block in blocks[index:] if block.type == "inline")
            yield "".join(child.content for child in inline.children or ())


@pytest.mark.parametrize("name", EVERY)
def test_a_name_is_read_as_it_is(name: str) -> None:
    """In a cell, a heading, a paragraph and a message a name is read letter for letter, and nothing in it is active."""
    table = Table(None, (NAME, BILLED), [(name, Decimal(1))], {"billed": Decimal(1)})
    text = as_markdown(Document("summary", name, name, (Section(name, table, (name,)),), (), (note(name),)))
    assert not ACTIVE & {token.type for token in tokens(text)}
    plain = safe(name).strip()
    assert next(texts(text, "td")) == plain
    assert {figure for tag in ("heading", "paragraph") for figure in texts(text, tag)} <= {
        plain,
        f"note: {plain}".strip(),
    }
    assert sum(token.type == "table_open" for token in tokens(text)) == 1
    assert sum(token.type == "list_item_open" for token in tokens(text)) == 1


@pytest.mark.parametrize("name", EVERY)
def test_nothing_links_by_itself(name: str) -> None:
    """What GitHub would make a link, a mention, an issue or a picture of stands in code."""
    text = as_markdown(Table(None, (NAME,), [(name,)], {}, (note(name),)))
    for token in tokens(text):
        if token.type == "text":
            lower = token.content.lower()
            assert not [mark for mark in ("@", "://", "www.", "#1", "gh-1", ":boom:", "mailto:") if mark in lower]


def test_the_hostile_document_has_every_table() -> None:
    """Each section is a heading with its table, each of its rows and totals there; the unknown is a word."""
    made, text = hostile(), as_markdown(hostile())
    assert list(texts(text, "heading")) == [
        safe(title) for title in (made.title, *(section.title for section in made.sections)) if title
    ]
    rows = [len(section.table.cells) for section in made.sections if section.table and section.table.cells]
    assert sum(token.type == "tr_open" for token in tokens(text)) == sum(rows) + 2 * len(rows) + len(made.figures) + 1
    assert "| **total** |  | **unknown** | **unknown** | **50.0 %** |" in text
    assert "unknown: no day of this window is in the ledger" in text


@pytest.mark.long
@pytest.mark.parametrize("report", ["spend", "usage", "cache"])
def test_every_figure_is_there(book: Ledger, report: str) -> None:
    """The table has each cell as text for people has it, the totals bold under them, and each message is listed."""
    table = book.ask(report, by=("workspace", "day"))
    text = as_markdown(table)
    cells = list(texts(text, "td"))
    expected = [
        shown(cell, heading).strip() for row in table.cells for cell, heading in zip(row, table.headings, strict=True)
    ]
    assert cells == expected + footer(table)
    assert sum(token.type == "strong_open" for token in tokens(text)) == sum(bool(figure) for figure in footer(table))
    listed = [*(f"warning: {text}" for text in table.warnings), *(f"note: {text}" for text in table.notes)]
    assert [line for line in listed if line not in set(texts(text, "paragraph"))] == []


def test_figures_stand_at_the_right() -> None:
    """Counts, money, ratios and numbers are aligned at the right, the rest at the left."""
    headings = tuple(Heading(kind.value, kind) for kind in Kind)
    line = as_markdown(Table(None, headings, [(None,) * len(headings)], {})).splitlines()[3]
    assert line == "| :--- | :--- | ---: | ---: | ---: | ---: | :--- |"
