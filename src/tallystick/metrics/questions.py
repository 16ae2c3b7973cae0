"""Questions: what metrics ask of one version of a ledger, each question once."""

from __future__ import annotations

from typing import Any

from tallystick.core.question import Table
from tallystick.core.text import inert
from tallystick.errors import InvalidQuestion
from tallystick.ledger_reader import LedgerReader
from tallystick.query.groups import OTHERS

WINDOWS = ("today", "yesterday", "mtd")
"""The days that a metric is of, as the commands take them: day to date, yesterday, month to date."""
TOP = 20
"""Values of a label that have a series of their own; what is left is one more, `other`."""
REST = "other"
"""The value of a label that stands for all that have no series of their own."""


class Questions:
    """A reader with the answers that it gave. `refused` are the reports that could not be asked, with the reason."""

    def __init__(self, reader: LedgerReader) -> None:
        self.reader = reader
        self.refused: dict[str, str] = {}
        self.reports: set[str] = set()
        self._answers: dict[str, Table | None] = {}

    def ask(self, report: str, /, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of an answer; none where the report refuses the question. LedgerError as from the reader."""
        answer = self.table(report, **values)
        return answer.rows if answer else []

    def table(self, report: str, /, **values: Any) -> Table | None:
        """Return an answer; None where the report refuses the question. LedgerError as from the reader."""
        key = f"{report} {values}"
        if key not in self._answers:
            self.reports.add(report)
            try:
                answer = self.reader.ask(report, **values)
                self._answers[key] = answer if isinstance(answer, Table) else None
            except InvalidQuestion as wrong:
                self.refused[report] = str(wrong)
                self._answers[key] = None
        return self._answers[key]


def label(cell: object) -> str:
    """Return a cell as the value of a label: it cannot steer a terminal, and the rest has its own word."""
    return REST if cell == OTHERS else inert(str(cell))
