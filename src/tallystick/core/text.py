"""Text from elsewhere, made harmless to show."""

from __future__ import annotations

import unicodedata


def safe(text: str) -> str:
    """The text with every control, direction and format character shown as an escape: it cannot steer a terminal.

    So is what Unicode says is no character (U+FFFE, U+FFFF): XML, and so SVG, has no place for it.
    """
    return "".join(
        ascii(letter)[1:-1]
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or letter in "\ufffe\uffff"
        else letter
        for letter in text
    )


RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text begins with that a spreadsheet would run as a formula."""


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(RUNS) else text
