"""What an answer must not do to a ledger: empty it, double it, or fill it with another organization's figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.case import NOW, Case
from tallystick.cli.sync import Shown

BASE = "/v1/organizations/"
USAGE, COST = f"{BASE}usage_report/messages", f"{BASE}cost_report"
NEWER = (f"{BASE}analytics/usage", f"{BASE}analytics/cost")
SINCE = ("--since", "2026-11-20")
BILL = ("spend", "--by", "", *SINCE, "--format", "csv")
BOTH = pytest.mark.parametrize("source", ["reports", "analytics"])
Change = Callable[[str, dict[str, list[str]], Any], Any]


def _later(hours: float) -> str:
    moment = datetime.fromisoformat(NOW) + timedelta(hours=hours)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sync(case: Case, source: str, *words: str, now: str = NOW) -> Any:
    return case("sync", "--source", source, *SINCE, *words, now=now)


def _billed(case: Case) -> str:
    """What the ledger says was billed."""
    return case(*BILL, now=_later(5)).out.split()[-1]


def _without(day: str) -> Change:
    """Empty one day in every report of either dialect, and the day of Claude Code."""

    def change(path: str, query: dict[str, list[str]], body: Any) -> Any:
        if path in {USAGE, COST}:
            for bucket in body["data"]:
                if bucket["starting_at"].startswith(day):
                    bucket["results"] = []
        if path in NEWER:
            body["data"] = [row for row in body["data"] if not row["starting_at"].startswith(day)]
        if path.endswith("claude_code") and query["starting_at"] == [day]:
            body["data"] = []
        return body

    return change


def _rows(case: Case, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(case("sql", sql, "--format", "json", now=_later(5)).out)["rows"]
    return rows


@pytest.mark.long
@BOTH
def test_a_day_that_an_answer_empties_stays_until_a_later_sync_reads_the_same(case: Case, source: str) -> None:
    """An emptied day is archived and not committed; an hour later the same answer is believed; a rebuild agrees."""
    with case.serve("small.py") as world:
        assert _sync(case, source).code == 0
        total = _billed(case)
        world.mutate = _without("2026-11-22")
        lost = _sync(case, source, now=_later(0.2))
        assert lost.code == 1
        assert "0 days changed" in lost.err
        assert "2026-11-22 (5.7075 USD became 0.00 USD)" in lost.err
        assert "2026-11-22 (3,470,000 tokens became 0)" in lost.err
        assert "--accept-loss" in lost.err
        assert _billed(case) == total
        assert "2026-11-22" in case(*BILL).err, "an answer names the day"
        assert _sync(case, source, now=_later(0.9)).code == 1
        assert _billed(case) == total
        believed = _sync(case, source, now=_later(1.3))
        assert (believed.code, "1 day changed" in believed.err) == (0, True), believed.err
        assert _billed(case) != total
        assert _rows(case, "SELECT * FROM losses") == []
        rebuilt = str(case.ledger.with_name("rebuilt"))
        assert case("rebuild", rebuilt).code == 0
        after = case(*BILL, TALLYSTICK_LEDGER=rebuilt, now=_later(5)).out
        assert after == case(*BILL, now=_later(5)).out


@pytest.mark.long
@BOTH
def test_a_day_in_doubt_fails_strict_and_is_named_first(case: Case, source: str) -> None:
    """While a loss is neither believed nor withdrawn, `--strict` exits 1 and the loss is among the notes printed."""
    week = ("spend", "--by", "", *SINCE, "--until", "2026-11-27", "--strict")
    used = ("usage", "--by", "", *SINCE, "--strict")
    with case.serve("small.py") as world:
        _sync(case, source)
        assert case(*week).code == 0
        world.mutate = _without("2026-11-22")
        _sync(case, source, now=_later(0.2))
        for words in (week, used):
            run = case(*words)
            assert run.code == 1
            assert "warning: 2026-11-22 may have changed" in run.out
        world.mutate = lambda _path, _query, body: body
        _sync(case, source, now=_later(0.4))
        assert case(*week).code == 0


@pytest.mark.long
@BOTH
def test_a_loss_is_accepted_at_once_where_the_user_says_so(case: Case, source: str) -> None:
    """`--accept-loss` commits an emptied day, and a ledger rebuilt from the pages has accepted it too."""
    with case.serve("small.py") as world:
        _sync(case, source)
        total = _billed(case)
        world.mutate = _without("2026-11-22")
        assert _sync(case, source, "--accept-loss", now=_later(0.2)).code == 0
        assert _billed(case) != total
        rebuilt = str(case.ledger.with_name("rebuilt"))
        assert case("rebuild", rebuilt).code == 0
        assert case(*BILL, TALLYSTICK_LEDGER=rebuilt, now=_later(5)).out.split()[-1] == _billed(case)


@pytest.mark.long
@BOTH
def test_a_day_that_comes_back_was_never_lost(case: Case, source: str) -> None:
    """Where the next answer is whole again nothing changes, and a later loss must be read twice anew."""
    with case.serve("small.py") as world:
        code = {"date": "2026-11-26T00:00:00Z", "actor": {"type": "user_actor", "email_address": "ann@example.com"}}
        world.code["2026-11-26"] = [code | {"core_metrics": {"num_sessions": 3}, "model_breakdown": []}]
        _sync(case, source)
        total = _billed(case)
        mutate = world.mutate
        world.mutate = _without("2026-11-26")
        lost = _sync(case, source, now=_later(0.2))
        assert lost.code == 1
        assert ("claude_code 2026-11-26 (1 rows became 0)" in lost.err) is (source == "reports")
        world.mutate = mutate
        assert _sync(case, source, now=_later(0.4)).code == 0
        world.mutate = _without("2026-11-26")
        assert _sync(case, source, now=_later(2)).code == 1
        assert _billed(case) == total


@pytest.mark.long
def test_a_day_restated_by_less_than_half_is_committed_as_ever(case: Case) -> None:
    """What takes a part of a day away is a restatement; what takes more than half of it is not believed at once."""
    with case.serve("small.py") as world:
        _sync(case, "reports")
        day_uses = [use for use in world.uses if f"{use['ts']:%d}" == "22"]
        world.uses = [use for use in world.uses if use is not day_uses[1]]
        assert _sync(case, "reports", now=_later(0.2)).code == 0
        world.uses = [use for use in world.uses if use is not day_uses[0]] + [day_uses[1]]
        lost = _sync(case, "reports", now=_later(0.4))
        assert lost.code == 1
        assert "usage 2026-11-22" in lost.err


@pytest.mark.long
def test_an_emptied_list_marks_nobody_gone(case: Case) -> None:
    """A directory list that lost most of its names leaves them, is said, and is believed an hour later."""
    with case.serve("small.py") as world:
        _sync(case, "reports")
        world.keys = []
        short = _sync(case, "reports", now=_later(0.2))
        assert short.code == 1
        assert "the list of keys (2 names became 0)" in short.err
        gone = "SELECT id FROM names WHERE status = 'gone'"
        assert _rows(case, gone) == []
        assert _sync(case, "reports", now=_later(1.5)).code == 0
        assert len(_rows(case, gone)) == 2


OTHER = "9f0c6a52-5d0b-4c57-9a35-7b1d2b8e4a99"


@pytest.mark.long
@pytest.mark.parametrize("path", ["usage_report/messages", "cost_report", "analytics/usage", "claude_code", "users"])
def test_another_organizations_answer_is_refused(case: Case, path: str) -> None:
    """An answer that says it is of another organization is kept nowhere, on any endpoint, and both ids are named.

    Only the notice of a bill that was not read may name the other organization.
    """
    with case.serve("small.py") as world:
        world.code["2026-11-22"] = [
            {
                "date": "2026-11-22T00:00:00Z",
                "actor": {"type": "user_actor", "email_address": "ann@example.com"},
                "organization_id": OTHER,
            }
        ]

        def change(where: str, _: Any, body: Any) -> Any:
            return body | {"organization_id": OTHER} if where.endswith(path) and path != "claude_code" else body

        world.mutate = change
        done = _sync(case, "both")
    assert done.code == 5
    assert OTHER in done.err
    assert world.me["id"] in done.err
    table = {"usage_report/messages": "usage", "cost_report": "cost", "analytics/usage": "analytics_usage"}.get(path)
    if table:
        assert _rows(case, f"SELECT day FROM days WHERE source = '{table}'") == []  # noqa: S608
    else:
        assert _rows(case, "SELECT day FROM activity") == []
    files = [file for file in case.ledger.rglob("*.parquet") if (case.ledger / "notices") not in file.parents]
    assert OTHER.encode() not in b"".join(file.read_bytes() for file in files)


@pytest.mark.long
def test_without_its_own_address_the_ledger_says_whose_it_is(case: Case) -> None:
    """Where a credential may not ask whose it is, an answer of an organization that the ledger lacks is refused."""
    no = (403, {"content-type": "application/json"}, b'{"type":"error","error":{"type":"permission_error"}}')
    with case.serve("small.py") as world:
        world.respond = lambda path, *_: no if path == f"{BASE}me" else None
        assert _sync(case, "analytics").code == 0
        ours = world.me["id"]
        world.me = world.me | {"id": OTHER}
        done = _sync(case, "analytics")
    assert done.code == 5
    assert OTHER in done.err
    assert ours in done.err
    assert [row["organization"] for row in _rows(case, "SELECT DISTINCT organization FROM pages")] == [ours]


@pytest.mark.long
@pytest.mark.parametrize("path", [*NEWER, f"{BASE}users", f"{BASE}usage_report/claude_code"])
def test_a_page_repeated_under_a_new_token_is_not_added_twice(case: Case, path: str) -> None:
    """A page that comes again under another token leaves its window out, with exit code 5, and no figure doubles."""
    with case.serve("small.py") as world:
        world.code["2026-11-22"] = [
            {"date": "2026-11-22T00:00:00Z", "actor": {"type": "user_actor", "email_address": "ann@example.com"}}
        ]
        answer: dict[str, Any] = {}

        def change(where: str, query: dict[str, list[str]], body: Any) -> Any:
            if where == path and body["data"] and "page" not in query and "after_id" not in query:
                answer[path] = body["data"]
                cursor = {"next_page": "again"} if path != f"{BASE}users" else {"last_id": "user_01A"}
                return body | {"has_more": True} | cursor
            if where == path and ("page" in query or "after_id" in query):
                return body | {"data": answer[path], "has_more": False, "next_page": None}
            return body

        world.mutate = change
        if path in NEWER:
            real = world.analytics
            world.analytics = lambda query, money: real({k: v for k, v in query.items() if k != "page"}, money)
        done = _sync(case, "both")
        truth = world.truth()["billed_usd"]
    assert done.code == 5, done.err
    assert "the same page twice" in done.err
    assert _billed(case) == truth


@pytest.mark.long
@BOTH
def test_rows_sent_twice_never_double_a_figure(case: Case, source: str) -> None:
    """Where every row of every answer comes twice, nothing is committed and the sync says so."""
    with case.serve("small.py") as world:

        def change(path: str, _: Any, body: Any) -> Any:
            if path in NEWER:
                body["data"] = [row for row in body["data"] for _ in range(2)]
            if path in {USAGE, COST}:
                for bucket in body["data"]:
                    bucket["results"] = bucket["results"] * 2
            return body

        world.mutate = change
        done = _sync(case, source, "--without-claude-code")
    assert done.code == 5
    assert "twice" in done.err
    assert _rows(case, "SELECT day FROM days WHERE billed > 0 OR output > 0") == []


@pytest.mark.long
def test_a_bucket_that_is_not_in_the_answer_is_said(case: Case) -> None:
    """A day that a dense report leaves out is named, unknown rather than zero, and the sync exits with 1."""
    with case.serve("small.py") as world:

        def change(path: str, _: Any, body: Any) -> Any:
            if path in {USAGE, COST}:
                body["data"] = [bucket for bucket in body["data"] if not bucket["starting_at"].startswith("2026-11-23")]
            return body

        world.mutate = change
        done = _sync(case, "reports")
    assert done.code == 1
    assert "1 day was not in the answer: usage of 2026-11-23" in done.err
    assert "1 day was not in the answer: cost of 2026-11-23" in done.err
    assert _rows(case, "SELECT day FROM days WHERE day = '2026-11-23' AND source IN ('usage', 'cost')") == []


@pytest.mark.long
def test_days_are_counted_once(case: Case) -> None:
    """Nine days of five reports are nine days changed."""
    with case.serve("small.py"):
        assert "9 days changed" in _sync(case, "both").err


@pytest.mark.long
def test_page_tokens_without_end_are_given_up(case: Case) -> None:
    """Empty pages under ever new tokens end with an error of that window, and the others are read."""
    with case.serve("small.py") as world:
        tokens = iter(range(10**6))

        def respond(path: str, *_: Any) -> Any:
            page = {"data": [], "has_more": True, "last_id": f"user_{next(tokens)}"}
            answer = (200, {"content-type": "application/json"}, json.dumps(page).encode())
            return answer if path == f"{BASE}users" else None

        world.respond = respond
        done = _sync(case, "reports")
    assert done.code == 5
    assert "no end" in done.err
    assert len(case.log) < 120
    assert _billed(case) == world.truth()["billed_usd"]


def test_a_first_day_before_the_api_is_bounded(case: Case) -> None:
    """`--since 0001-01-01` asks for no day before 2023, and says so."""
    with case.serve("small.py"):
        plan = case("sync", "--source", "reports", "--since", "0001-01-01", "--plan")
    assert plan.code == 0
    assert "cost by day, 2023-01-01 to 2023-01-31" in plan.out
    assert "2022" not in plan.out


@pytest.mark.long
def test_the_children_of_a_parent_are_noted(case: Case) -> None:
    """Which organizations a parent's bill is of stands in the details of its name."""
    with case.serve("small.py") as world:

        def change(path: str, query: dict[str, list[str]], body: Any) -> Any:
            if path in NEWER and "organization_id" in query.get("group_by[]", []):
                for row in body["data"]:
                    row["group"]["organization_id"] = OTHER
            return body

        world.mutate = change
        assert _sync(case, "analytics").code == 0
        [row] = _rows(case, "SELECT details FROM names WHERE type = 'organization'")
        assert json.loads(row["details"])["children"] == [OTHER]
        assert "0 days changed" in _sync(case, "analytics").err


@pytest.mark.long
@pytest.mark.parametrize("status", [400, 402, 403, 409, 451])
def test_any_refusal_of_the_newer_dialect_leaves_the_older_reports(case: Case, status: int) -> None:
    """Where the newer dialect refuses (HIPAA-ready: 400), auto reads the older reports and says why."""
    with case.serve("small.py") as world:
        error = {"type": "error", "error": {"type": "invalid_request_error", "message": "HIPAA-ready."}}
        world.respond = lambda path, *_: (
            (status, {"content-type": "application/json"}, json.dumps(error).encode()) if path in NEWER else None
        )
        done = case("sync", *SINCE)
    assert done.code == 0, done.err
    assert "HIPAA-ready" in done.err
    assert _billed(case) == world.truth()["billed_usd"]


def test_another_process_that_writes_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Who holds the ledger is said at once, without a terminal too."""
    with Shown() as shown:
        shown.queue("process 1 on here")
    assert "process 1 on here" in capsys.readouterr().err
