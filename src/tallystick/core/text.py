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
