"""Webhook body: a message as JSON: our own form, or that of Alertmanager's webhooks (version 4)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tallystick.core.text import safe
from tallystick.core.time import text
from tallystick.watch.channel import Body
from tallystick.watch.finding import Finding
from tallystick.watch.notice import command, link, notice, ordered
from tallystick.watch.outbox import Message, Topic

NEVER = "0001-01-01T00:00:00Z"
"""How Alertmanager writes the end of what has not ended."""


def webhook_body(message: Message, dashboard: str, now: datetime) -> bytes:
    """Return what a webhook is sent; every text of others is without control characters."""
    is_alerts = message.channel.body is Body.ALERTMANAGER
    content = _alerts(message, dashboard) if is_alerts else _own(message, dashboard, now)
    return json.dumps(content, separators=(",", ":")).encode()


def _own(message: Message, dashboard: str, now: datetime) -> dict[str, Any]:
    words = notice(message, dashboard)
    return {
        "version": 1,
        "key": message.key,
        "channel": message.channel.name,
        "topic": str(message.topic),
        "sent_at": text(now),
        "severity": str(words.severity),
        "title": words.title,
        "text": words.text,
        "findings": [_finding(finding, dashboard) for finding in ordered(message.findings)],
    }


def _finding(finding: Finding, dashboard: str) -> dict[str, Any]:
    opened, ended = finding.opened, finding.ended
    return {
        "finding": finding.id,
        "rule": safe(finding.rule),
        "severity": finding.severity,
        "level": safe(finding.level),
        "team": safe(finding.team),
        "subject": _subject(finding),
        "text": safe(opened.text),
        "dollars": None if opened.dollars is None else format(opened.dollars.normalize(), "f"),
        "opened_at": text(opened.happened_at),
        "ended_at": text(ended.happened_at) if ended else None,
        "command": command(finding),
        "link": link(finding, dashboard) or None,
    }


def _alerts(message: Message, dashboard: str) -> dict[str, Any]:
    alerts = [_alert(finding, message.topic, dashboard) for finding in ordered(message.findings)]
    return {
        "version": "4",
        "groupKey": message.key,
        "truncatedAlerts": 0,
        "status": alerts[0]["status"],
        "receiver": message.channel.name,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": dashboard,
        "alerts": alerts,
    }


def _alert(finding: Finding, topic: Topic, dashboard: str) -> dict[str, Any]:
    opened, ended = finding.opened, finding.ended
    labels = {"alertname": safe(finding.rule), "severity": finding.severity, "finding": finding.id}
    labels |= {name: safe(value) for name, value in (("team", finding.team), ("level", finding.level)) if value}
    return {
        "status": "resolved" if topic is Topic.RESOLVED else "firing",
        "labels": _subject(finding) | labels,
        "annotations": {"summary": safe(opened.text), "description": command(finding)},
        "startsAt": text(opened.happened_at),
        "endsAt": text(ended.happened_at) if ended else NEVER,
        "generatorURL": link(finding, dashboard),
        "fingerprint": finding.id,
    }


def _subject(finding: Finding) -> dict[str, str]:
    return {name: safe(value) for name, value in finding.subject.items()}
