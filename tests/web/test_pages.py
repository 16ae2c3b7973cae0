"""The pages say what the command line says."""

from __future__ import annotations

import pytest
from jinja2 import Environment
from markupsafe import escape
from starlette.testclient import TestClient

from tallystick.catalog import CATALOG, Entry
from tallystick.web.pages import PAGES


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_every_page_answers(dashboard: TestClient, path: str) -> None:
    """A page of the list has no error on a full ledger."""
    response = dashboard.get(path)
    assert response.status_code == 200
    assert 'class="error"' not in response.text


def test_no_reader_waits_for_a_template(dashboard: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is made of templates that were compiled before anybody asked."""

    def compiled(*_: object, **__: object) -> None:
        raise AssertionError("a template was compiled for a reader")

    monkeypatch.setattr(Environment, "compile", compiled)
    assert dashboard.get("/").status_code == 200


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_every_report_has_a_page(dashboard: TestClient, entry: Entry) -> None:
    """A report of the catalog is a page with a field or a switch for all that it is asked with."""
    response = dashboard.get(f"/ask/{entry.name}")
    assert response.status_code == 200
    for parameter in entry.report.parameters:
        if parameter.form != "where":
            assert escape(parameter.help) in response.text


def test_a_file_of_an_address_is_the_answer(dashboard: TestClient) -> None:
    """The address of a page with an ending gives the rows that the page shows."""
    response = dashboard.get("/ask/spend.csv?by=workspace&since=30d")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.text.startswith("workspace,")


def test_what_cannot_be_asked_is_said(dashboard: TestClient) -> None:
    """A misspelt dimension gives a page with what is near it."""
    response = dashboard.get("/ask/spend?by=modle")
    assert "model" in response.text
    assert 'class="error"' in response.text


@pytest.mark.parametrize("path", ["/workspace/Research", "/key/playground"])
def test_a_subject_leads_to_its_limits(dashboard: TestClient, path: str) -> None:
    """Limits are asked live and kept nowhere, so the page of a subject leads to the report that asks the API."""
    page = dashboard.get(path).text
    assert 'href="/ask/limits">ask the API: tallystick limits</a>' in page


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("verify", "The ledger adds up"),
        ("findings", "No watch has run on this ledger yet: <code>tallystick watch</code> starts one"),
        ("deliveries", "The settings have no [[deliver]]"),
    ],
)
def test_an_answer_without_rows_says_its_verdict(dashboard: TestClient, report: str, words: str) -> None:
    """Where an answer is good because it has no rows, the page says so in words, not by the heads of a table."""
    text = dashboard.get(f"/ask/{report}").text
    assert f'<p class="nothing">{words}' in text
    assert "<tbody>" not in text


def test_alerts_say_that_no_watch_has_run(dashboard: TestClient) -> None:
    """Alerts of a ledger that nothing watches say that, and the command that starts a watch."""
    text = dashboard.get("/alerts", params={"whole": 1}).text
    assert "No watch has run on this ledger yet: <code>tallystick watch</code> starts one" in text
    assert "No rule has seen anything" not in text
