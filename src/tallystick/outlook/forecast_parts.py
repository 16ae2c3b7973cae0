"""Forecast parts: what stands between the forecasts of parts and that of the whole.

A part is forecast as it is where it is asked for alone, so that one thing has one forecast. What is spent adds up by
itself; the reconciling item makes what is expected add up to the whole, exactly. Ranges do not add up: not all parts
come out low or high at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tallystick.core.money import EXACT, total
from tallystick.outlook.forecast import Forecast
from tallystick.outlook.forecast_model import Method


def reconciling(parts: Iterable[Forecast], period_forecast: Forecast) -> Forecast | None:
    """Return what the whole expects beyond its parts, as a forecast of nothing spent; None where they agree."""
    if period_forecast.expected is None:
        return None
    gap = EXACT.subtract(
        period_forecast.expected, total([part.expected for part in parts if part.expected is not None])
    )
    zero = Decimal(0)
    return Forecast(period_forecast.window, zero, zero, gap, {}, 0, (), (), (), method=Method.REST) if gap else None
