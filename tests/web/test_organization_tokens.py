"""A token of one organization: what its reader is answered is what a ledger of that organization alone answers."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from support.organization import NOW
from tallystick import Ledger
from tallystick.catalog import CATALOG
from tallystick.core.ledger_tables import NAMES
from tallystick.settings import Settings
from tallystick.store.columns import schema
from tallystick.store.tables import Tables
from tallystick.web.access import Access
from tallystick.web.application import application
from tallystick.web.pages import PAGES
from tallystick.web.tokens import Tokens, new_token

pytestmark = pytest.mark.long

ENVIRONMENT = {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
REFUSED = {entry.name for entry in CATALOG if not entry.report.organizations}
QUESTIONS = [
    *(f"/ask/{entry.name}.json" for entry in CATALOG if entry.name not in REFUSED),
    *(f"/ask/spend.json?by={name}&since=2026-10" for name in ("organization", "team", "key,model", "workspace,day")),
    "/ask/spend.json?by=team&compare=previous&where.team!=gone",
    "/ask/roster.json?dimension=team",
    "/ask/charges.json?since=2026-11-18",
    "/ask/days.json?since=2026-10",
    "/ask/forecast.json?by=workspace",
    "/ask/diff.json?month=2026-11&before=1",
    "/ask/summary.json?month=2026-10",
    "/ask/chargeback.json?month=2026-10",
    "/suggestions?report=spend&filter=workspace&value=",
    "/suggestions?q=a",
]
PATHS = [*(page.path for page in PAGES), "/month/2026-10", "/search?q=a", "/sync", "/metrics", "/version", "/nowhere"]
SETTINGS = """
[[owner]]
team = "{name} team"
organization = "{organization}"
[[budget]]
name = "{name} budget"
organization = "{organization}"
amount = "1000"
"""
VERSION = re.compile(r'("(?:as_of|versions?|to)": ?|[Vv]ersion )("[^"]*"|\d+)')
"""What names the version: a ledger of two organizations has more of them."""


@pytest.fixture(scope="module")
def settings(book: Ledger, two: Ledger) -> dict[str, str]:
    """The settings of each organization: its team and its budget."""
    ids = {"own": book.organizations()[0], "foreign": foreign_of(book, two)}
    return {name: SETTINGS.format(name=name, organization=id_) for name, id_ in ids.items()}


@pytest.fixture(scope="module")
def clients(
    book: Ledger, two: Ledger, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, TestClient]]:
    """The dashboard of two organizations for a reader of the first, and that of the first alone for everybody."""
    folder = tmp_path_factory.mktemp("organization-tokens")
    token, lines = new_token("own", organizations=(book.organizations()[0],))
    (folder / "tokens.toml").write_text(lines, encoding="utf-8")
    with (
        client(folder, two.path, "".join(settings.values()), Access(Tokens.read(folder / "tokens.toml"))) as bound,
        client(folder, book.path, settings["own"], Access()) as alone,
    ):
        bound.headers["authorization"] = f"Bearer {token}"
        yield bound, alone


def client(folder: Path, ledger: Path, settings: str, access: Access) -> TestClient:
    """A client of a dashboard of a ledger."""
    config = folder / "tallystick.toml"
    config.write_text(settings, encoding="utf-8")
    loaded = Settings.load(config=str(config), ledger=str(ledger), environment=ENVIRONMENT)
    return TestClient(application(loaded, access), base_url="http://127.0.0.1", follow_redirects=False)


def foreign_of(book: Ledger, two: Ledger) -> str:
    """The organization that only the larger ledger holds."""
    [foreign] = {*two.organizations()} - {*book.organizations()}
    return foreign


def foreign_names(book: Ledger, two: Ledger) -> set[str]:
    """Every id and name of the other organization that the first has not."""

    def names(ledger: Ledger) -> set[str]:
        return {text for row in ledger.sql("SELECT id, name, email FROM ledger.names").rows for text in row.values()}

    own = {"foreign team", "foreign budget", foreign_of(book, two)}
    return {name for name in own | (names(two) - names(book)) if name and len(name) > 3}


def answered(response: Any) -> Any:
    """The answer without what names the version, and without the hint of an error, which can name what is another's."""
    text = VERSION.sub(r"\g<1>0", response.text)
    return json.loads(text) | {"hint": ""} if text.startswith("{") else text


@pytest.mark.parametrize("path", QUESTIONS)
def test_an_answer_is_that_of_the_organization_alone(clients: tuple[TestClient, TestClient], path: str) -> None:
    """Each report of the catalog answers as where no other organization was ever synced."""
    bound, alone = (client.get(path) for client in clients)
    assert bound.status_code == alone.status_code
    assert answered(bound) == answered(alone)


@pytest.mark.parametrize("path", [*QUESTIONS, *PATHS])
def test_nothing_of_another_organization_is_told(
    clients: tuple[TestClient, TestClient], book: Ledger, two: Ledger, path: str
) -> None:
    """No address holds a name or an id of another organization."""
    text = clients[0].get(path).text
    assert not [name for name in foreign_names(book, two) if name in text]


@pytest.mark.parametrize("report", sorted(REFUSED))
def test_what_cannot_be_held_to_an_organization_is_refused(clients: tuple[TestClient, TestClient], report: str) -> None:
    """A report that reads files or settings of every organization is not answered."""
    query = "?query=select+1" if report == "sql" else ""
    response = clients[0].get(f"/ask/{report}.json{query}")
    assert response.status_code == 400
    assert "cannot be held to your organizations" in response.json()["error"]


def test_an_organization_called_as_a_pattern_shows_its_own_budgets(
    book: Ledger, two: Ledger, settings: dict[str, str], tmp_path: Path
) -> None:
    """An organization named `*` is one of that name, and not every organization that budgets are of."""
    ledger, own = tmp_path / "ledger", book.organizations()[0]
    shutil.copytree(two.path, ledger)
    with Tables(ledger).writing() as writer:
        name = {
            "organization": own,
            "type": "organization",
            "id": own,
            "name": "*",
            "seen_at": NOW + timedelta(hours=1),
        }
        writer.append(NAMES, pa.Table.from_pylist([name], schema(NAMES)))
        writer.commit(own, "renamed", NOW, {})
    token, lines = new_token("own", organizations=(own,))
    (tmp_path / "tokens.toml").write_text(lines, encoding="utf-8")
    access = Access(Tokens.read(tmp_path / "tokens.toml"))
    with client(tmp_path, ledger, "".join(settings.values()), access) as bound:
        bound.headers["authorization"] = f"Bearer {token}"
        assert [row["name"] for row in bound.get("/ask/budget.json").json()["rows"]] == ["own budget"]


def test_an_organization_that_is_not_there_shows_nothing(two: Ledger, settings: dict[str, str], tmp_path: Path) -> None:
    """A token of an unknown organization reads a ledger without one."""
    token, lines = new_token("gone", organizations=("org_gone",))
    (tmp_path / "tokens.toml").write_text(lines, encoding="utf-8")
    with client(tmp_path, two.path, settings["own"], Access(Tokens.read(tmp_path / "tokens.toml"))) as gone:
        gone.headers["authorization"] = f"Bearer {token}"
        assert gone.get("/ask/spend.json?by=organization").json()["rows"] == []
