"""Every page in every world: an empty ledger, a quiet one, two organizations, names that want to steer a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from support.ledgers import OpenLedger, open_ledger
from support.organization import CLOCK, FIRST, NASTY, NOW, TODAY
from tallystick import Ledger
from tallystick.settings import Settings
from tallystick.sim import World
from tallystick.web.application import application
from tallystick.web.pages import PAGES

pytestmark = pytest.mark.long

ENVIRONMENT = {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
PATHS = [page.path for page in PAGES]
NOTHING = ("/key/playground", "/person/unattributed", "/team/unowned", "/model/none", "/workspace/default")
"""Subjects that are no name of anything."""
WORLDS = ("quiet", "two", "book")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger that was synced, of an organization that used nothing."""
    world = World(start=FIRST.replace(month=8), end=TODAY, keys=16, requests_per_key_day=0)
    return open_ledger(tmp_path_factory.mktemp("quiet") / "ledger", world, TODAY.replace(day=8))


@pytest.fixture(scope="module", params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[tuple[str, Ledger, TestClient]]:
    """The dashboard over the ledger of a world."""
    book = request.getfixturevalue(request.param)
    settings = Settings.load(ledger=str(book.path), environment=ENVIRONMENT)
    with TestClient(application(settings), base_url="http://127.0.0.1") as client:
        yield request.param, OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings), client


def text(page: str) -> str:
    """What is read of a page."""
    return unescape(re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("path", [*PATHS, "/month/2026-10", "/month/2026-11"])
def test_a_page_answers_in_every_world(world: tuple[str, Ledger, TestClient], path: str) -> None:
    """Whatever a ledger lacks, a page says so plainly: it is no error of the page."""
    _, _, client = world
    response = client.get(path)
    assert response.status_code == 200
    assert re.findall(r'class="error"[^<]*<|class="error".*', response.text) == []


@pytest.mark.parametrize("path", NOTHING)
def test_what_has_no_name_has_a_page(world: tuple[str, Ledger, TestClient], path: str) -> None:
    """Use without a key, an owner or a model has a page as any; where there is none of it, a plain 404."""
    name, _, client = world
    response = client.get(path)
    assert response.status_code in ({200} if name in {"book", "two"} and "unattributed" not in path else {200, 404})
    assert "Traceback" not in response.text


@pytest.mark.parametrize("kind", ["key", "person", "team", "model", "workspace"])
@pytest.mark.parametrize(
    "value", ["nobody", "<script>alert(1)</script>", "../../etc/passwd", "%2e%2e", "*", "a?b", "x" * 999]
)
def test_an_unknown_subject_is_not_found(world: tuple[str, Ledger, TestClient], kind: str, value: str) -> None:
    """What nothing is called gets a plain page that leads back, and its text stays text."""
    _, _, client = world
    response = client.get(f"/{kind}/{quote(value, safe='')}")
    assert response.status_code == 404
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("world", ["book"], indirect=True)
def test_names_that_steer_a_page_are_inert(world: tuple[str, Ledger, TestClient]) -> None:
    """A hostile name is text wherever it stands: no direction override, no tag, no line of its own."""
    _, book, client = world
    ids = [str(row["key"]) for row in book.roster("key").rows if row["key_name"] in NASTY]
    assert len(ids) == len(NASTY)
    for path in ("/keys", "/claude-code", *(f"/key/{quote(id_, safe='')}" for id_ in ids)):
        page = client.get(path).text
        assert "\u202e" not in page
        assert "\u2066" not in page
        assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("path", "dimension"),
    [("/people", "actor"), ("/teams", "team"), ("/models", "model"), ("/workspaces", "workspace")],
)
def test_a_list_leads_to_every_page_of_it(world: tuple[str, Ledger, TestClient], path: str, dimension: str) -> None:
    """Each row of a roster stands on its list with a link, and the link has its page."""
    _, book, client = world
    page = client.get(path).text
    links = set(re.findall(rf'href="(/{"person" if dimension == "actor" else dimension}/[^"]+)"', page))
    rows = book.roster(dimension).rows
    assert len(links) == len({row[dimension] for row in rows})
    for link in sorted(links)[:3]:
        assert client.get(link).status_code == 200


@pytest.mark.parametrize("path", [*PATHS, "/key/nobody", "/ask/spend", "/search?q=x"])
def test_an_empty_ledger_leads_to_its_first_sync(empty: Ledger, path: str) -> None:
    """A ledger whose first sync committed nothing is as none: each page leads to the sync, and a probe hears 503."""
    settings = Settings.load(ledger=str(empty.path), environment=ENVIRONMENT)
    with TestClient(application(settings), base_url="http://127.0.0.1") as client:
        page = client.get(path)
        assert (page.status_code, client.get("/readyz").status_code) == (200, 503)
        assert "No ledger yet" in page.text
        assert "tallystick sync" in page.text


def test_a_page_without_budgets_says_how_to_set_one(world: tuple[str, Ledger, TestClient]) -> None:
    """Where no budget is set, the page names the documentation that shows one."""
    _, _, client = world
    assert "tallystick docs budgets" in text(client.get("/budgets").text)


@pytest.mark.parametrize("month", ["nobody", "2026-13", "0000-00", "2026-10-01"])
def test_what_is_no_month_is_not_found(world: tuple[str, Ledger, TestClient], month: str) -> None:
    """The page of a month that cannot be is a plain one that leads back."""
    _, _, client = world
    assert client.get(f"/month/{month}").status_code == 404
