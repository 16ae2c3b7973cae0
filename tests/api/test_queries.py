from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from support.scripted_api import NOW
from tallystick.api.endpoints import COST_REPORT, USAGE_REPORT
from tallystick.api.reports_query import _query, cost_report_query, usage_report_query
from tallystick.core.time import DAY, Grain, Window, instant
from tallystick.errors import InvalidQuestion

MOMENTS = st.datetimes(datetime(2025, 12, 30), datetime(2028, 3, 2), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
OCTOBER = Window(instant("2026-10-01"), instant("2026-11-01"))
SIX = ("workspace", "key", "model", "tier", "context", "geo")


def between(start: str, end: str) -> Window:
    """The window between two instants."""
    return Window(instant(start), instant(end))


def test_usage_parameters_as_documented() -> None:
    """Arrays are sent with brackets, instants with a Z, our names as the API's; `context_window[]` is singular."""
    query = usage_report_query(
        OCTOBER,
        Grain.DAY,
        by=("workspace", "key", "account", "service_account", "context"),
        where={"context": ("0-200k",), "geo": ("us", "global"), "model": ("claude-x-1",), "tier": ("flex",)},
        limit=30,
    )
    assert query.parameters == (
        ("starting_at", "2026-10-01T00:00:00Z"),
        ("ending_at", "2026-11-01T00:00:00Z"),
        ("bucket_width", "1d"),
        ("limit", "30"),
        ("group_by[]", "workspace_id"),
        ("group_by[]", "api_key_id"),
        ("group_by[]", "account_id"),
        ("group_by[]", "service_account_id"),
        ("group_by[]", "context_window"),
        ("context_window[]", "0-200k"),
        ("inference_geos[]", "us"),
        ("inference_geos[]", "global"),
        ("models[]", "claude-x-1"),
        ("service_tiers[]", "flex"),
    )
    assert query.request.startswith("/v1/organizations/usage_report/messages?starting_at=2026-10-01T00%3A00%3A00Z&")
    assert "group_by%5B%5D=workspace_id" in query.request
    assert query.betas == ()


def test_cost_parameters_as_documented() -> None:
    """The cost report is asked by day, grouped by workspace and description, without any filter or beta header."""
    query = cost_report_query(OCTOBER, NOW, by=("workspace", "description"), limit=9)
    assert query.parameters == (
        ("starting_at", "2026-10-01T00:00:00Z"),
        ("ending_at", "2026-11-01T00:00:00Z"),
        ("bucket_width", "1d"),
        ("limit", "9"),
        ("group_by[]", "workspace_id"),
        ("group_by[]", "description"),
    )
    assert query.endpoint.path == "/v1/organizations/cost_report"
    assert query.betas == ()


@pytest.mark.parametrize("options", [{"by": ("speed",)}, {"where": {"speed": ("fast",)}}])
def test_speed_needs_its_beta_header(options: dict[str, Any]) -> None:
    """The beta header is sent exactly where speed is grouped by or filtered on."""
    assert usage_report_query(OCTOBER, Grain.DAY, **options).betas == ("fast-mode-2026-02-01",)
    assert usage_report_query(OCTOBER, Grain.DAY, by=("model",), where={"geo": ("us",)}).betas == ()


@pytest.mark.parametrize(("grain", "width", "most"), [("minute", "1m", 1440), ("hour", "1h", 168), ("day", "1d", 31)])
def test_limits_by_width(grain: str, width: str, most: int) -> None:
    """A page is as large as the width allows unless told otherwise; a limit out of its range is asked wrongly."""
    parameters = dict(usage_report_query(OCTOBER, Grain(grain)).parameters)
    assert (parameters["bucket_width"], parameters["limit"]) == (width, str(most))
    for fits in (1, most):
        assert dict(usage_report_query(OCTOBER, Grain(grain), limit=fits).parameters)["limit"] == str(fits)
    for unfit in (0, -1, most + 1):
        with pytest.raises(InvalidQuestion, match=f"1 to {most}") as refused:
            usage_report_query(OCTOBER, Grain(grain), limit=unfit)
        assert refused.value.exit_code == 2


@pytest.mark.parametrize("limit", [0, 32])
def test_limits_of_cost(limit: int) -> None:
    """The cost report gives 1 to 31 days a page."""
    with pytest.raises(InvalidQuestion, match="1 to 31"):
        cost_report_query(OCTOBER, NOW, limit=limit)


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda: usage_report_query(OCTOBER, Grain.DAY, by=SIX), "at most 5"),
        (lambda: usage_report_query(OCTOBER, Grain.DAY, by=("model", "model")), "each once"),
        (lambda: usage_report_query(OCTOBER, Grain.DAY, by=("description",)), "'description'"),
        (lambda: usage_report_query(OCTOBER, Grain.DAY, by=("api_key_id",)), "'api_key_id'"),
        (lambda: usage_report_query(OCTOBER, Grain.DAY, by=("",)), "''"),
        (lambda: usage_report_query(OCTOBER, Grain.WEEK), "week"),
        (lambda: usage_report_query(OCTOBER, Grain.MONTH), "month"),
        (lambda: usage_report_query(OCTOBER, Grain.DAY, where={"description": ("x",)}), "'description'"),
        (lambda: usage_report_query(OCTOBER, Grain.DAY, where={"model": ()}), "'model'"),
        (lambda: usage_report_query(OCTOBER, Grain.DAY, where={"model": ("claude-x-1", "")}), "'model'"),
        (lambda: cost_report_query(OCTOBER, NOW, by=("model",)), "'model'"),
        (lambda: cost_report_query(OCTOBER, NOW, by=("workspace", "workspace")), "each once"),
        (lambda: _query(COST_REPORT, OCTOBER, Grain.HOUR, (), None), "hour"),
        (lambda: _query(COST_REPORT, OCTOBER, Grain.MINUTE, (), None), "minute"),
    ],
)
def test_asked_wrongly(ask: Callable[[], object], named: str) -> None:
    """What the API would refuse is refused before sending: the error names what is wrong and says what can be asked."""
    with pytest.raises(InvalidQuestion) as refused:
        ask()
    assert named in refused.value.what
    assert refused.value.hint


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("workspace", "default"),
        ("key", "playground"),
        ("account", "none"),
        ("service_account", "none"),
        ("geo", "unknown"),
    ],
)
def test_no_filter_on_what_is_absent(name: str, absent: str) -> None:
    """The name of an absent value is ours; the API knows no such value, so a filter on it is asked wrongly."""
    with pytest.raises(InvalidQuestion, match=name):
        usage_report_query(OCTOBER, Grain.DAY, where={name: (absent,)})


@pytest.mark.parametrize("edge", ["2026-10-05T00:00:00Z", "2026-10-05T12:34:56Z"])
@pytest.mark.parametrize("grain", [Grain.MINUTE, Grain.HOUR, Grain.DAY])
def test_an_empty_window_of_usage(grain: Grain, edge: str) -> None:
    """A window without an instant asks for nothing, so it is asked wrongly, on a boundary and inside a bucket."""
    with pytest.raises(InvalidQuestion):
        usage_report_query(between(edge, edge), grain)


@pytest.mark.parametrize("edge", ["2026-10-05T00:00:00Z", "2026-10-05T12:34:56Z"])
def test_an_empty_window_of_cost(edge: str) -> None:
    """A window without an instant bills nothing, so it is asked wrongly, on a boundary and inside a day."""
    with pytest.raises(InvalidQuestion):
        cost_report_query(between(edge, edge), NOW)


@given(
    MOMENTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=45)), st.sampled_from(["minute", "hour", "day"])
)
def test_usage_is_widened_to_buckets(start: datetime, length: timedelta, grain: str) -> None:
    """The window sent holds the window asked, on bucket boundaries, less than a bucket wider at either end."""
    window = Window(start, start + length)
    parameters = dict(usage_report_query(window, Grain(grain)).parameters)
    sent = between(parameters["starting_at"], parameters["ending_at"])
    assert sent.start == Grain(grain).floor(window.start)
    assert sent.end == Grain(grain).ceil(window.end)
    assert window & sent == window


@given(MOMENTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=45)), MOMENTS)
def test_cost_is_asked_for_ended_days(start: datetime, length: timedelta, now: datetime) -> None:
    """Cost is asked for exactly the days that the window touches and that have ended; without any, asked wrongly."""
    window = Window(start, start + length)
    ended = [day for day in window.split(Grain.DAY) if Grain.DAY.floor(day.start) + DAY <= now]
    if not ended:
        with pytest.raises(InvalidQuestion, match="ended"):
            cost_report_query(window, now)
        return
    parameters = dict(cost_report_query(window, now).parameters)
    assert instant(parameters["starting_at"]) == Grain.DAY.floor(ended[0].start)
    assert instant(parameters["ending_at"]) == Grain.DAY.floor(ended[-1].start) + DAY


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-03", "2026-11-04"),
        ("2026-11-03T00:00:00Z", "2026-11-03T09:30:00Z"),
        ("2026-11-10", "2026-11-20"),
    ],
)
def test_cost_without_an_ended_day(start: str, end: str) -> None:
    """Today's cost is not published: asking for it alone is refused before sending, and says until when to ask."""
    with pytest.raises(InvalidQuestion, match="ended") as refused:
        cost_report_query(between(start, end), NOW)
    assert "2026-11-03T00:00:00Z" in refused.value.hint


def test_a_day_that_ends_a_second_early() -> None:
    """A day written to 23:59:59 is that day, not nothing (trap 42)."""
    parameters = dict(cost_report_query(between("2026-10-07T00:00:00Z", "2026-10-07T23:59:59Z"), NOW).parameters)
    assert (parameters["starting_at"], parameters["ending_at"]) == ("2026-10-07T00:00:00Z", "2026-10-08T00:00:00Z")


def test_every_endpoint_is_pinned_to_a_version() -> None:
    """The reports are read under the version whose shapes they were written for."""
    assert (USAGE_REPORT.version, COST_REPORT.version) == ("2023-06-01", "2023-06-01")
