"""The older dialect: usage_report, cost_report and Claude Code (reports-api 1)."""
