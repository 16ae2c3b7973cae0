"""Ahead: files of a bucket that a query will open, fetched before it runs, several at once.

DuckDB opens a file only where a query needs it, and fetches it then if it is not here. What a query names of months is
known before, so most are here by then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tallystick.store.place import Place

QUOTED = re.compile(r"'[^']*'")
"""A text in a query, whose words name no table."""
_NAME = re.compile(r"\bledger\.[a-z_0-9]+|(?<=\bfrom )[a-z_0-9]+|(?<=\bjoin )[a-z_0-9]+")
"""A table of ours or a view, in a query of ours."""
_MONTHS = re.compile(r"month >= '(\d{4}-\d\d)' AND month <= '(\d{4}-\d\d)'", re.IGNORECASE)
"""Months, as a condition of ours names them."""
_SOME = re.compile(r"'\d{4}-\d\d'")
"""A month that a query names in another way: DuckDB tells then which files it opens."""
_MONTH = re.compile(r"/month=(\d{4}-\d\d)/")


def names_in(text: str) -> Sequence[str]:
    """Return the tables and views that a query names, once each."""
    return [*dict.fromkeys(_NAME.findall(QUOTED.sub("", text.lower())))]


class Ahead:
    """The files of the tables of an engine. Of those of a folder nothing is fetched."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._files: dict[str, Sequence[str]] = {}
        self._sql: dict[str, str] = {}

    def table(self, name: str, files: Sequence[str]) -> None:
        """Know the files of a table."""
        self._files[name] = files

    def view(self, name: str, sql: str) -> None:
        """Know what a view is made of."""
        self._sql[name] = sql

    def fetch(self, text: str) -> None:
        """Fetch what a query will open: all of the tables that it names, or what they have of its months."""
        if self._place.source is None:
            return
        spans = _MONTHS.findall(text) if _SOME.search(text) else [("", "9")]
        self._place.fetch(
            file
            for name in dict.fromkeys(self._tables(text))
            for file in self._files[name]
            if not (month := _MONTH.search(file)) or any(first <= month[1] <= last for first, last in spans)
        )

    def _tables(self, text: str) -> Iterator[str]:
        for name in names_in(text):
            if name in self._files:
                yield name
            elif sql := self._sql.get(name):
                yield from self._tables(sql)
