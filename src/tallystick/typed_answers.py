"""Typed answers: a report's answer as the Table or the Document that it is."""

from __future__ import annotations

from typing import Any

from tallystick.core.document import Document
from tallystick.core.question import Table
from tallystick.ledger_exports import LedgerExports


class TypedAnswers(LedgerExports):
    """Asks reports of the catalog, each of whose answers is always of one type."""

    def _table(self, report: str, /, **values: Any) -> Table:
        answer = self.ask(report, **values)
        assert isinstance(answer, Table), report  # noqa: S101 - for the types: the catalog's test holds it
        return answer

    def _document(self, report: str, /, **values: Any) -> Document:
        answer = self.ask(report, **values)
        assert isinstance(answer, Document), report  # noqa: S101 - for the types: the catalog's test holds it
        return answer
