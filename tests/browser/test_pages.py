"""Every page in Chromium: light and dark, narrow and wide, whatever things are called and however little there is."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium

from browser.conftest import Visit, visiting
from tallystick.web.pages import PAGES
from tallystick.web.subject_pages import SUBJECT_PAGES

pytestmark = pytest.mark.browser
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
WIDTHS = (2560, 1440, 360)
GRAVE = {"serious", "critical"}
QUESTIONS = (
    "/ask/spend?by=day,key&since=3d",
    "/ask/spend?by=workspace&since=7d&compare=previous",
    "/ask/spend?by=day,model&since=9d&where.model!=claude-opus-*&where.workspace=Production",
    "/ask/usage?by=week,model&show=requests&chart=output",
    "/ask/charges?since=3d&half=billed",
    "/ask/variance?month=mtd",
    "/ask/summary?month=mtd",
    "/ask/chargeback?month=mtd",
    "/ask/reconcile?rates=1",
    "/ask/sql",
)
"""Questions of Explore: charts, a comparison, filters, charges, Documents, one that is not asked yet."""
PATHS = (*(page.path for page in PAGES), *SUBJECT_PAGES, *QUESTIONS, "/search", "/search?q=s", "/sync")
"""Every page, and of each subject the one that the overview leads to."""


@pytest.fixture(scope="module", params=["light", "dark"])
def looks(request: pytest.FixtureRequest) -> Any:
    """Each look."""
    return request.param


@pytest.fixture(scope="module", params=["bare", "quiet", "hostile"])
def visitor(request: pytest.FixtureRequest, chromium: Chromium, looks: Any) -> Iterator[Visit]:
    """A visitor of each world in each look."""
    with visiting(chromium.new_context(color_scheme=looks), request.getfixturevalue(request.param)) as visit:
        yield visit


def sound(visit: Visit) -> None:
    """Check the page that is open: at no width does it scroll sideways, nothing is amiss, it loaded from its host."""
    page = visit.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} scrolls at {width}"
        if width != WIDTHS[0]:
            assert faults(visit) == [], page.url
    assert visit.errors == [], page.url
    assert visit.strangers == [], page.url


def faults(visit: Visit) -> list[str]:
    """What axe finds grave."""
    visit.page.evaluate(AXE)
    found = visit.page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_sound(visitor: Visit, path: str) -> None:
    """A page has no error, no stranger, no sideways scroll, and axe finds nothing grave, in every look and world."""
    if path in SUBJECT_PAGES:
        by = {"person": "actor"}.get(path, path)
        visitor.open("/months" if path == "month" else f"/ask/spend?by={by}&since=30d")
        links = visitor.page.locator(f'main td a[href^="/{path}/"], main th a[href^="/{path}/"]')
        path = (links.last.get_attribute("href") if links.count() else None) or f"/{path}/nobody"
    visitor.open(path)
    sound(visitor)


@pytest.mark.parametrize("path", ["/", "/ask/spend", "/key/a", "/sync"])
def test_no_ledger_leads_to_the_first_sync(chromium: Chromium, nowhere: str, path: str) -> None:
    """Without a ledger every page is sound, and the first says what to do."""
    with visiting(chromium.new_context(), nowhere) as visit:
        visit.open(path)
        sound(visit)
        if path == "/":
            assert "tallystick sync" in visit.page.inner_text("main")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_sign_in_is_sound(chromium: Chromium, guarded: str, look: Any) -> None:
    """The page that asks for a token is sound, also where the token was wrong."""
    with visiting(chromium.new_context(color_scheme=look), guarded) as visit:
        visit.open("/cache")
        sound(visit)
        visit.page.fill("input[name=token]", "tally-nobody")
        visit.page.click("button")
        assert visit.page.locator("[role=alert]").inner_text()
        visit.errors.clear()
        sound(visit)


@pytest.mark.parametrize("path", ["/nothing", "/ask/nothing", "/ask/spend?by=modle"])
def test_an_error_is_a_page(chromium: Chromium, quiet: str, path: str) -> None:
    """What cannot be answered is a page that says so, sound as any."""
    with visiting(chromium.new_context(), quiet) as visit:
        visit.open(path)
        assert visit.page.locator("[role=alert]").inner_text()
        sound(visit)
