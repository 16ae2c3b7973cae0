"""Who may read the dashboard, and what of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
from starlette.testclient import TestClient

from support.wire import NOW
from tallystick import Ledger
from tallystick.catalog import CATALOG
from tallystick.errors import InvalidQuestion
from tallystick.formats.shown import shown
from tallystick.query.team_answer import LEFT_OUT, OF_DAYS
from tallystick.settings import Settings
from tallystick.web.access import COOKIE, HOURS, Access
from tallystick.web.application import application
from tallystick.web.links import SUBJECTS as LINKS
from tallystick.web.page import Page
from tallystick.web.pages import PAGES
from tallystick.web.tokens import Tokens, new_token

from .conftest import ENVIRONMENT

UNPRICED = "have no list price"

OWNERS = """
[[owner]]
team = "alpha team"
workspace = "Research"
[[owner]]
team = "beta team"
workspace = "Production"
[[owner]]
shared = {rule = "proportional", teams = ["alpha team", "beta team"]}
workspace = "Public Sector"
[[owner]]
team = "gamma team"
"""
BUDGETS = "".join(
    f'[[budget]]\nname = "{name} budget"\namount = "10"\nevery = "month"\n{of}\n'
    for name, of in (
        ("all", ""),
        ("alpha", 'team = "alpha team"'),
        ("both", 'team = ["alpha team", "beta team"]'),
    )
)
EVENT = f'[[event]]\nreason = "Launch"\nteam = "beta team"\nfrom = {NOW.date()}\ndollars_per_day = "500"\n'
ADDRESSES = [
    *(page.path for page in PAGES),
    *(f"/ask/{entry.name}" for entry in CATALOG),
    *(f"/ask/{entry.name}.json" for entry in CATALOG),
    *(f"/suggestions?report=spend&filter={name}&value=" for name in ("team", "workspace", "key")),
    *("/suggestions?report=keys&filter=status&value=a", "/suggestions?q=team", "/suggestions?q=prod"),
    *("/search?q=team", "/search?q=prod", "/search?q=gam"),
    *("/forecast?by=team", "/ask/forecast.json?by=team", "/ask/forecast.json?by=workspace"),
    "/ask/spend?by=workspace,key&compare=previous&where.team!=gone",
    *("/ask/charges?where.workspace=Public+Sector", "/ask/charges.csv?where.team!=alpha+team"),
    *("/version", "/team/alpha team", "/model/claude-opus-5-5", "/nowhere"),
]
FOREIGN = re.compile(r"beta team|gamma team|Production|Claude Code")
"""What is not of the team alpha."""
HTML = {"accept": "text/html"}
Clients = Callable[..., TestClient]


@pytest.fixture
def tokens(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A token file, and its tokens by name."""
    secrets, parts = {}, []
    for name, teams in (("finance", ()), ("alpha", ("alpha team",))):
        secrets[name], lines = new_token(name, teams)
        parts.append(lines)
    path = tmp_path / "tokens.toml"
    path.write_text("\n".join([*parts, '[[user]]\nname = "ann"\nteams = ["alpha team"]']), encoding="utf-8")
    return path, secrets


@pytest.fixture
def clients(full: Path, tokens: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Clients]:
    """What gives a client of a dashboard that asks for tokens."""
    config = tmp_path / "tallystick.toml"
    config.write_text(OWNERS + BUDGETS + EVENT, encoding="utf-8")
    settings = Settings.load(config=str(config), ledger=str(full), environment=ENVIRONMENT)
    opened: list[TestClient] = []

    def client(token: str = "", **access: object) -> TestClient:
        app = application(settings, Access(Tokens.read(tokens[0]), **access))
        headers = {"authorization": f"Bearer {token}"} if token else {}
        opened.append(TestClient(app, base_url="http://127.0.0.1", headers=headers, follow_redirects=False).__enter__())
        return opened[-1]

    yield client
    for one in opened:
        one.__exit__()


@pytest.mark.long
@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("token", ["", "tally-wrong"])
def test_nobody_reads_without_a_token(clients: Clients, path: str, token: str) -> None:
    """Every address is refused, and says nothing of the ledger."""
    response = clients(token).get(path)
    assert response.status_code == 401
    assert response.text == "A token is needed.\n"


def test_a_browser_is_led_to_the_login_and_back(clients: Clients, tokens: tuple[Path, dict[str, str]]) -> None:
    """The login leads to the page that was asked for; the cookie is no token, and strict."""
    client = clients()
    asked = client.get("/ask/spend?by=team", headers=HTML)
    assert asked.headers["location"] == "/login?to=%2Fask%2Fspend%3Fby%3Dteam"
    form = {"token": tokens[1]["finance"], "to": "/ask/spend?by=team"}
    entered = client.post("/login", data=form, headers={"origin": "http://127.0.0.1"})
    assert entered.headers["location"] == "/ask/spend?by=team"
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert tokens[1]["finance"] not in cookie
    assert client.get("/ask/spend").status_code == 200


@pytest.mark.parametrize("way", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a_login_leads_nowhere_else(clients: Clients, tokens: tuple[Path, dict[str, str]], way: str) -> None:
    """An address outside the dashboard becomes the overview."""
    form = {"token": tokens[1]["finance"], "to": way}
    entered = clients().post("/login", data=form, headers={"origin": "http://127.0.0.1"})
    assert entered.headers["location"] == "/"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
def test_a_form_of_another_site_is_refused(clients: Clients, tokens: tuple[Path, dict[str, str]], origin: str) -> None:
    """Neither a login nor a logout is taken from another origin."""
    client = clients()
    form = {"token": tokens[1]["finance"]}
    assert client.post("/login", data=form, headers={"origin": origin}).status_code == 403
    client.post("/login", data=form, headers={"origin": "http://127.0.0.1"})
    assert client.post("/logout", data={"form": "x"}, headers={"origin": origin}).status_code == 403
    assert client.get("/ask/spend").status_code == 200


def test_a_session_ends(clients: Clients, tokens: tuple[Path, dict[str, str]]) -> None:
    """A session ends after its hours, and a cookie that was changed is nobody's."""
    now = [1_000_000.0]
    client = clients(seconds=lambda: now[0])
    client.post("/login", data={"token": tokens[1]["alpha"]}, headers={"origin": "http://127.0.0.1"})
    cookie = client.cookies[COOKIE]
    now[0] += HOURS * 3600 - 1
    assert client.get("/version").status_code == 200
    now[0] += 1
    assert client.get("/version").status_code == 401
    for forged in (cookie.replace(cookie[70:75], "99999"), f"{cookie}0", "..", "x.y.z", cookie[:-1]):
        client.cookies.set(COOKIE, forged)
        assert client.get("/version").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "127.0.0.1@evil.example"])
def test_another_host_name_reads_nothing(dashboard: TestClient, host: str) -> None:
    """A page elsewhere whose name leads to this machine gets no answer."""
    assert dashboard.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "address",
    [
        "/ask/spend?" + "&".join(f"where.key=k{index}" for index in range(1000)),
        "/key/" + "k" * 5000,
        "/search?q=" + "k" * 5000,
    ],
)
def test_an_address_has_an_end(dashboard: TestClient, address: str) -> None:
    """A long address is refused before anything is made of it: a page of thousands of filters would stop the others."""
    assert dashboard.get(address).status_code == 414
    assert dashboard.get(address[:3000]).status_code in {200, 404}


def test_a_header_counts_from_its_proxy_alone(clients: Clients) -> None:
    """Whoever is not the proxy cannot name himself a user, and a proxy's user must be listed."""
    behind = {"user_header": "x-user", "proxies": frozenset({"testclient"})}
    assert clients(**behind).get("/version", headers={"x-user": "ann"}).status_code == 200
    assert clients(**behind).get("/version", headers={"x-user": "eve"}).status_code == 401
    elsewhere = behind | {"proxies": frozenset({"10.0.0.1"})}
    assert clients(**elsewhere).get("/version", headers={"x-user": "ann"}).status_code == 401


@pytest.mark.long
@pytest.mark.parametrize("path", ADDRESSES)
def test_a_team_sees_its_own_charges_alone(clients: Clients, tokens: tuple[Path, dict[str, str]], path: str) -> None:
    """No address tells a reader of one team anything of another team, its workspace or its keys."""
    response = clients(tokens[1]["alpha"]).get(path)
    assert not FOREIGN.search(without_furniture(response.text))


@pytest.mark.parametrize("dimension", ["workspace", "key", "actor"])
def test_a_pattern_names_nothing_of_another_team(
    clients: Clients, tokens: tuple[Path, dict[str, str]], dimension: str
) -> None:
    """The page of a filter by a pattern holds no id that only other teams have, in its query neither."""
    asked = f"/ask/spend.json?by={dimension}&since=60d"
    every, own = (
        {row[dimension] for row in clients(tokens[1][name]).get(asked).json()["rows"]} for name in ("finance", "alpha")
    )
    page = clients(tokens[1]["alpha"]).get(f"/ask/spend?by=day&since=60d&where.{dimension}=*").text
    foreign = [value for value in every - own if "_" in value]  # an id, not a word
    assert foreign
    assert not [value for value in foreign if value in page]


@pytest.mark.long
@pytest.mark.parametrize("query", ["where.workspace=Productio", "where.workspace=Claude+Cod"])
def test_a_team_is_hinted_at_no_name(clients: Clients, tokens: tuple[Path, dict[str, str]], query: str) -> None:
    """A name that is nearly another team's gets no `Did you mean` for a reader of one team."""
    hints = {
        name: clients(tokens[1][name]).get(f"/ask/spend.json?{query}").json()["hint"] for name in ("alpha", "finance")
    }
    assert hints["alpha"] == ""
    assert "Did you mean" in hints["finance"]


@pytest.mark.long
def test_a_team_is_told_of_its_own_use_alone(
    clients: Clients, tokens: tuple[Path, dict[str, str]], full: Path, tmp_path: Path
) -> None:
    """No message and no coverage counts what other teams used; days in doubt and own use without a price are told."""
    asked = "/ask/spend.json?by=workspace&since=30d"
    whole, own = (clients(tokens[1][name]).get(asked).json() for name in ("finance", "alpha"))
    assert "unpriced" in whole["coverage"]
    assert own["coverage"] == {name: value for name, value in whole["coverage"].items() if name in OF_DAYS}
    config = str(tmp_path / "tallystick.toml")
    ledger = Ledger.of(Settings.load(config=config, ledger=str(full), environment=ENVIRONMENT))
    every, team = (
        {message.text for message in ledger.spend(since="30d", where=where).messages if UNPRICED in message.text}
        for where in ({}, {"team": "alpha team"})
    )
    assert every
    assert team
    assert not every & team
    words = (LEFT_OUT, "Provisional: ", *team)
    assert own["notes"]
    assert [text for text in own["notes"] + own["warnings"] if not text.startswith(words)] == []


def test_a_token_without_teams_sees_every_team(clients: Clients, tokens: tuple[Path, dict[str, str]]) -> None:
    """What is hidden from a reader of one team is there for a reader of all."""
    page = clients(tokens[1]["finance"]).get("/ask/spend?by=team&since=30d").text
    assert {"alpha team", "beta team", "gamma team"} <= {*re.findall(r"\w+ team", page)}


def test_a_teams_total_is_the_teams(
    clients: Clients, tokens: tuple[Path, dict[str, str]], full: Path, tmp_path: Path
) -> None:
    """What a reader of one team is told of spend is what the command line says of that team."""
    shown = clients(tokens[1]["alpha"]).get("/ask/spend.json?by=workspace&since=30d").json()
    config = str(tmp_path / "tallystick.toml")
    ledger = Ledger.of(Settings.load(config=config, ledger=str(full), environment=ENVIRONMENT))
    own = ledger.spend(by="workspace", since="30d", where={"team": "alpha team"})
    assert shown["totals"] == own.written()["totals"]
    assert shown["rows"] == own.written()["rows"]


@pytest.mark.parametrize("name", ["team", "Teams", "%20TEAM%20"])
@pytest.mark.parametrize("query", ["where.{}=beta+team", "where.{}!=alpha+team", "where.{}=g*"])
def test_a_team_cannot_ask_for_another(
    clients: Clients, tokens: tuple[Path, dict[str, str]], name: str, query: str
) -> None:
    """A filter on teams, however it is spelled, is met with the reader's own, and none is left."""
    response = clients(tokens[1]["alpha"]).get(f"/ask/spend.json?by=workspace&{query.format(name)}")
    assert response.status_code == 400
    assert "None of your teams" in response.json()["error"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lets nobody in"),
        ("[[token]]\nname='a'", "no sha256"),
        ("[[token]]\nname='a'\nsha256='zz'", "no sha256"),
        (f"[[token]]\nsha256='{'0' * 64}'", "no name"),
        (f"[[token]]\nname='a'\nsha256='{'0' * 64}'\nteams=[]", "teams of a"),
        (f"[[token]]\nname='a'\nsha256='{'0' * 64}'\nteams=['R*']", r"hold a \* or \?"),
        (f"[[token]]\nname='a'\nsha256='{'0' * 64}'\nteam=['R']", "unknown entry: team"),
        ("[user]\nname='a'", "no list of tables"),
        ("[[tokens]]", "unknown table: tokens"),
        ("[[token", "no TOML"),
    ],
)
def test_a_token_file_that_cannot_be_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A misspelt entry never lets in more than was meant."""
    path = tmp_path / "tokens.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidQuestion, match=words):
        Tokens.read(path)


def without_furniture(page: str) -> str:
    """A page without what is the same for every reader: its navigation, its help, the title of a page of the list."""
    titles = r'<title>Claude Code · tallystick</title>|<h1 class="quiet">[^<]*</h1>'
    return re.sub(rf"<(nav|dialog|header)\b.*?</\1>|{titles}", "", page, flags=re.DOTALL)


@pytest.mark.long
def test_a_page_leaves_out_what_cannot_be_held_to_a_team(clients: Clients, tokens: tuple[Path, dict[str, str]]) -> None:
    """Who sees one team has an overview without refusals: the figures of that team, and words on what is left out."""
    page = clients(tokens[1]["alpha"]).get("/", headers=HTML).text
    assert "Month to date" in page
    assert "not known by team" in page
    assert "Not looked at: keys and retiring models" in page
    assert 'class="error"' not in page


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_every_page_has_a_teams_part_or_says_why_not(
    clients: Clients, tokens: tuple[Path, dict[str, str]], page: Page
) -> None:
    """Who sees one team is refused nothing on a page: it has what is that team's, or plain words on why it has not."""
    answer = clients(tokens[1]["alpha"]).get(page.path, headers=HTML)
    assert answer.status_code == 200
    assert 'class="error"' not in answer.text
    assert ("Not for alpha team alone" in answer.text) == bool(page.of_all)
    assert page.of_all in answer.text


@pytest.mark.long
def test_a_teams_own_page_has_its_figures(
    clients: Clients, tokens: tuple[Path, dict[str, str]], full: Path, tmp_path: Path
) -> None:
    """The page of the reader's team begins with that team's month, as the command line has it."""
    page = clients(tokens[1]["alpha"]).get("/team/alpha%20team", headers=HTML).text
    config = str(tmp_path / "tallystick.toml")
    ledger = Ledger.of(Settings.load(config=config, ledger=str(full), environment=ENVIRONMENT))
    figures = ledger.status(where={"team": "alpha team"}).figures
    values = re.findall(r'<dd class="value[^"]*"><\w+[^>]*>([^<]+?)(?: <small>|</)', page)
    assert values[: len(figures)] == [shown(figure.cell, figure.heading) for figure in figures]


@pytest.mark.long
@pytest.mark.parametrize(
    ("report", "query"), [("status", ""), ("forecast", ""), ("variance", "by=workspace"), ("budget", "")]
)
def test_a_forecast_is_the_teams(
    clients: Clients, tokens: tuple[Path, dict[str, str]], full: Path, tmp_path: Path, report: str, query: str
) -> None:
    """What the overview asks is, for a reader of one team, to the letter what the command line says of that team."""
    config = tmp_path / "tallystick.toml"
    shown = clients(tokens[1]["alpha"]).get(f"/ask/{report}.json?{query}").json()
    ledger = Ledger.of(Settings.load(config=str(config), ledger=str(full), environment=ENVIRONMENT))
    values = {"by": "workspace"} if query else {}
    own = ledger.ask(report, **values, where={"team": "alpha team"}).written()
    for part in ("figures", "sections", "rows", "totals"):
        assert shown.get(part) == own.get(part)
    assert ("all budget" in str(shown), "both budget" in str(shown)) == (False, False)
    assert ("alpha budget" in str(shown)) == (report in {"status", "budget"})


def _without(page: str, value: str) -> str:
    """A page without a value, however it is written there, and without what is the same on every page."""
    return unquote_plus(unescape(without_furniture(page))).replace(value, "VALUE")


@pytest.mark.long
@pytest.mark.parametrize(
    "dimension", ["workspace", "key", "actor", "model", "cost_center", "kind", "tier", "organization"]
)
def test_what_another_team_has_is_answered_as_what_nobody_has(
    clients: Clients, tokens: tuple[Path, dict[str, str]], full: Path, tmp_path: Path, dimension: str
) -> None:
    """In every page, file and filter, by id and by name, another team's value is answered as one that is nowhere."""
    config = str(tmp_path / "tallystick.toml")
    ledger = Ledger.of(Settings.load(config=config, ledger=str(full), environment=ENVIRONMENT))
    every, own = (ledger.spend(by=dimension, since="2020-01-01", where=where) for where in ({}, {"team": "alpha team"}))
    name = f"{dimension}_name"
    of_own = {row[dimension] for row in own.rows} | {row.get(name) for row in own.rows}
    foreign = {str(row[column]) for row in every.rows for column in (dimension, name) if column in row} - of_own
    client = clients(tokens[1]["alpha"])
    path = f"/{LINKS.get(dimension, 'x')}/{{}}"
    patterns = [
        path,
        *(f"/ask/{entry.name}{ending}?where.{dimension}{sign}={{}}" for entry in CATALOG for ending in ("", ".csv")
          for sign in ("", "!")),
    ]  # fmt: skip
    assert foreign or dimension in {"kind", "tier", "organization", "cost_center"}
    for value in sorted(foreign)[:2]:
        for address in patterns:
            told = [client.get(address.format(quote(text, safe=""))) for text in (value, "nobody-has-this")]
            assert told[0].status_code == told[1].status_code, address
            texts = [_without(one.text, text) for one, text in zip(told, (value, "nobody-has-this"), strict=True)]
            assert texts[0] == texts[1], address


@pytest.mark.long
def test_a_team_may_name_what_is_its_own(clients: Clients, tokens: tuple[Path, dict[str, str]]) -> None:
    """The filters and pages of a reader's own workspace, by name, by pattern or without it, have its charges."""
    client = clients(tokens[1]["alpha"])
    for query in ("where.workspace=Research", "where.workspace=rese*", "where.workspace!=Public+Sector"):
        shown = client.get(f"/ask/spend.json?by=workspace&since=30d&{query}").json()
        assert [row["workspace_name"] for row in shown["rows"]] == ["Research"]
    assert client.get("/workspace/Research").status_code == 200
    assert client.get("/workspace/Production").status_code == 404
