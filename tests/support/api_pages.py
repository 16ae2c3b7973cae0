"""Pages and rows as the API sends them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from support.scripted_api import Json, Reply, reply
from tallystick.api.page import Page, Query


def report(*buckets: Json, token: str | None = None, **headers: str) -> Reply:
    """A page of a report; with a token there is more."""
    return reply(200, {"data": list(buckets), "has_more": token is not None, "next_page": token}, **headers)


def listed(*things: Json, has_more: bool = False) -> Reply:
    """A page of a list that pages by id: `last_id` is filled on the last page too."""
    ids = [thing["id"] for thing in things]
    return reply(
        200,
        {
            "data": list(things),
            "has_more": has_more,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        },
    )


def bucket(start: str, *results: Json, hours: int = 24) -> Json:
    """An interval of a report, a day long unless told otherwise."""
    end = datetime.fromisoformat(start) + timedelta(hours=hours)
    return {"starting_at": start, "ending_at": f"{end:%Y-%m-%dT%H:%M:%SZ}", "results": list(results)}


def day(number: int, *results: Json) -> Json:
    """A day of October 2026."""
    return bucket(f"2026-10-{number:02}T00:00:00Z", *results)


def usage_row(**fields: Any) -> Json:
    """A row of the usage report as of 2025, without the fields that came later; no dimension grouped."""
    return {
        "uncached_input_tokens": 1_204,
        "cache_creation": {"ephemeral_1h_input_tokens": 310, "ephemeral_5m_input_tokens": 47},
        "cache_read_input_tokens": 90_001,
        "output_tokens": 688,
        "server_tool_use": {"web_search_requests": 3},
        "api_key_id": None,
        "workspace_id": None,
        "model": None,
        "service_tier": None,
        "context_window": None,
        **fields,
    }


def cost_row(amount: Any = "318.40715", **fields: Any) -> Json:
    """A row of the cost report as of 2025, without the fields that came later; no dimension grouped."""
    return {
        "currency": "USD",
        "amount": amount,
        "workspace_id": None,
        "description": None,
        "cost_type": None,
        "context_window": None,
        "model": None,
        "service_tier": None,
        "token_type": None,
        **fields,
    }


def page_of(query: Query, *buckets: Json, token: str | None = None) -> Page:
    """A page as the client hands it on."""
    body = json.dumps({"data": list(buckets), "has_more": token is not None, "next_page": token}).encode()
    return Page(query.request, body, {"request-id": "req_of_page"})
