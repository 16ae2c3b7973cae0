"""A reader of one team: the menu, names and warnings of what is shown, without dead ends."""

from __future__ import annotations

import re
from pathlib import Path

from tallystick.web.pages import PAGES

from .test_access import HTML, Clients, clients, tokens

__all__ = ["clients", "tokens"]

Secrets = tuple[Path, dict[str, str]]


def links(page: str, within: str) -> list[str]:
    """Where the navigation of a page leads that is called so."""
    part = page.partition(f'aria-label="{within}"')[2].partition("</nav>")[0]
    return re.findall(r'href="([^"?]+)', part)


def test_the_menu_has_pages_with_something_to_see(clients: Clients, tokens: Secrets) -> None:
    """The menu of a reader of one team has the pages with figures of it; that of a reader of all has every page."""
    every, own = (
        links(clients(tokens[1][name]).get("/prices", headers=HTML).text, "Pages") for name in ("finance", "alpha")
    )
    listed = [page for page in PAGES if not page.under]
    assert every == [*(page.path for page in listed), "/ask/spend"]
    assert own == [*(page.path for page in listed if not page.of_all), "/ask/spend"]


def test_explore_lists_reports_that_can_be_held_to_a_team(clients: Clients, tokens: Secrets) -> None:
    """No report that Explore lists for a reader of one team is refused for that."""
    client = clients(tokens[1]["alpha"])
    listed = links(client.get("/ask/spend", headers=HTML).text, "Reports")
    assert "/ask/spend" in listed
    assert "/ask/reconcile" not in listed
    for address in listed:
        assert "cannot be held" not in client.get(f"{address}.json").text


def test_a_page_is_called_by_the_name(clients: Clients, tokens: Secrets) -> None:
    """The page of a key, person or workspace has its name, not its id, for a reader of one team too."""
    client = clients(tokens[1]["alpha"])
    for dimension, path in (("key", "key"), ("actor", "person"), ("workspace", "workspace")):
        row = client.get(f"/ask/spend.json?by={dimension}&since=60d").json()["rows"][0]
        assert row[dimension] != row[f"{dimension}_name"]
        page = client.get(f"/{path}/{row[dimension]}", headers=HTML).text
        assert f"<title>{row[f'{dimension}_name']} · tallystick</title>" in page


def test_today_is_no_warning(clients: Clients, tokens: Secrets) -> None:
    """That today has not ended is a note for a reader of one team, as it is for one of all."""
    asked = "/ask/spend.json?by=workspace&since=3d&until=today"
    for name in ("finance", "alpha"):
        answer = clients(tokens[1][name]).get(asked).json()
        assert not [text for text in answer["warnings"] if "ended" in text or "absent" in text]
        assert [text for text in answer["notes"] if "not ended" in text]


def test_what_is_not_looked_at_needs_no_attention(clients: Clients, tokens: Secrets) -> None:
    """What a part of the charges cannot tell is said beside what needs attention, and not counted as a thing to do."""
    answer = clients(tokens[1]["alpha"]).get("/ask/status.json").json()
    assert not [text for text in answer["attention"] if "looked at" in text]
    page = clients(tokens[1]["alpha"]).get("/", headers=HTML).text
    assert "Not looked at" in page.partition("Needs attention")[2].partition("</section>")[0]
