"""Outbox: the messages that are due, made of the events of findings alone, so that a crash loses none of them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tallystick.core.time import DAY
from tallystick.watch.attempts import Attempts, Standing
from tallystick.watch.channel import Channel
from tallystick.watch.finding import Event, Finding, Step

LATE = DAY
"""How long a finding that ended before it was told is still told: longer than any quiet hours."""


class Topic(StrEnum):
    """What a channel is told of a finding."""

    OPENED = "opened"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once: findings of one topic to one channel, with the number of each attempt, under one key.

    The key is the same whenever the message is sent again, by whichever watcher.
    """

    key: str
    channel: Channel
    topic: Topic
    findings: tuple[Finding, ...]
    attempts: tuple[int, ...]

    def events(self, step: Step, now: datetime, author: str, text: str = "") -> list[Event]:
        """Return what to write down of each finding."""
        numbered = zip(self.findings, self.attempts, strict=True)
        return [
            Event(
                finding.id,
                finding.rule,
                finding.opened.subject,
                step,
                now,
                author,
                text,
                channel=self.channel.name,
                topic=self.topic,
                attempt=attempt,
                facts={"message": self.key, "ended": finding.ended is not None},
            )
            for finding, attempt in numbered
        ]


def due(
    findings: Mapping[str, Finding], channels: Sequence[Channel], now: datetime, is_dead: Callable[[str], bool]
) -> Iterator[Message]:
    """Yield the messages that are to be sent now: first those tried before, each as it was; what is new as one."""
    for topic in Topic:
        for channel in channels:
            new: list[Finding] = []
            again: dict[str, list[Finding]] = defaultdict(list)
            for finding in findings.values():
                if not _is_wanted(finding, topic, channel, channels, now):
                    continue
                attempts = attempts_at(finding, channel.name, topic)
                standing = attempts.standing(now, is_dead)
                if standing is Standing.NEW:
                    new.append(finding)
                elif standing is Standing.DUE:
                    again[attempts.message].append(finding)
            for key, members in again.items():
                yield _message(key, channel, topic, members)
            if new:
                yield _message(_key(channel, topic, new), channel, topic, new)


def attempts_at(finding: Finding, channel: str, topic: Topic) -> Attempts[Event]:
    """Return the attempts at telling a channel of a finding."""
    return Attempts.of(event for event in finding.events if (event.channel, event.topic) == (channel, topic))


def given_up(
    findings: Iterable[Finding], now: datetime, is_dead: Callable[[str], bool]
) -> Counter[tuple[str, Standing]]:
    """Return how many notifications a channel is not known to have got, and is not sent again, and why."""
    counts = Counter[tuple[str, Standing]]()
    for finding in findings:
        for channel, topic in {(event.channel, event.topic) for event in finding.events if event.channel}:
            standing = attempts_at(finding, channel, Topic(topic)).standing(now, is_dead)
            if standing in {Standing.UNCERTAIN, Standing.REFUSED}:
                counts[channel, standing] += 1
    return counts


def _message(key: str, channel: Channel, topic: Topic, findings: Sequence[Finding]) -> Message:
    attempts = tuple(attempts_at(finding, channel.name, topic).next for finding in findings)
    return Message(key, channel, topic, tuple(findings), attempts)


def _key(channel: Channel, topic: Topic, findings: Sequence[Finding]) -> str:
    ids = sorted(finding.id for finding in findings)
    return hashlib.sha256(json.dumps([channel.name, topic, ids]).encode()).hexdigest()[:32]


def _is_wanted(finding: Finding, topic: Topic, channel: Channel, channels: Sequence[Channel], now: datetime) -> bool:
    """Whether a channel is to be told this of a finding at all, as things stand."""
    if channel.waits(finding, now):
        return False
    if topic is Topic.RESOLVED:
        return _is_end_wanted(finding, channel)
    if finding.acknowledged:
        return False
    ended = finding.ended
    if topic is Topic.REMINDER:
        return not ended and any(_is_reminder_wanted(finding, channel, candidate, now) for candidate in channels)
    if ended and (ended.step is Step.SUPERSEDED or _is_late(finding, channel, ended, now)):
        return False
    return not finding.opened.facts.get("returned") and channel.takes(finding)


def _is_late(finding: Finding, channel: Channel, ended: Event, now: datetime) -> bool:
    """Whether it ended so long ago that a channel that nobody tried to tell of it need not be told any more."""
    return now - ended.happened_at > LATE and not attempts_at(finding, channel.name, Topic.OPENED).sendings


def _is_end_wanted(finding: Finding, channel: Channel) -> bool:
    """Whether it resolved after the channel was told of it; not by instants, for clocks of watchers differ."""
    ended = finding.ended
    if not ended or ended.step is not Step.RESOLVED:
        return False
    sendings = [attempts_at(finding, channel.name, topic).sent for topic in (Topic.OPENED, Topic.REMINDER)]
    return any(event and not event.facts.get("ended") for event in sendings)


def _is_reminder_wanted(finding: Finding, channel: Channel, source: Channel, now: datetime) -> bool:
    """Whether the time is over after which a channel reminds another, or itself, of what it was told."""
    if source.remind_after is None or (source.escalate_to or source.name) != channel.name:
        return False
    opened = attempts_at(finding, source.name, Topic.OPENED).sent
    return opened is not None and now - opened.happened_at >= source.remind_after
