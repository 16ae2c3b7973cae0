"""Text from elsewhere made harmless to show; counts, days and lists in few words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from tallystick.core.money import rounded
from tallystick.core.time import DAY, Grain, Window, of_days

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


def with_end(name: str, id_: str) -> str:
    """A name with the end of its id, which tells it from others of that name: `staging (…9BEZy8)`."""
    return f"{name} (…{id_[-6:]})"


LONGEST = 48
"""Letters of a name within a sentence."""


def cut(name: str) -> str:
    """The name within a sentence, its middle left out where it is too long."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[-half:]}"


MOST = 3
"""Names that a sentence lists before it counts the rest."""


def few(names: Sequence[str], most: int = MOST) -> str:
    """The first names of a list in words, and how many more there are: `a, b, c and 1 more`."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def near(word: str, choices: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """The choices that are spelt much like a word, the nearest first, in either case; else those that hold it."""
    from difflib import get_close_matches  # only where something was misspelt

    folded = {choice.casefold(): choice for choice in choices}
    names = get_close_matches(word.casefold(), folded, n=MOST, cutoff=cutoff)
    names = names or [name for name in folded if word and word.casefold() in name][:MOST]
    return [folded[name] for name in names]


def did_you_mean(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """`Did you mean a, b or c?`, of the choices near a word; nothing where none is."""
    *first, last = near(word, choices, cutoff) or [""]
    return f"Did you mean {', '.join(first)}{' or ' * bool(first)}{last}?" * bool(last)


def choose(word: str, choices: Sequence[str]) -> str:
    """What to write in the place of a word that is none of the choices: those near it, then all of them."""
    return f"{did_you_mean(word, choices)} Choose among {', '.join(choices)}.".strip()


def large(count: int) -> str:
    """A count in words, of millions and more in millions with one place: `950`, `480,397`, `2.2 M`."""
    million = 1_000_000
    tenths = (count * 10 + million // 2) // million
    return f"{count:,}" if count < million else f"{tenths // 10:,}.{tenths % 10} M"


def day_spans(days: Iterable[date], year: int) -> str:
    """UTC days as people write them: `26 and 27 Nov 2026`, `23 Oct to 21 Nov 2026`; without the year where it is that.

    Several spans stand in a row, divided by commas.
    """
    ends = [(window.start.date(), (window.end - DAY).date()) for window in of_days(days)]
    return ", ".join(_span(first, last, year) for first, last in ends)


def minute(when: datetime) -> str:
    """Return an instant in words: 22 Nov 09:30 UTC."""
    return f"{when.day} {when:%b %H:%M} UTC"


def window_words(window: Window, year: int) -> str:
    """The days of a window as people write them, a whole month by its name: `October`, `1 to 29 Nov`."""
    start = window.start
    if window == Grain.MONTH.around(start):
        return f"{start:%B}" if start.year == year else f"{start:%B %Y}"
    return day_spans(window.days(), year)


def change_words(amount: Decimal, growth: Decimal | None) -> str:
    """A change of US dollars in words: `186.63 USD less (-7.0 %)`, rounded."""
    percent = f" ({rounded(growth * 100, 1):+} %)" if growth is not None else ""
    return f"{rounded(abs(amount)):,} USD {'more' if amount > 0 else 'less'}{percent}"


def _span(first: date, last: date, year: int) -> str:
    def named(day: date) -> str:
        return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != year else "")

    if first == last:
        return named(last)
    same_year, same_month = first.year == last.year, (first.year, first.month) == (last.year, last.month)
    start = f"{first.day}" if same_month else f"{first.day} {first:%b}" if same_year else named(first)
    return f"{start} {'and' if last - first == DAY else 'to'} {named(last)}"
