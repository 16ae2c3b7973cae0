"""Statements by e-mail, as docs/watch.md shows them: its settings and its address, taken from the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.deliveries import OWNERS, World, lines
from support.mail_server import mail_server
from support.spending import DAYS_OF, USUAL, ledger, rows_of

PAGE = Path(__file__).parent.parent.parent / "docs" / "watch.md"


def block(language: str) -> str:
    """The block of the section in a language."""
    section = PAGE.read_text(encoding="utf-8").partition("### Statements by e-mail\n")[2].partition("\n### ")[0]
    [text] = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return str(text)


def test_each_lead_is_mailed_the_statement_of_the_team(tmp_path: Path) -> None:
    """By the page's settings each lead is sent the draft of one team, once; the final statement waits for the close."""
    ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=OWNERS + block("toml"))
    (tmp_path / "secrets").mkdir()
    with mail_server() as mails:
        (tmp_path / "secrets" / "payments-lead").write_text(f"{mails.url}\n", encoding="utf-8")
        made = World(tmp_path, environment={"SEARCH_LEAD_URL": mails.url})
        waiting, *delivered = lines(made.round())
        assert lines(made.round()) == [waiting]
    assert waiting.startswith("waiting: final statement, August 2026: not closed: `tallystick close 2026-08`")
    assert delivered == [
        f"delivered: draft statement of {team}, August 2026, to {team} lead." for team in ("payments", "search")
    ]
    assert [[part.get_filename() for part in mail.iter_attachments()] for mail in mails.mails] == [
        [f"draft-statement-2026-08-{team}.pdf"] for team in ("payments", "search")
    ]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise imports it
@pytest.mark.parametrize(("more", "mode"), [("", "starttls"), ("&mode=ssl", "ssl")])
def test_the_address_is_read_as_the_page_says(more: str, mode: str) -> None:
    """The page's address names user, password, server, port, sender, receiver and how it is encrypted."""
    from apprise import Apprise

    address = block("text").strip().replace("USER", "ops%40example.org").replace("PASSWORD", "a%2F%3A%25%40b")
    mail = Apprise.instantiate(address + more)
    assert (mail.user, mail.password, mail.smtp_host, mail.port) == (
        "ops@example.org",
        "a/:%@b",
        "smtp.example.org",
        587,
    )
    assert (mail.from_addr[1], mail.targets) == ("reports@example.org", [(False, "lead@example.org")])
    assert (mail.secure, mail.secure_mode) == (True, mode)
