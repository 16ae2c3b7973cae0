"""What a reader does in Chromium: keys, clicks, a look, paper; and no zone of the browser changes a figure."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import httpx2
import pytest
from playwright.sync_api import Browser as Chromium, Page, expect
from pypdf import PdfReader

from browser.conftest import Visit, visiting

pytestmark = pytest.mark.browser
DST_ENDS = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
"""1:30 of the day in Los Angeles on which that hour comes twice."""
ZONES = ("Asia/Tokyo", "America/Los_Angeles")
COLUMNS = "svg.stack .column > a"


def focused(page: Page, attribute: str) -> str | None:
    """An attribute of what has the focus."""
    return page.evaluate("name => document.activeElement.getAttribute(name)", attribute)


def test_the_overview_is_one_screen(visit: Visit) -> None:
    """At 1440 by 900 every panel of the overview is on the screen without scrolling."""
    page = visit.open("/")
    bottoms = page.eval_on_selector_all(".panel", "panels => panels.map(panel => panel.getBoundingClientRect().bottom)")
    assert max(bottoms) <= 900


def test_keys_lead_everywhere(visit: Visit) -> None:
    """`/` searches, `g` with a letter leads to a page, `?` shows the keys and Escape closes them."""
    page = visit.open("/")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    page.keyboard.press("Tab")
    for letter, name in (("e", "Explore"), ("c", "Cache"), ("o", "Overview")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.locator("nav a[aria-current=page]").first).to_have_text(name)
    while not page.locator("#help").is_visible():  # the page is there before what listens to its keys
        page.keyboard.press("?")
        page.wait_for_timeout(100)
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_a_chart_is_one_stop_and_arrows_lead_through_its_days(visit: Visit) -> None:
    """The Tab key stops at a chart's newest day, arrows go from day to day, Enter leads to that day."""
    page = visit.open("/")
    assert page.locator(f"{COLUMNS}[tabindex='0']").count() == 1
    page.locator(f"{COLUMNS}[tabindex='0']").focus()
    assert "2026-11-22" in (focused(page, "aria-label") or "")
    page.keyboard.press("ArrowLeft")
    label = focused(page, "aria-label") or ""
    assert "2026-11-21" in label
    assert "provisional" in label
    expect(page.locator(".tip")).to_contain_text("2026-11-21")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("since=2026-11-21.*until=2026-11-21"))


def test_a_part_of_a_column_leads_to_who_spent_that_day(visit: Visit) -> None:
    """A click on a part of a column shows who spent on that day, its amount among them; back leads back."""
    page = visit.open("/?by=workspace")
    amount = page.locator(".behind table tr", has_text="2026-11-20").locator("td.figure").nth(1).text_content()
    page.locator(".column[data-tip*='2026-11-20'] g[aria-hidden] a").first.click()
    page.wait_for_url(re.compile(r"/ask/spend\?since=2026-11-20&until=2026-11-20&by=workspace"))
    expect(page.locator("tbody").first).to_contain_text(amount or "nothing")
    expect(page.locator("tbody td.figure a[href^='/ask/charges']").first).to_be_visible()
    page.go_back()
    page.wait_for_url(f"{visit.base}/?by=workspace")
    expect(page.locator(COLUMNS).first).to_be_attached()


def test_a_look_is_remembered(visit: Visit) -> None:
    """The button turns light into dark, the next page comes dark from the server, and again is the system's."""
    page = visit.open("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.locator("button.theme").click()
    dark = page.evaluate(background)
    assert dark != light
    visit.open("/cache")
    assert page.evaluate(background) == dark
    page.locator("button.theme").click()
    assert page.evaluate(background) == light
    assert page.context.cookies() == []


def test_paper_has_a_table_behind_each_chart(visit: Visit) -> None:
    """Printed on A4, the overview has the figures of its chart, each day of it by name."""
    page = visit.open("/")
    paper = PdfReader(io.BytesIO(page.pdf(format="A4")))
    text = "\n".join(sheet.extract_text() for sheet in paper.pages)
    days = page.locator(".behind table tbody tr").count()
    assert days == 29 + 8
    assert "2026-10-25" in text
    assert "2026-11-21" in text
    assert "to come" in text


def test_a_day_to_come_says_what_the_command_line_says(visit: Visit) -> None:
    """In the table behind the chart, read from the page, a day to come has what `forecast --by day` expects of it."""
    page = visit.open("/")
    behind = page.locator(".behind table")
    heads = [head.split(" USD")[0] for head in behind.locator("thead th").all_text_contents()]
    cells = behind.locator("tbody tr", has_text="2026-11-27").locator("th, td").all_text_contents()
    shown = dict(zip((head.strip() for head in heads), (cell.strip() for cell in cells), strict=True))
    table = httpx2.get(f"{visit.base}/ask/forecast.txt?by=day").text
    [line] = [line.split() for line in table.splitlines() if line.strip().startswith("2026-11-27")]
    assert shown["state"] == "to come"
    assert [shown["expected"], *shown["80 % range"].split(" to "), *shown["50 % range"].split(" to ")] == line[4:9]


def test_the_mark_of_an_anomaly_leads_to_what_explains_it(visit: Visit) -> None:
    """A click on the bar above the days of a finding opens its page, whose chart has what was expected."""
    page = visit.open("/")
    flag = page.locator("svg.stack a:has(.flag)").first
    words = flag.get_attribute("aria-label") or "none"
    flag.click()
    page.wait_for_url(re.compile("/anomaly/[0-9a-f]{8}"))
    expect(page.locator("h1")).to_contain_text(words.partition(":")[0])
    expect(page.locator("svg.stack .expected.bare").first).to_be_attached()


@pytest.mark.parametrize("path", ["/", "/?by=model", "/ask/spend?by=day&since=2026-10-30&until=2026-11-03", "/ask/log"])
def test_the_browser_zone_changes_nothing(chromium: Chromium, hostile: str, path: str) -> None:
    """In Tokyo and Los Angeles, across the end of summer time, a page says letter for letter what it says in UTC."""
    texts = {}
    for zone in ("UTC", *ZONES):
        with visiting(chromium.new_context(timezone_id=zone), hostile) as visit:
            visit.page.clock.set_fixed_time(DST_ENDS)
            texts[zone] = visit.open(path).locator("body").inner_text()
            assert visit.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == zone
    assert len({*texts.values()}) == 1


def test_a_ledger_that_moved_is_offered(chromium: Chromium, hostile: str) -> None:
    """A page that is open when the ledger gets another version offers to refresh."""
    with visiting(chromium.new_context(), hostile) as visit:
        page = visit.open("/cache")
        expect(page.locator("#moved")).to_be_hidden()
        page.evaluate("document.getElementById('foot').dataset.state = 'of-yesterday'")
        expect(page.locator("#moved")).to_be_visible(timeout=20_000)
