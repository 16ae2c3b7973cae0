"""The newer dialect: analytics/usage and analytics/cost (analytics-api 1)."""
