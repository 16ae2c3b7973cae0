"""Apprise process: sends one message by apprise, and ends: the address and message come on stdin, the receipt goes out.

A process of its own can be ended when it takes too long, and connects to nothing that is link-local or a cloud's
metadata, whatever a library in it makes of a name.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

from tallystick.watch.receipt import Delivery
from tallystick.watch.receiver_address import why_not

_VAGUE = re.compile(
    r"read timed out|write timed out|: timed out$|connection aborted|unexpectedly closed|reset by peer", re.IGNORECASE
)
"""What is logged of a connection that ended after something was sent."""
_CODE = re.compile(r"(?:error=|\b)([45]\d\d)\b")
_MOST = 1
"""Receivers of one address of which it can be said that nothing was delivered to any of them."""


def main() -> None:
    """Read what to send, send it, and write the receipt."""
    order = json.load(sys.stdin)
    refusals = guard()
    delivery, why = _send(order)
    why = refusals[0] if refusals and delivery is Delivery.REFUSED else why
    json.dump({"delivery": delivery, "why": why}, sys.stdout)


def guard() -> list[str]:
    """Refuse every connection of this process to an address that is never allowed; return why, as it happens."""
    refusals: list[str] = []

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not isinstance(arguments[1], tuple):
            return
        try:
            why = why_not(str(arguments[1][0]), allow_private=True, encrypted=True)
        except ValueError:  # a name, which the library itself looks up: names are refused, addresses judged
            why = "its address is a name"
        if why:
            refusals.append(why)
            raise PermissionError(why)

    sys.addaudithook(audit)
    return refusals


def _send(order: dict[str, Any]) -> tuple[Delivery, str]:
    from apprise import Apprise, AppriseAsset, NotifyFormat, OverflowMode, PersistentStoreMode

    asset = AppriseAsset(
        app_id="tallystick",
        app_desc="tallystick",
        app_url="",
        async_mode=False,
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    logs = _Logs()
    channel = Apprise.instantiate(order["url"], asset=asset)
    if channel is None:
        return Delivery.REFUSED, "apprise does not know this kind of address, or lacks a library for it"
    channel.retry = 0  # the outbox tries again
    channel.overflow_mode = OverflowMode.TRUNCATE
    sender = Apprise(asset=asset)
    sender.add(channel)
    with_file = takes_files(channel)
    result = all(
        sender.notify(
            body="\n\n".join(filter(None, (part["body"], order["note" if with_file else "no_note"]))),
            title=part["title"],
            notify_type=part["type"],
            body_format=NotifyFormat.TEXT,
            attach=order["file"] if with_file else None,
        )
        for part in _parts(channel, order)
    )
    if result:
        return Delivery.SENT, ""
    if len(channel) > _MOST:
        return Delivery.UNCERTAIN, "it has several receivers, and not all took it"
    if any(_VAGUE.search(line) for line in logs.lines):
        return Delivery.UNCERTAIN, "it gave no answer"
    return Delivery.REFUSED, _why(logs.lines)


def _parts(channel: Any, order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The messages of an order; to a service that keeps incidents each of them, under its key.

    One that is told of again is still one incident there, and what ended ends it.
    """
    if not order["incidents"] or not hasattr(channel, "dedup"):
        yield order
        return
    for incident in order["incidents"]:
        channel.action, channel.dedup = "map", incident["key"]
        yield incident


def takes_files(channel: Any) -> bool:
    """Return whether a service takes files: of Slack a bot, but no webhook, of which apprise says that it does."""
    return bool(channel.attachment_support) and (channel.service_name != "Slack" or channel.mode == "bot")


class _Logs(logging.Handler):
    """What apprise logs: it says nothing else of why it failed."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        logger = logging.getLogger("apprise")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())


def _why(logs: list[str]) -> str:
    """Why nothing was delivered: a code at most, for what a log says may hold a part of the address."""
    text = "\n".join(logs)
    if match := _CODE.search(text):
        return f"it answered {match[1]}"
    if "refused" in text.lower():
        return "connection refused"
    return "apprise could not deliver it"


if __name__ == "__main__":
    main()
