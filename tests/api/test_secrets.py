from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx2
import pytest

from support.scripted_api import KEY, Administer, Connect, FakeClock, Reply, broken, refusal, reply
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.endpoints import ORGANIZATION
from tallystick.api.page import Query
from tallystick.api.reports_query import usage_report_query
from tallystick.core.time import Grain, Window, instant
from tallystick.errors import ApiError, Refused, Unreachable

ME = Query(ORGANIZATION)
OTHER = "sk-ant-api03-someone_elses-KEY"
TOKEN = "an-opaque-token-of-OAuth-77"


def everything(error: BaseException) -> str:
    """All that an error could show: its text, its fields, and tracebacks of it and its causes with every local."""
    shown = [str(error), repr(error), repr(vars(error)), *map(str, error.args)]
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join([*shown, *trace.format()])


@pytest.mark.parametrize("bearer", [False, True])
def test_a_credential_does_not_print_itself(bearer: bool) -> None:
    """However a credential is turned to text, it says where it came from and not what it is."""
    credential = Credential(KEY, bearer=bearer, source="ANTHROPIC_ADMIN_KEY")
    for shown in (repr(credential), str(credential), f"{credential}", f"{[credential]!r}", "%s" % credential):  # noqa: UP031
        assert KEY not in shown
        assert "ANTHROPIC_ADMIN_KEY" in shown
    assert not hasattr(credential, "__dict__")


def test_a_credential_is_not_written_anywhere() -> None:
    """A credential cannot be pickled or copied, by any protocol, and is no JSON."""
    credential = Credential(KEY)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError) as refused:
            pickle.dumps(credential, protocol)
        assert KEY not in str(refused.value)
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            duplicate(credential)
    with pytest.raises(TypeError):
        json.dumps(credential)


def test_what_holds_a_credential_does_not_print_it(connect: Connect, administer: Administer) -> None:
    """Neither a client nor an AdminAPI shows the key."""
    for holder in (connect(reply())[0], administer(reply())[0]):
        assert KEY not in repr(holder)
        assert KEY not in str(holder)


@pytest.mark.parametrize(
    "answer",
    [
        refusal(401, "authentication_error", f"The key {KEY} is not known."),
        refusal(403, f"error_of_{KEY}", "no"),
        refusal(400, "invalid_request_error", f"x-api-key={KEY}, and once more: {KEY}"),
        refusal(401, "authentication_error", f"The key {KEY[:20]} is not known."),
        refusal(400, "invalid_request_error", "no", request_id=KEY),
        reply(400, {"error": {"message": "no"}, "request_id": KEY}),
        reply(302, "", location=f"https://{KEY}@elsewhere.example.test/"),
        reply(302, "", location=f"https://{KEY}.example.test/"),
        reply(302, "", location=f"https://elsewhere.example.test/?key={KEY}"),
        reply(404, f"<html>{KEY}</html>"),
    ],
)
def test_an_echoed_key_is_not_repeated(connect: Connect, answer: Reply) -> None:
    """Where the API repeats the key, or a part of it, in a refusal, the error does not."""
    client, _ = connect(answer)
    with pytest.raises(Refused) as refused:
        client.get(ME)
    shown = everything(refused.value)
    assert KEY not in shown
    assert KEY[:20] not in shown


@pytest.mark.parametrize(
    "answer",
    [
        refusal(529, "overloaded_error", f"Too busy for {KEY}."),
        refusal(503, request_id=KEY),
        broken(httpx2.ConnectError(f"no route for {KEY}")),
        broken(httpx2.LocalProtocolError(f"Illegal header value b'{KEY}'")),
    ],
)
def test_an_echoed_key_is_not_repeated_at_the_end(connect: Connect, answer: Reply) -> None:
    """Where what failed for minutes repeats the key, neither the error nor what is told of the waits does."""
    reasons: list[str] = []
    client, _ = connect(answer, on_wait=lambda _, why: reasons.append(why))
    with pytest.raises(Unreachable) as gone:
        client.get(ME)
    assert KEY not in everything(gone.value)
    assert reasons
    assert all(KEY not in why for why in reasons)


def test_an_echoed_token_is_not_repeated(connect: Connect) -> None:
    """An OAuth token that looks like nothing known is masked as well."""
    client, _ = connect(refusal(401, "authentication_error", f"bad {TOKEN}"), credential=Credential(TOKEN, bearer=True))
    with pytest.raises(Refused) as refused:
        client.get(ME)
    assert TOKEN not in everything(refused.value)


def test_other_keys_are_not_repeated(connect: Connect) -> None:
    """Another of Anthropic's keys in a message is masked too."""
    client, _ = connect(refusal(400, "invalid_request_error", f"Did you mean {OTHER}?"))
    with pytest.raises(Refused, match="Did you mean") as refused:
        client.get(ME)
    assert OTHER not in everything(refused.value)


def test_the_key_is_not_in_a_page(connect: Connect) -> None:
    """A page, which is archived, holds nothing of what was sent but path and query."""
    client, _ = connect(reply(200, {"id": "org", "name": "Org"}))
    assert KEY not in repr(client.get(ME))


class Echo(BaseHTTPRequestHandler):
    """Answers with the key that came: 401 to one path, 200 to another."""

    def do_GET(self) -> None:
        """Answer."""
        key = self.headers["x-api-key"]
        refused = self.path.endswith("/me")
        error = {"error": {"type": "authentication_error", "message": f"{key} is not known"}}
        body = json.dumps(error if refused else {"data": key}).encode()
        self.send_response(401 if refused else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a real server on this machine that echoes the key."""
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_key_is_in_no_log(echo: str, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """Over a real connection with every logger at its most talkative, no log line and no error has the key."""
    caplog.set_level(logging.DEBUG)
    october = Window(instant("2026-10-01"), instant("2026-11-01"))
    with Client(Credential(KEY), clock=clock, base_url=echo) as client:
        assert KEY.encode() in client.get(usage_report_query(october, Grain.DAY)).body
        with pytest.raises(ApiError) as refused:
            client.get(ME)
    assert caplog.records
    assert KEY not in caplog.text
    assert all(KEY not in repr(vars(record)) for record in caplog.records)
    assert KEY not in everything(refused.value)
