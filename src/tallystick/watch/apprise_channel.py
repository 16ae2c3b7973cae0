"""Apprise channel: a message to any of the services that apprise knows, sent by a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tallystick.api.secret import Secret
from tallystick.errors import InvalidQuestion
from tallystick.watch.notice import Notice
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.rule import Severity

LIMIT = 90.0
"""Seconds that a message may take in all; then the process is ended, and nobody knows."""
_TYPES = {Severity.CRITICAL: "failure", Severity.WARNING: "warning", Severity.INFO: "info"}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a message: its name and bytes, None where it is not sent along.

    `note` ends the text where the service takes files, `no_note` where it does not.
    """

    name: str
    content: bytes | None
    note: str
    no_note: str


@dataclass(frozen=True, slots=True)
class Incident:
    """A finding in words, by the key under which a service for incidents opens and ends it."""

    key: str
    notice: Notice


def check_installed() -> None:
    """Raise InvalidQuestion where apprise is not installed."""
    if find_spec("apprise") is None:
        raise InvalidQuestion(
            "This channel needs apprise, which is not installed.", "Run pip install 'tallystick[notify]'."
        )


def send(
    url: Secret,
    notice: Notice,
    enclosure: Enclosure | None = None,
    limit: float = LIMIT,
    incidents: Sequence[Incident] = (),
) -> Receipt:
    """Send a message to an address of apprise; InvalidQuestion where apprise is not installed.

    A service that keeps incidents is told of the `incidents` one by one in its place, where there are any.
    """
    check_installed()
    order = {
        "url": url.reveal(),
        **_words(notice),
        "incidents": [{"key": incident.key, **_words(incident.notice)} for incident in incidents],
        "note": enclosure.note if enclosure else "",
        "no_note": enclosure.no_note if enclosure else "",
        "file": None,
    }
    if enclosure is None or enclosure.content is None:
        return _sent(order, limit)
    try:  # here, for the process that sends may be ended
        with TemporaryDirectory(prefix="tallystick-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / enclosure.name
            path.write_bytes(enclosure.content)
            return _sent(order | {"file": str(path)}, limit)
    except OSError as wrong:  # before anything was sent
        return Receipt(Delivery.REFUSED, f"its file cannot be written: {wrong.strerror}")


def _sent(order: Mapping[str, Any], limit: float) -> Receipt:
    """Send what is ordered, by a process of its own."""
    # -P: nothing of the working folder is imported
    words = [sys.executable, "-P", "-m", "tallystick.watch.apprise_process"]
    try:
        process = subprocess.run(  # noqa: S603 - our own program; the address goes by stdin, where no list of processes shows it
            words, input=json.dumps(order), capture_output=True, text=True, timeout=limit, check=False
        )
        receipt = json.loads(process.stdout)
        return Receipt(Delivery(receipt["delivery"]), str(receipt["why"]))
    except subprocess.TimeoutExpired:
        return Receipt(Delivery.UNCERTAIN, f"it took longer than {limit:.0f} s")
    except (ValueError, KeyError, OSError):
        return Receipt(Delivery.UNCERTAIN, "the process that sends it failed")


def _words(notice: Notice) -> dict[str, str]:
    kind = "success" if notice.is_end else _TYPES[notice.severity]
    return {"title": notice.title, "body": notice.text, "type": kind}
