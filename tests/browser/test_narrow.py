"""A telephone in Chromium: amounts and files stand on the first screen of a table, the menu at the open page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium

from browser.conftest import Visit, visiting

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def phone(chromium: Chromium, quiet: str) -> Iterator[Visit]:
    """A visitor with a telephone."""
    with visiting(chromium.new_context(viewport={"width": 360, "height": 740}), quiet) as visit:
        yield visit


@pytest.mark.parametrize(
    "path", ["/ask/spend?by=workspace", "/ask/spend?by=workspace,model", "/ask/chargeback?month=2026-11", "/keys"]
)
def test_amounts_stand_on_the_screen(phone: Visit, path: str) -> None:
    """The first amount of a row is seen without scrolling its table."""
    page = phone.open(path)
    box = page.locator(".scroll tbody tr td.figure").first.bounding_box()
    assert box
    assert box["x"] + box["width"] <= 360


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/people", ("this month", "same days before")),
        ("/ask/spend?by=workspace&compare=previous", ("billed", "billed before")),
        ("/ask/variance?month=mtd&by=workspace", ("before", "after", "change")),
        ("/forecast", ("spent", "expected")),
    ],
)
def test_amounts_that_are_compared_stand_on_the_screen(phone: Visit, path: str, names: tuple[str, ...]) -> None:
    """Amounts of a row that are compared are seen without scrolling their table."""
    page = phone.open(path)
    table = page.locator(".scroll table:visible", has=page.locator("thead th", has_text=names[-1])).first
    heads = [head.split(" USD")[0].strip() for head in table.locator("thead th").all_inner_texts()]
    for name in names:
        box = table.locator("tbody tr").first.locator("> *").nth(heads.index(name)).bounding_box()
        assert box
        assert box["x"] + box["width"] <= 360


def test_the_menu_stands_at_the_open_page(phone: Visit) -> None:
    """The entry of the open page is seen in the menu, however far right it is."""
    box = phone.open("/ledger").locator(".topbar nav [aria-current]").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


def test_files_of_statements_stand_on_the_screen(phone: Visit) -> None:
    """The links to a statement's files are seen beside its team."""
    box = phone.open("/month/2026-11").locator(".tail a", has_text="csv").first.bounding_box()
    assert box
    assert box["x"] + box["width"] <= 360
