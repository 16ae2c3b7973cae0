"""Webhook: a signed POST of JSON, which follows no redirect, and reaches no address of this network unless allowed."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from tallystick.api.secret import Secret
from tallystick.errors import InvalidQuestion
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.receiver_address import why_not

LIMIT = 20.0
"""Seconds that a receiver may take in all."""
SIGNATURE, TIMESTAMP, KEY = "Tallystick-Signature", "Tallystick-Timestamp", "Idempotency-Key"
"""The headers of a webhook."""
_TAKEN = range(200, 300)
_UNKNOWN = 504
"""A gateway had no answer in time: what is behind it may have taken the message."""
_HINT = "Write an address as https://hooks.example.com/path."


class _NotAllowedError(OSError):
    """An address that nothing is sent to; the text says why."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of a timestamp, a dot and a body, in hexadecimal digits after `v1=`."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(
    url: Secret,
    secret: Secret,
    key: str,
    body: bytes,
    now: datetime,
    *,
    allow_private: bool,
    certificates: ssl.SSLContext | bool = True,
    limit: float = LIMIT,
) -> Receipt:
    """Send a body once and return how it was taken; InvalidQuestion where the address is none."""
    parts = _parts(url)
    encrypted = parts.scheme == "https"
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tallystick",
        TIMESTAMP: timestamp,
        SIGNATURE: signature(secret.reveal(), timestamp, body),
        KEY: key,
    }
    context = None
    if encrypted:
        context = certificates if isinstance(certificates, ssl.SSLContext) else ssl.create_default_context()
    connection = _Connection(parts, context, allow_private=allow_private, limit=limit)
    is_connected = False
    try:
        with _ended_after(connection, limit):
            connection.connect()
            is_connected = True
            connection.request("POST", _target(parts), body, headers)
            status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as wrong:
        if is_connected:
            return Receipt(Delivery.UNCERTAIN, "it gave no answer")
        return Receipt(Delivery.REFUSED, _why(wrong))
    finally:
        connection.close()
    if status in _TAKEN:
        return Receipt(Delivery.SENT)
    return Receipt(Delivery.UNCERTAIN if status == _UNKNOWN else Delivery.REFUSED, f"HTTP {status}")


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was judged after its name was looked up; TLS is of the name."""

    def __init__(
        self, parts: SplitResult, context: ssl.SSLContext | None, *, allow_private: bool, limit: float
    ) -> None:
        super().__init__(parts.hostname or "", parts.port or (443 if context else 80), timeout=limit)
        self._context = context
        self._allow_private = allow_private

    def connect(self) -> None:
        """Connect to the first address of the host that is allowed and answers; OSError where none does."""
        why: OSError = OSError("it has no address")
        for family, kind, protocol, _, place in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            if no := why_not(str(place[0]), allow_private=self._allow_private, encrypted=self._context is not None):
                why = _NotAllowedError(no)
                continue
            self.sock = socket.socket(family, kind, protocol)
            self.sock.settimeout(self.timeout)
            try:
                self.sock.connect(place)
                if self._context:
                    self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)
            except OSError as wrong:
                self.sock.close()
                why = wrong
                continue
            return
        raise why


@contextmanager
def _ended_after(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """End a connection after some seconds in all: a receiver that sends a letter now and then would hold it."""

    def end() -> None:
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _parts(url: Secret) -> SplitResult:
    """The parts of an address; InvalidQuestion, which does not show it, where it is none."""
    try:
        parts = urlsplit(url.reveal())
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and "@" not in parts.netloc:
            parts.hostname.encode("idna")  # raises where no name server can be asked for it
            return parts
    except ValueError:
        pass
    raise InvalidQuestion(f"The address of {url.source} is none that a webhook can be sent to.", _HINT)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _why(wrong: Exception) -> str:
    """Why there was no connection, without the address."""
    if isinstance(wrong, _NotAllowedError):
        return str(wrong)
    if isinstance(wrong, socket.gaierror):
        return "its name is not known"
    if isinstance(wrong, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {wrong.verify_message}"
    if isinstance(wrong, TimeoutError):
        return "it did not answer in time"
    return getattr(wrong, "strerror", None) or "no connection"
