"""What is told of a body under 200 that is no report, and when it is asked for again."""

from __future__ import annotations

import gzip
import json

import pytest

from support.scripted_api import Connect, reply
from tallystick.api.body import MOST_BYTES, TooLong, body_of
from tallystick.api.client import TRIES
from tallystick.api.endpoints import ORGANIZATION
from tallystick.api.page import Query
from tallystick.errors import Refused, UnexpectedResponse, Unreachable

ME = Query(ORGANIZATION)
FINE = {"id": "org_1", "name": "Example"}


def error(kind: str) -> dict[str, object]:
    """An error object of the API."""
    return {"type": "error", "error": {"type": kind, "message": "Eggs."}, "request_id": "req_in_body"}


@pytest.mark.parametrize("kind", ["overloaded_error", "rate_limit_error", "api_error", "timeout_error"])
def test_a_passing_error_under_200(connect: Connect, kind: str) -> None:
    """An error that may pass is asked for again under 200 too, and names itself in the end."""
    client, server = connect(reply(200, error(kind)), reply(200, FINE))
    assert client.get(ME).body == json.dumps(FINE).encode()
    assert len(server.requests) == 2
    client, _ = connect(reply(200, error(kind)))
    with pytest.raises(Unreachable) as wrong:
        client.get(ME)
    assert kind in wrong.value.what
    assert "Eggs." in wrong.value.what
    assert wrong.value.request_id == "req_in_body"


@pytest.mark.parametrize(("kind", "status"), [("permission_error", 403), ("invalid_request_error", 400)])
def test_a_refusal_under_200(connect: Connect, kind: str, status: int) -> None:
    """A refusal under 200 is the refusal that it says, at once."""
    client, server = connect(reply(200, error(kind)))
    with pytest.raises(Refused, match=kind) as refused:
        client.get(ME)
    assert refused.value.status == status
    assert len(server.requests) == 1


def test_an_error_that_nobody_knows(connect: Connect) -> None:
    """An error of a type that is new is an unexpected answer that says what it says."""
    client, _ = connect(reply(200, error("egg_error")))
    with pytest.raises(UnexpectedResponse, match=r"egg_error: Eggs\."):
        client.get(ME)


@pytest.mark.parametrize(
    ("body", "words", "tries"),
    [
        ("", "an empty body", TRIES),
        ('{"data": [{"a": 1}', "cut off", TRIES),
        ('{"data": 1} and more', "no JSON", TRIES),
        (b"{\xff}", "no JSON", TRIES),
        ("null", "null where a report", 1),
        ("[]", "a list where a report", 1),
        ('"report"', "a text where a report", 1),
        ("<html>Sign in</html>", "a page that is no JSON", 1),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply", 1),
    ],
)
def test_a_body_that_is_no_report(connect: Connect, body: str | bytes, words: str, tries: int) -> None:
    """A body that is no JSON object says what it is; one that is cut off or garbled is asked for again first."""
    client, server = connect(reply(200, body))
    with pytest.raises(UnexpectedResponse, match=words) as strange:
        client.get(ME)
    assert "--base-url" in strange.value.hint
    assert f"{len(body):,} bytes" in strange.value.what
    assert len(server.requests) == tries


def test_a_bomb_is_not_unpacked(connect: Connect) -> None:
    """A body that unpacks to more than any page ends as a clear error, and so does a packing without bounds."""
    bomb = gzip.compress(b"0" * 1_000_000, mtime=0)
    with pytest.raises(TooLong, match="longer than 500,000 bytes"):
        body_of(reply(200, bomb, content_encoding="gzip")(None), 500_000)  # type: ignore[arg-type]
    assert MOST_BYTES > 100_000_000
    client, _ = connect(reply(200, b"x", content_encoding="gzip, gzip"))
    with pytest.raises(UnexpectedResponse, match="packed as"):
        client.get(ME)
