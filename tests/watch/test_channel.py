"""Channels: what a [[channel]] can say, where its secret comes from, and whose file may name one."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings
from tallystick.watch.channel import Body, Channel, Kind, channels
from tallystick.watch.quiet_hours import QuietHours
from tallystick.watch_rounds import settings_channels

HOOK = {"name": "ops", "kind": "webhook", "url_env": "HOOK", "secret_file": "secret"}
URL = "https://hooks.example.test/T0/letme1n"


def read(*tables: Any) -> list[Channel]:
    """The channels of tables."""
    return channels(tables, lambda *_: None, ["budget", "anomaly"])


def test_a_channel_as_it_is_written() -> None:
    """Every field of a table counts."""
    table = HOOK | {
        "teams": ["payments"],
        "severities": ["critical"],
        "rules": ["budget"],
        "quiet": "22:00-07:00",
        "zone": "Europe/Berlin",
        "remind_after": "4h",
        "escalate_to": "screen",
        "digest_above": 3,
        "body": "alertmanager",
        "allow_private": True,
    }
    ops, screen = read(table, {"name": "screen", "kind": "stdout"})
    assert ops == Channel(
        "ops",
        Kind.WEBHOOK,
        ops.secret,
        frozenset({"payments"}),
        frozenset({"critical"}),
        frozenset({"budget"}),
        QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin")),
        timedelta(hours=4),
        "screen",
        3,
        Body.ALERTMANAGER,
        allow_private=True,
    )
    assert (screen.teams, screen.severities, screen.rules, screen.quiet, screen.remind_after) == (None,) * 5


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("x", "not a table"),
        ({"kind": "stdout"}, "no name"),
        ({"name": "x"}, "no kind"),
        ({"name": "x", "kind": "fax"}, "fax"),
        ({"name": "x", "kind": "apprise"}, "needs url_env"),
        ({"name": "x", "kind": "webhook", "url_env": "U"}, "needs secret_env"),
        (HOOK | {"url_env": 5}, "url_env is no text"),
        (HOOK | {"colour": "red"}, "colour"),
        (HOOK | {"teams": "payments"}, "list of texts"),
        (HOOK | {"severities": ["bad"]}, "severities has 'bad'"),
        (HOOK | {"rules": ["budgets"]}, "rules has 'budgets'"),
        (HOOK | {"quiet": "22:00-07:00"}, "go together"),
        (HOOK | {"quiet": "22-7", "zone": "UTC"}, "no hours"),
        (HOOK | {"quiet": "07:00-07:00", "zone": "UTC"}, "no hours"),
        (HOOK | {"quiet": "22:00-07:00", "zone": "../etc/passwd"}, "no zone"),
        (HOOK | {"remind_after": "soon"}, "cannot be 'soon'"),
        (HOOK | {"remind_after": "1m"}, "too short"),
        (HOOK | {"escalate_to": "ops"}, "does not say when"),
        (HOOK | {"remind_after": "4h", "escalate_to": "bos"}, "no channel 'bos'"),
        (HOOK | {"digest_above": 0}, "no count"),
        (HOOK | {"body": "xml"}, "xml"),
        (HOOK | {"allow_private": "yes"}, "neither true nor false"),
    ],
)
def test_a_table_that_cannot_be_is_named(table: Any, why: str) -> None:
    """A [[channel]] that cannot be is refused when it is read, with its number and why."""
    with pytest.raises(InvalidQuestion, match=why) as refused:
        read({"name": "first", "kind": "stdout"}, table)
    assert "[[channel]] 2" in refused.value.what


def test_two_channels_of_one_name_are_refused() -> None:
    """Events name a channel, so two cannot have one name."""
    with pytest.raises(InvalidQuestion, match="another channel"):
        read(HOOK, HOOK)


def test_quiet_hours_go_by_the_clocks_of_the_zone() -> None:
    """22:00 to 07:00 in Berlin is an hour earlier by UTC in summer than in winter; the end is not in it."""
    quiet = QuietHours.read("x", "22:00-07:00", "Europe/Berlin")
    summer = [datetime(2026, 7, 1, hour, tzinfo=UTC) for hour in (19, 20, 4, 5)]
    winter = [datetime(2026, 12, 1, hour, tzinfo=UTC) for hour in (20, 21, 5, 6)]
    for moments in (summer, winter):
        assert [quiet.has(moment) for moment in moments] == [False, True, True, False]
    noon = QuietHours.read("x", "12:00-13:30", "UTC")
    assert [noon.has(datetime(2026, 7, 1, hour, 30, tzinfo=UTC)) for hour in (11, 12, 13)] == [False, True, False]


def test_a_secret_comes_from_where_the_table_says(tmp_path: Path) -> None:
    """A variable, a file or a command beside the settings file, or the text: each gives the address, masked."""
    (tmp_path / "url").write_text(f"{URL}\n")
    sources = ['url_env = "HOOK"', 'url_file = "url"', 'url_command = "cat url"', f'url = "{URL}"']
    file = tmp_path / "t.toml"
    for source in sources:
        file.write_text(f'[[channel]]\nname = "x"\nkind = "apprise"\n{source}\n')
        settings = Settings.load(config=str(file), environment={"HOOK": URL})
        [channel] = settings_channels(settings)
        secret = channel.secret("url")
        assert secret.reveal() == URL
        assert secret.mask(f"to {URL}") == "to ***"
        for shown in (repr(secret), str(secret), f"{secret}", repr(channel), repr(settings.origin)):
            assert "letme1n" not in shown
        with pytest.raises(TypeError):
            pickle.dumps(secret)


def test_a_secret_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A variable that is not set, a file that is gone and a command that fails are named when it is needed."""
    file = tmp_path / "t.toml"
    for source, why in [
        ('url_env = "HOOK"', "There is no address: the variable HOOK is not set"),
        ('url_file = "gone"', "gone cannot be read"),
        ('url_command = "false"', "url_command failed"),
    ]:
        file.write_text(f'[[channel]]\nname = "x"\nkind = "apprise"\n{source}\n')
        [channel] = settings_channels(Settings.load(config=str(file), environment={}))
        with pytest.raises(InvalidQuestion, match=why):
            channel.secret("url")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('[[channel]]\nname = "x"\nkind = "apprise"\nurl_command = "touch ran"\n', "channel"),
        ('dashboard = "https://evil.example.test"\n', "dashboard"),
        ('[[rule]]\nname = "anomaly"\noff = true\n', "rule"),
    ],
)
def test_a_folder_that_is_not_trusted_sends_and_silences_nothing(
    text: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tallystick.toml of the working folder names no channel, link or rule, and runs no command, untrusted."""
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    (tmp_path / "tallystick.toml").write_text(text)
    settings = Settings.load(environment={})
    assert any(name in warning and "not trusted" in warning for warning in settings.warnings)
    with pytest.raises(InvalidQuestion, match="not trusted"):
        _ = settings.dashboard if name == "dashboard" else settings.tables(name)
    assert not (tmp_path / "ran").exists()
