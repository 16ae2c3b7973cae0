"""Sender: hands a message to its channel, by the kind of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from tallystick.api.network import Network
from tallystick.watch import apprise_channel
from tallystick.watch.channel import Kind
from tallystick.watch.notice import notice, ordered
from tallystick.watch.outbox import Message
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.webhook import post
from tallystick.watch.webhook_body import webhook_body


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages. `write` is what a channel of kind stdout writes by; `network` has the certificates to trust."""

    dashboard: str
    network: Network
    write: Callable[[str], None]

    def send(self, message: Message, now: datetime) -> Receipt:
        """Send a message once; InvalidQuestion where the channel cannot be, and nothing was sent then."""
        channel = message.channel
        if channel.kind is Kind.APPRISE:
            incidents = [
                apprise_channel.Incident(finding.id, notice(replace(message, findings=(finding,)), self.dashboard))
                for finding in ordered(message.findings)[: channel.digest_above]
            ]
            words = notice(message, self.dashboard)
            return apprise_channel.send(channel.secret("url"), words, incidents=incidents)
        if channel.kind is Kind.WEBHOOK:
            return post(
                channel.secret("url"),
                channel.secret("secret"),
                message.key,
                webhook_body(message, self.dashboard, now),
                now,
                allow_private=channel.allow_private,
                certificates=self.network.certificates(),
            )
        words = notice(message, self.dashboard)
        self.write(f"{words.title}\n{words.text}")
        return Receipt(Delivery.SENT)
