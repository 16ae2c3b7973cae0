"""Explore: any question as a page: its numbers, its links, its controls, its files, and what must not happen."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import pytest
from hypothesis import given, strategies as st
from starlette.testclient import TestClient

from support.command import Tallystick
from support.html_page import HtmlPage
from support.organization import NASTY, NOW
from tallystick import Ledger
from tallystick.address import Address
from tallystick.catalog import CATALOG, Entry
from tallystick.core.question import Heading, Kind
from tallystick.errors import InvalidQuestion
from tallystick.formats import ENDINGS
from tallystick.formats.shown import FIGURES, shown
from tallystick.saved_views import lines, saved_views
from tallystick.settings import Settings
from tallystick.web.advice import linked
from tallystick.web.application import application
from tallystick.web.pages import PAGES
from tallystick.web.search import Hit, ranked
from tallystick.web.suggestions import MOST

GIVEN = {
    "anomaly": "finding=fc2f4c72",
    "diff": "month=2026-11",
    "profile": "dimension=model&value=claude-opus-5-5",
    "roster": "dimension=key",
    "sql": "query=SELECT+sum(billed)+AS+billed+FROM+charges",
    "summary": "month=2026-11",
    "whatif": "geo=us",
}
"""What a report has to be asked with."""
LACKING = ("/ask/crosscheck", "/ask/budget", "/ask/diff")
"""What this ledger or its settings have nothing for, as for a product: the older reports tell none."""
OFFLINE = [listed for listed in CATALOG if not listed.report.api]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    "javascript:alert(1)",
    "a\u202eb",
)


@pytest.fixture(scope="module")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings with a hostile team, and a saved view of such a name."""
    path = tmp_path_factory.mktemp("views") / "tallystick.toml"
    path.write_text(
        "[[owner]]\nteam = '<b>team</b>'\n[[view]]\nname = '<script>alert(2)</script>'\n"
        "address = '/ask/spend?by=model&where.team=<b>team</b>'\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def client(settings_file: Path, book: Ledger) -> Iterator[TestClient]:
    """A dashboard with them over a ledger of hostile names."""
    environment = {"TALLYSTICK_NOW": NOW.isoformat()}
    settings = Settings.load(config=str(settings_file), ledger=str(book.path), environment=environment)
    with TestClient(application(settings), base_url="http://127.0.0.1") as client:
        yield client


def page(client: TestClient, url: str) -> HtmlPage:
    """A page that answers, and has nothing that could run."""
    response = client.get(url)
    assert response.status_code == 200, url
    read = HtmlPage(response.text)
    assert read.active == [], url
    return read


def figures(answer: Any) -> list[list[str]]:
    """The figures of an answer in JSON as people read them, row by row."""
    headings = [Heading(column["name"], Kind(column["kind"]), column["unit"]) for column in answer["columns"]]

    def cell(text: Any, heading: Heading) -> str:
        is_text = isinstance(text, str) and heading.kind is not Kind.TEXT
        return shown(Decimal(text) if is_text else text, heading)

    rows = answer["rows"][:500]
    return [[cell(row[heading.name], heading) for heading in headings if heading.kind in FIGURES] for row in rows]


@pytest.mark.long
@pytest.mark.parametrize("listed", OFFLINE, ids=lambda listed: listed.name)
def test_a_page_has_the_numbers_of_the_command_line(
    listed: Entry, client: TestClient, tallystick: Tallystick, settings_file: Path
) -> None:
    """Every figure that the command prints stands in the page, row by row, and nothing else does."""
    address = Address.of(listed.name, parse_qsl(GIVEN.get(listed.name, "")))
    run = tallystick(*shlex.split(address.command)[1:], "--json", TALLYSTICK_CONFIG=str(settings_file))
    read = page(client, address.url)
    if not run.out:
        refusal = " ".join(run.err.split())
        assert any(" ".join(text.split())[:25] in refusal for text in read.texts if len(text) > 25)
        return
    answer = json.loads(run.out)
    if "columns" in answer:
        rows = [row for table in read.figures[-1:] for row in table if row]
        expected = figures(answer)
        assert rows[: len(expected)] == [row for row in expected if row]
        return
    tables = [section["answer"] for section in answer["sections"] if section["answer"]]
    shown_cells = {text for table in read.tables for row in table for text in row}
    assert {text for table in tables for row in figures(table) for text in row} <= {*shown_cells, *read.texts}


@pytest.mark.long
def test_every_link_answers(client: TestClient) -> None:
    """Each link of each page leads to an answer; of links that differ in their values alone one is followed."""
    followed: set[tuple[str, ...]] = set()
    paths = [listed.path for listed in PAGES] + [f"/ask/{name}?{query}" for name, query in GIVEN.items()]
    for path in [*paths, "/ask/spend?by=day,key&since=9d", "/ask/keys", "/ask/usage?by=week,model&compare=previous"]:
        for link in (urljoin(path, link) for link in page(client, path).links if not link.startswith("#")):
            parts = urlsplit(link)
            first = parts.path if parts.path.startswith("/ask/") else parts.path.split("/")[1]
            shape = (first, *sorted(name for name, _ in parse_qsl(parts.query)))
            if shape in followed or "limits" in first or "claude_code" in link:
                continue
            followed.add(shape)
            response = client.get(link)
            assert response.status_code < 400, (path, link)
            assert '<p class="error" role="alert">' not in response.text or first in LACKING, (path, link)
    assert len(followed) > 100


@pytest.mark.parametrize("text", [*NASTY, *HOSTILE])
def test_hostile_texts_do_nothing(client: TestClient, text: str) -> None:
    """Whatever a name, a filter, a field or a search holds, no page has anything that could run."""
    word = quote(text, safe="")
    for url in (
        f"/ask/spend?by=key&where.key={word}&chart={word}&top={word}",
        f"/ask/spend?by={word}&since={word}",
        f"/ask/charges?where.team={word}",
        f"/ask/sql?query={word}",
        f"/search?q={word}",
        f"/key/{word}",
        f"/suggestions?q={word}",
        f"/suggestions?report=spend&filter={word}&value={word}",
    ):
        read = HtmlPage(client.get(url).text)
        assert read.active == [], url


def test_hostile_names_stand_as_text(client: TestClient) -> None:
    """Names of keys, teams and saved views that want to run stand in the pages as they are."""
    assert any("HYPERLINK" in text for text in page(client, "/ask/spend?by=workspace").texts)
    assert "<b>team</b>" in page(client, "/ask/spend?by=team").texts
    assert "<script>alert(2)</script>" in page(client, "/ask/spend").texts


def test_a_chip_adds_and_takes_away_what_is_grouped_by(client: TestClient) -> None:
    """Each dimension is a link to the same question with it, or without it; so is each grain of time."""
    links = page(client, "/ask/spend?by=workspace&where.model=claude-*").links
    assert "/ask/spend?where.model=claude-*&by=workspace,key" in links
    assert "/ask/spend?where.model=claude-*&by=" in links
    assert "/ask/spend?where.model=claude-*&by=week,workspace" in links
    assert "/ask/spend?by=workspace&where.model=claude-*&compare=year" in links
    assert "/ask/spend?by=workspace&where.model=claude-*&since=7d" in links
    assert "/ask/spend?by=workspace&where.model!=claude-*" in links
    assert "/ask/spend?by=workspace" in links


def test_a_form_adds_a_filter(client: TestClient) -> None:
    """The dimension and the value of the form ask what a filter in the address asks."""
    form = client.get("/ask/spend?by=kind&filter=model&value=claude-opus-*")
    address = client.get("/ask/spend?by=kind&where.model=claude-opus-*")
    assert HtmlPage(form.text).figures == HtmlPage(address.text).figures
    assert "model is claude-opus-*" in HtmlPage(form.text).texts


def test_a_chart_draws_the_figure_that_is_chosen(client: TestClient) -> None:
    """`chart` chooses a figure of the answer; it is no part of the question, its command or its file."""
    url = "/ask/usage?by=day,model&since=5d"
    assert f"{url}&chart=output" in page(client, url).links
    read = page(client, f"{url}&chart=output")
    assert "output by day" in client.get(f"{url}&chart=output").text
    assert "tallystick usage --by day,model --since 5d" in read.texts
    assert "/ask/usage.csv?by=day,model&since=5d" in read.links


def test_a_column_and_a_legend_lead_deeper(client: TestClient) -> None:
    """A week leads to its days within the window, a legend's entry to the question held to it, by what is next."""
    links = page(client, "/ask/spend?by=week,workspace&since=2026-11-04&until=2026-11-12").links
    assert "/ask/spend?since=2026-11-04&until=2026-11-08&by=day,workspace" in links
    assert "/ask/spend?since=2026-11-04&until=2026-11-12&where.workspace=default&by=week,team" in links


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_is_called_by_its_question(client: TestClient, ending: str) -> None:
    """The name of a file tells its report, what it is grouped by and its days."""
    response = client.get(f"/ask/spend.{ending}?by=day,model&since=3d")
    assert response.status_code == 200
    name = f"spend-by-day-model-2026-11-19-2026-11-21.{ending}"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_a_file_that_cannot_be_says_so_plainly(client: TestClient) -> None:
    """An error of a file is JSON where the file is, else plain text, with the status of what went wrong."""
    wrong = client.get("/ask/spend.json?by=modle")
    assert (wrong.status_code, "model" in wrong.json()["hint"]) == (400, True)
    for url, status in (("/ask/spend.csv?by=modle", 400), ("/ask/spend.exe", 404), ("/ask/none.csv", 400)):
        response = client.get(url)
        assert (response.status_code, response.headers["content-type"]) == (status, "text/plain; charset=utf-8")
        assert "<" not in response.text


def test_a_question_is_shown_as_command_query_and_python(client: TestClient) -> None:
    """What stands in the page as a command, as SQL and in Python asks the same."""
    texts = page(client, "/ask/spend?by=model&since=7d&where.kind!=output").texts
    assert "tallystick spend --by model --since 7d --where 'kind!=output'" in texts
    assert any(text.startswith("SELECT model AS ") for text in texts)
    assert "ledger.ask('spend', by='model', since='7d', where={'kind!': ['output']})" in texts


def test_a_view_is_saved_by_lines_to_paste() -> None:
    """The lines that a page shows are a view of the settings, whatever is asked; what is no view is refused."""
    address = Address.of("spend", [("by", "day,key"), ("where.key", '"\\\n'), ("top", "3")])
    [view] = saved_views(tomllib.loads(lines('a "quoted"\nname', address))["view"])
    assert (view.name, view.address) == ('a "quoted"\\nname', address)
    for wrong in (
        {"name": "x"},
        {"name": "x", "address": "https://evil.example/ask/spend"},
        {"name": "x", "address": "/"},
    ):
        with pytest.raises(InvalidQuestion, match=r"\[\[view\]\] 1"):
            saved_views([wrong])


def test_names_of_a_filter_mean_one_thing(client: TestClient, book: Ledger) -> None:
    """Each value that is offered can be asked for, and means what it is offered for."""
    for dimension in ("key", "workspace", "actor"):
        text = client.get(f"/suggestions?report=spend&filter={dimension}&value=").text
        values = [unescape(value) for value in re.findall(rf'data-dimension="{dimension}" data-value="([^"]*)"', text)]
        amounts = [row["billed"] for row in book.spend(dimension, "3m").rows]
        assert [book.spend((), "3m", where={dimension: value}).totals["billed"] for value in values] == amounts[:MOST]


@pytest.mark.parametrize("report", ["forecast", "burn-rate", "budget", "drift"])
def test_filters_of_what_is_to_come_are_offered_values(client: TestClient, report: str) -> None:
    """A report that asks no past days is offered the values that another has of them."""
    for dimension in ("workspace", "model"):
        text = client.get(f"/suggestions?report={report}&filter={dimension}&value=").text
        assert f'data-dimension="{dimension}"' in text
        assert "reconciling" not in text


def test_what_is_typed_is_suggested_with_what_it_is(client: TestClient) -> None:
    """Names are suggested as options, each with its kind and where it leads; of a filter of any dimension it takes."""
    text = client.get("/suggestions?q=rese").text
    assert re.search(r'role="option" id="search-1"[^>]* data-url="/workspace/[^"]+"><span class="of">workspace', text)
    assert client.get("/suggestions?q=").text.strip() == client.get("/suggestions?q=qqqq").text.strip() == ""
    text = client.get("/suggestions?report=spend&filter=model&value=rese").text
    assert 'data-dimension="workspace"' in text
    assert "data-url" not in text


def test_a_key_is_suggested_once(client: TestClient) -> None:
    """A key that stands for a person too is suggested as a key alone."""
    values = re.findall(r'data-url="/(?:key|person)/([^"]+)"', client.get("/suggestions?q=apikey").text)
    assert len(values) > 1
    assert len(values) == len({*values})


@pytest.mark.parametrize("word", ["october", "2026-10", "12 nov", "yesterday", "unused"])
def test_a_suggestion_leads_where_enter_does(client: TestClient, word: str) -> None:
    """A day, a month or an everyday word is suggested first as the page that the search opens."""
    first = re.search(r'data-url="([^"]+)"', client.get("/suggestions", params={"q": word}).text)
    opened = client.get("/search", params={"q": word}, follow_redirects=False).headers.get("location", "")
    assert first
    assert opened
    assert unescape(first[1]) == opened


def test_a_search_leads_to_what_is_called_so(client: TestClient) -> None:
    """One hit leads there, several are listed, the best first; a misspelt name finds what is near it."""
    found = client.get("/search?q=reconcile", follow_redirects=False)
    assert found.headers.get("location") == "/reconcile"
    first = [link for link in page(client, "/search?q=claude-").links if link.startswith("/model/")]
    assert first
    assert "/ask/variance" in client.get("/search?q=varaince", follow_redirects=False).headers.get("location", "")
    assert "Nothing found for “zzzzzz”. Search knows keys" in client.get("/search?q=zzzzzz").text


HITS = st.lists(st.builds(Hit, st.just("key"), st.text(min_size=1, max_size=6), st.text(max_size=6), st.just("/")))


@given(st.text(min_size=1, max_size=4), HITS)
def test_the_nearest_names_come_first(query: str, hits: list[Hit]) -> None:
    """What is called so stands before what holds it, and nothing stands before it."""
    word = query.strip().casefold()
    ranks = [word not in {hit.name.casefold(), hit.id.casefold()} for hit in ranked(query, hits)]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "2 keys: tallystick keys --where attention=idle",
            '2 keys: <a href="/ask/keys?where.attention=idle">tallystick keys',
        ),
        ("Ask `tallystick owners --check`.", 'Ask `<a href="/ask/owners?check=1">tallystick owners --check</a>`.'),
        ("`tallystick sync --since 2026-01-01` asks.", "`tallystick sync --since 2026-01-01` asks."),
        ("`tallystick spend --nothing 1`", "`tallystick spend --nothing 1`"),
        ("<b>: tallystick spend --by '<i>'", "&lt;b&gt;: <a "),
    ],
)
def test_a_command_within_a_message_leads_there(text: str, html: str) -> None:
    """A command of a report is a link to its page, with what it asks; any other stays text, and all is escaped."""
    assert str(linked(text)).startswith(html)
