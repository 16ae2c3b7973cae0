"""Canned answers of an organization with many rows a day, made once; the rows of a day are the same on each day.

Usage alone: the bill is empty, so that what is measured is usage from page to charge.
"""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.replace(hour=0)
DAY = timedelta(days=1)
ORGANIZATION = "5f0c3d6e-0000-4000-8000-000000000000"
DIMENSIONS = ("model", "workspace_id", "api_key_id")
_EMPTY = b'{"data":[],"has_more":false,"next_page":null,"first_id":null,"last_id":null}'
_SMALL = {"service_tier": "standard", "context_window": "0-200k", "inference_geo": "global", "speed": "standard"}


def text(when: datetime) -> str:
    """An instant as the API writes it."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _counts(rng: random.Random) -> dict[str, object]:
    """The counters of a row."""
    return {
        "uncached_input_tokens": rng.randrange(10_000_000),
        "cache_creation": {
            "ephemeral_1h_input_tokens": rng.randrange(1_000_000),
            "ephemeral_5m_input_tokens": rng.randrange(1_000_000),
        },
        "cache_read_input_tokens": rng.randrange(50_000_000),
        "output_tokens": rng.randrange(1_000_000),
        "server_tool_use": {"web_search_requests": rng.randrange(100)},
    }


def _dimensions(index: int) -> dict[str, str]:
    """Which model, workspace and key a row is of: models by keys by workspaces, as a mid-size organization has them."""
    return {
        "api_key_id": f"apikey_{index // 8:026d}",
        "workspace_id": f"wrkspc_{index // 80:026d}",
        "model": f"claude-model-{index % 8}-20260101",
    }


def _total(rows: list[dict[str, object]]) -> dict[str, object]:
    """The sum of counters, nested ones too."""
    return {
        name: _total([row[name] for row in rows]) if isinstance(value, dict) else sum(row[name] for row in rows)
        for name, value in rows[0].items()
    }


class Canned:
    """Answers to any request of a sync, for so many days of so many rows; `seconds` is what making them took."""

    def __init__(self, rows: int, days: int) -> None:
        self.first = TODAY - DAY * days
        self.seconds = 0.0
        rng = random.Random(7)  # noqa: S311 - repeatable figures, not secrets
        self._counts = [_counts(rng) for _ in range(rows)]
        self._sum = _total(self._counts)

    def answer(self, target: str) -> bytes:
        """The body for a path and query."""
        started = time.thread_time()
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path.endswith("/me"):
            body = f'{{"id":"{ORGANIZATION}","name":"Bench","type":"organization"}}'.encode()
        else:
            body = self._page(query) if path.endswith(self.reports) else _EMPTY
            if path.endswith(self.bill):
                body = self._page(query, empty=True)
        self.seconds += time.thread_time() - started
        return body

    reports: tuple[str, ...] = ()
    bill = ""

    def _page(self, query: dict[str, list[str]], *, empty: bool = False) -> bytes:
        raise NotImplementedError


class Older(Canned):
    """Answers of the older dialect: buckets of a day."""

    reports = ("usage_report/messages",)
    bill = "cost_report"

    def __init__(self, rows: int, days: int) -> None:
        super().__init__(rows, days)
        nobody = {"account_id": None, "service_account_id": None}
        nothing = dict.fromkeys((*DIMENSIONS, *_SMALL)) | nobody
        day = [counts | nobody | _SMALL | _dimensions(index) for index, counts in enumerate(self._counts)]
        self._bodies = {
            "rows": json.dumps(day).encode(),
            "scout": json.dumps([self._sum | nothing | _SMALL]).encode(),
            "control": json.dumps([self._sum | nothing]).encode(),
        }

    def _page(self, query: dict[str, list[str]], *, empty: bool = False) -> bytes:
        start, end = (datetime.fromisoformat(query[name][0]) for name in ("starting_at", "ending_at"))
        start = datetime.fromisoformat(query["page"][0]) if "page" in query else start
        stop = min(end, start + DAY * int(query["limit"][0]))
        groups = query.get("group_by[]", [])
        results = self._bodies["rows" if "api_key_id" in groups else "scout" if groups else "control"]
        buckets = []
        while start < stop:
            body = results if self.first <= start < TODAY and not empty else b"[]"
            bounds = f'{{"starting_at":"{text(start)}","ending_at":"{text(start + DAY)}","results":'
            buckets.append(bounds.encode() + body + b"}")
            start += DAY
        more, token = (b"true", f'"{text(stop)}"'.encode()) if stop < end else (b"false", b"null")
        return b'{"data":[' + b",".join(buckets) + b'],"has_more":' + more + b',"next_page":' + token + b"}"


class Newer(Canned):
    """Answers of the newer dialect: flat rows, a thousand a page at most."""

    reports = ("analytics/usage",)
    bill = "analytics/cost"

    def __init__(self, rows: int, days: int) -> None:
        super().__init__(rows, days)
        self._counts = [counts | {"requests": 1 + index} for index, counts in enumerate(self._counts)]
        self._sum = _total(self._counts)
        product = {"product": "messages_api"}
        self._rows = [
            self._tail(
                counts, _dimensions(index) | {"actor": {"type": "api_actor", "api_key_id": f"apikey_{index // 8:026d}"}}
            )
            for index, counts in enumerate(self._counts)
        ]
        self._scout = _SMALL | product

    @staticmethod
    def _tail(counts: dict[str, object], group: dict[str, object]) -> bytes:
        """A row without its bounds."""
        return json.dumps({"usage": counts, "group": group})[1:].encode()

    def _page(self, query: dict[str, list[str]], *, empty: bool = False) -> bytes:
        start, end = (datetime.fromisoformat(query[name][0]) for name in ("starting_at", "ending_at"))
        limit, first = int(query["limit"][0]), int(query.get("page", ["0"])[0])
        groups = query.get("group_by[]", [])
        start, end = max(start, self.first), min(end, TODAY)
        days = max(0, (end - start).days)
        per_day = len(self._rows) if "api_key_id" in groups else 1
        if "time_bucket_width" not in query:
            buckets, counts = [(start, end)], _total([self._sum] * days) if days else {}
        else:
            buckets, counts = [(start + DAY * day, start + DAY * (day + 1)) for day in range(days)], self._sum
        total = 0 if empty or not days else len(buckets) * per_day
        summed = [self._tail(counts, self._scout if groups else {})]
        rows = []
        for index in range(first, min(total, first + limit)):
            begin, stop = buckets[index // per_day]
            bounds = f'{{"starting_at":"{text(begin)}","ending_at":"{text(stop)}",'
            rows.append(bounds.encode() + (self._rows[index % per_day] if per_day > 1 else summed[0]))
        more = first + limit < total
        end_of_page = {
            "has_more": more,
            "next_page": str(first + limit) if more else None,
            "data_refreshed_at": text(NOW),
            "organization_id": ORGANIZATION,
        }
        return b'{"data":[' + b",".join(rows) + b"]," + json.dumps(end_of_page)[1:].encode()


DIALECTS = {"older": Older, "newer": Newer}
"""The canned answers of each dialect."""
SOURCES = {"older": "reports", "newer": "analytics"}
"""How a sync calls each dialect."""
