"""Settings: tallystick.toml, the environment and flags, each value with where it came from.

The only file that reads the environment. A flag wins over the environment, the environment over the file.

    ledger = "/data/ledger"            # or "s3://bucket/path" (docs object-stores), TALLYSTICK_LEDGER, --ledger
    prices = "prices.toml"             # one's own price list, on top of the public one
    people = "ids"                     # what is kept of people: full, ids, hashed (docs people)
    people_key = "people.key"          # the file of the key of what is hashed
    owners = "owners.csv"              # who owns what, [[owner]] tables after it (docs owners)
    breakdowns = ["sessions"]          # what to read besides (docs sync), --breakdowns
    keep = "90d"                       # how long versions are kept; by default all are (docs ledger)
    [bucket]                           # of a ledger in an object store (docs object-stores)
    [[organization]]                   # one of several to sync, each with its credential (docs settings)
    [[budget]], [[event]]              # what may be spent, what is expected to change (docs budgets, forecast)
    [[view]]                           # a question of the dashboard with a name (docs dashboard)
    [[rule]], [[channel]], [[deliver]] # what to be told of and where, what to send there regularly (docs watch)
    dashboard = "https://..."          # where others reach the dashboard, for links
    engine = "sc://host:15002"         # TALLYSTICK_ENGINE, --engine (docs engine); engine_ledger: its path there
    [api]
    base_url = "https://..."           # TALLYSTICK_BASE_URL, --base-url
    key_file = "/run/secrets/admin"    # a file that holds the Admin key alone
    key_command = "op read op://..."   # a command that prints it; token_file, token_command: of an OAuth token

What leads or reads elsewhere, answers, sends or silences needs trust in the file of a working folder (docs settings).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tallystick.api.address import loopback
from tallystick.base_url import NAMED, address_of
from tallystick.clock import SystemClock, pinned_by
from tallystick.core.interval import interval
from tallystick.core.time import DAY
from tallystick.credentials import KEYS, TOKEN, from_environment, from_file, missing, read_text, secret_of
from tallystick.engine_setting import cluster_of
from tallystick.errors import InvalidQuestion
from tallystick.proxies import way
from tallystick.settings_file import (
    NAME,
    SOURCES,
    api_of,
    beside,
    deciders,
    ledger_of,
    people_mode,
    refusals,
    settings_files,
)
from tallystick.store.bucket import Bucket

if TYPE_CHECKING:
    from tallystick.api.client import Client, Clock
    from tallystick.api.credential import Credential
    from tallystick.api.network import Network
    from tallystick.api.secret import Secret
    from tallystick.store.cluster_address import ClusterAddress
    from tallystick.sync.redaction import People
    from tallystick.tally.budgets import Budgets
    from tallystick.tally.events import Events
    from tallystick.tally.owners import Owners
    from tallystick.tally.prices_in_force import Prices


def variable(name: str) -> str | None:
    """The value of a variable of the environment; None where it is not set or empty."""
    return os.environ.get(name) or None


@dataclass(frozen=True, slots=True)
class Settings:
    """What tallystick was told: where the API and the ledger are, and how to get the credential, by files at `paths`.

    `origin` says of each value where it came from; `warnings` is what the user should know of the settings.
    `as_of` is the version that questions are asked of, as the user wrote it; None for the newest.
    """

    base_url: str
    origin: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    at: datetime | None = None
    as_of: str | None = None
    people_mode: str = "full"
    breakdowns: tuple[str, ...] = ()
    organization: str = ""
    """The name of the `[[organization]]` that these settings are of; empty where they are of no single one."""
    source: str = "auto"
    _values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    _refused: Mapping[str, str] = field(default_factory=dict, repr=False)
    _credential: Callable[[], Credential | None] = field(default=lambda: None, repr=False)
    _network: Callable[[], Network] | None = field(default=None, repr=False)
    _folders: Mapping[str, Path] = field(default_factory=dict, repr=False)
    _variable: Callable[[str], str | None] = field(default=lambda _: None, repr=False)
    _arguments: Callable[[], dict[str, Any]] = field(default=dict, repr=False)
    paths: tuple[Path, ...] = ()

    @classmethod
    def load(
        cls,
        *,
        base_url: str | None = None,
        ledger: str | Path | None = None,
        config: str | None = None,
        as_of: str | None = None,
        engine: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settings from flags (the arguments), the environment and the file; InvalidQuestion where one cannot be.

        What a working folder's file may not say stands in `warnings`, and what needs it raises InvalidQuestion.
        """
        flags: dict[str, Any] = {"base_url": base_url, "ledger": ledger and str(ledger), "config": config}
        flags |= {"as_of": as_of, "engine": engine}
        env = os.environ if environment is None else environment
        files = settings_files(config or env.get("TALLYSTICK_CONFIG"))
        secrets = {name: env[name] for name in (*KEYS, TOKEN) if env.get(name)}  # seen by the closure below alone
        values: dict[str, Any] = {}
        folders: dict[str, Path] = {}
        for file in reversed(files):
            values |= file.values
            folders |= dict.fromkeys(file.values, file.folder)
        api, folder = api_of(files)
        url, url_from, warnings = address_of(base_url, env, api.get("base_url"), api.get("from", ""))
        path, place_from = ledger_of(ledger, env, files, values.get("bucket", {}))
        elsewhere = ("ledger",) if place_from in {"--ledger", "TALLYSTICK_LEDGER"} else ()
        overridden = {*(["base_url"] if url_from in NAMED else []), *(SOURCES if secrets else ()), *elsewhere}
        if engine_text := engine or env.get("TALLYSTICK_ENGINE"):
            values["engine"] = engine_text
            overridden |= {"engine", "engine_ledger"}
        refused = refusals(files, overridden)
        return cls(
            base_url=url,
            origin={"base_url": url_from, "ledger": place_from},
            warnings=(*warnings, *dict.fromkeys(refused.values())),
            at=pinned_by(env.get("TALLYSTICK_NOW")),
            as_of=as_of,
            people_mode=people_mode(files),
            breakdowns=tuple(map(str, values.get("breakdowns", ()))),
            _values=values | {"ledger": path},
            _refused={**deciders(files, elsewhere), **refused},
            _credential=lambda: from_environment(secrets) or from_file(api, folder),
            _network=way(env, real=environment is None),
            _folders=folders,
            _variable=env.get,
            paths=tuple(Path(file.path).absolute() for file in files),
            _arguments=lambda: {**flags, "environment": None if environment is None else dict(environment)},
        )

    @property
    def arguments(self) -> dict[str, Any]:
        """What `load` was given, for a process of its own in the same folder; with an environment its secrets too."""
        return self._arguments()

    @property
    def ledger(self) -> Path | Bucket:
        """The ledger's folder or bucket; InvalidQuestion where none is named and no home is there for the default."""
        self._allowed("ledger")
        if (ledger := self._values.get("ledger")) is None:
            raise InvalidQuestion(
                "There is no home folder that could hold the default ledger.", "Set TALLYSTICK_LEDGER, or --ledger."
            )
        return cast("Path | Bucket", ledger)

    @property
    def engine(self) -> ClusterAddress | None:
        """The cluster that questions are put to; None where DuckDB answers here."""
        self._allowed("engine")
        return cluster_of(self._values, lambda: self.ledger)

    @property
    def prices(self) -> Path | None:
        """One's own price list."""
        return self._path("prices")

    @property
    def people_key(self) -> Path | None:
        """The file of the key of what is hashed, where one is named."""
        return self._path("people_key")

    def clock(self) -> SystemClock:
        """The clock to hand to everything that needs the time."""
        return SystemClock(self.at)

    @property
    def organizations(self) -> tuple[Settings, ...]:
        """Settings of each `[[organization]]`, in order; InvalidQuestion names the table that cannot be."""
        tables = self._values.get("organization", ())
        if not tables or self.organization:
            return ()
        from tallystick.organization_settings import organization_settings

        folder = self._folders["organization"]
        parts = organization_settings(tables, folder, self.people_mode, self._variable)
        return tuple(replace(self, **part) for part in parts)

    def network(self) -> Network:
        """The proxy and certificates that the environment names."""
        from tallystick.api.network import Network

        return self._network() if self._network else Network()

    def client(self, clock: Clock | None = None, **options: Any) -> Client:
        """A client with the credential. A server on this machine is not Anthropic's, and is not asked more slowly."""
        from tallystick.api.client import PACE, Client

        pace = None if loopback(self.base_url) else PACE
        options = {"pace": pace, "network": self.network(), **options}
        return Client(self.credential(), clock=clock or self.clock(), base_url=self.base_url, **options)

    def trust_needed(self) -> None:
        """Raise InvalidQuestion where a settings file that is not trusted says how the API is to be asked."""
        self._allowed("api")

    def price_lists(self) -> Prices:
        """The public price list and one's own; InvalidQuestion where it cannot be read."""
        from tallystick.tally.prices_in_force import Prices

        if (path := self.prices) is None:
            return Prices.with_own()
        return Prices.with_own(read_text(path, "price list", "prices"), name=path.name)

    def people(self) -> People:
        """What may be kept of people, and the key of what is hashed, which is made at first need."""
        from tallystick.sync.redaction import People, default_key, key_in

        return People(self.people_mode, key_in(self.people_key or default_key()))

    def owners(self) -> Owners:
        """Who owns what: the CSV, then the [[owner]] tables; InvalidQuestion names the rule that cannot be."""
        from tallystick.owner_settings import owner_rules

        return owner_rules(self._values.get("owner", ()), self._path("owners"))

    def budgets(self) -> Budgets:
        """What may be spent: the [[budget]] tables; InvalidQuestion names the one that cannot be."""
        from tallystick.tally.budgets import Budgets

        return Budgets.read(self._values.get("budget", ()))

    def events(self) -> Events:
        """What is expected: the [[event]] tables; InvalidQuestion names the one that cannot be."""
        from tallystick.tally.events import Events

        return Events.read(self._values.get("event", ()))

    def tables(self, name: str) -> Sequence[Any]:
        """The tables of that name as they are written: `view`, `rule`, `channel` or `deliver`."""
        self._allowed(name)
        return tuple(self._values.get(name, ()))

    @property
    def dashboard(self) -> str:
        """Where others reach the dashboard, for links; empty where that is not said."""
        self._allowed("dashboard")
        return str(self._values.get("dashboard", "")).rstrip("/")

    @property
    def keep(self) -> timedelta | None:
        """How long versions of the ledger are kept; None where all are. InvalidQuestion where it is no such time."""
        words = self._values.get("keep")
        return interval("keep", words, DAY) if words is not None else None

    def beside(self, kind: str, written: str) -> Path:
        """A path that a table of that name has: relative to the file that holds it."""
        return beside(self._folders[kind], written, kind, NAME)

    def secret(self, kind: str, table: Mapping[str, Any], name: str) -> Secret | None:
        """The secret of a table: what NAME_env, NAME_file or NAME_command lead to, or NAME is; None without any."""
        return secret_of(table, name, self._variable, self._folders[kind])

    def credential(self) -> Credential:
        """The Admin key or OAuth token; InvalidQuestion says where one could be put if there is none.

        Never judged by its prefix: Admin keys, unbound keys and OAuth tokens all work (reports-api 2.2).
        """
        self.trust_needed()
        if credential := self._credential():
            return credential
        if len(own := self.organizations) == 1:
            return own[0].credential()
        raise missing(len(own))

    def _path(self, name: str) -> Path | None:
        self._allowed(name)
        path: Path | None = self._values.get(name)
        return path

    def _allowed(self, name: str) -> None:
        if why := self._refused.get(name):
            problem, _, hint = why.partition("\n")
            raise InvalidQuestion(problem, hint)
