"""The PDF: the same figures as the page, of names that do nothing, within its margins, the same each time."""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest

from support.command import Tallystick
from support.hostile_page import BILLED, HOSTILE, LONG, NAME, UNKNOWN, amounts, days, hostile, wide
from tallystick.core.document import Document, Section
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.formats.pdf import as_pdf


def read(made: bytes) -> pypdf.PdfReader:
    """It, opened."""
    return pypdf.PdfReader(io.BytesIO(made))


def text(made: bytes) -> str:
    """What is on its pages, without the spaces and line ends that only place it."""
    return "".join("".join(page.extract_text().split()) for page in read(made).pages)


@pytest.fixture(scope="module")
def made() -> bytes:
    """The hostile document."""
    return as_pdf(hostile())


@pytest.mark.long
def test_hostile_text_is_only_text(made: bytes) -> None:
    """Code of typst is neither run nor read as markup: each name is on the pages letter by letter."""
    words = text(made)
    for name in (*HOSTILE, LONG):
        assert words.count("".join(safe(name).split())) >= 3


def test_every_figure_is_on_the_pages(made: bytes) -> None:
    """Figures, rows and totals are all there, unknown by name."""
    words = text(made)
    for index in range(len(HOSTILE) + 1):
        assert f"{2000 + index:,}.00" in words
        assert ("unknown" if index == UNKNOWN else f"{1000 + index:,}.25") in words


def test_nothing_in_it_acts(made: bytes) -> None:
    """A PDF has no script, link or action in it."""
    for name in (b"/JavaScript", b"/URI", b"/Launch", b"/OpenAction", b"/EmbeddedFile"):
        assert name not in made


def test_the_same_answer_is_the_same_file(made: bytes) -> None:
    """Written twice, it is the same bytes: no clock and no chance is in it."""
    assert as_pdf(hostile()) == made


def test_only_its_own_fonts_are_used(made: bytes) -> None:
    """Latin, Greek and Cyrillic names are set with the fonts of typst alone, whatever this machine has."""
    document = Document("statement", "Żółć, Ωμέγα, Жук", "", (*hostile().sections,))
    for pdf in (made, as_pdf(document)):
        assert fonts(pdf) == {"LibertinusSerif"}


def test_letters_of_other_scripts_are_kept() -> None:
    """A name in a script that those fonts do not have is no error, and no figure beside it is lost."""
    assert "1,000.25" in text(as_pdf(Table(None, (NAME, BILLED), amounts(("日本語 🙂",)), {})))


@pytest.mark.long
@pytest.mark.parametrize("columns", [3, 12, 20, 30])
def test_no_column_leaves_the_page(columns: int) -> None:
    """However many columns, every glyph is placed within the margins, and every figure is whole."""
    made = as_pdf(wide(columns))
    for page in read(made).pages:
        across: list[float] = []
        page.extract_text(visitor_text=lambda run, cm, tm, _font, _size, into=across: into.append(_start(run, cm, tm)))
        assert min(across) > 0
        assert max(across) < float(page.mediabox.width) - 40
    words = text(made)
    assert all(f"{1_234_567_890_000 + number:,}" in words for number in range(columns))
    assert LONG in words


def test_wide_tables_lie_across_and_narrow_ones_upright() -> None:
    """The columns decide how a page lies, each section by itself."""
    narrow = Section("Narrow", Table(None, (NAME, BILLED), amounts(("a",)), {}))
    pages = read(as_pdf(Document("statement", "Both", "", (narrow, Section("Wide", wide(14)))))).pages
    assert [page.mediabox.width > page.mediabox.height for page in pages][:2] == [False, True]


def test_pages_are_counted_and_headers_come_again() -> None:
    """A table over several pages has its header on each, its total once, and each page says which of how many it is."""
    table = Table(
        None, (NAME, BILLED), amounts(tuple(f"key {number}" for number in range(150))), {"billed": Decimal("161212.50")}
    )
    pages = [page.extract_text() for page in read(as_pdf(table)).pages]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page
    assert sum("key name" in page for page in pages) >= len(pages) - 1
    assert sum("161,212.50" in page for page in pages) == 1


def test_a_picture_has_its_words_for_those_who_cannot_see_it() -> None:
    """Pictures are in the PDF with a description, and the file is tagged and has a language and a title."""
    file = read(as_pdf(Document("summary", "Spend", "", (days(("2026-10-01", "4.5"), ("2026-10-02", None)),))))
    catalog = file.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert file.metadata
    assert file.metadata.title == "Spend"
    labels = [
        entry["/Alt"]
        for entry in map(file.get_object, range(1, len(file.xref[0]) or 1))
        if isinstance(entry, dict) and "/Alt" in entry
    ]
    assert labels == ["billed, USD, by day. A ? is unknown, not zero. 2026-10-01 4.50; 2026-10-02 unknown."]


def fonts(made: bytes) -> set[str]:
    """The families of its fonts."""
    names = set()
    for page in read(made).pages:
        for font in page["/Resources"]["/Font"].values():
            names.add(font.get_object()["/BaseFont"].split("+")[1].split("-")[0])
    return names


def _start(run: str, outer: list[float], inner: list[float]) -> float:
    """Where a text begins, in points from the left of the page; 1 where there is none."""
    return inner[4] * outer[0] + outer[4] if run.strip() else 1.0


@pytest.mark.long
def test_without_typst_an_error_says_what_to_install(
    tallystick: Tallystick, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the extra is not installed a PDF is refused with exit code 2 and what to do, and no file is left."""
    monkeypatch.setitem(sys.modules, "typst", None)  # what Python does where there is no such module
    for words in (("spend", "--output", str(tmp_path / "october.pdf")), ("spend", "--format", "pdf")):
        run = tallystick(*words)
        assert run.code == 2
        assert "pip install 'tallystick[pdf]'" in run.err
        assert "--format html" in run.err
    assert list(tmp_path.glob("*.pdf")) == []
