"""Assets: what is vendored is what is pinned, a first page is light, a browser keeps what cannot change."""

from __future__ import annotations

import gzip
import re
import tomllib
from hashlib import sha256

import pytest
from starlette.testclient import TestClient

from tallystick.web.assets import ASK, FOLDER, KEEP, asset

PINS = tomllib.loads(FOLDER.joinpath("vendor.toml").read_text(encoding="utf-8"))["file"]
FIRST_PAGE = 300_000
"""Bytes that a first page may take, compressed."""
ADDRESS = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin["name"])
def test_a_vendored_file_is_the_pinned_one(pin: dict[str, str]) -> None:
    """Each file from npm has the hash of vendor.toml, and its licence beside it."""
    assert sha256(FOLDER.joinpath(pin["name"]).read_bytes()).hexdigest() == pin["sha256"]
    assert FOLDER.joinpath(pin["licence_file"]).read_bytes()


def test_every_script_is_ours_or_pinned() -> None:
    """A script that is neither our own nor pinned is in no wheel."""
    scripts = {file.name for file in FOLDER.iterdir() if file.name.endswith(".js")}
    assert scripts == {
        "dashboard.js",
        "explore.js",
        "pages.js",
        "suggestions.js",
        "sync.js",
        *(name for pin in PINS if (name := pin["name"]).endswith(".js")),
    }


def test_the_letters_are_asked_for_by_their_version() -> None:
    """The style asks for the font at the address that its content has, which the page loads ahead of it."""
    style = FOLDER.joinpath("dashboard.css").read_text(encoding="utf-8")
    [font] = [pin["name"] for pin in PINS if pin["name"].endswith(".woff2")]
    assert f'url("{asset(font).removeprefix("/static/")}")' in style


def test_a_first_page_is_under_300_kb_compressed(dashboard: TestClient) -> None:
    """The overview and all that it loads take less than 300 kB, and are sent compressed."""
    page = dashboard.get("/")
    assert page.headers["content-encoding"] == "gzip"
    size = len(gzip.compress(page.content, 6))
    for address in ADDRESS.findall(page.text):
        file = dashboard.get(address)
        size += len(gzip.compress(file.content, 6))
    assert size < FIRST_PAGE


def test_an_asset_is_kept_by_its_version_alone(dashboard: TestClient) -> None:
    """An address that names the content may be kept for ever, any other is asked for anew."""
    assert dashboard.get(asset("dashboard.css")).headers["cache-control"] == KEEP
    assert dashboard.get("/static/dashboard.css").headers["cache-control"] == ASK
    assert dashboard.get("/static/dashboard.css?v=0").headers["cache-control"] == ASK
    assert dashboard.get("/static/nothing.css?v=0").status_code == 404
