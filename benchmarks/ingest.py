"""From pages to a committed ledger: rows a second of processor time and peak memory, beside a floor and the cookbook.

    python benchmarks/ingest.py [--rows-a-day 2000] [--days 30 120]

The same answers are read four ways, each in a process of its own, from a server of canned pages:
- floor: the bytes, already in memory, decoded by msgspec into typed structs and thrown away;
- pages: sync, from pages in memory to the committed ledger (control totals, archive, checks, Delta);
- tallystick: the same, over HTTP;
- cookbook: requests, json, dictionaries, csv, floats and all, as the published notebook does it.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.replace(hour=0)
DAY = timedelta(days=1)
GROUPS = "model workspace_id api_key_id service_tier context_window inference_geo speed account_id service_account_id"


def rows_of_a_day(count: int) -> list[dict[str, object]]:
    """Rows as a mid-size organization has them: models by keys by workspaces."""
    drawn = random.Random(7)  # noqa: S311 - repeatable figures, not secrets
    return [
        {
            "uncached_input_tokens": drawn.randrange(10_000_000),
            "cache_creation": {
                "ephemeral_1h_input_tokens": drawn.randrange(1_000_000),
                "ephemeral_5m_input_tokens": drawn.randrange(1_000_000),
            },
            "cache_read_input_tokens": drawn.randrange(50_000_000),
            "output_tokens": drawn.randrange(1_000_000),
            "server_tool_use": {"web_search_requests": drawn.randrange(100)},
            "account_id": None,
            "api_key_id": f"apikey_{place // 8:026d}",
            "service_account_id": None,
            "workspace_id": f"wrkspc_{place // 80:026d}",
            "model": f"claude-model-{place % 8}-20260101",
            "service_tier": "standard",
            "context_window": "0-200k",
            "inference_geo": "global",
            "speed": "standard",
        }
        for place in range(count)
    ]


class Canned:
    """Answers made once: the rows of a day are the same bytes on each day."""

    def __init__(self, rows: int, days: int) -> None:
        day = rows_of_a_day(rows)
        total = json.loads(json.dumps(day[0]))
        for name in ("uncached_input_tokens", "cache_read_input_tokens", "output_tokens"):
            total[name] = sum(row[name] for row in day)
        for nest in ("cache_creation", "server_tool_use"):
            total[nest] = {name: sum(row[nest][name] for row in day) for name in total[nest]}
        alone = dict.fromkeys(GROUPS.split())
        self.first = TODAY - DAY * days
        self.rows = json.dumps(day).encode()
        self.control = json.dumps([total | alone]).encode()
        self.scouted = json.dumps([total | alone | {name: day[0][name] for name in GROUPS.split()[3:]}]).encode()

    def answer(self, target: str) -> bytes:
        """The body for a path and query."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path.endswith("/me"):
            return b'{"id":"5f0c3d6e-0000-4000-8000-000000000000","name":"Bench","type":"organization"}'
        if not path.endswith(("messages", "cost_report")):
            return b'{"data":[],"has_more":false,"first_id":null,"last_id":null}'
        start, end = (datetime.fromisoformat(query[name][0]) for name in ("starting_at", "ending_at"))
        start = datetime.fromisoformat(query["page"][0]) if "page" in query else start
        stop = min(end, start + DAY * int(query["limit"][0]))
        grouped = query.get("group_by[]", [])
        body = self.rows if "api_key_id" in grouped else self.scouted if grouped else self.control
        if path.endswith("cost_report"):
            body = b"[]"
        buckets = []
        while start < stop:
            held = body if self.first <= start < TODAY else b"[]"
            bounds = f'{{"starting_at":"{start:%Y-%m-%dT%H:%M:%SZ}","ending_at":"{start + DAY:%Y-%m-%dT%H:%M:%SZ}"'
            buckets.append(bounds.encode() + b',"results":' + held + b"}")
            start += DAY
        more, token = (b"true", f'"{stop:%Y-%m-%dT%H:%M:%SZ}"'.encode()) if stop < end else (b"false", b"null")
        return b'{"data":[' + b",".join(buckets) + b'],"has_more":' + more + b',"next_page":' + token + b"}"


def serve(canned: Canned) -> ThreadingHTTPServer:
    """The canned answers on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = canned.answer(self.path)
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def floor(rows: int, days: int, _url: str) -> float:
    """Decode the pages that a sync decodes into rows, and throw them away."""
    import msgspec

    from tallystick.api.reports import Report, UsageRow

    canned = Canned(rows, days)
    by = "&".join(f"group_by[]={name}" for name in GROUPS.split()[:3])
    ask = "/v1/organizations/usage_report/messages?starting_at={}&ending_at={}&limit=20&" + by
    decoder = msgspec.json.Decoder(Report[UsageRow])
    spent, start = 0.0, canned.first
    while start < TODAY:
        end = min(start + DAY * 20, TODAY)
        body = canned.answer(ask.format(start.strftime("%Y-%m-%dT%H:%M:%SZ"), end.strftime("%Y-%m-%dT%H:%M:%SZ")))
        begun = time.process_time()
        decoder.decode(body)
        spent += time.process_time() - begun
        start = end
    return spent


def tallystick(_rows: int, days: int, url: str) -> float:
    """Sync into a new ledger over HTTP."""
    return synced(days, url, None)


def synced(days: int, url: str, transport: object) -> float:
    """The processor time of a sync into a new ledger."""
    import tallystick.sync.run  # noqa: F401 - imported before the clock starts, as its floor is
    from tallystick.api.client import Client, Credential
    from tallystick.clock import SystemClock
    from tallystick.ledger import Ledger

    clock = SystemClock(NOW)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        with Client(Credential("bench"), clock=clock, base_url=url, transport=transport) as client:
            since = f"{TODAY - DAY * days:%Y-%m-%d}"
            Ledger(Path(folder) / "ledger", clock).sync(since, source="reports", coding=False, client=client)
        return time.process_time() - begun


def pages(rows: int, days: int, _url: str) -> float:
    """Sync into a new ledger from answers that are in memory."""
    import httpx2

    canned = Canned(rows, days)
    return synced(
        days,
        "http://127.0.0.1",
        httpx2.MockTransport(lambda it: httpx2.Response(200, content=canned.answer(it.url.raw_path.decode()))),
    )


def cookbook(_rows: int, days: int, url: str) -> float:
    """requests, json, dictionaries, csv."""
    import requests

    begun = time.process_time()
    session, found, page = requests.Session(), [], None
    while True:
        params: dict[str, object] = {
            "starting_at": f"{TODAY - DAY * days:%Y-%m-%dT%H:%M:%SZ}",
            "ending_at": f"{TODAY:%Y-%m-%dT%H:%M:%SZ}",
            "limit": 31,
            "group_by[]": GROUPS.split()[:3],
        }
        asked = params | ({"page": page} if page else {})
        answer = session.get(f"{url}/v1/organizations/usage_report/messages", params=asked).json()
        for bucket in answer["data"]:
            for row in bucket["results"]:
                writes = row["cache_creation"]
                found.append(
                    {
                        "date": bucket["starting_at"][:10],
                        "model": row.get("model", ""),
                        "workspace_id": row.get("workspace_id", ""),
                        "api_key_id": row.get("api_key_id", ""),
                        "uncached": row["uncached_input_tokens"],
                        "output": row["output_tokens"],
                        "cache_read": row["cache_read_input_tokens"],
                        "cache_creation": writes["ephemeral_5m_input_tokens"] + writes["ephemeral_1h_input_tokens"],
                    }
                )
        page = answer["next_page"]
        if not answer["has_more"]:
            break
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)
    return time.process_time() - begun


WAYS = {"floor": floor, "pages": pages, "tallystick": tallystick, "cookbook": cookbook}


def main() -> None:
    """Serve, measure each way in a process of its own, print ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows-a-day", type=int, default=2000)
    parser.add_argument("--days", type=int, nargs="+", default=[30, 120])
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.serve:
        server = serve(Canned(told.rows_a_day, told.days[0]))
        print(server.server_port, flush=True)
        server.serve_forever()
    if told.way:
        spent = WAYS[told.way](told.rows_a_day, told.days[0], told.url)
        print(json.dumps([spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        return
    print(f"{told.rows_a_day:,} rows a day\n{'days':>5} {'way':<11} {'rows/s':>9} {'time to floor':>14} {'peak MB':>8}")
    for days in told.days:
        again = [sys.executable, __file__, "--rows-a-day", str(told.rows_a_day), "--days", str(days)]
        with subprocess.Popen([*again, "--serve"], stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            best: dict[str, tuple[float, float]] = {}
            try:
                for way in WAYS:
                    asked = [*again, "--way", way, "--url", url]
                    runs = [json.loads(subprocess.check_output(asked, timeout=300)) for _ in range(3)]
                    best[way] = min(run[0] for run in runs), max(run[1] for run in runs)
            finally:
                server.terminate()
        for way, (spent, peak) in best.items():
            rate, ratio = told.rows_a_day * days / spent, spent / best["floor"][0]
            print(f"{days:>5} {way:<11} {rate:>9,.0f} {ratio:>14.2f} {peak:>8.0f}")


if __name__ == "__main__":
    main()
