"""Outcome: what a sync did, what it had to leave out, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from tallystick.errors import ApiError, InvalidQuestion, Refused, UnexpectedResponse, Unreachable

T = TypeVar("T")
MOST_NAMED = 5
"""Windows that an error names, of those that failed."""


@dataclass
class Outcome:
    """What a sync did.

    `changed` are the days that were committed with new content. What was left out: `moved` days kept moving, `losses`
    are days that an answer would have emptied or halved, `missing` were in no answer (each by source and day, and why);
    `failures` are windows and lists that could not be read. `gaps` says how far the running day is from its total.
    Of several organizations `parts` has what was done of each by its name, None where the sync of it was stopped, and
    each text begins with that name.
    """

    organization: str = ""
    version: int = 0
    requests: int = 0
    size: int = 0
    rows: int = 0
    names: int = 0
    changed: set[date] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)
    losses: dict[str, str] = field(default_factory=dict)
    missing: dict[str, list[date]] = field(default_factory=dict)
    failures: dict[str, ApiError] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)
    issues: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    parts: dict[str, Outcome | None] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """How many days were committed with new content, each counted once."""
        return len(self.changed)

    @property
    def exit_code(self) -> int:
        """The exit code: 5, 4 or 3 where windows failed, 1 where days were left out, else 0."""
        if self.failures:
            return self._kind.exit_code
        return int(bool(self.moved or self.losses or self.missing))

    @property
    def _kind(self) -> type[ApiError]:
        """What the failures are together: refusals and no answers where all are, else answers that were strange."""
        failures = self.failures.values()
        if all(isinstance(wrong, Refused) for wrong in failures):
            return Refused
        return (
            Unreachable if all(isinstance(wrong, (Refused, Unreachable)) for wrong in failures) else UnexpectedResponse
        )

    def add(self, name: str, part: Outcome) -> None:
        """Add what was done of one of several organizations."""
        self.parts[name] = part
        self.version = max(self.version, part.version)
        self.requests += part.requests
        self.size += part.size
        self.rows += part.rows
        self.names += part.names
        self.changed |= part.changed
        self.moved |= _named(name, part.moved)
        self.losses |= _named(name, part.losses)
        self.missing |= _named(name, part.missing)
        self.failures |= _named(name, part.failures)
        self.gaps |= _named(name, part.gaps)
        self.issues += [f"{name}: {issue}" for issue in part.issues]
        self.warn(*(f"{name}: {warning}" for warning in part.warnings))

    def stop(self, name: str, wrong: ApiError | InvalidQuestion) -> None:
        """Note why the sync of one of several organizations was stopped; one whose credential fails is refused."""
        self.parts[name] = None
        self.failures[name] = wrong if isinstance(wrong, ApiError) else Refused(wrong.what, wrong.hint)

    def warn(self, *messages: str) -> None:
        """Say something once."""
        self.warnings += [message for message in messages if message not in self.warnings]

    def raise_failures(self) -> None:
        """Raise what failed: the one error, or one that names the windows."""
        failures = list(self.failures.values())
        if not failures:
            return
        first = failures[0]
        if len(failures) == 1:
            raise first
        kind = self._kind
        if all(type(wrong) is type(first) for wrong in failures):
            kind = type(first)
        messages = [f"{label}: {wrong.what}" for label, wrong in self.failures.items()]
        rest = f"; and {len(messages) - MOST_NAMED} more" if len(messages) > MOST_NAMED else ""
        raise kind(
            f"{len(messages)} windows or lists could not be read: {'; '.join(messages[:MOST_NAMED])}{rest}",
            "All others were committed. Run the same command again; if it stays, report the request-ids to Anthropic.",
            status=first.status,
            code=first.code,
        )


def _named(name: str, notes: Mapping[str, T]) -> dict[str, T]:
    return {f"{name}: {subject}": words for subject, words in notes.items()}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: tasks done and in all (None while the plan is not made), requests, rows, and what it reads.

    `ahead` are tasks that are read and wait for those before them.
    """

    done: int = 0
    total: int | None = None
    requests: int = 0
    rows: int = 0
    subject: str = "names"
    ahead: int = 0
