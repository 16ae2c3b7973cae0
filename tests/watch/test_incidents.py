"""Incidents: a service that keeps them opens one for each finding, and ends it with the finding."""

from __future__ import annotations

import pytest

from support.webhook_receiver import Receiver, receiving
from tallystick.watch import apprise_process

PAGER = "pagerduty://key@token"
PART = {"title": "t", "body": "b", "type": "failure"}


def events_of(receiver: Receiver, *parts: dict[str, str]) -> list[dict[str, str]]:
    """What PagerDuty gets of an order: the action and the key of each event."""
    receiver.deliveries.clear()
    order = {"url": PAGER, **PART, "incidents": [*parts], "note": "", "no_note": "", "file": None}
    assert apprise_process._send(order)[0] == "sent"
    return [{name: str(each.json.get(name)) for name in ("event_action", "dedup_key")} for each in receiver.deliveries]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # by apprise, which has a process of its own otherwise
def test_an_incident_for_each_finding_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finding of a message is an event under its own key, and what resolved ends the incident of that key."""
    from apprise.plugins import pagerduty

    with receiving() as receiver:
        receiver.answer = lambda _: 202
        monkeypatch.setattr(
            pagerduty, "PAGERDUTY_API_LOOKUP", dict.fromkeys(pagerduty.PAGERDUTY_API_LOOKUP, receiver.url)
        )
        opened = [{"key": key, **PART} for key in ("a", "b")]
        assert events_of(receiver, *opened) == [{"event_action": "trigger", "dedup_key": key} for key in ("a", "b")]
        ended = {"key": "a", **PART, "title": "resolved: t", "type": "success"}
        assert events_of(receiver, ended) == [{"event_action": "resolve", "dedup_key": "a"}]
        assert len(events_of(receiver)) == 1
