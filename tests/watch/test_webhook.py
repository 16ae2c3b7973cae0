"""Webhooks: signed, sent once, to no address that is not allowed, and in a time that ends."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.findings import START
from support.webhook_receiver import Receiver
from tallystick.api.secret import Secret
from tallystick.errors import InvalidQuestion
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.receiver_address import why_not
from tallystick.watch.webhook import post

SECRET = "the secret of the hook, longer than a block of SHA-256 is: 0123456789"


def send(url: str, **options: Any) -> Receipt:
    """Send a body to an address."""
    options = {"allow_private": True} | options
    return post(Secret(url, "test"), Secret(SECRET, "test"), "key1", b'{"a": 1}', START, **options)


def hmac_of(key: bytes, content: bytes) -> str:
    """HMAC-SHA256 as RFC 2104 writes it, without the library that made the other one."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + content).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def test_a_receiver_can_check_who_sent_what_and_when(receiver: Receiver) -> None:
    """The signature is the HMAC of timestamp, dot and body, and the key of the message is a header."""
    assert send(receiver.url) == Receipt(Delivery.SENT)
    [delivery] = receiver.deliveries
    timestamp = delivery.headers["Tallystick-Timestamp"]
    assert int(timestamp) == START.timestamp()
    expected = hmac_of(SECRET.encode(), timestamp.encode() + b"." + delivery.body)
    assert delivery.headers["Tallystick-Signature"] == f"v1={expected}"
    assert delivery.headers["Idempotency-Key"] == "key1"
    assert delivery.body == b'{"a": 1}'


def test_what_a_receiver_answers(receiver: Receiver) -> None:
    """2xx is sent; another status is refused; no answer, or that of a gateway without one, is neither."""
    taken = {}
    for status in (200, 202, 400, 404, 429, 500, 502, 503, 504, None):
        receiver.answer = lambda _, status=status: status  # type: ignore[misc]
        taken[status] = send(receiver.url).delivery
    refused = dict.fromkeys((400, 404, 429, 500, 502, 503), Delivery.REFUSED)
    assert taken == {
        200: Delivery.SENT,
        202: Delivery.SENT,
        **refused,
        504: Delivery.UNCERTAIN,
        None: Delivery.UNCERTAIN,
    }


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    """A receiver cannot send a webhook elsewhere: a redirect is a refusal."""
    receiver.headers["Location"] = receiver.url.replace("/hook", "/elsewhere")
    for status in (301, 302, 307, 308):
        receiver.answer = lambda _, status=status: status  # type: ignore[misc]
        assert send(receiver.url) == Receipt(Delivery.REFUSED, f"HTTP {status}")
    assert {delivery.path for delivery in receiver.deliveries} == {"/hook"}


def test_nobody_listens() -> None:
    """A port that nobody listens on, and a name that nobody has, are refusals: nothing was delivered."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/").delivery is Delivery.REFUSED
    assert send("http://nobody.invalid/") == Receipt(Delivery.REFUSED, "its name is not known")


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.1.1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "0.0.0.0",  # noqa: S104 - nothing listens there
        "::",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_addresses_that_are_never_allowed(address: str) -> None:
    """Link-local and metadata addresses are refused however they are written, even where private ones are allowed."""
    assert why_not(address, allow_private=True, encrypted=True)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd12::1"]
)
def test_addresses_that_are_allowed_where_the_settings_say(address: str) -> None:
    """Loopback and private addresses need `allow_private`, and no TLS then."""
    assert "allow_private" in why_not(address, allow_private=False, encrypted=True)
    assert not why_not(address, allow_private=True, encrypted=False)


def test_public_addresses_need_tls() -> None:
    """A public address is allowed with TLS alone."""
    assert not why_not("93.184.216.34", allow_private=False, encrypted=True)
    assert "https" in why_not("93.184.216.34", allow_private=True, encrypted=False)


def test_a_private_address_is_refused_before_anything_is_sent(receiver: Receiver) -> None:
    """Without `allow_private` a receiver on loopback hears nothing, by number and by name."""
    for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost")):
        receipt = send(url, allow_private=False)
        assert receipt.delivery is Delivery.REFUSED
        assert "private" in receipt.why
    assert receiver.deliveries == []


def test_a_name_that_changes_its_address_is_judged_where_it_leads(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that is connected to is the one that was judged: a second answer of the name counts for nothing."""
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    answers = iter(["169.254.169.254", "127.0.0.1"])
    asked = []

    def rebinding(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert "link-local" in send(f"http://rebinding.example.test:{port}/").why
    assert asked == ["rebinding.example.test"]
    assert receiver.deliveries == []


def test_of_several_addresses_one_that_is_allowed_is_taken(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of a name that are not allowed are left out, and the first other one that answers is taken."""
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    places = [("169.254.169.254", port), ("127.0.0.1", 1), ("127.0.0.1", port)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert send(f"http://several.example.test:{port}/").delivery is Delivery.SENT


def test_a_receiver_that_drips_is_left() -> None:
    """A receiver that sends a letter now and then does not hold a watcher: the limit is of the whole."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    while not ended.wait(0.05):
                        connection.sendall(b"H")
                except OSError:
                    pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        started = time.monotonic()
        receipt = send(f"http://127.0.0.1:{server.getsockname()[1]}/", limit=0.5)
        ended.set()
        thread.join()
    assert receipt.delivery is Delivery.UNCERTAIN
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://x.example.test/", "x.example.test", "https://", "https://me:pa55word@x.example.test/", "http://["),
        *("https://x..example.test/", f"https://{'x' * 64}.example.test/"),
    ],
)
def test_what_is_no_address_is_refused_unshown(url: str) -> None:
    """An address that is none of a webhook is refused, and not shown."""
    with pytest.raises(InvalidQuestion) as refused:
        send(url)
    assert "x.example" not in str(refused.value)
    assert "pa55word" not in str(refused.value)


def test_the_receiver_of_the_docs(receiver: Receiver) -> None:
    """The receiver in docs/watch.md takes what we sign once, and refuses another secret, body or time."""
    text = (Path(__file__).parents[2] / "docs" / "watch.md").read_text(encoding="utf-8")
    code: dict[str, Any] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], code)  # noqa: S102 - our own page
    now = datetime.now(UTC)
    for moment in (now, now - timedelta(hours=1)):
        post(Secret(receiver.url, "t"), Secret(SECRET, "t"), "key1", b'{"a": 1}', moment, allow_private=True)
    fresh, stale = receiver.deliveries
    take = code["take"]
    assert take(fresh.headers, fresh.body, SECRET) == {"a": 1}
    assert take(fresh.headers, fresh.body, SECRET) is None
    for headers, body, secret in (
        (fresh.headers, b'{"a": 2}', SECRET),
        (fresh.headers, fresh.body, "another"),
        (stale.headers, stale.body, SECRET),
        (fresh.headers | {"Tallystick-Timestamp": stale.headers["Tallystick-Timestamp"]}, fresh.body, SECRET),
    ):
        with pytest.raises(ValueError, match="not signed"):
            take(headers, body, secret)
