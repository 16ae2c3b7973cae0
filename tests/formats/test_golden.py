"""Golden files: every report in every format, byte for byte; `make golden` writes them anew."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import pypdf
import pytest

from tallystick import Ledger
from tallystick.formats import FORMATS

GOLDEN = Path(__file__).parent.parent / "golden"


class Asked(NamedTuple):
    """What a golden file answers; its name is the file's."""

    name: str
    report: str
    by: tuple[str, ...]
    since: str = "30d"
    until: str | None = None
    top: int | None = None


ANSWERS = (
    Asked("spend", "spend", ("workspace",)),
    Asked("spend-by-description", "spend", ("description", "model", "kind"), "2026-11-20", "2026-11-21"),
    Asked("spend-top-days", "spend", ("day",), "mtd", None, 5),
    Asked("spend-unknown", "spend", ("workspace",), "2026-09-01", "2026-09-11"),
    Asked("usage", "usage", ("key",)),
    Asked("usage-partly-absent", "usage", ("day", "tier"), "2026-09-29", "2026-10-03"),
    Asked("cache", "cache", ("model",)),
)


def _read(form: str, written: str | bytes) -> bytes:
    """What is compared: the text itself; of a PDF the text on its pages, its bytes change with each typst."""
    if form == "pdf":
        assert isinstance(written, bytes)
        pages = pypdf.PdfReader(io.BytesIO(written)).pages
        return "\n".join(page.extract_text() for page in pages).encode() + b"\n"
    return written if isinstance(written, bytes) else written.encode()


def _file(name: str, form: str) -> str:
    return f"{name}.{FORMATS[form].ending}" + (".txt" if form == "pdf" else "")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("asked", ANSWERS, ids=lambda it: it.name)
def test_answers_are_as_agreed(book: Ledger, asked: Asked, form: str, request: pytest.FixtureRequest) -> None:
    """An answer over the fixed organization at the pinned time is, byte for byte, the one that somebody has read."""
    table = book.ask(asked.report, asked.by, asked.since, asked.until, None, asked.top)
    text = _read(form, FORMATS[form].write(table))
    path = GOLDEN / _file(asked.name, form)
    if request.config.getoption("--regenerate"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    assert path.exists(), "run `make golden`, and read what it wrote"
    assert text.decode() == path.read_bytes().decode()


def test_no_golden_file_is_left_over() -> None:
    """Every golden file belongs to an answer."""
    expected = {_file(asked.name, form) for asked in ANSWERS for form in FORMATS}
    assert {path.name for path in GOLDEN.iterdir()} == expected
