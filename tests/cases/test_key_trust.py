"""Case 21: what the settings file of the working folder may not say."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from support.case import CASES, KEY, Case
from support.command import Run
from tallystick import AdminAPI, Ledger
from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings

Tallystick = Callable[..., Run]
FILE = Path("tallystick.toml")


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port that writes down whatever it is sent, and answers 502."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)
        done: list[bool] = []

        def listen() -> None:
            while not done:
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                with caller:
                    caller.settimeout(1)
                    heard.append(caller.recv(4000))
                    caller.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

        thread = Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        done.append(True)
        thread.join()


@pytest.mark.parametrize("command", ["check", "sync", "limits"])
def test_a_folder_cannot_have_the_key_sent_anywhere(tallystick: Tallystick, command: str) -> None:
    """A base_url of the folder's file is refused, exit code 2, by every command that asks; its server hears nothing."""
    with listening() as (port, heard):
        FILE.write_text(f'[api]\nbase_url = "http://127.0.0.1:{port}"\n')
        run = tallystick(command, ANTHROPIC_ADMIN_KEY=KEY)
        run.refused(2, "tallystick.toml", "base_url", "tallystick trust", "--config")
        with pytest.raises(InvalidQuestion, match="not trusted"):
            AdminAPI(KEY)
        with pytest.raises(InvalidQuestion, match="not trusted"):
            Ledger.open("nowhere").sync()
    assert heard == []


def test_the_case_itself(tallystick: Tallystick, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The key_command of a cloned folder is not run, and the base_url of another is not asked."""
    for name, setting in (("variant_command", "key_command"), ("cloned", "base_url")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / FILE).write_bytes(next((CASES / "21-settings-of-the-current-folder" / name).iterdir()).read_bytes())
        monkeypatch.chdir(folder)
        environment = {} if setting == "key_command" else {"ANTHROPIC_ADMIN_KEY": KEY}
        tallystick("check", **environment).refused(2, setting)
        assert [path.name for path in folder.iterdir()] == [FILE.name]


@pytest.mark.long
@pytest.mark.parametrize("setting", ["key_command", "key_file", "token_command", "token_file"])
def test_a_folder_cannot_say_where_the_key_comes_from(tallystick: Tallystick, setting: str) -> None:
    """No source of a credential in the folder's file is used; where the environment has a key it does not matter."""
    FILE.write_text(f'[api]\n{setting} = "touch ran"\n')
    tallystick("check").refused(2, setting, "not trusted")
    tallystick("spend", "--since", "7d")  # asks nobody
    settings = Settings.load(environment={"ANTHROPIC_ADMIN_KEY": KEY})
    assert settings.credential().source == "ANTHROPIC_ADMIN_KEY"
    assert not Path("ran").exists()


def test_what_does_not_ask_goes_on_with_a_warning(tallystick: Tallystick) -> None:
    """A command that asks only the ledger answers, and warns of the file."""
    plain = tallystick("schema", "usage")
    FILE.write_text('[api]\nbase_url = "https://example.test"\n')
    run = tallystick("log", "--top", "1")
    assert run.code == 0
    assert "base_url" in run.err
    assert tallystick("schema", "usage").out == plain.out


def test_trust_is_of_the_content(tallystick: Tallystick, tmp_path: Path) -> None:
    """A file that the user trusted counts; changed, moved or revoked it does not, and the note of it is private."""
    FILE.write_text('[api]\nbase_url = "https://one.example.test"\n')
    run = tallystick("trust")
    assert run.code == 0
    assert "base_url = https://one.example.test" in run.out
    assert Settings.load(environment={}).base_url == "https://one.example.test"
    assert str(FILE.absolute()) in tallystick("trust", "--list").out
    (entry,) = (Path.cwd() / "tallystick" / "trusted").iterdir()
    assert entry.stat().st_mode & 0o777 == 0o600
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / FILE).write_bytes(FILE.read_bytes())
    os.chdir(elsewhere)
    assert "example" not in Settings.load(environment={}).base_url
    os.chdir(tmp_path / "home")
    FILE.write_text('[api]\nbase_url = "https://two.example.test"\n')
    assert "example" not in Settings.load(environment={}).base_url
    FILE.write_text('[api]\nbase_url = "https://one.example.test"\n')
    assert Settings.load(environment={}).base_url == "https://one.example.test"
    assert tallystick("trust", "--revoke").code == 0
    tallystick("check", ANTHROPIC_ADMIN_KEY=KEY).refused(2, "base_url")
    tallystick("trust", "--revoke").refused(2, "not trusted")


@pytest.mark.parametrize("origin", ["flag", "variable", "own"])
@pytest.mark.usefixtures("tallystick")
def test_a_file_that_the_user_named_counts(origin: str) -> None:
    """--config, TALLYSTICK_CONFIG and the user's own folder need no trust; one that anybody may write to does."""
    text = '[api]\nbase_url = "https://named.example.test"\n'
    if origin == "own":
        own = Path.cwd() / "tallystick" / FILE
        own.parent.mkdir()
        own.write_text(text)
        assert Settings.load(environment={}).base_url == "https://named.example.test"
        own.chmod(0o666)
        assert "example" not in Settings.load(environment={}).base_url
        return
    FILE.write_text(text)
    named = {"config": str(FILE)} if origin == "flag" else {"environment": {"TALLYSTICK_CONFIG": str(FILE)}}
    assert Settings.load(**({"environment": {}} | named)).base_url == "https://named.example.test"  # type: ignore[arg-type]


@pytest.mark.usefixtures("tallystick")
def test_the_own_file_fills_what_the_folder_leaves() -> None:
    """The folder's file says what is harmless, the user's own the rest; of people the least is kept."""
    own = Path.cwd() / "tallystick" / FILE
    own.parent.mkdir()
    own.write_text(f'ledger = "mine"\npeople = "hashed"\n[api]\nkey_command = "echo {KEY}"\n')
    FILE.write_text('ledger = "ours"\npeople = "full"\n')
    settings = Settings.load(environment={})
    assert settings.ledger == Path("ours")
    assert settings.people_mode == "hashed"
    assert settings.credential().header() == ("x-api-key", KEY)
    assert settings.warnings == ()


def test_files_outside_the_folder_are_not_read(tallystick: Tallystick, tmp_path: Path) -> None:
    """A folder's file cannot have a file elsewhere shown by an error, by its path or by a link."""
    secret = tmp_path / "secret"
    secret.write_text("very = secret-text\n")
    Path("link.csv").symlink_to(secret)
    for line in (f'owners = "{secret}"', 'owners = "link.csv"', 'owners = "../secret"', f'people_key = "{secret}"'):
        FILE.write_text(line + "\n")
        settings = Settings.load(environment={})
        with pytest.raises(InvalidQuestion, match="not trusted"):
            _ = settings.people() if "people" in line else settings.owners()
        assert "secret-text" not in tallystick("owners").err
    FILE.write_text(f'prices = "{secret}"\n')
    tallystick("spend").refused(2, "prices", "not trusted")


def test_a_program_of_the_folder_is_not_taken_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command is looked for on PATH alone and run in the folder of its file, never that of the user."""
    own = tmp_path / "own"
    own.mkdir()
    (own / FILE).write_text('[api]\nkey_command = "get-key"\n')
    (own / "named.toml").write_text('[api]\nkey_command = "./get-key"\n')
    (own / "get-key").write_text(f"#!{sys.executable}\nprint('{KEY}')\n")
    monkeypatch.chdir(tmp_path)
    Path("get-key").write_text("#!/bin/sh\ntouch taken\n")
    for path in (Path("get-key"), own / "get-key"):
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:.:")
    with pytest.raises(InvalidQuestion, match="no program"):
        Settings.load(config=str(own / FILE), environment={}).credential()
    named = Settings.load(config=str(own / "named.toml"), environment={})
    assert named.credential().header() == ("x-api-key", KEY)
    assert not Path("taken").exists()


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.usefixtures("tallystick")
def test_a_byte_order_mark_is_no_text(mark: bytes) -> None:
    """A mark that Windows editors put first is read over, in settings, price list, owners and key file (case 31)."""
    FILE.write_bytes(mark + b'ledger = "x"\nprices = "p.toml"\nowners = "o.csv"\n[api]\nkey_file = "k"\n')
    Path("p.toml").write_bytes(mark + b"")
    Path("o.csv").write_bytes(mark + b"team,workspace\nA,Production\n")
    Path("k").write_bytes(mark + KEY.encode() + b"\r\n")
    settings = Settings.load(config=str(FILE), environment={})
    assert settings.ledger == Path("x")
    assert settings.credential().header() == ("x-api-key", KEY)
    assert len(settings.owners().rules) == 1
    settings.price_lists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tallystick: Tallystick, encoding: str) -> None:
    """A file in UTF-16 is asked wrongly, and the message says to save it as UTF-8."""
    FILE.write_bytes('ledger = "x"\n'.encode(encoding))
    tallystick("spend").refused(2, "tallystick.toml", "UTF-16", "UTF-8")
    FILE.write_text('[api]\nkey_file = "k"\n')
    Path("k").write_bytes(KEY.encode(encoding))
    run = tallystick("check", "--config", str(FILE))
    run.refused(2, "UTF-16")
    assert KEY not in run.err


def test_the_stand_in_is_asked_where_the_user_says(case: Case) -> None:
    """What the user says by the environment counts whatever the folder's file says, with a warning."""
    FILE.write_text('[api]\nbase_url = "https://example.test"\n')
    with case.serve("small.py"):
        run = case("check")
    assert run.code == 0, run.err
