"""Case 42: a credential from a command or a file, read anew when the API no longer takes it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import httpx2
import pytest

from support.scripted_api import KEY, Connect, FakeClock, Server, refusal, reply
from tallystick.api.client import RENEWALS, Client
from tallystick.api.credential import Credential, masked
from tallystick.api.endpoints import ORGANIZATION
from tallystick.api.page import Query
from tallystick.credentials import printed
from tallystick.errors import InvalidQuestion, Refused
from tallystick.settings import Settings

ME = Query(ORGANIZATION)
ENDED = refusal(401, "authentication_error", "OAuth token has expired.")
FINE = reply(200, {"id": "org"})


def settings(tmp_path: Path, **api: str) -> Settings:
    """Settings of a file that the user named."""
    file = tmp_path / "named.toml"
    file.write_text("[api]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in api.items()))
    return Settings.load(config=str(file), environment={})


def counting(tmp_path: Path) -> str:
    """A command that prints token-1, then token-2, ..., with noise on its error stream."""
    script = tmp_path / "print_token.py"
    script.write_text(
        "import pathlib, sys\n"
        f"path = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "number = int(path.read_text()) + 1 if path.exists() else 1\n"
        "path.write_text(str(number))\n"
        "print('refreshing', file=sys.stderr)\n"
        "print(f'opaque-token-{number}')\n"
    )
    return f"{sys.executable} {script}"


def headers(server: Server) -> list[str | None]:
    """The Bearer that each request had."""
    return [request.headers.get("authorization") for request in server.requests]


def test_a_token_that_ends_is_asked_anew_once(tmp_path: Path, clock: FakeClock) -> None:
    """A 401 in the middle has the command run once more, and the request repeated with what it prints."""
    server = Server(FINE, ENDED, FINE, ENDED, FINE)
    credential = settings(tmp_path, token_command=counting(tmp_path)).credential()
    with Client(credential, clock=clock, transport=httpx2.MockTransport(server)) as client:
        for _ in range(3):
            assert client.get(ME).body == b'{"id": "org"}'
    assert headers(server) == [f"Bearer opaque-token-{number}" for number in (1, 1, 2, 2, 3)]
    assert clock.slept == []
    assert masked("of opaque-token-1, opaque-token-2 and opaque-token-3") == "of ***, *** and ***"


def test_a_token_that_is_never_taken_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    """A request is repeated a few times for a 401, with each token that the command prints; then it is refused."""
    server = Server(ENDED)
    credential = settings(tmp_path, token_command=counting(tmp_path)).credential()
    client = Client(credential, clock=clock, transport=httpx2.MockTransport(server))
    with client, pytest.raises(Refused, match="token_command") as refused:
        client.get(ME)
    assert len(server.requests) == 1 + RENEWALS
    assert "opaque" not in str(refused.value)


@pytest.mark.parametrize("setting", ["key_file", "token_file"])
def test_a_rotated_file_is_read_again(tmp_path: Path, clock: FakeClock, setting: str) -> None:
    """A file that holds another credential by now is used; one that holds the same is not asked for twice."""
    file = tmp_path / "credential"
    file.write_text("first")
    server = Server(ENDED, FINE, ENDED)
    credential = settings(tmp_path, **{setting: str(file)}).credential()
    file.write_text("second\n")
    with Client(credential, clock=clock, transport=httpx2.MockTransport(server)) as client:
        client.get(ME)
        with pytest.raises(Refused, match=r"wrong, revoked or expired"):
            client.get(ME)
        file.unlink()
        with pytest.raises(Refused, match="could not be read anew"):
            client.get(ME)
    name = "x-api-key" if setting == "key_file" else "authorization"
    assert [request.headers[name].split()[-1] for request in server.requests] == ["first", "second", "second", "second"]


def test_a_key_of_the_environment_is_refused_at_once(connect: Connect) -> None:
    """What cannot be read anew is asked with once."""
    client, server = connect(ENDED)
    with pytest.raises(Refused):
        client.get(ME)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (f"print('{KEY}'); print('more')", "more than one line"),
        ("pass", "is empty"),
        (f"import sys; sys.stderr.write('{KEY}'); sys.exit(3)", "exit code 3"),
        (f"import sys; sys.stdout.buffer.write('{KEY}'.encode('utf-16'))", "not UTF-8"),
        (f"print('{KEY} {KEY}é')", "cannot be sent"),
    ],
)
@pytest.mark.parametrize("setting", ["key_command", "token_command"])
def test_what_a_command_can_do_wrong(tmp_path: Path, setting: str, code: str, why: str) -> None:
    """Each way to fail has a message that says which, names the setting and shows nothing that was printed."""
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    with pytest.raises(InvalidQuestion, match=why) as refused:
        settings(tmp_path, **{setting: f"{sys.executable} -X utf8 {script}"}).credential()
    assert setting in str(refused.value)
    assert KEY not in str(refused.value)


def test_a_command_that_never_ends(tmp_path: Path) -> None:
    """A command is given up in time, also where a child of it still holds its output."""
    before = time.monotonic()
    with pytest.raises(InvalidQuestion, match="did not end within"):
        printed("sh -c 'sleep 30; echo'", "key_command", tmp_path, patience=0.2)
    assert time.monotonic() - before < 10


def test_a_credential_masks_what_it_was() -> None:
    """A renewed credential still hides the one before it."""
    credential = Credential("the-first-one", renew=lambda: "the-second-one").renewed()
    assert credential is not None
    assert credential.mask("the-first-one, THE-SECOND-ONE") == "***, ***"
    assert "one" not in repr(credential).replace("argument", "")
