"""What a dashboard says of a ledger that cannot be read: to a probe and to a reader, without the machine's folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tallystick.errors import LedgerError, TallystickError
from tallystick.settings import Settings
from tallystick.web.application import application
from tallystick.web.paths import without_folders
from tallystick.web.readers import Readers

from .conftest import ENVIRONMENT


def client_of(ledger: Path) -> TestClient:
    """The dashboard of a ledger, at the noon of its sync."""
    settings = Settings.load(ledger=str(ledger), environment=ENVIRONMENT)
    return TestClient(application(settings), base_url="http://127.0.0.1")


def lose(ledger: Path) -> None:
    """Take the files of the charges and of their sums away."""
    for name in ("charges", "day_sums"):
        for file in ledger.glob(f"{name}/**/*.parquet"):
            file.unlink()


def cut(ledger: Path) -> None:
    """Cut a file of the charges short, and one of their sums."""
    for name in ("charges", "day_sums"):
        file = next(ledger.glob(f"{name}/**/*.parquet"))
        file.write_bytes(file.read_bytes()[:-9])


def take_versions(ledger: Path) -> None:
    """Take the table of versions away."""
    shutil.rmtree(ledger / "versions")


@pytest.mark.parametrize("damage", [lose, cut, take_versions])
def test_a_damaged_ledger_is_not_ready(copy: Path, damage: Callable[[Path], None]) -> None:
    """A probe hears 503 as soon as a file that answers need is lost or cut; no page names a folder of the machine."""
    with client_of(copy) as client:
        assert (client.get("/readyz").status_code, client.get("/readyz").text) == (200, "ready\n")
        assert client.get("/").status_code == 200
        damage(copy)
        ready = client.get("/readyz")
        assert (ready.status_code, str(copy) in ready.text) == (503, False)
    with client_of(copy) as client:
        assert client.get("/healthz").status_code == 200
        pages = [client.get(path) for path in ("/", "/keys", "/ask/spend", "/ask/spend.csv", "/ask/spend.json")]
        assert all(any(word in page.text for word in ("cannot be read", "lost", "damaged")) for page in pages)
        assert not [page.url for page in pages if str(copy.parent) in page.text]
        assert {page.status_code for page in pages[-2:]} == {503}


@pytest.mark.parametrize(
    ("what", "plain"),
    [
        ("The ledger /var/lib/tally/ledger cannot be read: no", "The ledger cannot be read: no"),
        ('Cannot open file "/var/lib/tally/ledger/charges/1.parquet"', 'Cannot open file "charges/1.parquet"'),
        ("There is no ledger at /var/lib/tally/ledger.", "There is no ledger."),
        ("export TALLYSTICK_CONFIG=/home/ann/.config/tallystick.toml", "export TALLYSTICK_CONFIG=tallystick.toml"),
        ("Read https://example.com/a/b and/or ask.", "Read https://example.com/a/b and/or ask."),
    ],
)
def test_an_error_of_the_ledger_names_no_folder(what: str, plain: str) -> None:
    """A path in an error of the ledger becomes its last part, the ledger's own is left out."""
    assert without_folders(LedgerError(what), Path("/var/lib/tally/ledger")).what == plain


def test_what_a_reader_wrote_stays() -> None:
    """A name that looks like a path is told back as it was written."""
    wrong = TallystickError("No key has the id or name '/a/b/c'.")
    assert without_folders(wrong, Path("/var/lib/tally/ledger")).what == "No key has the id or name '/a/b/c'."


def words_of(page: str) -> str:
    """The title of a page."""
    return page.partition("<title>")[2].partition(" ·")[0]


def test_a_ledger_that_is_taken_away_is_none_yet(copy: Path, full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that goes while it is shown is no ledger yet; one that comes in its place is shown without a restart."""
    for wait in ("LOOK", "MOVE"):
        monkeypatch.setattr(f"tallystick.web.visits.{wait}", 0.0)
    paths = ("/", "/keys", "/key/playground", "/ask/spend", "/search?q=a")
    with client_of(copy) as client:
        billed = client.get("/ask/spend.json?by=team").json()["totals"]
        shutil.rmtree(copy)
        assert {words_of(client.get(path).text) for path in paths} == {"No ledger yet"}
        assert client.get("/ask/spend.csv").status_code == client.get("/readyz").status_code == 503
        copy.write_text("not a folder", encoding="utf-8")
        assert {words_of(client.get(path).text) for path in paths} == {"No ledger yet"}
        copy.unlink()
        shutil.copytree(full, copy)
        assert client.get("/readyz").status_code == 200
        assert client.get("/ask/spend.json?by=team").json()["totals"] == billed


ODD = (
    "/?by=%00", "/?by=workspace&by=key", "/?whole=&whole=1", "/forecast?until=%00&by=x", "/forecast?until=year&by=key",
    "/anomaly/%00", "/anomaly/", "/anomaly/a%2Fb", "/anomaly/a?where.key=", "/anomaly/a?where.x=1", "/anomaly/*",
    "/prices?on=2026-13-01", "/prices?model=<script>", "/month/2026-10?before=-1&after=99999999999999",
    "/what-if?batch=1e9&cache_hit=NaN", "/what-if?batch=1e-999999&geo=x", "/what-if?from=x&to=x", "/cache?days=%F0%9F",
    "/search?q=%00%00", "/search?q=", "/ask/forecast?by=day,team", "/ask/spend?top=-1", "/ask/.csv", "/ask/spend.",
)  # fmt: skip


@pytest.mark.parametrize("path", ODD)
def test_an_odd_address_has_a_designed_answer(dashboard: TestClient, path: str) -> None:
    """What no page links to is shown with defaults, or refused in words; it is no internal error."""
    answer = dashboard.get(path)
    assert answer.status_code in {200, 400, 404}
    assert "internal error" not in answer.text


def test_a_finding_asked_of_what_is_not_there_is_refused_once(dashboard: TestClient) -> None:
    """A page of one thing whose every part fails for one reason is that reason."""
    answer = dashboard.get("/anomaly/a?where.key=nobody")
    assert answer.status_code == 400
    assert answer.text.count("has the id or name") == 2  # its title and its heading


def test_a_page_of_one_thing_that_takes_too_long_is_no_wrong_question(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of one thing whose every part meets the time limit can be asked again: it hears 503, not 400."""
    monkeypatch.setattr("tallystick.web.application.Readers", partial(Readers, quick=1e-9, seconds=1e-9))
    with client_of(full) as client:
        answer = client.get("/anomaly/a")
    assert answer.status_code == 503
    assert "Try again" in answer.text


def test_the_first_sync_makes_the_ledger_that_is_shown(path: Path) -> None:
    """Where there is no ledger yet, the commands to copy name the one that this dashboard shows; a probe hears 503."""
    with client_of(path) as client:
        assert f"<code>tallystick sync --ledger {path}</code>" in client.get("/").text
        assert client.get("/readyz").status_code == 503
