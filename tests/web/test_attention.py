"""What a reader of the overview is led to: anomalies by name, periods that agree, spend of a day behind its column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tallystick.settings import Settings
from tallystick.web.application import application


@pytest.fixture
def overview(dashboard: TestClient) -> str:
    """The overview as HTML."""
    return dashboard.get("/", params={"whole": 1}).text


def test_anomalies_of_the_month_need_attention_by_name(overview: str, dashboard: TestClient) -> None:
    """Each anomaly of this month is a line of its own: who, how much, since when; it leads to its page."""
    advice = "".join(re.findall(r'<ol class="advice[^"]*">(.*?)</ol>', overview, re.DOTALL))
    listed = re.findall(r'<li><a href="/anomaly/([0-9a-f]+)">([^<]+)</a>', advice)
    rows = dashboard.get("/ask/anomalies.json", params={}).json()["rows"]
    of_month = {row["finding"] for row in rows if (row["until"] or "2026-11") >= "2026-11"}
    assert {id_ for id_, _ in listed} == of_month < {row["finding"] for row in rows}
    assert listed[0][1] == "checkout-assistant: 3.48 USD above usual, 10 Nov"


def test_a_model_that_retires_leads_to_who_uses_it(overview: str, dashboard: TestClient) -> None:
    """What needs attention of a model leads to its page, which has its keys; so does a command in a note."""
    [(path, words)] = re.findall(r'<li><a href="(/model/[^"]+)">([^<]+)</a>', overview)
    assert words.startswith("claude-sonnet-4-5-20250929 retires on 2026-11-30 and is still used (")
    assert re.search(r">By key, 30 days</a>", dashboard.get(path, params={"whole": 1}).text)
    assert f'href="{path}">tallystick profile model' in dashboard.get("/ask/prices").text


def test_findings_lead_to_their_page_in_explore_too(dashboard: TestClient) -> None:
    """The subject and the id of a finding are links, as in the list of anomalies."""
    url = "/ask/anomalies?since=28d"
    links = re.findall(r'<a href="/anomaly/[0-9a-f]+\?*[^"]*">([^<]+)</a>', dashboard.get(url).text)
    rows = dashboard.get("/ask/anomalies.json", params={"since": "28d"}).json()["rows"]
    assert {"checkout-assistant", *(row["finding"] for row in rows)} <= {*links}


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/anomaly/fc2f4c72", "Anomalies"),
        ("/alerts", "Anomalies"),
        ("/people", "Who spends"),
        ("/workspace/default", "Who spends"),
        ("/month/2026-10", "Months"),
        ("/forecast", "Budgets"),
    ],
)
def test_the_menu_says_where_a_page_belongs(dashboard: TestClient, path: str, entry: str) -> None:
    """A page that the menu does not have is marked by the entry that leads to it, and by that alone."""
    menu = dashboard.get(path).text.partition('<nav aria-label="Pages">')[2].partition("</nav>")[0]
    assert re.findall(r'aria-current="true"[^>]*>([^<]+)<', menu) == [entry]
    assert 'aria-current="page"' not in menu


def test_people_stand_by_the_amount_that_has_the_bar(dashboard: TestClient) -> None:
    """The column with a bar is the first one of amounts, 30 days; the largest stands first."""
    text = dashboard.get("/people", params={"whole": 1}).text
    heads = re.findall(r'<th scope="col"[^>]*>([a-z0-9 ]+)', text)
    bars = re.findall(r'<svg class="bar".*?<rect x="[^"]+" width="([\d.]+)%"', text)
    assert heads[1].strip() == "last 30 days"
    assert len(bars) > 3
    assert bars == sorted(bars, key=float, reverse=True)


def test_every_part_of_a_column_leads_to_the_spend_of_its_day(overview: str) -> None:
    """A click on a column of the overview asks who spent on that day, by what the chart is by, not for charges."""
    columns = re.findall(r'<g class="column".*?</g></g>', overview, re.DOTALL)
    links = {url for column in columns for url in re.findall(r'href="([^"]+)"', column)}
    assert "/ask/spend?since=2026-11-20&amp;until=2026-11-20&amp;by=workspace" in links
    assert not [url for url in links if url.startswith("/ask/charges")]


def test_one_period_stands_beside_amounts(dashboard: TestClient, overview: str) -> None:
    """Tables of keys are of 30 days on the overview, in the list and on a key's page, and say so."""
    titles = [
        re.findall(r'<h2 id="panel-\d+"><a [^>]*>([^<]+)</a>', page)
        for page in (
            overview,
            dashboard.get("/keys", params={"whole": 1}).text,
            dashboard.get("/workspace/default?whole=1").text,
        )
    ]
    assert "Top keys, 30 days" in titles[0]
    assert titles[1] == ["Keys, 30 days"]
    assert {"By kind, 30 days", "By key, 30 days"} <= {*titles[2]}


def test_no_column_stands_twice(dashboard: TestClient) -> None:
    """The list of teams names each team once."""
    heads = re.findall(r"<th scope=\"col\"[^>]*>([a-z ]+)", dashboard.get("/teams", params={"whole": 1}).text)
    assert heads.count("team") == 1


def test_rows_lead_to_their_page_in_explore_too(dashboard: TestClient) -> None:
    """A month in Explore leads to its page, as in the list of months."""
    assert 'href="/month/2026-11' in dashboard.get("/ask/months").text


def test_nothing_is_asked_where_nothing_is_set(dashboard: TestClient) -> None:
    """What-if begins with its answers, and no table of a change that nobody chose."""
    text = dashboard.get("/what-if", params={"whole": 1}).text
    assert "80 % read from the cache" in text
    assert "By model" not in text
    assert "choose a model" in text


@pytest.mark.parametrize("days", ["7d", "90d", "last-month"])
def test_the_model_that_costs_most_is_by_the_days_asked(dashboard: TestClient, days: str) -> None:
    """What-if prices one model as others: the one that its report says costs most, of the days that are set."""
    text = dashboard.get("/what-if", params={"whole": 1, "days": days}).text
    swaps = re.findall(r"All of ([^ ]+)( \(costs most\))? as ([^ ]+):", text)
    assert swaps
    assert all(costs_most for _, costs_most, _ in swaps)


def test_a_month_says_once_how_final_it_is(dashboard: TestClient) -> None:
    """The sentence of the month stands above its page, and not again above what teams are charged."""
    assert dashboard.get("/month/2026-10", params={"whole": 1}).text.count("October is open: ") == 1


@pytest.mark.parametrize(
    ("query", "url"),
    [
        ("yesterday", "/ask/spend?since=2026-11-21&until=2026-11-21&by=workspace"),
        ("21 Nov", "/ask/spend?since=2026-11-21&until=2026-11-21&by=workspace"),
        ("2026-10", "/month/2026-10"),
        ("October", "/month/2026-10"),
        ("december", "/month/2025-12"),
        ("statement", "/months"),
        ("unusual", "/anomalies"),
        ("alerts", "/alerts"),
    ],
)
def test_everyday_words_lead_somewhere(dashboard: TestClient, query: str, url: str) -> None:
    """A search takes days and months as people write them, and everyday words for pages."""
    response = dashboard.get("/search", params={"q": query}, follow_redirects=False)
    found = response.headers.get("location") or response.text
    assert url in found.replace("&amp;", "&")


@pytest.mark.parametrize("query", ["caching", "invoice", "cost", "who"])
def test_a_word_with_several_meanings_lists_them(dashboard: TestClient, query: str) -> None:
    """A word that fits several things lists pages among them, or leads to the only one."""
    response = dashboard.get("/search", params={"q": query})
    assert response.status_code == 200
    assert "Nothing found" not in response.text


def test_no_day_beyond_the_calendar_fails(dashboard: TestClient) -> None:
    """What looks like a day and is none finds nothing, plainly."""
    for query in ("31 feb", "99 nov", "2026-13", "9999-12"):
        assert dashboard.get("/search", params={"q": query}).status_code == 200


def test_figures_of_the_month_lead_to_their_pages(overview: str) -> None:
    """The name of a figure leads to the page that tells more of it."""
    leads = dict(re.findall(r'<dt><a href="([^"]+)">([^<]+)</a>', overview))
    assert leads["/forecast"] == "Forecast to 30 Nov"
    assert leads["/cache"] == "Saved by caching"


def test_what_ended_stands_apart(overview: str) -> None:
    """Anomalies that ended stand under a heading of their own, after what needs attention, and are not counted."""
    last, ended = re.findall(r'<ol class="advice( ended)?">(.*?)</ol>', overview, re.DOTALL)
    assert (last[0], ended[0]) == ("", " ended")
    assert f'<span class="count">{last[1].count("<li>")}</span>' in overview
    assert "above usual, 10 Nov" in ended[1]
    assert "/anomaly/" not in last[1]


def test_on_the_first_of_a_month_the_last_one_is_explained(full: Path) -> None:
    """Where no day of the month is known yet, what changed is that of the month before."""
    settings = Settings.load(ledger=str(full), environment={"TALLYSTICK_NOW": "2026-12-01T08:00:00Z"})
    with TestClient(application(settings), base_url="http://127.0.0.1") as client:
        text = client.get("/", params={"whole": 1}).text
    assert "What changed most last month, and why" in text
    assert "What changed most this month, and why" not in text
