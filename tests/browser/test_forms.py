"""Forms of pages in Chromium: what is set is asked at once, in the address, and back takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium, expect

from browser.conftest import Visit, visiting

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(chromium: Chromium, hostile: Any) -> Iterator[Visit]:
    """A visitor of a full ledger."""
    with visiting(chromium.new_context(), hostile) as visitor:
        yield visitor


def test_a_slider_asks_at_once(visit: Visit) -> None:
    """A slider that is moved swaps the answers, says where it stands, keeps the focus, and is in the address."""
    page = visit.open("/what-if")
    slider = page.locator('input[name="batch"]')
    slider.focus()
    slider.press("End")
    expect(page.locator("form.set output").first).to_have_text("100 %")
    expect(page.locator("#answers")).to_contain_text("1.00 of all that was standard tier is priced as batch")
    assert "batch=100" in page.url
    assert page.evaluate("document.activeElement.name") == "batch"
    assert (visit.errors, visit.strangers) == ([], [])


def test_days_of_a_page_are_chosen(visit: Visit) -> None:
    """A choice of days asks for them, and the title says so."""
    page = visit.open("/cache")
    page.select_option('select[name="days"]', "7d")
    expect(page.locator("#answers h2").first).to_have_text("Caching, 7 days")
    assert "days=7d" in page.url
    page.go_back()
    expect(page.locator("#answers h2").first).to_have_text("Caching, 30 days")
    assert visit.errors == []
