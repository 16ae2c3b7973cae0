"""Settings: tallystick.toml, the environment and flags, each value with where it came from.

The only file that reads the environment. A flag wins over the environment, the environment over the file.

    ledger = "/data/ledger"            # TALLYSTICK_LEDGER, --ledger
    prices = "prices.toml"             # one's own price list, on top of the public one
    people = "ids"                     # what is kept of people: full, ids, hashed (docs/people.md)
    people_key = "people.key"          # the file of the key of what is hashed
    owners = "owners.csv"              # who owns what, [[owner]] tables after it (docs/owners.md)
    cuts = ["sessions"]                # what to read besides (docs/sync.md), --cuts
    [[budget]]                         # what may be spent, any number of tables (docs/budgets.md)
    [api]
    base_url = "https://..."           # TALLYSTICK_BASE_URL, --base-url
    key_file = "/run/secrets/admin"    # a file that holds the Admin key alone
    key_command = "op read op://..."   # a command that prints it
"""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tallystick.api.address import API, loopback
from tallystick.core.time import instant
from tallystick.errors import AskedWrongly

if TYPE_CHECKING:
    from tallystick.api.client import Client, Clock
    from tallystick.api.credential import Credential
    from tallystick.sync.people import People
    from tallystick.tally.budgets import Budgets
    from tallystick.tally.owners import Owners
    from tallystick.tally.prices import Prices

KEYS = ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY")
TOKEN = "ANTHROPIC_OAUTH_TOKEN"  # noqa: S105 - the name of a variable
PEOPLE = ("full", "ids", "hashed")
_KNOWN = {
    "ledger": str,
    "people": str,
    "people_key": str,
    "prices": str,
    "owners": str,
    "owner": list,
    "budget": list,
    "cuts": list,
    "api": dict,
}
_KNOWN_API = {"base_url", "key_file", "key_command"}


class SystemClock:
    """The real clock; `at` pins the time of day (TALLYSTICK_NOW, to look at a ledger or simulator as of then)."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time of day, UTC."""
        return self._at or datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds of a stopwatch."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Settings:
    """What tallystick was told: where the API and the ledger are, and how to get the credential.

    `origin` says of each value where it came from; `warnings` is what the user should know of the settings.
    `as_of` is the version of the ledger that questions are asked of, as the user wrote it; None for the newest.
    """

    base_url: str
    ledger: Path
    origin: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    at: datetime | None = None
    as_of: str | None = None
    prices: Path | None = None
    people_mode: str = "full"
    people_key: Path | None = None
    cuts: tuple[str, ...] = ()
    _owners: tuple[Path | None, tuple[Any, ...]] = (None, ())
    _budgets: tuple[Any, ...] = ()
    _told: Callable[[], Credential | None] = field(default=lambda: None, repr=False)
    _api: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def load(
        cls,
        *,
        base_url: str | None = None,
        ledger: str | None = None,
        config: str | None = None,
        as_of: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settings from flags (the arguments), the environment and the file; AskedWrongly where one cannot be."""
        env = os.environ if environment is None else environment
        path, file = _file(config or env.get("TALLYSTICK_CONFIG"))
        api, owner = dict(file.get("api", {})), tuple(file.get("owner", ()))
        if told := api.get("key_file"):
            api["key_file"] = str(Path(path).parent / Path(told).expanduser())
        url, url_from, warnings = _base_url(base_url, env, api.get("base_url"), path)
        if ledger:
            place, place_from = ledger, "--ledger"
        elif told := env.get("TALLYSTICK_LEDGER"):
            place, place_from = told, "TALLYSTICK_LEDGER"
        elif told := file.get("ledger"):
            place, place_from = str(Path(path).parent / Path(told).expanduser()), path
        else:
            place, place_from = _default_ledger(), "default"
        if "://" in place:
            raise AskedWrongly(f"The ledger {place!r} is an address, and ledgers are kept on disks.", "Name a folder.")
        try:
            at = instant(env["TALLYSTICK_NOW"]) if env.get("TALLYSTICK_NOW") else None
        except ValueError as wrong:
            raise AskedWrongly(f"TALLYSTICK_NOW cannot be read: {wrong}.", "Write 2026-10-01T12:00:00Z.") from None
        secrets = {name: env[name] for name in (*KEYS, TOKEN) if env.get(name)}  # seen by the closure below alone
        return cls(
            base_url=url,
            ledger=Path(place).expanduser(),
            origin={"base_url": url_from, "ledger": place_from},
            warnings=tuple(warnings),
            at=at,
            as_of=as_of,
            prices=Path(path).parent / Path(file["prices"]).expanduser() if "prices" in file else None,
            people_mode=_people(file.get("people", "full"), path),
            people_key=Path(path).parent / Path(it).expanduser() if (it := file.get("people_key")) else None,
            cuts=tuple(map(str, file.get("cuts", ()))),
            _owners=(Path(path).parent / Path(it).expanduser() if (it := file.get("owners")) else None, owner),
            _budgets=tuple(file.get("budget", ())),
            _told=lambda: _from_environment(secrets),
            _api=api,
        )

    def clock(self) -> SystemClock:
        """The clock to hand to everything that needs the time."""
        return SystemClock(self.at)

    def client(self, clock: Clock | None = None, **how: Any) -> Client:
        """A client with the credential. A server on this machine is not Anthropic's, and is not asked more slowly."""
        from tallystick.api.client import PACE, Client

        pace = None if loopback(self.base_url) else PACE
        return Client(self.credential(), clock=clock or self.clock(), base_url=self.base_url, pace=pace, **how)

    def price_lists(self) -> Prices:
        """The public price list and one's own; AskedWrongly where it cannot be read."""
        from tallystick.tally.prices import Prices

        if self.prices is None:
            return Prices.with_own()
        return Prices.with_own(_read(self.prices, "price list", "prices"), name=self.prices.name)

    def people(self) -> People:
        """What may be kept of people, and the key of what is hashed, which is made at first need."""
        from tallystick.sync.people import People, default_key, key_in

        return People(self.people_mode, key_in(self.people_key or default_key()))

    def owners(self) -> Owners:
        """Who owns what: the CSV, then the [[owner]] tables; AskedWrongly names the rule that cannot be."""
        from tallystick.tally.owners import Owners

        at, tables = self._owners
        return Owners.read(tables, *((_read(at, "owners' list", "owners"), at.name) if at else ()))

    def budgets(self) -> Budgets:
        """What may be spent: the [[budget]] tables; AskedWrongly names the one that cannot be."""
        from tallystick.tally.budgets import Budgets

        return Budgets.read(self._budgets)

    def credential(self) -> Credential:
        """The Admin key or OAuth token; AskedWrongly says where one could be put if there is none.

        Never judged by its prefix: Admin keys, unbound keys and OAuth tokens all work (reports-api 2.2).
        """
        from tallystick.api.credential import Credential

        if credential := self._told():
            return credential
        if told := self._api.get("key_file"):
            said = _read(Path(told), "key file", "key_file")
            return Credential(said, source=f"the file {told}")
        if told := self._api.get("key_command"):
            return Credential(_printed_by(told), source="key_command")
        raise AskedWrongly(
            "There is no Admin key to ask the API with.",
            f"Set {KEYS[0]} (or {TOKEN}), or put key_file or key_command under [api] in tallystick.toml. "
            "An organization's admins make Admin keys in the Console; `tallystick demo` needs none.",
        )


def _from_environment(env: Mapping[str, str]) -> Credential | None:
    from tallystick.api.credential import Credential

    for name in (*KEYS, TOKEN):
        if told := env.get(name):
            return Credential(told, bearer=name == TOKEN, source=name)
    return None


def _read(path: Path, what: str, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8"
        raise AskedWrongly(f"The {what} {path} cannot be read: {why}.", f"Correct `{setting}`.") from None


def _file(told: str | None) -> tuple[str, dict[str, Any]]:
    path = Path(told) if told else Path("tallystick.toml")
    if not told and not path.exists():
        import platformdirs

        path = Path(platformdirs.user_config_dir("tallystick")) / "tallystick.toml"
        if not path.exists():
            return str(path), {}
    try:
        with path.open("rb") as file:
            said = tomllib.load(file)
    except OSError as wrong:
        raise AskedWrongly(f"The settings file {path} cannot be read: {wrong.strerror}.", "Correct --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise AskedWrongly(f"The settings file {path} is not TOML: {wrong}.", "Correct it there.") from None
    for name, value in said.items():
        if name not in _KNOWN or not isinstance(value, _KNOWN[name]):
            raise AskedWrongly(
                f"{path} holds {name!r}, which is not a setting or not of its type.",
                f"Settings are {', '.join(_KNOWN)}; under [api]: {', '.join(sorted(_KNOWN_API))}.",
            )
    for name, value in said.get("api", {}).items():
        if name not in _KNOWN_API or not isinstance(value, str):
            raise AskedWrongly(
                f"{path} holds {name!r} under [api], which is not a setting or not a text.",
                f"Under [api] there can be {', '.join(sorted(_KNOWN_API))}.",
            )
    return str(path), said


def _base_url(flag: str | None, env: Mapping[str, str], told: str | None, path: str) -> tuple[str, str, list[str]]:
    if flag:
        return flag, "--base-url", []
    if url := env.get("TALLYSTICK_BASE_URL"):
        return url, "TALLYSTICK_BASE_URL", []
    if told:
        return told, path, []
    warnings = []
    if url := env.get("ANTHROPIC_BASE_URL"):
        if loopback(url):
            return url, "ANTHROPIC_BASE_URL", []
        warnings.append(
            f"ANTHROPIC_BASE_URL names {_host(url)}, often an LLM gateway, which must not get an Admin "
            "key: ignored. Use --base-url or TALLYSTICK_BASE_URL to mean it."
        )
    return API, "default", warnings


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "no host of this machine"
    except ValueError:
        return "no host of this machine"


def _people(told: str, path: str) -> str:
    if told not in PEOPLE:
        raise AskedWrongly(f"{path} has people = {told!r}.", f"It can be {', '.join(PEOPLE)}.")
    return told


def _default_ledger() -> str:
    import platformdirs

    return str(Path(platformdirs.user_data_dir("tallystick", appauthor=False)) / "ledger")


def _printed_by(command: str) -> str:
    import shlex
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, from the user's own settings, without a shell
            shlex.split(command), capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as wrong:
        raise AskedWrongly(
            f"key_command failed ({type(wrong).__name__}); its output is not shown, it may hold the key.",
            "Run the command by hand.",
        ) from None
    return done.stdout
