"""Pages: every page of the dashboard, as data. A page computes nothing: it asks reports of the catalog."""

from __future__ import annotations

from tallystick.web.alert_page import ALERTS
from tallystick.web.anomaly_page import ANOMALIES
from tallystick.web.budget_page import BUDGETS
from tallystick.web.cache_page import CACHE
from tallystick.web.claude_code_page import CLAUDE_CODE
from tallystick.web.forecast_page import FORECAST
from tallystick.web.ledger_page import LEDGER
from tallystick.web.month_pages import MONTHS
from tallystick.web.overview import OVERVIEW
from tallystick.web.page import Page
from tallystick.web.price_page import PRICES
from tallystick.web.reconcile_page import RECONCILE
from tallystick.web.subject_pages import LISTS
from tallystick.web.whatif_page import WHATIF

PAGES: tuple[Page, ...] = (
    OVERVIEW,
    *LISTS,
    ANOMALIES,
    ALERTS,
    CACHE,
    RECONCILE,
    MONTHS,
    BUDGETS,
    FORECAST,
    WHATIF,
    CLAUDE_CODE,
    PRICES,
    LEDGER,
)
