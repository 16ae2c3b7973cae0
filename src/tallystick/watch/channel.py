"""Channel: where findings are told, by the [[channel]] tables of the settings, and which of them, and when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from tallystick.api.secret import Secret
from tallystick.core.interval import interval
from tallystick.core.text import choose
from tallystick.errors import InvalidQuestion
from tallystick.tally.rules import check_fields
from tallystick.watch.finding import Finding
from tallystick.watch.quiet_hours import QuietHours
from tallystick.watch.rule import Severity

DIGEST_ABOVE = 10
"""Findings that a message tells one by one, where a channel names no other number."""
_MEND = "`tallystick docs watch` shows the tables."
_SOURCES = ("", "_env", "_file", "_command")
_Choice = TypeVar("_Choice", bound=StrEnum)
_LEAST = timedelta(minutes=5)
"""The shortest time before a reminder."""


class Kind(StrEnum):
    """The kinds of channels."""

    APPRISE = "apprise"
    WEBHOOK = "webhook"
    STDOUT = "stdout"


class Body(StrEnum):
    """What a webhook is sent."""

    TALLYSTICK = "tallystick"
    ALERTMANAGER = "alertmanager"


SECRETS = {Kind.APPRISE: ("url",), Kind.WEBHOOK: ("url", "secret"), Kind.STDOUT: ()}
"""The secrets that a channel of each kind must have."""
_SETTINGS = tuple(f"{name}{source}" for name in ("url", "secret") for source in _SOURCES)
_FIELDS = (
    *("name", "kind", "teams", "severities", "rules", "quiet", "zone", "remind_after", "escalate_to", "digest_above"),
    *("body", "allow_private"),
    *_SETTINGS,
)


@dataclass(frozen=True, slots=True)
class Channel:
    """Where findings are told. It takes those of its teams, severities and rules; of each where it names none (None).

    Whoever has not acknowledged a finding `remind_after` it was told is reminded, on the channel `escalate_to` where
    one is named. `secret` reads a secret by name, each time from where it is.
    """

    name: str
    kind: Kind
    secret: Callable[[str], Secret] = field(repr=False, compare=False)
    teams: frozenset[str] | None = None
    severities: frozenset[str] | None = None
    rules: frozenset[str] | None = None
    quiet: QuietHours | None = None
    remind_after: timedelta | None = None
    escalate_to: str = ""
    digest_above: int = DIGEST_ABOVE
    body: Body = Body.TALLYSTICK
    allow_private: bool = False

    def takes(self, finding: Finding) -> bool:
        """Return whether a finding is told here when it opens."""
        limits = ((self.teams, finding.team), (self.severities, finding.severity), (self.rules, finding.rule))
        return all(names is None or name in names for names, name in limits)

    def waits(self, finding: Finding, now: datetime) -> bool:
        """Return whether a finding must wait for the end of the quiet hours."""
        return finding.severity != Severity.CRITICAL and self.quiet is not None and self.quiet.has(now)


def channels(
    tables: Sequence[Any], secret: Callable[[Mapping[str, Any], str], Secret | None], rules: Collection[str]
) -> list[Channel]:
    """Return the channels of the settings; InvalidQuestion names the table that cannot be.

    `secret` reads the secret of a table by name; `rules` are the names of the rules that hold.
    """
    by_name: dict[str, Channel] = {}
    for number, table in enumerate(tables, 1):
        where = f"[[channel]] {number}"
        check_fields(where, table, _FIELDS, "channel", _MEND)
        channel = _channel(where, table, secret, rules)
        if channel.name in by_name:
            raise InvalidQuestion(f"{where}: another channel is called {channel.name!r} too.", "Rename one.")
        by_name[channel.name] = channel
    for number, channel in enumerate(by_name.values(), 1):
        if channel.escalate_to and channel.escalate_to not in by_name:
            raise InvalidQuestion(
                f"[[channel]] {number}: there is no channel {channel.escalate_to!r}.",
                choose(channel.escalate_to, [*by_name]),
            )
    return [*by_name.values()]


def _channel(
    where: str,
    table: Mapping[str, Any],
    secret: Callable[[Mapping[str, Any], str], Secret | None],
    rules: Collection[str],
) -> Channel:
    name, kind = text_of(where, table, "name"), _choice(where, table, "kind", Kind)
    for needed in SECRETS[kind]:
        if not any(f"{needed}{source}" in table for source in _SOURCES):
            raise InvalidQuestion(
                f"{where}: a channel of kind {kind} needs {needed}_env, {needed}_file or {needed}_command.", _MEND
            )
    for setting in _SETTINGS:
        if setting in table:
            text_of(where, table, setting)
    if "escalate_to" in table and "remind_after" not in table:
        raise InvalidQuestion(f"{where} escalates, and does not say when.", 'Write remind_after = "4h".')

    def read(needed: str) -> Secret:
        if not (value := secret(table, needed)):
            raise InvalidQuestion(f"{where} ({name}) has no {needed}.", _MEND)
        return value

    return Channel(
        name,
        kind,
        read,
        _names(where, table, "teams", None),
        _names(where, table, "severities", [*Severity]),
        _names(where, table, "rules", rules),
        _quiet(where, table),
        interval(f"{where}: remind_after", text_of(where, table, "remind_after"), _LEAST)
        if "remind_after" in table
        else None,
        text_of(where, table, "escalate_to") if "escalate_to" in table else "",
        _count(where, table),
        _choice(where, table, "body", Body) if "body" in table else Body.TALLYSTICK,
        _flag(where, table, "allow_private"),
    )


def text_of(where: str, table: Mapping[str, Any], name: str) -> str:
    """Return a text of a table of the settings; InvalidQuestion where it is none, or empty."""
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidQuestion(f"{where} has no {name}, or {name} is no text.", _MEND)
    return value.strip()


def _choice(where: str, table: Mapping[str, Any], name: str, choices: type[_Choice]) -> _Choice:
    value = text_of(where, table, name)
    if value not in list(choices):
        raise InvalidQuestion(f"{where}: {name} cannot be {value!r}.", choose(value, [*choices]))
    return choices(value)


def _names(where: str, table: Mapping[str, Any], name: str, choices: Collection[str] | None) -> frozenset[str] | None:
    values = table.get(name)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidQuestion(f"{where}: {name} must be a list of texts.", f'Write {name} = ["..."].')
    for value in values:
        if choices is not None and value not in choices:
            raise InvalidQuestion(f"{where}: {name} has {value!r}, which is none.", choose(value, [*choices]))
    return frozenset(values)


def _quiet(where: str, table: Mapping[str, Any]) -> QuietHours | None:
    if ("quiet" in table) != ("zone" in table):
        raise InvalidQuestion(f"{where}: quiet and zone go together.", 'Write zone = "Europe/Berlin".')
    if "quiet" not in table:
        return None
    return QuietHours.read(where, text_of(where, table, "quiet"), text_of(where, table, "zone"))


def _count(where: str, table: Mapping[str, Any]) -> int:
    count = table.get("digest_above", DIGEST_ABOVE)
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InvalidQuestion(f"{where}: digest_above {count!r} is no count.", "Write digest_above = 10.")
    return count


def _flag(where: str, table: Mapping[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise InvalidQuestion(f"{where}: {name} {value!r} is neither true nor false.", f"Write {name} = true.")
    return value
