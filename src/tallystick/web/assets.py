"""Assets: the static files of the pages, each at an address that names its content, so that a browser keeps it."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = files("tallystick.web").joinpath("static")
KEEP = "public, max-age=31536000, immutable"
"""The cache header of an address that names the content: another content has another address."""
ASK = "no-cache"
"""The cache header of every other address of an asset."""


@cache
def version(name: str) -> str:
    """Return what tells the content of an asset from any other."""
    return sha256(FOLDER.joinpath(name).read_bytes()).hexdigest()[:16]


def asset(name: str) -> str:
    """Return the address of an asset."""
    return f"/static/{name}?v={version(name)}"


class Assets(StaticFiles):
    """The files of the folder; one asked for by its version may be kept for ever."""

    def __init__(self) -> None:
        super().__init__(directory=str(FOLDER))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file with its cache header."""
        response = await super().get_response(path, scope)
        versions = parse_qs(scope["query_string"].decode("latin-1")).get("v")
        keep = response.status_code < 300 and versions == [version(path)]  # noqa: PLR2004
        response.headers["Cache-Control"] = KEEP if keep else ASK
        return response
