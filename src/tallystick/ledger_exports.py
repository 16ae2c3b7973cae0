"""Ledger exports: what is handed on whole: the statements of a month, every row of a table, a month as FOCUS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tallystick.core.filter import Where
from tallystick.core.question import Question
from tallystick.core.time_words import When, month_name, month_of
from tallystick.ledger_reader import LedgerReader
from tallystick.query.names import organizations

if TYPE_CHECKING:
    from tallystick.billing.chargeback import Charged
    from tallystick.core.rows import Rows


class LedgerExports(LedgerReader):
    """A ledger whose rows can be written to files."""

    def statements(self, month: When) -> list[Charged]:
        """What every team is charged for a month (2026-10), of each organization: `statement` makes a Document of it.

        Of a closed month what it was closed with, else a draft by the rules of today.
        """
        from tallystick.billing.chargeback import charged

        context = self.context()
        name = month_name(month, context.now)
        return [
            charged(context.engine, id_, name, context.owners, context.now) for id_ in organizations(context.engine)
        ]

    def export(
        self,
        table: str,
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        *,
        month: When | None = None,
    ) -> Rows:
        """Every row of charges, usage or cost over the UTC days from `since` to `until`, to be written once.

        `where` maps a dimension to the ids or names wanted.
        """
        from tallystick.exports import tables

        context = self.context()
        question = context.question(table, (), (since, until, month), where)
        return tables.export(context.engine, question, context.now)

    def export_focus(self, month: When | None = None, version: str = "1.2") -> Rows:
        """A UTC month (2026-10; the last ended one unless said) as FOCUS 1.2 or 1.4 has it, to be written once."""
        from tallystick.exports import focus

        context = self.context()
        question = Question("focus", month_of(month, context.now), ())
        return focus.export(context.engine, question, context.now, context.prices, context.owners, version)

    def export_views(self, engine: str) -> str:
        """The SQL that makes the views of this version in duckdb, clickhouse or spark, where the ledger lies."""
        from tallystick.exports import views

        return views.script(self.context().engine, engine)
