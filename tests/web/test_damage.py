"""What a dashboard says of a ledger that cannot be read: to a probe and to a reader, without the machine's folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tallystick.errors import LedgerError, TallystickError
from tallystick.settings import Settings
from tallystick.web.application import application
from tallystick.web.paths import without_folders

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
        assert all("cannot be read" in page.text or "lost" in page.text for page in pages)
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


def test_the_first_sync_makes_the_ledger_that_is_shown(path: Path) -> None:
    """Where there is no ledger yet, the commands to copy name the one that this dashboard shows; a probe hears 503."""
    with client_of(path) as client:
        assert f"<code>tallystick sync --ledger {path}</code>" in client.get("/").text
        assert client.get("/readyz").status_code == 503
