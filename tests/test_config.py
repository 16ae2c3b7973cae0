from __future__ import annotations

import dataclasses
import os
import pickle
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tallystick.clock import SystemClock
from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings
from tallystick.store.bucket import Bucket
from tallystick.trust import allow

KEY = "sk-ant-admin01-c0nfig-Of-the-tests_1"
API = "https://api.anthropic.com"


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without a settings file, and a user without one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """The settings file that is looked for in the working folder."""
    return tmp_path / "tallystick.toml"


def header(settings: Settings) -> tuple[str, str]:
    """The header that the settings' credential sends."""
    return settings.credential().header()


def test_nothing_told(tmp_path: Path) -> None:
    """Without any setting the API is Anthropic's, the ledger in the user's data, and each says it is the default."""
    settings = Settings.load(environment={})
    assert settings.base_url == API
    assert settings.ledger == tmp_path / "data" / "tallystick" / "ledger"
    assert settings.origin == {"base_url": "default", "ledger": "default"}
    assert settings.warnings == ()
    assert settings.at is None


def test_flag_over_environment_over_file(toml: Path, tmp_path: Path) -> None:
    """A flag wins over the environment, the environment over the file; each value knows where it came from."""
    toml.write_text('ledger = "from-file"\n[api]\nbase_url = "https://file.example.test"\n')
    file = Settings.load(config="tallystick.toml", environment={})
    assert (file.base_url, file.origin["base_url"]) == ("https://file.example.test", "tallystick.toml")
    assert (file.ledger.resolve(), file.origin["ledger"]) == (tmp_path / "from-file", "tallystick.toml")
    variables = {"TALLYSTICK_BASE_URL": "https://env.example.test", "TALLYSTICK_LEDGER": "/from/env"}
    env = Settings.load(environment=variables)
    assert (env.base_url, env.origin["base_url"]) == ("https://env.example.test", "TALLYSTICK_BASE_URL")
    assert (env.ledger, env.origin["ledger"]) == (Path("/from/env"), "TALLYSTICK_LEDGER")
    flag = Settings.load(base_url="https://flag.example.test", ledger="/from/flag", environment=variables)
    assert (flag.base_url, flag.origin["base_url"]) == ("https://flag.example.test", "--base-url")
    assert (flag.ledger, flag.origin["ledger"]) == (Path("/from/flag"), "--ledger")


def test_an_empty_variable_is_none(toml: Path) -> None:
    """A variable that is set to nothing is not set."""
    toml.write_text('[api]\nbase_url = "https://file.example.test"\n')
    names = (
        "TALLYSTICK_BASE_URL",
        "TALLYSTICK_LEDGER",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_ADMIN_KEY",
        "TALLYSTICK_CONFIG",
    )
    settings = Settings.load(config=str(toml), environment=dict.fromkeys(names, ""))
    assert settings.base_url == "https://file.example.test"
    assert settings.origin["ledger"] == "default"
    assert Settings.load(environment={"TALLYSTICK_NOW": ""}).at is None


def test_the_real_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless another is handed in, the environment is the process's own."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "TALLYSTICK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TALLYSTICK_BASE_URL", "https://real.example.test")
    assert Settings.load().base_url == "https://real.example.test"
    assert Settings.load(environment={}).base_url == API


@pytest.mark.parametrize("address", ["http://127.0.0.1:9000", "http://localhost:9000/", "http://[::1]:9000"])
def test_anthropic_base_url_of_this_machine(address: str) -> None:
    """ANTHROPIC_BASE_URL counts where it is this machine."""
    settings = Settings.load(environment={"ANTHROPIC_BASE_URL": address})
    assert settings.base_url == address
    assert settings.origin["base_url"] == "ANTHROPIC_BASE_URL"
    assert settings.warnings == ()


@pytest.mark.parametrize(
    "address",
    [
        "https://gateway.example.test/anthropic",
        "http://10.1.2.3:4000",
        "https://localhost.example.test",
        "gateway.example.test",
        "http://[",
        "nonsense",
    ],
)
def test_anthropic_base_url_of_another(address: str) -> None:
    """Elsewhere it is often an LLM gateway: it is ignored, whatever it is, with a warning that says what to use."""
    settings = Settings.load(environment={"ANTHROPIC_BASE_URL": address})
    assert (settings.base_url, settings.origin["base_url"]) == (API, "default")
    (warning,) = settings.warnings
    assert "ANTHROPIC_BASE_URL" in warning
    assert "TALLYSTICK_BASE_URL" in warning
    assert "None" not in warning


def test_anthropic_base_url_with_a_password() -> None:
    """The warning names the host and no password."""
    (warning,) = Settings.load(environment={"ANTHROPIC_BASE_URL": "https://me:hunter2@gw.example.test"}).warnings
    assert "gw.example.test" in warning
    assert "hunter2" not in warning


def test_anthropic_base_url_is_the_last_choice(toml: Path) -> None:
    """Whatever was meant for tallystick wins over ANTHROPIC_BASE_URL, without a warning."""
    environment = {"ANTHROPIC_BASE_URL": "https://gateway.example.test"}
    variables = environment | {"TALLYSTICK_BASE_URL": "https://meant.example.test"}
    assert Settings.load(environment=variables).base_url == "https://meant.example.test"
    assert Settings.load(environment=variables).warnings == ()
    toml.write_text('[api]\nbase_url = "https://file.example.test"\n')
    assert Settings.load(config=str(toml), environment=environment).base_url == "https://file.example.test"


def test_where_the_file_is(toml: Path, tmp_path: Path) -> None:
    """The file is the flag's, else TALLYSTICK_CONFIG's, else the working folder's and, for the rest, the user's."""

    def assert_path(path: Path, host: str) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'ledger = "{host}"\n[api]\nbase_url = "https://{host}.example.test"\n')
        return str(path)

    assert_path(tmp_path / "config" / "tallystick" / "tallystick.toml", "user")
    assert Settings.load(environment={}).base_url == "https://user.example.test"
    assert_path(toml, "folder")
    assert Settings.load(environment={}).base_url == "https://user.example.test"  # the folder's file is not trusted
    assert Settings.load(environment={}).ledger.name == "folder"
    allow(toml, toml.read_bytes())
    assert Settings.load(environment={}).base_url == "https://folder.example.test"
    env = {"TALLYSTICK_CONFIG": assert_path(tmp_path / "env.toml", "environment")}
    assert Settings.load(environment=env).base_url == "https://environment.example.test"
    flag = assert_path(tmp_path / "flag.toml", "flag")
    assert Settings.load(config=flag, environment=env).base_url == "https://flag.example.test"
    assert Settings.load(config=flag, environment=env).origin["base_url"] == flag


def test_a_ledger_beside_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative ledger in the file stands beside the file; `~` is the user's home; another place is as written."""
    monkeypatch.setenv("HOME", "/home/of-the-test")
    file = tmp_path / "elsewhere.toml"
    for written, folder in [
        ("books", tmp_path / "books"),
        ("/srv/books", Path("/srv/books")),
        ("~/books", Path("/home/of-the-test/books")),
    ]:
        file.write_text(f'ledger = "{written}"\n')
        assert Settings.load(config=str(file), environment={}).ledger == folder
    assert Settings.load(environment={"TALLYSTICK_LEDGER": "~/b"}).ledger == Path("/home/of-the-test/b")


def test_a_key_file_beside_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative key_file in the file stands beside the file, as a ledger does, wherever the command is run."""
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "admin.key").write_text(KEY)
    (folder / "t.toml").write_text('[api]\nkey_file = "admin.key"\n')
    monkeypatch.chdir(elsewhere)
    assert header(Settings.load(config=str(folder / "t.toml"), environment={})) == ("x-api-key", KEY)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("leger = 'x'", "leger"),
        ("ledger = 5", "ledger"),
        ("ledger = true", "ledger"),
        ("api = 'x'", "api"),
        ("[api]\nbaseurl = 'x'", "baseurl"),
        ("[api]\nadmin_key = 'sk-ant-admin01-in-the-file'", "admin_key"),
        ("[api]\nkey_file = 5", "key_file"),
        ("[api.more]\nx = 1", "more"),
        ("[sync]\nevery = 5", "sync"),
    ],
)
def test_unknown_settings(toml: Path, text: str, named: str) -> None:
    """A setting that is not known, or not of its type, is asked wrongly: named, with what there can be, unshown."""
    toml.write_text(text)
    with pytest.raises(InvalidQuestion) as refused:
        Settings.load(environment={})
    assert repr(named) in refused.value.what
    assert "key_file" in refused.value.hint
    assert "sk-ant-admin01-in-the-file" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("leger = 'x'", "is not a setting.\nDid you mean ledger?"),
        ("ledger = 5", "is not a text in quotes."),
        ("owner = 'search'", "is not a list."),
        ("[api]\nkeyfile = 'x'", "is not a setting.\nDid you mean key_file"),
    ],
)
def test_a_setting_is_misspelt_or_of_another_type(toml: Path, text: str, words: str) -> None:
    """What is not a setting is told from a setting of another type; a misspelt one has the near ones beside it."""
    toml.write_text(text)
    with pytest.raises(InvalidQuestion) as refused:
        Settings.load(environment={})
    assert f"which {words}" in str(refused.value)


@pytest.mark.parametrize("content", [b"ledger = ", b"{", b"[api", b'ledger = "\xff"'])
def test_a_file_that_is_not_toml(toml: Path, content: bytes) -> None:
    """A file that is not TOML is asked wrongly, and named."""
    toml.write_bytes(content)
    with pytest.raises(InvalidQuestion, match=r"tallystick\.toml"):
        Settings.load(environment={})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that was named must be there, and be a file."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InvalidQuestion, match="cannot be read"):
            Settings.load(config=str(path), environment={})
        with pytest.raises(InvalidQuestion, match="cannot be read"):
            Settings.load(environment={"TALLYSTICK_CONFIG": str(path)})


@pytest.mark.parametrize(
    "address",
    [
        "https://example.test/ledger",
        "file:///srv/ledger",
        "s3://",
        "s3://key:secret@bucket/ledger",
        "s3://bucket/a?b=c",
    ],
)
def test_a_ledger_elsewhere(address: str) -> None:
    """A ledger at an address of no bucket is asked wrongly, and made no folder; a secret is not repeated."""
    for given in ({"ledger": address}, {"environment": {"TALLYSTICK_LEDGER": address}}):
        with pytest.raises(InvalidQuestion, match="bucket") as wrong:
            Settings.load(**{"environment": {}, **given})  # type: ignore[arg-type]
        assert "secret" not in str(wrong.value)


def test_a_ledger_in_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL names a bucket; its copies are where the environment, then the settings say; sizes have units."""
    file = tmp_path / "tallystick.toml"
    file.write_text(
        'ledger = "s3://bucket/path/"\n[bucket]\ncache = "/srv/cache"\ncache_size = "5GB"\nunconditional = true\n',
        encoding="utf-8",
    )
    told = Settings.load(config=str(file), environment={}).ledger
    assert told == Bucket("s3://bucket/path", Path("/srv/cache"), conditional=False, most_bytes=5 * 10**9)
    elsewhere = Settings.load(config=str(file), environment={"TALLYSTICK_CACHE": str(tmp_path)}).ledger
    assert isinstance(elsewhere, Bucket)
    assert elsewhere.cache == tmp_path
    file.write_text('[bucket]\ncache_size = "much"\n', encoding="utf-8")
    with pytest.raises(InvalidQuestion, match="cache_size"):
        Settings.load(config=str(file), ledger="gs://bucket", environment={})
    by_variable = Settings.load(config=str(file), environment={"TALLYSTICK_LEDGER": "/srv/ledger"})
    assert by_variable.ledger == Path("/srv/ledger")
    monkeypatch.chdir(tmp_path)
    file.write_text('ledger = "s3://strangers/bucket"\n', encoding="utf-8")
    with pytest.raises(InvalidQuestion, match=r"not trusted.*send what the ledger holds"):
        _ = Settings.load(environment={}).ledger
    assert Settings.load(ledger="/srv/ledger", environment={}).ledger == Path("/srv/ledger")


def test_a_ledger_by_its_path(tmp_path: Path) -> None:
    """A program names a ledger by a Path or by a text: the same folder, by the same flag."""
    by_path, by_text = (Settings.load(ledger=name, environment={}) for name in (tmp_path, str(tmp_path)))
    assert by_path.ledger == by_text.ledger == tmp_path
    assert by_path.origin == by_text.origin


def test_the_names_of_credentials() -> None:
    """ANTHROPIC_ADMIN_KEY, else ANTHROPIC_ADMIN_API_KEY, is a key; ANTHROPIC_OAUTH_TOKEN after them is a Bearer."""
    variables = {"ANTHROPIC_ADMIN_KEY": "one", "ANTHROPIC_ADMIN_API_KEY": "two", "ANTHROPIC_OAUTH_TOKEN": "three"}
    assert header(Settings.load(environment=variables)) == ("x-api-key", "one")
    del variables["ANTHROPIC_ADMIN_KEY"]
    assert header(Settings.load(environment=variables)) == ("x-api-key", "two")
    del variables["ANTHROPIC_ADMIN_API_KEY"]
    assert header(Settings.load(environment=variables)) == ("authorization", "Bearer three")


def test_ordinary_keys_are_not_taken() -> None:
    """The keys of the Messages API, which are set on many machines, are not taken for an Admin key."""
    variables = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": KEY}
    with pytest.raises(InvalidQuestion) as refused:
        Settings.load(environment=variables).credential()
    assert refused.value.exit_code == 2
    for name in ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_OAUTH_TOKEN", "key_file", "key_command"):
        assert name in refused.value.hint
    assert KEY not in str(refused.value)


def test_no_credential_is_needed_for_settings() -> None:
    """Settings load without a credential: only what asks the API needs one."""
    assert Settings.load(environment={}).base_url == "https://api.anthropic.com"


@pytest.mark.parametrize("secret", ["sk-ant-admin01-a", "sk-ant-api03-unbound", "opaque", f" {KEY}\n"])
def test_no_credential_is_judged_by_its_prefix(secret: str) -> None:
    """Whatever the credential looks like, it is taken, without the blanks around it."""
    assert header(Settings.load(environment={"ANTHROPIC_ADMIN_KEY": secret})) == ("x-api-key", secret.strip())
    bearer = header(Settings.load(environment={"ANTHROPIC_OAUTH_TOKEN": secret}))
    assert bearer == ("authorization", f"Bearer {secret.strip()}")


def test_a_key_file(toml: Path, tmp_path: Path) -> None:
    """key_file holds the key alone, with or without a line's end; the environment wins over it."""
    key_file = tmp_path / "admin"
    key_file.write_text(f"{KEY}\n")
    toml.write_text(f'[api]\nkey_file = "{key_file}"\nkey_command = "false"\n')
    assert header(Settings.load(config=str(toml), environment={})) == ("x-api-key", KEY)
    assert str(key_file) in repr(Settings.load(config=str(toml), environment={}).credential())
    assert header(Settings.load(config=str(toml), environment={"ANTHROPIC_OAUTH_TOKEN": "t"})) == (
        "authorization",
        "Bearer t",
    )


@pytest.mark.parametrize("content", [None, b"", b"  \n", b"\xff\xfe\x00", b"two\nlines", "clé".encode()])
def test_a_key_file_that_holds_none(toml: Path, tmp_path: Path, content: bytes | None) -> None:
    """A key_file that is not there, or holds no key, is asked wrongly; the file is named, its content not shown."""
    key_file = tmp_path / "admin"
    if content is not None:
        key_file.write_bytes(content)
    toml.write_text(f'[api]\nkey_file = "{key_file}"\n')
    with pytest.raises(InvalidQuestion, match="admin") as refused:
        Settings.load(config=str(toml), environment={}).credential()
    assert "lines" not in refused.value.what


def test_a_key_command(toml: Path) -> None:
    """key_command prints the key; it is run when the credential is wanted, without a shell."""
    toml.write_text(f"""[api]\nkey_command = '{sys.executable} -c "print(\\"{KEY}\\")"'\n""")
    settings = Settings.load(config=str(toml), environment={})
    assert header(settings) == ("x-api-key", KEY)
    assert KEY not in repr(settings.credential())


def test_a_key_command_has_no_shell(toml: Path, tmp_path: Path) -> None:
    """What a shell would do with a command is not done."""
    toml.write_text(f"[api]\nkey_command = 'echo {KEY} > {tmp_path}/written'\n")
    settings = Settings.load(config=str(toml), environment={})
    assert header(settings)[1].startswith(KEY)
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    "command",
    [
        "tallystick-no-such-command --key",
        f"{sys.executable} -c 'print(\"{KEY}\"); raise SystemExit(3)'",
        f"{sys.executable} -c 'raise SystemExit(\"{KEY}\")'",
        f"{sys.executable} -c 'pass'",
        f'{sys.executable} -c \'print("{KEY}"); print("more")\'',
        f"{sys.executable} -c 'import sys; sys.stdout.buffer.write(bytes([255, 254]))'",
        "'unbalanced",
        "   ",
        "''",
    ],
)
def test_a_key_command_that_fails(toml: Path, command: str) -> None:
    """A command that fails or prints no key is asked wrongly; what it printed is not shown."""
    toml.write_text(f'[api]\nkey_command = """{command}"""\n')
    settings = Settings.load(config=str(toml), environment={})
    with pytest.raises(InvalidQuestion, match="key_command") as refused:
        settings.credential()
    assert KEY not in str(refused.value)


def test_settings_do_not_print_secrets() -> None:
    """Settings show nothing of a credential, as text or written to a file."""
    settings = Settings.load(environment={"ANTHROPIC_ADMIN_KEY": KEY, "ANTHROPIC_OAUTH_TOKEN": f"{KEY}-token"})
    assert KEY not in repr(settings)
    assert KEY not in str(settings)
    try:
        written = pickle.dumps(settings)
    except (TypeError, AttributeError, pickle.PicklingError):
        written = b""
    assert KEY.encode() not in written


def test_settings_as_plain_data_hold_no_secret() -> None:
    """Settings turned to plain data, as for a log or an answer, hold no credential."""
    settings = Settings.load(environment={"ANTHROPIC_ADMIN_KEY": KEY})
    try:
        plain = repr(dataclasses.asdict(settings))
    except TypeError:
        plain = ""
    assert KEY not in plain


def test_what_is_loaded_is_not_changed() -> None:
    """Settings are frozen, and later changes of the environment do not reach them."""
    variables = {"ANTHROPIC_ADMIN_KEY": KEY}
    settings = Settings.load(environment=variables)
    variables["ANTHROPIC_ADMIN_KEY"] = "another"
    assert header(settings) == ("x-api-key", KEY)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.base_url = "https://example.test"  # type: ignore[misc]


def test_a_pinned_time() -> None:
    """TALLYSTICK_NOW pins the time of day and not the stopwatch."""
    clock = Settings.load(environment={"TALLYSTICK_NOW": "2026-10-01T14:00:00+02:00"}).clock()
    assert clock.now() == clock.now() == datetime(2026, 10, 1, 12, tzinfo=UTC)
    before = clock.elapsed()
    clock.sleep(0.002)
    assert clock.elapsed() > before


def test_the_real_time() -> None:
    """Without it the clock is the real one, in UTC."""
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("written", ["soon", "2026-10-01T12:00:00", "12:00", "0001-01-01T00:00:00+05:00"])
def test_a_time_that_is_none(written: str) -> None:
    """A TALLYSTICK_NOW that cannot be read is asked wrongly, and named."""
    with pytest.raises(InvalidQuestion, match="TALLYSTICK_NOW"):
        Settings.load(environment={"TALLYSTICK_NOW": written})


ONE = '[[organization]]\nname = "North"\nkey_env = "NORTH"\n'
TWO = f'{ONE}[[organization]]\nname = "South"\nkey_file = "south.key"\npeople = "ids"\nsource = "reports"\n'


def test_several_organizations(tmp_path: Path) -> None:
    """Each [[organization]] has its credential, people mode, source and breakdowns, else those of the whole file."""
    (tmp_path / "south.key").write_text("south-key")
    (tmp_path / "t.toml").write_text(f'breakdowns = ["groups"]\n{TWO}breakdowns = []\n')
    north, south = Settings.load(config=str(tmp_path / "t.toml"), environment={"NORTH": KEY}).organizations
    assert (header(north), header(south)) == (("x-api-key", KEY), ("x-api-key", "south-key"))
    assert (north.organization, north.people_mode, north.source, north.breakdowns) == (
        *("North", "full", "auto"),
        ("groups",),
    )
    assert (south.organization, south.people_mode, south.source, south.breakdowns) == ("South", "ids", "reports", ())
    assert KEY not in repr(north)


def test_an_organization_keeps_no_more_of_people_than_the_ledger(tmp_path: Path) -> None:
    """`people` of an organization may be stricter than the ledger's, never laxer."""
    (tmp_path / "t.toml").write_text(f'people = "hashed"\n{TWO}')
    organizations = Settings.load(config=str(tmp_path / "t.toml"), environment={}).organizations
    assert [own.people_mode for own in organizations] == ["hashed", "hashed"]


def test_the_credential_of_what_asks_about_one_organization(tmp_path: Path) -> None:
    """It is the environment's, or that of the only [[organization]]; of several none is guessed."""
    (tmp_path / "t.toml").write_text(ONE)
    assert header(Settings.load(config=str(tmp_path / "t.toml"), environment={"NORTH": KEY})) == ("x-api-key", KEY)
    (tmp_path / "t.toml").write_text(TWO)
    several = Settings.load(config=str(tmp_path / "t.toml"), environment={"NORTH": KEY})
    with pytest.raises(InvalidQuestion, match=r"2 .*organization"):
        several.credential()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('key_env = "A"', "no name"),
        ('name = " "\nkey_env = "A"', "no name"),
        ('name = "A"', "no credential"),
        ('name = "A"\nkey_env = "A"\nkey_file = "a"', "one credential too many"),
        ('name = "A"\nkey = "sk-ant-admin01-in-the-file"', "'key'"),
        ('name = "A"\nkey_env = 5', "'key_env'"),
        ('name = "A"\nkey_env = "A"\npeople = "none"', "'none'"),
        ('name = "A"\nkey_env = "A"\n[[organization]]\nname = "A"\nkey_env = "B"', "Two"),
    ],
)
def test_an_organization_that_cannot_be(tmp_path: Path, text: str, named: str) -> None:
    """A table without name or credential, or with what is no setting, is asked wrongly: named, and no secret shown."""
    (tmp_path / "t.toml").write_text(f"[[organization]]\n{text}\n")
    with pytest.raises(InvalidQuestion, match=named) as refused:
        _ = Settings.load(config=str(tmp_path / "t.toml"), environment={}).organizations
    assert "sk-ant-admin01-in-the-file" not in str(refused.value)


def test_organizations_of_a_file_that_is_not_trusted(toml: Path) -> None:
    """The folder's file says whose keys are read once it is trusted; until then nothing is asked."""
    toml.write_text(ONE)
    settings = Settings.load(environment={"ANTHROPIC_ADMIN_KEY": KEY, "NORTH": KEY})
    assert settings.organizations == ()
    with pytest.raises(InvalidQuestion, match=r"not trusted.*organization"):
        settings.credential()
    allow(toml, toml.read_bytes())
    assert [own.organization for own in Settings.load(environment={}).organizations] == ["North"]


def test_an_engine_is_named_by_flag_environment_and_file(toml: Path, tmp_path: Path) -> None:
    """A flag wins over the environment, which wins over the file; `duckdb` is no cluster."""
    toml.write_text('ledger = "mine"\nengine = "sc://file"\nengine_ledger = "s3://bucket/ledger"')
    allow(toml, toml.read_bytes())
    environment = {"TALLYSTICK_ENGINE": "sc://env:15003"}
    engines = [
        Settings.load(environment={}).engine,
        Settings.load(environment=environment).engine,
        Settings.load(environment=environment, engine="sc://flag").engine,
    ]
    assert [engine and (engine.url, engine.ledger) for engine in engines] == [
        (url, "s3://bucket/ledger") for url in ("sc://file", "sc://env:15003", "sc://flag")
    ]
    assert Settings.load(environment=environment, engine="duckdb").engine is None
    toml.unlink()
    own = Settings.load(environment={}, ledger="mine", engine="sc://flag").engine
    assert own
    assert own.ledger == f"{tmp_path}/mine"


def test_an_engine_of_a_file_that_is_not_trusted(toml: Path) -> None:
    """The folder's file says what answers once it is trusted; until then no question is put to it or in its place."""
    toml.write_text('engine = "sc://stranger.example.test"')
    settings = Settings.load(environment={})
    assert "answer with figures of its own" in settings.warnings[0]
    with pytest.raises(InvalidQuestion, match=r"not trusted.*engine"):
        _ = settings.engine
    assert Settings.load(environment={}, engine="duckdb").engine is None
    allow(toml, toml.read_bytes())
    assert Settings.load(environment={}).engine


@pytest.mark.parametrize("address", ["spark:15002", "http://spark", "sc://", "sc://spark:x", "sc://spark/;token=abc"])
def test_no_address_of_an_engine(address: str) -> None:
    """What is no address of Spark Connect, or shows a token, is InvalidQuestion."""
    with pytest.raises(InvalidQuestion, match="engine"):
        _ = Settings.load(environment={}, engine=address).engine
