from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tallystick.api.analytics_query import cost_query, usage_query
from tallystick.core.time import DAY, Grain, Window, instant
from tallystick.errors import InvalidQuestion

NOW = instant("2026-11-22T12:00:00Z")
OCTOBER = Window(instant("2026-10-01"), instant("2026-11-01"))


def test_parameters_as_documented() -> None:
    """Groups, filters and options are sent by the API's names; use without a key has an empty value."""
    query = cost_query(
        OCTOBER,
        Grain.DAY,
        NOW,
        by=("actor", "kind"),
        where={"key": ("playground", "apikey_1"), "model": ("claude-x",)},
        order="desc",
        without_deleted=True,
    )
    assert query.parameters[2:] == (
        ("time_bucket_width", "1d"),
        ("limit", "1000"),
        ("order_by", "time"),
        ("order", "desc"),
        ("group_by[]", "actor"),
        ("group_by[]", "cost_type"),
        ("group_by[]", "token_type"),
        ("api_key_ids[]", ""),
        ("api_key_ids[]", "apikey_1"),
        ("models[]", "claude-x"),
        ("exclude_deleted_users", "true"),
    )


@pytest.mark.parametrize(
    ("window", "grain", "options", "reason"),
    [
        (OCTOBER, Grain.DAY, {"by": ("kind",)}, "grouped"),
        (OCTOBER, Grain.DAY, {"by": ("description",)}, "grouped"),
        (OCTOBER, Grain.DAY, {"by": ("claude_tag_user", "rbac_group")}, "together"),
        (OCTOBER, Grain.DAY, {"by": ("model",), "without_deleted": True}, "actor only"),
        (OCTOBER, Grain.DAY, {"order_by": "mood"}, "ordered"),
        (OCTOBER, Grain.DAY, {"limit": 0}, "ordered"),
        (OCTOBER, Grain.DAY, {"where": {"description": ("x",)}}, "no filter"),
        (OCTOBER, Grain.DAY, {"where": {"model": ("none",)}}, "absent value"),
        (OCTOBER, Grain.DAY, {"where": {"model": ("",)}}, "absent value"),
        (OCTOBER, Grain.MONTH, {}, "not given by"),
        (Window(OCTOBER.start, OCTOBER.start), Grain.DAY, {}, "empty"),
        (Window(OCTOBER.start, OCTOBER.end - timedelta(hours=1)), Grain.DAY, {}, "whole days"),
        (Window(OCTOBER.start, OCTOBER.end + DAY), Grain.DAY, {}, "31 days"),
        (Window(OCTOBER.start, OCTOBER.start + 2 * DAY), Grain.MINUTE, {}, "1 days"),
        (Window(instant("2025-12-31"), instant("2026-01-02")), Grain.DAY, {}, "nothing before 2026-01-01"),
    ],
)
def test_what_the_api_would_refuse(window: Window, grain: Grain, options: dict[str, Any], reason: str) -> None:
    """A query that the API would refuse is an InvalidQuestion that says why, with nothing sent."""
    with pytest.raises(InvalidQuestion, match=reason):
        usage_query(window, grain, NOW, **options)
