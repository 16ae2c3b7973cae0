"""Parcel sender: hands a parcel to its channel, by the kind of it, or writes its file into the folder."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.api.network import Network
from tallystick.core.text import safe
from tallystick.core.time import text
from tallystick.delivery.content import Content
from tallystick.delivery.parcel import Parcel
from tallystick.errors import InvalidQuestion
from tallystick.watch import apprise_channel
from tallystick.watch.channel import SECRETS, Channel, Kind
from tallystick.watch.notice import Notice
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.rule import Severity
from tallystick.watch.webhook import post
from tallystick.written_files import write_all


@dataclass(frozen=True, slots=True)
class ParcelSender:
    """Sends parcels. `write` is what a channel of kind stdout writes by; `network` has the certificates to trust."""

    network: Network
    write: Callable[[str], None]

    def send(self, parcel: Parcel, message: Content, now: datetime) -> Receipt:
        """Send a parcel once; InvalidQuestion where it cannot be, and nothing was sent then."""
        channel = parcel.channel
        if channel is None:
            if parcel.order.folder and message.file is not None:
                write_all(parcel.order.folder, {message.name: message.file}, force=True)
            return Receipt(Delivery.SENT)
        if channel.kind is Kind.APPRISE:
            notice = Notice(message.title, f"{message.words}\n\n{message.look}", Severity.INFO)
            enclosed = apprise_channel.Enclosure(
                message.name, message.attached, message.enclosure, message.no_enclosure
            )
            return apprise_channel.send(channel.secret("url"), notice, enclosed)
        if channel.kind is Kind.WEBHOOK:
            return post(
                channel.secret("url"),
                channel.secret("secret"),
                parcel.key,
                webhook_body(parcel, message, now),
                now,
                allow_private=channel.allow_private,
                certificates=self.network.certificates(),
            )
        form = parcel.order.form
        printed = message.file.decode() if form and form.text and message.file else f"{message.words}\n\n{message.look}"
        self.write(f"{message.title}\n{printed}")
        return Receipt(Delivery.SENT)


def unreachable(channels: Sequence[Channel]) -> Iterator[str]:
    """Yield in words what keeps channels from being sent anything: no address or secret, or apprise is missing."""
    for channel in channels:
        try:
            if channel.kind is Kind.APPRISE:
                apprise_channel.check_installed()
            for name in SECRETS[channel.kind]:
                channel.secret(name)
        except InvalidQuestion as wrong:
            yield f"{safe(channel.name)} cannot be sent anything: {wrong.what} {wrong.hint}"


def webhook_body(parcel: Parcel, message: Content, now: datetime) -> bytes:
    """Return what a webhook is sent: the words, and the file in base64 where it is small enough."""
    period = parcel.period
    file = message.file
    body = {
        "version": 1,
        "key": parcel.key,
        "channel": parcel.to,
        "topic": "delivery",
        "sent_at": text(now),
        "severity": str(Severity.INFO),
        "title": message.title,
        "text": "\n\n".join(filter(None, (message.words, message.look))),
        "delivery": {
            "name": safe(parcel.order.name),
            "every": str(period.every),
            "first_day": str(period.start.date()),
            "last_day": str(period.last),
            "team": safe(parcel.team) or None,
            "edition": parcel.edition,
            "command": message.command,
            "link": message.link or None,
        },
        "file": None
        if file is None
        else {
            "name": message.name,
            "bytes": len(file),
            "sha256": hashlib.sha256(file).hexdigest(),
            "base64": None if message.attached is None else base64.b64encode(file).decode(),
        },
    }
    return json.dumps(body, separators=(",", ":")).encode()
