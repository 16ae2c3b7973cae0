"""The web page: whole, alone, harmless, and the same figures as everywhere."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser

from support.hostile_page import BILLED, HOSTILE, LONG, NAME, UNKNOWN, amounts, days, hostile, wide
from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.question import Heading, Kind, Table
from tallystick.core.text import safe
from tallystick.formats.html import as_html


class Page(HTMLParser):
    """Elements with their attributes, and the texts, as a browser has them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def count(self, name: str) -> int:
        return sum(tag == name for tag, _ in self.elements)


def test_hostile_text_is_only_text() -> None:
    """No name becomes an element, an attribute or code of a template; each is read as it is, escapes shown."""
    page = Page(as_html(hostile()))
    assert page.count("script") == page.count("img") == page.count("link") == page.count("iframe") == 0
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    for name in (*HOSTILE, LONG):
        assert page.texts.count(safe(name)) >= 3
    assert "49" not in page.texts


def test_a_page_asks_nothing_of_a_network() -> None:
    """Nothing is fetched: no address in an attribute or a style, and a policy that forbids it."""
    source = as_html(hostile())
    page = Page(source)
    addressed = {"src", "href", "xlink:href", "srcset", "action", "data", "poster"}
    assert not [name for _, attributes in page.elements for name in attributes if name in addressed]
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)
    assert style
    assert not re.search(r"url\(|@import|http", style[1])
    policies = [
        attributes.get("content")
        for tag, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_figure_is_on_the_page() -> None:
    """Figures, rows, units, notes and messages of a document are all read on its page; unknown by name."""
    page = Page(as_html(hostile()))
    for index in range(len(HOSTILE) + 1):
        assert f"{2000 + index:,}.00" in page.texts
        assert ("unknown" if index == UNKNOWN else f"{1000 + index:,}.25") in page.texts
    assert "total" in page.texts


def test_tables_can_be_heard() -> None:
    """A table has a caption, headers with a scope, and the page a language and a title."""
    page = Page(as_html(Table(None, (NAME, BILLED), amounts(("a", "b")), {"billed": Decimal("2001.50")})))
    scopes = [attributes.get("scope") for tag, attributes in page.elements if tag == "th"]
    assert scopes == ["col", "col", "row", "row", "row"]
    assert page.count("caption") == 1
    assert ("html", {"lang": "en"}) in page.elements
    assert page.count("title") == page.count("h1") == 1


def test_a_picture_is_described() -> None:
    """A picture has a description with its figures, for who cannot see it."""
    page = Page(as_html(Document("summary", "Spend", "", (days(("2026-10-01", "4.5"), ("2026-10-02", None)),))))
    (label,) = [attributes["aria-label"] for _, attributes in page.elements if attributes.get("role") == "img"]
    assert label == ("billed, USD, by day. A ? is unknown, not zero. 2026-10-01 4.50; 2026-10-02 unknown.")


def test_the_table_of_a_picture_that_stands_alone_is_at_hand() -> None:
    """It is folded under the picture; where there is no picture to stand for it, it is open."""
    chart = Chart("bars", "key_name", ("billed",), alone=True)
    table = Table(None, (NAME, BILLED), amounts(("a", "b")), {})
    page = Page(as_html(Document("summary", "Spend", "", (Section("By key", table, (), chart),))))
    assert page.count("details") == page.count("table") == page.count("svg") == 1
    many = Table(None, (NAME, BILLED), amounts(tuple(f"key {number}" for number in range(60))), {})
    page = Page(as_html(Document("summary", "Spend", "", (Section("By key", many, (), chart),))))
    assert (page.count("details"), page.count("table"), page.count("svg")) == (0, 1, 0)


def test_a_wide_table_is_printed_across() -> None:
    """Columns that do not fit upright are printed on a page turned round; few columns are not."""
    assert '<section class="wide">' in as_html(wide(14))
    assert '<section class="wide">' not in as_html(wide(3))


def test_rounded_rows_that_do_not_add_up_say_so_once() -> None:
    """In a document too, a total that differs from the sum of its rounded rows is explained."""
    rows = [("a", Decimal("0.004")), ("b", Decimal("0.004"))]
    table = Table(None, (NAME, BILLED), rows, {"billed": Decimal("0.008")})
    document = Document("statement", "May", "", (Section("One", table), Section("Two", table)))
    assert sum("Rows are rounded" in text for text in Page(as_html(document)).texts) == 1


def test_a_document_without_figures_or_rows_is_a_page() -> None:
    """Empty parts leave nothing behind: no empty list, card or table."""
    document = Document(
        "summary", "Spend", "", (Section("Nothing here"), Section("Nor here", Table(None, (NAME,), [], {})))
    )
    page = Page(as_html(document))
    assert page.count("table") == page.count("dl") == page.count("ul") == 0
    assert "nothing" in page.texts


def test_an_unknown_figure_is_named() -> None:
    """A figure that is not known says unknown, never 0.00 or an empty card."""
    page = Page(as_html(Document("summary", "Spend", "", (), (Figure(BILLED, None),))))
    assert "unknown" in page.texts
    assert "0.00" not in page.texts


def test_kinds_are_plain_words_on_a_page() -> None:
    """A kind of token is called on a page what a reader calls it."""
    headings = (Heading("kind", Kind.DIMENSION), Heading("billed", Kind.MONEY, "USD"))
    made = as_html(Table(None, headings, [("cache_write_1h", Decimal(1)), ("uncached_input", Decimal(2))], {}))
    assert "cache write, 1 hour" in made
    assert "input tokens" in made
