"""Every address is asked with whatever a generator thinks of: no error of ours, no answer that is not as described."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from urllib.parse import quote

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings as examples, strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tallystick.catalog import CATALOG
from tallystick.formats import ENDINGS
from tallystick.web.openapi import description
from tallystick.web.pages import PAGES

from .conftest import ENVIRONMENT

PATHS = [page.path for page in PAGES]
REPORTS = [entry.name for entry in CATALOG if not entry.report.api]
NAMES = ["since", "until", "month", "by", "where.key", "where.team!", "top", "query", "swap", "q", "view"]
TEXTS = st.text(min_size=1, max_size=20).map(lambda text: quote(text, safe=""))
EXAMPLES = 25


@pytest.fixture(scope="module")
def url(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard in a process of its own, which logs no error until its end."""
    log = tmp_path_factory.mktemp("served") / "log"
    command = [sys.executable, "-m", "tallystick", "serve", "--port", "0", "--ledger", str(full)]
    environment = {**os.environ, **ENVIRONMENT}
    with (
        log.open("wb") as errors,
        subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=PIPE, stderr=errors, env=environment
        ) as process,
    ):
        assert process.stdout
        yield process.stdout.readline().decode().split()[0]
        process.terminate()
    assert log.read_text(encoding="utf-8") == ""


@pytest.fixture(scope="module")
def described(url: str) -> schemathesis.openapi.OpenApiSchema:
    """What can be asked, as the dashboard describes it."""
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.mark.long
@pytest.mark.parametrize("path", description()["paths"])
def test_any_question_has_an_answer_as_described(described: schemathesis.openapi.OpenApiSchema, path: str) -> None:
    """An answer has one of the statuses of its description, and is as that says."""

    @examples(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=described[path]["GET"].as_strategy())
    def asked(case: schemathesis.Case) -> None:
        # A text that is no day is refused, and no schema says which texts are days.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    asked()


@pytest.mark.long
@examples(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.one_of(
        st.sampled_from(
            [*PATHS, "/login", "/sync", "/sync/", "/static/", "/static/../gate.py", "/static/%2e%2e/gate.py"]
        ),
        st.builds("/{}/{}".format, st.sampled_from(["key", "person", "team", "model", "workspace", "x"]), TEXTS),
        st.builds("/ask/{}.{}".format, st.sampled_from(REPORTS), st.sampled_from([*ENDINGS, "exe"])),
        st.builds("/ask/{}".format, TEXTS),
    ),
    pairs=st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=9), st.text(max_size=30)), max_size=4),
    mode=st.sampled_from(["navigate", "cors"]),
)
def test_any_address_is_answered(url: str, path: str, pairs: list[tuple[str, str]], mode: str) -> None:
    """Whatever is asked of whatever address, the answer is no internal error, and has the headers of every page."""
    response = httpx2.get(f"{url}{path}", params=pairs, headers={"sec-fetch-mode": mode}, timeout=60)
    assert response.status_code in {200, 303, 307, 400, 404, 414, 503}
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
