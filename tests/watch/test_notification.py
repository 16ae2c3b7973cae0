"""Notifications by real channels: a webhook receiver and a mail server on loopback."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.findings import MINUTE, START, after, channel, opened
from support.mail_server import MailServer
from support.spending import ledger
from support.webhook_receiver import Receiver
from tallystick.api.network import Network
from tallystick.api.secret import Secret
from tallystick.clock import SystemClock
from tallystick.ledger_reader import LedgerReader
from tallystick.store.tables import Tables
from tallystick.watch import record
from tallystick.watch.channel import Body, Channel, Kind
from tallystick.watch.finding import Event, State, Step, findings
from tallystick.watch.notification import Notification, notify
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.sender import Sender
from tallystick.watch.watcher import watcher

TOKEN = "t0ken-of-the-path"
SECRET = "s3cret-of-the-hook"
DASHBOARD = "https://tally.example.test"


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """A ledger of nothing, for events."""
    return Tables(ledger(tmp_path, []).path)


def hook(receiver: Receiver, **fields: Any) -> Channel:
    """A channel to a receiver."""
    secrets = {"url": f"{receiver.url}/{TOKEN}", "secret": SECRET}
    return channel("ops", Kind.WEBHOOK, secret=lambda name: Secret(secrets[name], "test"), allow_private=True, **fields)


def mail(server: MailServer, **fields: Any) -> Channel:
    """A channel to a mail server."""
    return channel("mail", Kind.APPRISE, secret=lambda _: Secret(server.url, "test"), **fields)


def write(tables: Tables, *events: Event) -> None:
    """Write events into a ledger."""
    with tables.writing() as writer:
        record.write(writer, events)


def tell(
    tables: Tables, channels: list[Channel], now: datetime, printed: list[str] | None = None
) -> list[Notification]:
    """Send what is due."""
    sender = Sender(DASHBOARD, Network(), [].append if printed is None else printed.append)
    return [*notify(tables, channels, sender.send, lambda: now, watcher())]


def test_a_finding_is_told_by_every_kind_of_channel(tables: Tables, receiver: Receiver, mails: MailServer) -> None:
    """Each channel is sent what happened, how many dollars, since when, the command and the link, once."""
    write(tables, opened("a", text="Key ci spent 12.50 USD: volume."), opened("b", severity="critical", dollars=None))
    channels = [hook(receiver), mail(mails), channel("screen")]
    printed: list[str] = []
    for minutes in range(3):
        tell(tables, channels, START + MINUTE * minutes, printed)
    [delivery], [post], [page] = receiver.deliveries, mails.mails, printed
    assert [finding["finding"] for finding in delivery.json["findings"]] == ["b", "a"]
    assert delivery.json["findings"][1] == {
        "finding": "a",
        "rule": "dear",
        "severity": "warning",
        "level": "",
        "team": "",
        "subject": {"key": "a"},
        "text": "Key ci spent 12.50 USD: volume.",
        "dollars": "12.5",
        "opened_at": "2026-09-09T10:00:00Z",
        "ended_at": None,
        "command": "tallystick spend --by key --since 7d",
        "link": f"{DASHBOARD}/ask/spend?by=key&since=7d",
    }
    assert delivery.json["key"] == delivery.headers["Idempotency-Key"]
    assert post["To"] == "finops@example.test"
    assert "2 findings" in post["Subject"]
    body = post.get_body(("plain",))
    assert body
    for text in (body.get_content(), page, delivery.json["text"]):
        for part in ("Key ci spent 12.50 USD: volume.", "12.50 USD", "9 Sep 2026 10:00 UTC", f"{DASHBOARD}/ask/spend"):
            assert part in text
    assert {finding.state for finding in findings(record.events(tables)).values()} == {State.NOTIFIED}


def test_alertmanager_reads_it(tables: Tables, receiver: Receiver) -> None:
    """In Alertmanager's form a finding is an alert that fires, and later one that is resolved, of one fingerprint."""
    one = opened("a", team="payments")
    write(tables, one)
    channels = [hook(receiver, body=Body.ALERTMANAGER)]
    tell(tables, channels, START)
    write(tables, after(one, Step.RESOLVED, START + MINUTE))
    tell(tables, channels, START + MINUTE)
    fires, resolves = (delivery.json for delivery in receiver.deliveries)
    assert (fires["version"], fires["status"], resolves["status"]) == ("4", "firing", "resolved")
    [alert], [end] = fires["alerts"], resolves["alerts"]
    labels = {"alertname": "dear", "severity": "warning", "finding": "a", "team": "payments", "key": "a"}
    assert alert["labels"] == end["labels"] == labels
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-09-09T10:00:00Z", "0001-01-01T00:00:00Z")
    assert end["endsAt"] == "2026-09-09T10:01:00Z"
    assert alert["fingerprint"] == end["fingerprint"]


@pytest.mark.long
def test_ten_minutes_of_refusal(tables: Tables, receiver: Receiver, mails: MailServer) -> None:
    """A receiver and a mail server that refuse for ten minutes get each finding once, at the next try after that."""
    write(tables, opened("a"), opened("b"))
    receiver.answer, mails.refusal = lambda _: 503, "451 try again later"
    channels = [hook(receiver), mail(mails)]
    minutes = 0
    refused: list[str] = []
    while minutes < 10:
        refused += [told.receipt.why for told in tell(tables, channels, START + MINUTE * minutes)]
        minutes += 1
    assert refused == ["HTTP 503", "it answered 451"] * 3  # at 0, 1 and 6 minutes
    assert mails.mails == []
    assert len({delivery.json["key"] for delivery in receiver.deliveries}) == 1
    receiver.answer, mails.refusal = lambda _: 200, ""
    receiver.deliveries.clear()
    taken = []
    for minute in range(minutes, 60):
        taken += [(told.message.channel.name, minute) for told in tell(tables, channels, START + MINUTE * minute)]
    assert taken == [("ops", 21), ("mail", 21)]
    assert len(receiver.deliveries) == len(mails.mails) == 1


def test_a_receiver_that_takes_and_refuses_knows_each_message_by_its_key(tables: Tables, receiver: Receiver) -> None:
    """Who answers 500 to what it took gets it again under its key, less what is known by now; news has its own."""
    a, b = opened("a"), opened("b")
    write(tables, a, b)
    receiver.answer = lambda _: 500
    tell(tables, [hook(receiver)], START)
    write(tables, after(a, Step.ACKNOWLEDGED, START), opened("c", START + MINUTE))
    receiver.answer = lambda _: 200
    for minutes in (1, 2, 600):
        tell(tables, [hook(receiver)], START + MINUTE * minutes)
    parts = [
        (delivery.headers["Idempotency-Key"], [finding["finding"] for finding in delivery.json["findings"]])
        for delivery in receiver.deliveries
    ]
    (first, whole), (again, rest), (other, new) = parts
    assert (sorted(whole), rest, new) == (["a", "b"], ["b"], ["c"])
    assert first == again != other


def test_what_may_have_arrived_is_sent_once_more_with_its_key(tables: Tables, receiver: Receiver) -> None:
    """A receiver without an answer is sent the message twice, with one key, the second after the lease; then said."""
    write(tables, opened("a"))
    receiver.answer = lambda _: None
    for minutes in range(0, 600, 3):
        tell(tables, [hook(receiver)], START + MINUTE * minutes)
    assert len(receiver.deliveries) == 2
    assert len({delivery.headers["Idempotency-Key"] for delivery in receiver.deliveries}) == 1
    answer = LedgerReader(tables.root, SystemClock(START + MINUTE * 600)).ask("findings")
    assert answer.warnings == ("ops may not know of 1 of these: sent twice without an answer.",)


def test_a_channel_whose_secret_is_gone_is_tried_again(tables: Tables) -> None:
    """A secret that cannot be read is a refusal: nothing was sent, and it is tried again; others are told."""
    write(tables, opened("a"))
    channels = [channel("ops", Kind.APPRISE), channel("screen")]
    first = tell(tables, channels, START)
    assert [(told.message.channel.name, told.receipt.delivery) for told in first] == [
        ("ops", Delivery.REFUSED),
        ("screen", Delivery.SENT),
    ]
    assert "url is empty" in first[0].receipt.why
    assert [told.message.channel.name for told in tell(tables, channels, START + MINUTE)] == ["ops"]


def test_hostile_names_steer_nothing(tables: Tables, receiver: Receiver, mails: MailServer) -> None:
    """A name with controls, markup, mentions and links is harmless on every channel, in text and in HTML."""
    hostile = (
        "\x1b[31m<script>alert(1)</script> <!channel> @everyone [x](http://evil.example.test) \u202e\r\nBcc: a@b.c"
    )
    write(tables, opened("a", text=hostile, rule="dear\r\nBcc: x@y.z"))
    printed: list[str] = []
    in_html = channel("html", Kind.APPRISE, secret=lambda _: Secret(f"{mails.url}&format=html", "test"))
    tell(tables, [hook(receiver), in_html, channel("screen")], START, printed)
    [post], [delivery] = mails.mails, receiver.deliveries
    assert post["Bcc"] is None
    html, text = post.get_body(("html",)), post.get_body(("plain",))
    assert html
    assert text
    shown = [printed[0], text.get_content(), html.get_content(), delivery.json["text"]]
    for page in shown:
        for part in ("\x1b", "\u202e", "<script", "<!channel", "@everyone", "://evil", "@b.c"):
            assert part not in page
    assert "\\x1b" in delivery.json["findings"][0]["text"]


def test_a_long_round_is_a_digest(tables: Tables) -> None:
    """Above a number the gravest and dearest are told one by one, and the rest counted, without a sum."""
    events = [opened(f"k{index:02}", dollars=index, text=f"number {index}.") for index in range(20)]
    write(tables, *events, opened("grave", severity="critical", dollars=None, text="the gravest."))
    printed: list[str] = []
    tell(tables, [channel("screen", digest_above=3)], START, printed)
    [page] = printed
    assert page.splitlines()[0] == "tallystick 21 findings, the largest of 19.00 USD"
    told = [line for line in page.splitlines() if line.startswith(("WARNING", "CRITICAL"))]
    assert told == ["CRITICAL: the gravest.", "WARNING: number 19.", "WARNING: number 18."]
    assert "And 18 more, the largest of 17.00 USD: `tallystick findings`." in page


def test_secrets_are_in_nothing_that_is_left(
    tables: Tables, receiver: Receiver, mails: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where channels refuse, fail or do not listen, no secret is in an event, a receipt, a message or an output."""
    write(tables, opened("a"))
    receiver.answer, mails.refusal = lambda _: 500, f"554 no {TOKEN}"
    slack = f"slack://{TOKEN[:9].upper()}/{TOKEN[:9].upper()}/{'a' * 24}/general"
    dead = f"json://user:{SECRET}@127.0.0.1:1/{TOKEN}"
    others = [
        channel(name, Kind.APPRISE, secret=lambda _, url=url: Secret(url, "test"))  # type: ignore[misc]
        for name, url in (("slack", slack), ("dead", dead), ("odd", f"nonsense://{TOKEN}"))
    ]
    receipts = [told.receipt for told in tell(tables, [hook(receiver), mail(mails), *others], START)]
    assert {receipt.delivery for receipt in receipts} == {Delivery.REFUSED}
    out, err = capfd.readouterr()
    rows = json.dumps(tables.rows(record.FINDINGS).to_pylist(), default=str)
    files = [path.read_bytes().decode("latin-1") for path in tables.root.rglob("*") if path.is_file()]
    for text in (repr(receipts), out, err, rows, *files):
        for secret in (TOKEN, SECRET, slack, dead):
            assert secret not in text


@pytest.mark.long
def test_a_mail_server_that_hangs_up_may_have_taken_it(tables: Tables, mails: MailServer) -> None:
    """Where a mail server ends the connection after the mail, nobody knows: it is sent once more, and never again."""
    write(tables, opened("a"))
    mails.hangs_up = True
    taken = [
        told.receipt.delivery
        for minute in range(0, 30, 3)
        for told in tell(tables, [mail(mails)], START + MINUTE * minute)
    ]
    assert taken == [Delivery.UNCERTAIN] * 2
    assert len(mails.mails) == 2


def test_apprise_reaches_no_metadata(tables: Tables) -> None:
    """An address of apprise that leads to a cloud's metadata is refused before anything is sent, and says why."""
    write(tables, opened("a"))
    url = "json://169.254.169.254/latest/meta-data"
    [told] = tell(tables, [channel("meta", Kind.APPRISE, secret=lambda _: Secret(url, "test"))], START)
    assert told.receipt == Receipt(Delivery.REFUSED, "its address is link-local, or one of a cloud's metadata")


def test_what_is_told_late_says_that_it_ended(tables: Tables) -> None:
    """A finding that resolved while its channel refused is told once, as one that ended."""
    one = opened("a")
    write(tables, one, after(one, Step.RESOLVED, START + timedelta(hours=1)))
    printed: list[str] = []
    tell(tables, [channel("screen")], START + timedelta(hours=2), printed)
    tell(tables, [channel("screen")], START + timedelta(hours=3), printed)
    [page] = printed
    assert "resolved 9 Sep 2026 11:00 UTC" in page
    assert "Acknowledge" not in page


def test_findings_are_listed_by_state_then_gravity(tables: Tables) -> None:
    """What nobody knows of stands first, the gravest of it above, and of equals the one that opened first."""
    known = opened("known", severity="critical")
    write(tables, known, after(known, Step.ACKNOWLEDGED, START + MINUTE))
    for minute, (id_, severity) in enumerate((("hint", "info"), ("call", "warning"), ("later", "warning"))):
        write(tables, opened(id_, START + MINUTE * minute, severity=severity))
    write(tables, opened("fire", START + MINUTE * 9, severity="critical"))
    rows = LedgerReader(tables.root, SystemClock(START + MINUTE * 10)).ask("findings").rows
    assert [row["finding"] for row in rows] == ["fire", "call", "later", "hint", "known"]
