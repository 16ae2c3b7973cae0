"""PDF: the same page for paper, set by typst, with its embedded fonts: the same bytes on every machine."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec

from tallystick.core.document import Answer
from tallystick.errors import InvalidQuestion
from tallystick.formats.page import laid


def as_pdf(answer: Answer) -> bytes:
    """The answer as an accessible PDF (PDF/UA-1) on A4, across where a table needs it; rounded as `shown` has it.

    The texts go in as JSON and are placed as strings: typst never reads them as markup or code. The embedded fonts have
    Latin, Greek and Cyrillic; a text with other letters is set with the fonts of this machine beside them.
    """
    try:
        import typst
    except ModuleNotFoundError:
        raise InvalidQuestion(
            "A PDF needs typst, which is not installed.", "Run pip install 'tallystick[pdf]', or take --format html."
        ) from None

    texts = msgspec.json.encode(laid(answer)).decode()
    try:
        return _set(texts, ignore_system_fonts=True, pdf_standards="ua-1")
    except typst.TypstError:  # a letter that they do not have, which the standard forbids to leave out
        return _set(texts, ignore_system_fonts=False)


def _set(texts: str, **options: Any) -> bytes:
    import typst

    source = files("tallystick.formats").joinpath("page.typ").read_bytes()
    pdf: bytes = typst.compile(source, sys_inputs={"page": texts}, format="pdf", timestamp=0, **options)
    return pdf
