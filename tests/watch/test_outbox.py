"""Outbox: what a channel is told, once, and what it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from support.findings import MINUTE, START, after, channel, opened
from tallystick.core.time import DAY
from tallystick.watch.channel import Channel
from tallystick.watch.finding import Event, Step, findings
from tallystick.watch.outbox import Message, Topic, due
from tallystick.watch.quiet_hours import QuietHours

HOUR = timedelta(hours=1)
A, B = opened("a"), opened("b", severity="critical", team="payments")


def messages(events: list[Event], channels: list[Channel], now: datetime = START) -> list[Message]:
    """What is due."""
    return [*due(findings(events), channels, now, lambda who: who == "dead")]


def told(message: Message, when: datetime, step: Step = Step.SENT, who: str = "w") -> list[Event]:
    """The events of a message that was sent."""
    return [*message.events(Step.SENDING, when, who), *message.events(step, when, who)]


def lived(events: list[Event], channels: list[Channel], *moments: datetime) -> list[tuple[str, str, str]]:
    """What channels are told at some moments: channel, topic and finding; `events` grows."""
    log = []
    for now in moments:
        for message in messages(events, channels, now):
            log += [(message.channel.name, str(message.topic), finding.id) for finding in message.findings]
            events += told(message, now)
    return log


def test_one_message_when_it_opens_and_one_when_it_resolves() -> None:
    """Each channel is told of a finding once when it opens and once when it resolves, however often it is looked."""
    events = [A]
    channels = [channel("ops"), channel("mail")]
    assert lived(events, channels, START, START + HOUR) == [("ops", "opened", "a"), ("mail", "opened", "a")]
    events.append(after(A, Step.RESOLVED, START + HOUR * 2))
    moments = (START + HOUR * 2, START + HOUR * 3)
    assert lived(events, channels, *moments) == [("ops", "resolved", "a"), ("mail", "resolved", "a")]


def test_findings_of_a_round_are_one_message() -> None:
    """What is new at once is one message; what is tried again is the message that it was, with its key."""
    [message] = messages([A, B], [channel()])
    assert {finding.id for finding in message.findings} == {"a", "b"}
    assert message.attempts == (1, 1)
    events = [A, B, *message.events(Step.SENDING, START, "dead"), opened("c", START + MINUTE)]
    again, new = messages(events, [channel()], START + MINUTE)
    assert (again.key, again.attempts) == (message.key, (2, 2))
    assert [finding.id for finding in new.findings] == ["c"]
    assert new.key != message.key


def test_what_is_superseded_or_known_is_no_news() -> None:
    """Nothing is told of a finding that another level replaced, that is back, acknowledged, or expected."""
    for step in (Step.SUPERSEDED, Step.ACKNOWLEDGED, Step.EXPECTED):
        assert messages([A, after(A, step, START)], [channel()], START + MINUTE) == []
    assert messages([opened("a", returned=True)], [channel()], START + MINUTE) == []
    events = [A]
    lived(events, [channel()], START)
    assert messages([*events, after(A, Step.SUPERSEDED, START + MINUTE)], [channel()], START + HOUR) == []


def test_an_end_is_told_to_whom_the_beginning_was() -> None:
    """A finding that ended before it was told is told once, as ended; one that ended long ago is not."""
    ended = [A, after(A, Step.RESOLVED, START + HOUR)]
    assert lived([*ended], [channel()], START + HOUR * 2, START + HOUR * 3) == [("ops", "opened", "a")]
    assert messages(ended, [channel()], START + HOUR + DAY + MINUTE) == []
    [message] = messages([A], [channel()])
    refused = [A, *told(message, START, Step.REFUSED), after(A, Step.RESOLVED, START + HOUR)]
    assert [each.topic for each in messages(refused, [channel()], START + DAY * 2)] == [Topic.OPENED]


def test_an_end_by_a_clock_that_is_behind_is_told() -> None:
    """A watcher that looked before another one told of a finding, and ends it after that, keeps no end back."""
    events = [A]
    lived(events, [channel()], START + HOUR * 2)
    events.append(after(A, Step.RESOLVED, START + HOUR))
    assert lived(events, [channel()], START + HOUR * 3, START + HOUR * 4) == [("ops", "resolved", "a")]


def test_routes() -> None:
    """A channel takes findings of its teams, severities and rules, and none where a list is empty."""
    by_team = channel("team", teams=frozenset({"payments"}))
    critical = channel("critical", severities=frozenset({"critical"}))
    other_rule = channel("rule", rules=frozenset({"budget"}))
    none = channel("none", rules=frozenset())
    log = lived([A, B], [channel("all"), by_team, critical, other_rule, none], START)
    assert sorted(log) == [
        ("all", "opened", "a"),
        ("all", "opened", "b"),
        ("critical", "opened", "b"),
        ("team", "opened", "b"),
    ]


def test_in_quiet_hours_only_what_is_critical_goes_out() -> None:
    """Others wait until the quiet hours end by the clocks of their zone, then go out as one message."""
    quiet = channel(quiet=QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin")))
    night = datetime(2026, 9, 9, 20, 30, tzinfo=START.tzinfo)  # 22:30 in Berlin
    events = [replace(A, happened_at=night), replace(B, happened_at=night), opened("c", night)]
    assert lived(events, [quiet], night) == [("ops", "opened", "b")]
    morning = night + HOUR * 8  # 06:30
    assert messages(events, [quiet], morning) == []
    [message] = messages(events, [quiet], morning + HOUR)
    assert {finding.id for finding in message.findings} == {"a", "c"}


def test_who_does_not_acknowledge_is_reminded_once() -> None:
    """After the hours of a channel it is reminded, or the one that it escalates to; not of what is known or ended."""
    moments = [START + HOUR * hours for hours in range(6)]
    itself = channel(remind_after=HOUR * 4)
    assert lived([A], [itself], *moments) == [("ops", "opened", "a"), ("ops", "reminder", "a")]
    pair = [channel(remind_after=HOUR * 4, escalate_to="boss"), channel("boss", rules=frozenset())]
    events = [A]
    assert lived(events, pair, *moments) == [("ops", "opened", "a"), ("boss", "reminder", "a")]
    events.append(after(A, Step.RESOLVED, START + HOUR * 7))
    assert lived(events, pair, START + HOUR * 8) == [("ops", "resolved", "a"), ("boss", "resolved", "a")]
    for step in (Step.ACKNOWLEDGED, Step.RESOLVED):
        events = [A]
        lived(events, pair, START)
        assert ("boss", "reminder", "a") not in lived([*events, after(A, step, START + HOUR)], pair, *moments[1:])
