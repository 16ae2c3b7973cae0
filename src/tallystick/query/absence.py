"""Absence: what a ledger does not have and a question needs, as errors."""

from __future__ import annotations

from collections.abc import Collection

from tallystick.errors import InvalidQuestion, LedgerError


def no_day_of(month: str) -> LedgerError:
    """Return the error that no day of a month, as 2026-10, is in the ledger."""
    return LedgerError(f"No day of {month} is in the ledger.", f"`tallystick sync --since {month}` reads them.")


def no_organization(name: str | None, known: Collection[str]) -> InvalidQuestion:
    """Return the error that an organization is not in the ledger, or none is named where it has several."""
    problem = "The ledger holds several organizations." if name is None else f"The ledger has no organization {name!r}."
    return InvalidQuestion(problem, f"Name one with --organization: {', '.join(known)}.")
