"""Explore in Chromium: each choice is an address, back works, names are offered, texts are copied, search by keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Visit

pytestmark = pytest.mark.browser
PATHS = ("/ask/spend?by=day,key&since=9d", "/ask/charges?since=7d", "/search?q=a", "/ask/keys")
CHOSEN = ".choice a[aria-current]"


def chosen(page: Page) -> list[str]:
    """The choices that hold."""
    return page.locator(CHOSEN).all_text_contents()


def test_a_choice_is_an_address_and_back_works(visit: Visit) -> None:
    """A click on a chip, a grain or a measure asks anew, stands in the address bar, and back undoes it."""
    page = visit.open("/ask/spend?by=workspace")
    page.get_by_role("link", name="model", exact=True).click()
    page.wait_for_url(f"{visit.base}/ask/spend?by=workspace,model")
    page.get_by_role("link", name="week", exact=True).click()
    page.wait_for_url(f"{visit.base}/ask/spend?by=week,workspace,model")
    assert {"workspace", "model", "week"} <= {*chosen(page)}
    page.go_back()
    page.wait_for_url(f"{visit.base}/ask/spend?by=workspace,model")
    expect(page.locator(CHOSEN, has_text="week")).to_have_count(0)
    page.go_back()
    page.wait_for_url(f"{visit.base}/ask/spend?by=workspace")
    expect(page.locator("tbody th").first).to_be_visible()


def test_a_filter_is_offered_by_name_and_added_by_keyboard(visit: Visit) -> None:
    """The names of a dimension are offered; Enter adds a filter that stands in the address as it is asked."""
    page = visit.open("/ask/spend?by=model")
    page.locator("select[name=filter]").select_option("kind")
    field = page.get_by_label("Name or id")
    field.focus()
    expect(page.get_by_role("option", name="kind output", exact=True)).to_be_visible()
    field.fill("outp")
    expect(page.locator("#values [role=option]")).to_have_count(1)
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "filter-1"
    field.press("Enter")
    page.wait_for_url(f"{visit.base}/ask/spend?where.kind=output&by=model")
    page.get_by_role("link", name="Remove the filter kind is output").click()
    page.wait_for_url(f"{visit.base}/ask/spend?by=model")


def test_a_search_is_suggested_while_it_is_typed(visit: Visit) -> None:
    """Names with their kind stand under the search; arrows choose, Enter leads there, Escape closes the list."""
    page = visit.open("/")
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search")
    field.press_sequentially("produ")
    first = page.locator("#hits [role=option]").first
    expect(first).to_have_text(re.compile("Production"))
    assert field.get_attribute("aria-expanded") == "true"
    field.press("Escape")
    expect(first).to_be_hidden()
    field.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    page.wait_for_url(re.compile(r"/workspace/"))


def test_hostile_suggestions_do_nothing(visit: Visit) -> None:
    """Names that no page may obey are suggested as text."""
    page = visit.open("/")
    field = page.get_by_role("combobox", name="Search")
    field.press_sequentially("<scr")
    expect(page.locator("#hits [role=option]").first).to_contain_text("<script>alert(1)</script>")


def test_an_empty_field_is_not_asked(visit: Visit) -> None:
    """The fields that are left empty do not stand in the address."""
    page = visit.open("/ask/spend?by=model")
    page.get_by_label("top").fill("3")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url(re.compile(r"/ask/spend\?top=3&by=model$"))
    expect(page.locator("tbody tr")).to_have_count(4)


def test_a_legend_narrows(visit: Visit) -> None:
    """A click on an entry of the legend holds the question to it, by the next dimension in its place."""
    page = visit.open("/ask/spend?by=day,workspace&since=9d")
    page.locator(".legend a", has_text="Public Sector").click()
    page.wait_for_url(re.compile(r"where\.workspace=wrkspc.*by=day,team"))
    expect(page.locator(".chip", has_text="workspace is Public Sector")).to_be_visible()


def test_a_command_is_copied(visit: Visit) -> None:
    """The button beside a command puts it on the clipboard."""
    page = visit.open("/ask/spend?by=model&since=7d")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("As a command").click()
    page.locator("details[open] .copy").click()
    expect(page.locator("details[open] .copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "tallystick spend --by model --since 7d"


def test_a_search_is_walked_by_keys(visit: Visit) -> None:
    """`/`, a word, Enter, the arrow keys and Enter lead to a page; one hit leads there at once."""
    page = visit.open("/")
    page.keyboard.press("/")
    page.keyboard.type("claude-opus")
    page.keyboard.press("Enter")
    expect(page.locator(".hits a").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hits a").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/model/claude-opus"))
    page.keyboard.press("/")
    page.keyboard.type("crosscheck")
    page.keyboard.press("Enter")
    expect(page.locator("h1").first).to_have_text("crosscheck")


@pytest.mark.parametrize("width", [360, 1440, 2560])
@pytest.mark.parametrize(
    "path", ["/ask/spend?by=day,key&since=9d", "/ask/charges?since=7d", "/search?q=a", "/ask/keys"]
)
def test_no_page_scrolls_sideways(visit: Visit, path: str, width: int) -> None:
    """At any width a table scrolls, never the page, whatever a key is called."""
    visit.page.set_viewport_size({"width": width, "height": 900})
    page = visit.open(path)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_a_view_gets_its_name(visit: Visit) -> None:
    """What is written as the name of a view stands in the lines to paste, as TOML writes it."""
    page = visit.open("/ask/spend?by=model&month=mtd")
    page.get_by_text("Save this view").click()
    page.locator(".save .named").fill('A "good" name')
    for code in page.locator(".save pre code").all():
        expect(code).to_contain_text('name = "A \\"good\\" name"')
    expect(page.locator(".save pre code")).to_have_count(2)
