"""Listing: every metric, in the order in which they are shown; to add one, add it to one of these lists."""

from __future__ import annotations

from tallystick.metrics import ahead, spending, state

METRICS = (*spending.METRICS, *ahead.METRICS, *state.METRICS)
