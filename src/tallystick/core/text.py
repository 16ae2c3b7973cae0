"""Text from elsewhere, made harmless to show."""

from __future__ import annotations

import re
import unicodedata

_STEERS = "\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff"
"""What steers a terminal or turns a line around, and is no control of ASCII."""
_ACTIVE = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_STEERS}\ud800-\udfff]")
_ACTIVE_IN_JSON = re.compile(f"[{_STEERS}]")


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


def inert(text: str) -> str:
    """The text for a file of data: what steers a terminal or turns a line around is an escape, all else stays.

    Tabs, ends of lines, and the joiners that some scripts and emoji need are left as they are.
    """
    return _ACTIVE.sub(lambda match: ascii(match[0])[1:-1], text)


def inert_json(text: str) -> str:
    """JSON with the same as JSON's own escapes: whoever reads it gets the text back, letter for letter."""
    return _ACTIVE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


ESCAPED = (
    "Control characters of a name are shown as escapes here, as \\x1b; `--format jsonl` and parquet have them exactly."
)
"""What is said where `inert` changed a text."""


RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text begins with that a spreadsheet would run as a formula."""


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(RUNS) else text
