"""A mail server on loopback: aiosmtpd, which keeps what it was sent, and refuses while it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class MailServer:
    """What came, and with which code everything is refused, where it is."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refusal: str = ""
    hangs_up: bool = False
    """Whether it takes a mail, and ends the connection without an answer."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        """Keep a mail, or refuse it."""
        if self.refusal:
            return self.refusal
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hangs_up:
            server.transport.abort()
        return "250 OK"

    @property
    def url(self) -> str:
        """Its address for apprise."""
        return f"mailto://127.0.0.1:{self.port}?mode=insecure&from=watch@example.test&to=finops@example.test"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server that listens."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = MailServer(port)
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
