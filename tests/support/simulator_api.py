"""A simulator, asked by path and parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from support.wire import KEY
from tallystick.sim import Answer, Simulator, Ticking, World

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
HEADERS = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}


class Api:
    """A simulator, asked by path below `/v1/organizations/` and parameters."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    def ask(
        self, path: str, params: list[tuple[str, str]] | None = None, headers: Mapping[str, str] = HEADERS
    ) -> Answer:
        return self.simulator.answer("GET", f"/v1/organizations/{path}?{urlencode(params or [])}", headers)

    def get(self, path: str, params: list[tuple[str, str]] | None = None, headers: Mapping[str, str] = HEADERS) -> Any:
        answer = self.ask(path, params, headers)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def buckets(
        self, path: str, params: list[tuple[str, str]], headers: Mapping[str, str] = HEADERS
    ) -> Iterator[dict[str, Any]]:
        page = self.get(path, params, headers)
        yield from page["data"]
        while page["has_more"]:
            page = self.get(path, [*params, ("page", page["next_page"])], headers)
            yield from page["data"]


def api_of(world: World, **options: Any) -> Api:
    """A simulator of the world, at `NOW` unless told otherwise."""
    return Api(Simulator(world, **{"clock": Ticking(NOW), **options}))
