"""Deliveries by real channels: a mail server and a webhook receiver on loopback."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest

from support.command import Tallystick
from support.deliveries import OWNERS, World, lines
from support.findings import MINUTE
from support.mail_server import MailServer
from support.spending import DAYS_OF, NOW, USUAL, ledger, rows_of
from support.webhook_receiver import Receiver
from tallystick.delivery import content
from tallystick.watch.apprise_process import takes_files
from tallystick.watch.attempts import LEASE

STATEMENT = """
[[deliver]]
name = "statements"
ask = "chargeback"
every = "month"
format = "pdf"
to = "lead"
teams = ["search"]
"""


def world(tmp_path: Path, channel: str, text: str = STATEMENT) -> World:
    """A ledger of six keys, and one channel."""
    settings = f'{OWNERS}[[channel]]\nname = "lead"\n{channel}\n{text}'
    ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=settings)
    return World(tmp_path)


def mail(server: MailServer) -> str:
    """The settings of a channel to a mail server."""
    return f'kind = "apprise"\nurl = "{server.url}"'


def hook(receiver: Receiver) -> str:
    """The settings of a channel to a receiver."""
    return f'kind = "webhook"\nurl = "{receiver.url}"\nsecret = "the secret"\nallow_private = true'


def test_a_mail_has_the_statement_as_pdf(tmp_path: Path, mails: MailServer) -> None:
    """A lead is sent the team's statement once: the figures in words, the command, the link, the PDF attached."""
    made = world(tmp_path, mail(mails))
    assert lines(made.round()) == ["delivered: statements of search, August 2026, to lead."]
    assert made.round() == []
    [post] = mails.mails
    assert post["Subject"] == "statements of search, August 2026"
    text = post.get_body(("plain",))
    assert text
    for part in (
        "Statement: search",
        "amount: 384.40 USD",
        "In US dollars as billed by Anthropic, before credits and taxes.",
        "Look: tallystick chargeback --month 2026-08 --team search",
        "https://tally.example.test/ask/chargeback?month=2026-08&team=search",
        "Attached: statements-2026-08-search.pdf",
    ):
        assert part in text.get_content()
    [attached] = post.iter_attachments()
    assert attached.get_filename() == "statements-2026-08-search.pdf"
    assert attached.get_content_type() == "application/pdf"
    page = pypdf.PdfReader(io.BytesIO(attached.get_content())).pages[0].extract_text()
    assert "Statement: search" in page
    assert "384.40" in page
    assert "In US dollars as billed by Anthropic, before credits and taxes." in " ".join(page.split())


def test_a_disk_without_room_is_a_refusal(tmp_path: Path, mails: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written beside its mail is refused, and tried again: nothing was sent."""
    made = world(tmp_path, mail(mails))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert "refused: statements of search, August 2026, to lead: its file cannot be written" in lines(made.round())[0]
    monkeypatch.undo()
    assert lines(made.round(NOW + MINUTE)) == ["delivered: statements of search, August 2026, to lead."]
    assert len(mails.mails) == 1


def test_a_service_without_files_says_so(tmp_path: Path, receiver: Receiver) -> None:
    """A service of apprise that takes no files gets the words, and where the file can be had."""
    receiver.answer = lambda _: 200
    address = receiver.url.removeprefix("http://").removesuffix("/hook")
    made = world(tmp_path, f'kind = "apprise"\nurl = "gotify://{address}/token"')
    assert lines(made.round()) == ["delivered: statements of search, August 2026, to lead."]
    [delivery] = receiver.deliveries
    assert "amount: 384.40 USD" in delivery.json["message"]
    assert delivery.json["message"].endswith("Not attached, this channel takes no files: statements-2026-08-search.pdf")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise imports it
@pytest.mark.parametrize(
    ("url", "takes"),
    [
        ("slack://AAAAAAAAA/BBBBBBBBB/aaaaaaaaaaaaaaaaaaaaaaaa/general", False),
        ("slack://xoxb-1234567890-1234567890-abcdefghijklmnopqrstuvwx/general", True),
        ("mailto://127.0.0.1?from=a@example.test&to=b@example.test", True),
        ("gotify://127.0.0.1/token", False),
    ],
)
def test_what_takes_files_is_known(url: str, takes: bool) -> None:
    """A message says that a file is attached only where the service takes it: of Slack a bot, not a webhook."""
    from apprise import Apprise

    assert takes_files(Apprise.instantiate(url)) is takes


def test_a_webhook_has_the_file(tmp_path: Path, receiver: Receiver) -> None:
    """A signed webhook says what it is of, in words and as data, and has the file in base64 with its hash."""
    made = world(tmp_path, hook(receiver))
    made.round()
    [delivery] = receiver.deliveries
    body = delivery.json
    assert (body["topic"], body["channel"]) == ("delivery", "lead")
    assert body["key"] == delivery.headers["Idempotency-Key"]
    assert body["delivery"] == {
        "name": "statements",
        "every": "month",
        "first_day": "2026-08-01",
        "last_day": "2026-08-31",
        "team": "search",
        "edition": 1,
        "command": "tallystick chargeback --month 2026-08 --team search",
        "link": "https://tally.example.test/ask/chargeback?month=2026-08&team=search",
    }
    file = base64.b64decode(body["file"]["base64"])
    assert hashlib.sha256(file).hexdigest() == body["file"]["sha256"]
    assert body["file"]["name"] == "statements-2026-08-search.pdf"
    assert len(pypdf.PdfReader(io.BytesIO(file)).pages) == 1


def test_a_large_file_is_not_sent(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit a channel gets the words, the file's size and hash, and not its bytes."""
    monkeypatch.setattr(content, "ATTACHED", 100)
    world(tmp_path, hook(receiver)).round()
    [delivery] = receiver.deliveries
    assert delivery.json["file"]["base64"] is None
    assert delivery.json["file"]["bytes"] > 100


def test_a_refusal_is_tried_again_later_with_one_key(tmp_path: Path, receiver: Receiver) -> None:
    """A receiver that refuses is tried after 1, 5 and 15 minutes, with the same key, until it takes the delivery."""
    made = world(tmp_path, hook(receiver))
    receiver.answer = lambda _: 503
    refused = [minute for minute in range(10) if made.round(NOW + MINUTE * minute)]
    assert refused == [0, 1, 6]
    [row] = made.book(NOW + MINUTE * 10).ask("deliveries").rows
    assert (row["state"], row["reason"]) == ("trying", "refused: HTTP 503")
    receiver.answer = lambda _: 200
    assert len(made.round(NOW + MINUTE * 21)) == 1
    assert made.round(NOW + timedelta(days=1)) == []
    assert len({delivery.json["key"] for delivery in receiver.deliveries}) == 1
    assert [row["state"] for row in made.book(NOW + timedelta(days=1)).ask("deliveries").rows] == ["delivered"]


def test_what_may_have_arrived_is_sent_once_more(tmp_path: Path, receiver: Receiver) -> None:
    """A receiver without an answer is sent the delivery twice, with one key, and never a third time."""
    made = world(tmp_path, hook(receiver))
    receiver.answer = lambda _: None
    for number in range(6):
        made.round(NOW + LEASE * number)
    assert len(receiver.deliveries) == 2
    assert len({delivery.json["key"] for delivery in receiver.deliveries}) == 1


def test_a_delivery_is_tried_and_sent_by_hand(tallystick: Tallystick, tmp_path: Path, receiver: Receiver) -> None:
    """`deliveries try` shows it and sends nothing; `send` delivers at once, and once more as a further edition."""
    made = world(tmp_path, hook(receiver))
    flags = ["--ledger", str(tmp_path / "ledger"), "--config", str(tmp_path / "tallystick.toml")]
    now = {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    run = tallystick("deliveries", "try", "statements", "-o", str(tmp_path / "first"), *flags, **now)
    assert run.code == 0
    assert run.out.startswith("To lead:\n\nstatements of search, August 2026\n\nStatement: search\n")
    assert [*made.files("first")] == ["statements-2026-08-search.pdf"]
    assert receiver.deliveries == []
    assert made.book().ask("deliveries").rows[0]["state"] == "ready"
    run = tallystick("deliveries", "send", "statements", *flags, **now)
    assert run.out == "delivered: statements of search, August 2026, to lead.\n"
    run = tallystick("deliveries", "send", "statements", "--period", "2026-08-15", *flags, **now)
    assert [delivery.json["delivery"]["edition"] for delivery in receiver.deliveries] == [1, 2]
    assert len({delivery.json["key"] for delivery in receiver.deliveries}) == 2
    assert receiver.deliveries[1].json["file"]["name"] == "statements-2026-08-search+2.pdf"
    assert made.round() == []
    tallystick("deliveries", "send", "statement", *flags, **now).refused(2, "Did you mean statements?")
    tallystick("deliveries", "try", "statements", "--period", "mtd", *flags, **now).refused(2, "has not ended")


def test_an_address_that_is_missing_is_said(tallystick: Tallystick, tmp_path: Path, mails: MailServer) -> None:
    """`try` shows what it would send and names the variable that is not set, `send` is refused; both exit with 1."""
    made = world(tmp_path, 'kind = "apprise"\nurl_env = "MAIL_LEAD"')
    flags = ["--ledger", str(tmp_path / "ledger"), "--config", str(tmp_path / "tallystick.toml")]
    now = {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    run = tallystick("deliveries", "try", "statements", *flags, **now)
    assert run.code == 1
    assert run.out.startswith("To lead:\n\nstatements of search, August 2026\n")
    why = "There is no address: the variable MAIL_LEAD is not set"
    assert run.err.endswith(f"warning: lead cannot be sent anything: {why}. Set it, or url_file.\n")
    run = tallystick("deliveries", "send", "statements", *flags, **now)
    assert (run.code, run.out.count("delivered")) == (1, 0)
    assert run.out == f"refused: statements of search, August 2026, to lead: {why}. It is tried again.\n"
    run = tallystick("deliveries", "send", "statements", *flags, **now, MAIL_LEAD=mails.url)
    assert (run.code, len(mails.mails)) == (0, 1)
    assert made.round() == []


def test_what_waits_for_the_end_of_quiet_hours_was_not_sent(tallystick: Tallystick, tmp_path: Path) -> None:
    """`send` in the quiet hours of its only channel says that nothing was sent, and exits with 1."""
    world(tmp_path, 'kind = "stdout"\nquiet = "00:00-23:59"\nzone = "UTC"')
    flags = ["--ledger", str(tmp_path / "ledger"), "--config", str(tmp_path / "tallystick.toml")]
    run = tallystick("deliveries", "send", "statements", *flags, TALLYSTICK_NOW=f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
    assert (run.code, run.out) == (1, "")
    assert "Nothing of August 2026 was sent: it is for nobody, or the quiet hours of its channel hold." in run.err


def test_what_is_not_complete_is_sent_with_a_word(tallystick: Tallystick, tmp_path: Path) -> None:
    """`deliveries send` says what a period lacks, and what its bill moved by since stays unknown, not zero."""
    text = '[[deliver]]\nname = "day"\nask = "spend"\nevery = "day"\nformat = "csv"\nfolder = "out"\n'
    ledger(tmp_path, rows_of(USUAL, DAYS_OF[:-1]), text=text, unread=[DAYS_OF[-1]])
    flags = ["--ledger", str(tmp_path / "ledger"), "--config", str(tmp_path / "tallystick.toml")]
    run = tallystick("deliveries", "send", "day", *flags, TALLYSTICK_NOW=f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
    assert "8 Sep 2026 is not complete: absent: 8 Sep" in run.err
    [row] = World(tmp_path).book().ask("deliveries").rows
    assert (row["state"], row["changed"]) == ("delivered", None)


def test_of_other_periods_send_says_nothing(tallystick: Tallystick, tmp_path: Path) -> None:
    """`deliveries send` of a past period does not tell of a later one that waits."""
    text = '[[deliver]]\nname = "day"\nask = "spend"\nevery = "day"\nformat = "csv"\nfolder = "out"\n'
    ledger(tmp_path, rows_of(USUAL, DAYS_OF[:-1]), text=text, unread=[DAYS_OF[-1]])
    flags = ["--ledger", str(tmp_path / "ledger"), "--config", str(tmp_path / "tallystick.toml")]
    now = {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    run = tallystick("deliveries", "send", "day", "--period", f"{DAYS_OF[-2]:%Y-%m-%d}", *flags, **now)
    assert (run.code, run.out.count("\n"), "waiting" in run.out) == (0, 1, False)
