"""Notice: a message in words: what happened, how many dollars, since when, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion
from tallystick.watch.finding import Finding
from tallystick.watch.link import address
from tallystick.watch.outbox import Message, Topic
from tallystick.watch.rule import Severity
from tallystick.watch.rule_question import RuleQuestion

_MARKUP = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
        "`": "'",
    }
)
"""What calls people or makes links in a chat, though it is written as text."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A title, a text of several lines, how much it matters, and whether it says that something is over."""

    title: str
    text: str
    severity: Severity
    is_end: bool = False


def plain(words: str) -> str:
    """Return a text of others as it can stand in any chat: it steers nothing, calls nobody, and leads nowhere."""
    return safe(words).translate(_MARKUP).replace("://", ": //")


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings in the order in which they are told: the gravest first, then by dollars."""
    return sorted(findings, key=lambda finding: (finding.rank, -abs(finding.opened.dollars or Decimal(0))))


def notice(message: Message, dashboard: str) -> Notice:
    """Return a message in words; `dashboard` is where others reach it, empty where that is not known."""
    findings = ordered(message.findings)
    first, rest = findings[: message.channel.digest_above], findings[message.channel.digest_above :]
    paragraphs = ["\n".join(_lines(finding, message.topic, dashboard)) for finding in first]
    if rest:
        paragraphs.append(f"And {len(rest):,} more{_largest(rest)}: `tallystick findings`.")
    is_end = message.topic is Topic.RESOLVED
    return Notice(_title(findings, message.topic), "\n\n".join(paragraphs), severity(findings), is_end)


def severity(findings: Sequence[Finding]) -> Severity:
    """Return the gravest severity of some findings."""
    return list(Severity)[min(finding.rank for finding in findings)]


def command(finding: Finding) -> str:
    """Return the command that shows what a finding is about."""
    return safe(f"tallystick {_question(finding)}")


def link(finding: Finding, dashboard: str) -> str:
    """Return the page that shows what a finding is about; empty where the dashboard or the question is not known."""
    try:
        return dashboard and dashboard + address(RuleQuestion.read(_question(finding))).url
    except InvalidQuestion:
        return ""


def _question(finding: Finding) -> str:
    facts = finding.opened.facts
    return str(facts.get("command") or facts.get("ask", "findings"))


def _title(findings: Sequence[Finding], topic: Topic) -> str:
    verb = {Topic.OPENED: "", Topic.REMINDER: "not acknowledged: ", Topic.RESOLVED: "resolved: "}[topic]
    if len(findings) == 1:
        return f"tallystick {verb or f'{findings[0].severity}: '}{plain(findings[0].rule)}"
    return f"tallystick {verb}{len(findings):,} findings{_largest(findings)}"


def _largest(findings: Sequence[Finding]) -> str:
    """The most dollars of any; no sum, for a budget and an anomaly may be of the same ones."""
    dollars = [finding.opened.dollars for finding in findings if finding.opened.dollars is not None]
    return f", the largest of {max(dollars):,.2f} USD" if dollars else ""


def _when(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y %H:%M} UTC"


def _lines(finding: Finding, topic: Topic, dashboard: str) -> Iterator[str]:
    opened, ended = finding.opened, finding.ended
    yield f"{finding.severity.upper()}: {plain(opened.text)}"
    facts = [f"{opened.dollars:,.2f} USD"] if opened.dollars is not None else []
    facts.append(f"open since {_when(opened.happened_at)}")
    if ended:
        facts.append(f"resolved {_when(ended.happened_at)}{f': {plain(ended.text)}' if ended.text else ''}")
    if finding.team:
        facts.append(f"team {plain(finding.team)}")
    yield ", ".join(facts)
    yield f"Look: {command(finding)}"
    if page := link(finding, dashboard):
        yield page
    if topic is not Topic.RESOLVED and not ended:
        yield f"Acknowledge: tallystick findings ack {finding.id} --reason TEXT"
