"""The directory: the endpoints of names, limits and rights (reports-api 1.5, analytics-api 3)."""
