"""Files in Chromium: every link to one is a download, wherever it stands; none is put into the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from browser.conftest import Visit, visiting
from tallystick.catalog import CATALOG
from tallystick.formats import ENDINGS
from tallystick.web.pages import PAGES

pytestmark = pytest.mark.browser
ASKED = {"chargeback": "month=2026-10", "diff": "month=last-month", "roster": "dimension=key", "sql": "query=select+1"}
"""What a report is asked with that has no answer by itself, or not here."""
REPORTS = tuple(f"/ask/{name}?{ASKED.get(name, '')}" for name in sorted(listed.name for listed in CATALOG))
PATHS = (*(page.path for page in PAGES), "/month/2026-10", "/sync", "/search?q=s", *REPORTS)
FILE = re.compile(r"(/ask)?/[^/]+\.[a-z]+(\?.*)?")
"""The address of a file."""
MAGIC = {"pdf": b"%PDF-", "xlsx": b"PK", "parquet": b"PAR1", "html": b"<!doctype html>"}
"""What the content of a file begins with."""


@pytest.fixture(scope="module")
def visitor(chromium: Chromium, hostile: str) -> Iterator[Visit]:
    """A visitor of a month with statements."""
    with visiting(chromium.new_context(accept_downloads=True), hostile) as visit:
        yield visit


def links(visit: Visit, path: str) -> list[str]:
    """The addresses of files that a page leads to, of each report and ending the first."""
    visit.open(path)
    urls = visit.page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    return [*{url.partition("?")[0]: url for url in reversed(urls) if FILE.fullmatch(url)}.values()]


def downloaded(visit: Visit, url: str) -> tuple[str, bytes]:
    """The name and content of what a click on the link to a file of the open page downloads."""
    with visit.page.expect_download() as download:
        visit.page.locator(f'a[href="{url}"]').first.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
def test_a_link_to_a_file_downloads_it(visitor: Visit, path: str) -> None:
    """A click on a link to a file downloads a file of that ending; the page stays as it is, without an error."""
    urls = links(visitor, path)
    if path in {"/months", "/month/2026-10"}:
        assert {url.partition("?")[0] for url in urls} == {f"/ask/chargeback.{each}" for each in ("pdf", "xlsx", "csv")}
    if path.startswith("/ask/chargeback"):
        assert len(urls) == len(ENDINGS)
    title = visitor.page.title()
    for url in urls if not path.startswith("/ask/") or "chargeback" in path else urls[:1]:
        name, content = downloaded(visitor, url)
        ending = url.partition("?")[0].rpartition(".")[2]
        assert name.endswith(f".{ending}")
        assert content.startswith(MAGIC.get(ending, b""))
        assert visitor.page.title() == title
    assert visitor.errors == []


def test_no_address_of_a_file_is_boosted(visitor: Visit) -> None:
    """Whatever writes a link to a file onto a page, the click is the browser's own; other links are swapped in."""
    page = visitor.open("/months")
    page.evaluate("""() => {
        for (const [id, href] of [["file", "/ask/spend.csv?by=team"], ["json", "/openapi.json"], ["page", "/cache"],
                                  ["model", "/model/claude-3.5"]]) {
            const link = document.createElement("a")
            link.id = id
            link.href = href
            link.textContent = id
            document.querySelector("main").append(link)
        }
        htmx.process(document.querySelector("main"))
    }""")
    boosted = page.evaluate("['file', 'json', 'page', 'model'].map(id => Boolean(document.getElementById(id)._htmx))")
    assert boosted == [False, False, True, True]
